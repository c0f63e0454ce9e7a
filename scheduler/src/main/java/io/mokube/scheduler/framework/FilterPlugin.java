package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;

/** Rules nodes out ({@code PreFilter} and {@code Filter}). */
public interface FilterPlugin extends RejectingPlugin {

    /**
     * Looks at the pod and the whole cluster once and gives the question for each node, so that the question itself is
     * cheap. {@link NodeFilter#NONE} when the plugin has nothing against any node; {@link NodeFilter#nowhere} when no
     * node is worth asking about.
     */
    NodeFilter prepare(PodInfo pod, Snapshot snapshot);
}
