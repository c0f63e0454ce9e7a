/**
 * The ingress: a reverse proxy for HTTP that does what Ingress objects of the class {@code mokube} say. {@code route} decides
 * where a request goes, {@code serve} carries it there, and this package keeps both up to date with the cluster.
 */
@NullMarked
package io.mokube.ingress;

import org.jspecify.annotations.NullMarked;
