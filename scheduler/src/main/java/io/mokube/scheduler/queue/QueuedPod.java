package io.mokube.scheduler.queue;

import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.snapshot.PodInfo;
import java.util.Set;

/**
 * A pod on its way to a node.
 *
 * @param pod as last seen
 * @param attempts how many decisions were made on it
 * @param firstSeenNanos when it first came in, by the clock's monotonic reading
 * @param sinceNanos since when it waits: when it came in, or was last rejected
 * @param takenAtEvent how many cluster events there had been when it was last taken out
 * @param rejectedBy the plugins that rejected it last
 * @param unblockedBy the events that make another try worth while
 */
public record QueuedPod(
        PodInfo pod,
        int attempts,
        long firstSeenNanos,
        long sinceNanos,
        long takenAtEvent,
        Set<String> rejectedBy,
        Set<ClusterEvent> unblockedBy) {

    public QueuedPod {
        rejectedBy = Set.copyOf(rejectedBy);
        unblockedBy = Set.copyOf(unblockedBy);
    }

    QueuedPod withPod(PodInfo changed) {
        return new QueuedPod(changed, attempts, firstSeenNanos, sinceNanos, takenAtEvent, rejectedBy, unblockedBy);
    }

    QueuedPod since(long nanos) {
        return new QueuedPod(pod, attempts, firstSeenNanos, nanos, takenAtEvent, rejectedBy, unblockedBy);
    }

    QueuedPod taken(long events) {
        return new QueuedPod(pod, attempts + 1, firstSeenNanos, sinceNanos, events, Set.of(), Set.of());
    }

    QueuedPod rejected(Set<String> plugins, Set<ClusterEvent> events) {
        return new QueuedPod(pod, attempts, firstSeenNanos, sinceNanos, takenAtEvent, plugins, events);
    }
}
