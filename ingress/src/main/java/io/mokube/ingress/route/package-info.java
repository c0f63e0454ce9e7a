/**
 * Which backend a request goes to: values made from Ingress objects, and nothing else.
 *
 * <p>No I/O, clock or thread may live here.
 */
@NullMarked
package io.mokube.ingress.route;

import org.jspecify.annotations.NullMarked;
