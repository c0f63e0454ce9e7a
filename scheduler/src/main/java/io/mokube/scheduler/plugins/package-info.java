/**
 * The rules of scheduling, one class each, and the list of those that take part by default.
 *
 * <p>No clock, I/O, executor or logger: a plugin only looks at the pod and the snapshot it is given.
 */
@NullMarked
package io.mokube.scheduler.plugins;

import org.jspecify.annotations.NullMarked;
