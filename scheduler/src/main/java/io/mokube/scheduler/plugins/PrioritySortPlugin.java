package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.QueueSortPlugin;
import java.util.Comparator;

/** The pod of the highest priority first; of several, the one that waits longest. */
public final class PrioritySortPlugin implements QueueSortPlugin {

    private static final Comparator<Waiting> ORDER = Comparator.comparingInt(
                    (Waiting waiting) -> waiting.pod().priority())
            .reversed()
            .thenComparingLong(Waiting::sinceNanos);

    @Override
    public String name() {
        return "PrioritySort";
    }

    @Override
    public Comparator<Waiting> order() {
        return ORDER;
    }
}
