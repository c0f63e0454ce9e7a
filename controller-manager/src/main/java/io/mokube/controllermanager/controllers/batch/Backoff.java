package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * How long a Job waits before it replaces pods that failed: 10 seconds after the first failure, twice as long after each
 * that follows without a success in between, 10 minutes at most. Pure.
 *
 * @param failures since the last success
 * @param last when the last of them was
 */
record Backoff(int failures, Instant last) {

    static final Backoff NONE = new Backoff(0, Instant.EPOCH);

    private static final Duration FIRST = Duration.ofSeconds(10);
    private static final Duration LONGEST = Duration.ofMinutes(10);

    /** The state after more pods have ended. */
    Backoff after(Collection<Pod> succeeded, Collection<Pod> failed) {
        List<Instant> ends = failed.stream()
                .map(JobPod::endedAt)
                .sorted(Comparator.reverseOrder())
                .toList();
        if (succeeded.isEmpty()) {
            return ends.isEmpty() ? this : new Backoff(failures + ends.size(), ends.getFirst());
        }
        Instant success =
                succeeded.stream().map(JobPod::endedAt).max(Instant::compareTo).orElse(Instant.EPOCH);
        int since = (int) ends.stream().filter(end -> end.isAfter(success)).count();
        return since == 0 ? NONE : new Backoff(since, ends.getFirst());
    }

    /** How much of the wait is left; zero when there is none. */
    Duration remaining(Instant now) {
        if (failures == 0) {
            return Duration.ZERO;
        }
        Duration wait = failures > 6 ? LONGEST : FIRST.multipliedBy(1L << (failures - 1));
        Duration left = Duration.between(now, last.plus(wait));
        if (left.isNegative()) {
            return Duration.ZERO;
        }
        return left.compareTo(wait) > 0 ? wait : left; // a node's clock may be ahead of ours
    }
}
