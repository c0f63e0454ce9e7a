package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.PodInfo;
import java.util.Set;

/** A plugin that can turn a pod away, and says which changes are worth another try (a queueing hint). */
public interface RejectingPlugin extends Plugin {

    /** The events after which a pod that this plugin turned away may be worth another try. */
    Set<ClusterEvent> unblockedBy();

    /**
     * Whether a change, of one of the events above, could have removed what this plugin had against a pod. When in doubt
     * it could: a pod that is not woken waits for minutes. Cheap, because it is asked for each waiting pod, under the
     * queue's lock.
     */
    default boolean mayUnblock(PodInfo pod, ClusterChange change) {
        return true;
    }
}
