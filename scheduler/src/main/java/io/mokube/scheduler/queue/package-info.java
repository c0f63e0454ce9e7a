/**
 * Which pod is next: pods ready to be decided on, pods waiting out a back-off, and pods that wait for the cluster to
 * change.
 *
 * <p>Knows the time only from the clock it is given. Nothing about nodes, plugins or the API server.
 */
@NullMarked
package io.mokube.scheduler.queue;

import org.jspecify.annotations.NullMarked;
