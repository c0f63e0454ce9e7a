package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.PodInfo;

/** Learns that a pod was bound ({@code PostBind}), to tidy up. */
public interface PostBindPlugin extends Plugin {

    /** Called beside decisions, on a thread of the pod's own. Nothing can be changed any more. */
    void bound(PodInfo pod, String node, ClusterState state);
}
