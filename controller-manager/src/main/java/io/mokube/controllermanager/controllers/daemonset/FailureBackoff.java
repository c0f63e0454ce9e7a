package io.mokube.controllermanager.controllers.daemonset;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * How long failed daemons stay on their nodes: the first goes at once, the next after a second, then two, four, … up to
 * fifteen minutes. A node without failures for half an hour, and a set that changed, begin anew. Safe for use by many
 * threads.
 */
final class FailureBackoff {

    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(15);

    private final Clock clock;
    private final Map<String, Map<String, Failure>> byOwner = new ConcurrentHashMap<>();

    private record Failure(long generation, Duration delay, long nanoTime) {}

    FailureBackoff(Clock clock) {
        this.clock = clock;
    }

    /** How long a failed daemon of this node still has to stay. */
    Optional<Duration> left(DaemonSet set, String node) {
        @Nullable Failure last = last(set, node);
        return Optional.ofNullable(last)
                .map(failure -> failure.delay().minus(since(failure)))
                .filter(Duration::isPositive);
    }

    /** A failed daemon of this node is being replaced. */
    void replaced(DaemonSet set, String node) {
        @Nullable Failure last = last(set, node);
        Duration delay = last == null ? FIRST : last.delay().multipliedBy(2);
        byOwner.computeIfAbsent(set.getMetadata().getUid(), uid -> new ConcurrentHashMap<>())
                .put(
                        node,
                        new Failure(
                                Ownership.generation(set),
                                delay.compareTo(LONGEST) < 0 ? delay : LONGEST,
                                clock.nanoTime()));
    }

    void forget(DaemonSet set) {
        byOwner.remove(set.getMetadata().getUid());
    }

    private @Nullable Failure last(DaemonSet set, String node) {
        Map<String, Failure> nodes = byOwner.getOrDefault(set.getMetadata().getUid(), Map.of());
        @Nullable Failure last = nodes.get(node);
        if (last != null
                && (last.generation() != Ownership.generation(set)
                        || since(last).compareTo(LONGEST.multipliedBy(2)) > 0)) {
            nodes.remove(node);
            return null;
        }
        return last;
    }

    private Duration since(Failure failure) {
        return Duration.ofNanos(clock.nanoTime() - failure.nanoTime());
    }
}
