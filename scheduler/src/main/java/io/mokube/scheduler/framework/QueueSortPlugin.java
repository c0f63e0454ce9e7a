package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.PodInfo;
import java.util.Comparator;

/** Says which of the pods that are ready is decided on first ({@code QueueSort}). All profiles share one. */
public interface QueueSortPlugin extends Plugin {

    /** A pod that is ready. */
    interface Waiting {
        PodInfo pod();

        /** How many decisions were made on it. */
        int attempts();

        /** Since when it waits, as a monotonic reading: when it came in, or was last turned away. */
        long sinceNanos();
    }

    /** The more urgent first. Equal ones are told apart by the queue. */
    Comparator<Waiting> order();
}
