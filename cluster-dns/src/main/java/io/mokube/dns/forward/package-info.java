/**
 * Names outside of the cluster: other name servers are asked, and their answers kept for a while.
 */
@NullMarked
package io.mokube.dns.forward;

import org.jspecify.annotations.NullMarked;
