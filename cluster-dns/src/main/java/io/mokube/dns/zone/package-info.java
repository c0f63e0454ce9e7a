/**
 * The records of the cluster's domain, as Kubernetes' DNS-based service discovery 1.1 wants them: an immutable value that
 * each change of a service, a slice of endpoints or a namespace turns into a new one that shares the rest.
 *
 * <p>Pure: no clock, input, thread or logger. Messages and their sizes are the business of {@code answer}.
 */
@NullMarked
package io.mokube.dns.zone;

import org.jspecify.annotations.NullMarked;
