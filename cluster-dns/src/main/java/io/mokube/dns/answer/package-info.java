/**
 * From a query and a zone to a message: which code, which sections, how much of it fits.
 *
 * <p>Pure: sockets, time and other name servers are elsewhere.
 */
@NullMarked
package io.mokube.dns.answer;

import org.jspecify.annotations.NullMarked;
