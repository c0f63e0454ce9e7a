/**
 * The ingress as a Spring Boot service: binds properties to its configuration record and starts it.
 *
 * <p>The only package of this module that may import Spring.
 */
@NullMarked
package io.mokube.ingress.app;

import org.jspecify.annotations.NullMarked;
