package io.mokube.apiserver.metrics;

import java.time.Duration;
import java.time.Instant;

/**
 * What something used.
 *
 * @param at the end of the time it was looked at
 * @param window how long it was looked at
 * @param nanoCores processor in billionths of a core, on average
 * @param memoryBytes its working set at the end
 */
record Usage(Instant at, Duration window, long nanoCores, long memoryBytes) {}
