package io.mokube.kubelet.runtime;

import java.time.Instant;

/**
 * What something uses of the machine.
 *
 * @param at when it was measured
 * @param cpuNanos nanoseconds on a core since it began; never falls
 * @param workingSetBytes memory that could not be taken from it without harm
 * @param memoryBytes all its memory, caches included
 * @param rssBytes memory that no file stands behind
 */
public record Usage(Instant at, long cpuNanos, long workingSetBytes, long memoryBytes, long rssBytes) {

    /** Both together, as measured at the later time. */
    public Usage plus(Usage other) {
        return new Usage(
                at.isAfter(other.at) ? at : other.at,
                cpuNanos + other.cpuNanos,
                workingSetBytes + other.workingSetBytes,
                memoryBytes + other.memoryBytes,
                rssBytes + other.rssBytes);
    }
}
