package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;

/**
 * Sets something aside for a pod on the node that was chosen for it, besides the node's room, and gives it back when the
 * pod does not get there ({@code Reserve}, {@code Unreserve}). What is set aside is noted in the {@link ClusterState}, so
 * that the next snapshot shows it: the plugin itself keeps nothing.
 */
public interface ReservePlugin extends RejectingPlugin {

    /**
     * Sets aside. Called by the deciding thread, after the pod was assumed on the node; no I/O.
     *
     * @param node as it was in the snapshot that was decided on, without the pod
     */
    Outcome reserve(PodInfo pod, NodeInfo node, Snapshot snapshot, ClusterState state);

    /**
     * Gives back what was set aside. Called for all reserve plugins, last first, whatever went wrong afterwards, also
     * when this plugin refused or was not asked: then there is nothing to do. Any thread; must not throw.
     */
    void unreserve(PodInfo pod, String node, ClusterState state);
}
