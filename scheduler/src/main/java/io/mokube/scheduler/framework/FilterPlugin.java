package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.Set;

/** Rules nodes out ({@code PreFilter} and {@code Filter}). */
public interface FilterPlugin extends Plugin {

    /**
     * Looks at the pod and the whole cluster once and gives the question for each node, so that the question itself is
     * cheap. {@link NodeFilter#NONE} when the plugin has nothing against any node.
     */
    NodeFilter prepare(PodInfo pod, Snapshot snapshot);

    /** The events after which a pod that this plugin rejected is worth another try. */
    Set<ClusterEvent> unblockedBy();
}
