package io.mokube.apiserver.metrics;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a node or a container said of itself at one moment.
 *
 * @param at when it was measured
 * @param cpuNanos nanoseconds on a core since it began
 * @param memoryBytes its working set
 * @param startedAt when it began; null for a node, which does not say
 */
record Sample(
        Instant at,
        long cpuNanos,
        long memoryBytes,
        @Nullable Instant startedAt) {

    /** A container that began within this time is measured from its beginning. */
    private static final Duration YOUNG = Duration.ofMinutes(1);

    /** Before this age a container's beginning says too little of how it goes on. */
    private static final Duration INFANT = Duration.ofSeconds(10);

    /**
     * What was used between an earlier sample and this one. A container that was not there before, or began anew, is
     * measured from its beginning while that is not long ago.
     *
     * @param before null when there is none
     * @return nothing when the two say nothing together
     */
    Optional<Usage> since(@Nullable Sample before) {
        if (before != null && before.isOfSameLife(this)) {
            return between(before.at, cpuNanos - before.cpuNanos);
        }
        if (startedAt == null) {
            return Optional.empty();
        }
        Duration age = Duration.between(startedAt, at);
        return age.compareTo(INFANT) < 0 || age.compareTo(YOUNG) > 0 ? Optional.empty() : between(startedAt, cpuNanos);
    }

    private boolean isOfSameLife(Sample later) {
        return (startedAt == null || startedAt.equals(later.startedAt)) && later.cpuNanos >= cpuNanos;
    }

    private Optional<Usage> between(Instant from, long usedNanos) {
        Duration window = Duration.between(from, at);
        if (window.isZero() || window.isNegative()) {
            return Optional.empty();
        }
        double perSecond = usedNanos / (window.toNanos() / 1e9);
        return Optional.of(new Usage(at, window, Math.round(perSecond), memoryBytes));
    }
}
