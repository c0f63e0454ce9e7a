/**
 * The controller that writes the old {@code Endpoints} objects of services that select pods.
 *
 * <p>Endpoint slices have their own package.
 */
@NullMarked
package io.mokube.controllermanager.controllers.endpoints;

import org.jspecify.annotations.NullMarked;
