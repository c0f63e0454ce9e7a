/**
 * What a decision looks at: pods and nodes reduced to the facts scheduling needs, computed once, and an immutable
 * picture of the whole cluster that is cheap to bring up to date.
 *
 * <p>No clock, I/O, executor or logger: everything here is a value, except {@link ClusterState}, which collects changes.
 */
@NullMarked
package io.mokube.scheduler.snapshot;

import org.jspecify.annotations.NullMarked;
