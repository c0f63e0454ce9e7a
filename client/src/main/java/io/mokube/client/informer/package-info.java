/**
 * A local, indexed copy of a resource, kept up to date by one list and a watch that is resumed.
 *
 * <p>Decisions about objects belong to reconcilers, not to the handlers here.
 */
@NullMarked
package io.mokube.client.informer;

import org.jspecify.annotations.NullMarked;
