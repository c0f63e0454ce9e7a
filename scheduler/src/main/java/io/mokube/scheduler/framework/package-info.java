/**
 * How a decision is made: the points where plugins take part, their verdicts, and {@link Decider}, which asks them.
 *
 * <p>A decision is a pure function of a pod and a snapshot. No clock, I/O, executor or logger, and no particular rule:
 * rules are plugins.
 */
@NullMarked
package io.mokube.scheduler.framework;

import org.jspecify.annotations.NullMarked;
