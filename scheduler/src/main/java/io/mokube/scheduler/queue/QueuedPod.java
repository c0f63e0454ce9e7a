package io.mokube.scheduler.queue;

import io.mokube.scheduler.framework.QueueSortPlugin;
import io.mokube.scheduler.snapshot.PodInfo;
import java.util.Set;

/**
 * A pod on its way to a node.
 *
 * @param pod as last seen
 * @param attempts how many decisions were made on it
 * @param firstSeenNanos when it first came in, by the clock's monotonic reading
 * @param sinceNanos since when it waits: when it came in, or was last rejected
 * @param takenAtChange how many changes of the cluster there had been when it was last taken out
 * @param rejectedBy the plugins that rejected it last
 */
public record QueuedPod(
        PodInfo pod, int attempts, long firstSeenNanos, long sinceNanos, long takenAtChange, Set<String> rejectedBy)
        implements QueueSortPlugin.Waiting {

    public QueuedPod {
        rejectedBy = Set.copyOf(rejectedBy);
    }

    QueuedPod withPod(PodInfo changed) {
        return new QueuedPod(changed, attempts, firstSeenNanos, sinceNanos, takenAtChange, rejectedBy);
    }

    QueuedPod since(long nanos) {
        return new QueuedPod(pod, attempts, firstSeenNanos, nanos, takenAtChange, rejectedBy);
    }

    QueuedPod taken(long changes) {
        return new QueuedPod(pod, attempts + 1, firstSeenNanos, sinceNanos, changes, Set.of());
    }

    QueuedPod rejected(Set<String> plugins) {
        return new QueuedPod(pod, attempts, firstSeenNanos, sinceNanos, takenAtChange, plugins);
    }
}
