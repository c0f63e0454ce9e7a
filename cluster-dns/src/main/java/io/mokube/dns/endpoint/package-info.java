/**
 * How instances of the name server are found: the service {@code kube-system/kube-dns}, an endpoint slice for each
 * instance, and a lease by which the others see that it lives.
 */
@NullMarked
package io.mokube.dns.endpoint;

import org.jspecify.annotations.NullMarked;
