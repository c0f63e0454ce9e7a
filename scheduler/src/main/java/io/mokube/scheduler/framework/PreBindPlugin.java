package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.PodInfo;

/** Does what must be done before a pod is bound to the node that was chosen for it ({@code PreBind}). */
public interface PreBindPlugin extends Plugin {

    /**
     * Prepares the binding. Called beside decisions, on a thread of the pod's own: it may write and wait.
     *
     * @param state what was set aside for the pod
     * @param objects what may be read and written; refused once this scheduler's term is over
     * @return when it is not {@link Outcome#DONE}, everything set aside for the pod is given back
     * @throws InterruptedException when the thread is interrupted
     */
    Outcome preBind(PodInfo pod, String node, ClusterState state, ApiObjects objects) throws InterruptedException;
}
