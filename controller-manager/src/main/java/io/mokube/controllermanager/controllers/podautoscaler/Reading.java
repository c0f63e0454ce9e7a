package io.mokube.controllermanager.controllers.podautoscaler;

import java.time.Duration;
import java.time.Instant;

/**
 * One pod's value of a metric.
 *
 * @param milli in thousandths
 * @param at the end of the time it was taken over
 * @param window how long that was
 */
record Reading(long milli, Instant at, Duration window) {}
