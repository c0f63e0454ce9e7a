package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.PodInfo;
import java.util.List;
import java.util.Set;

/** The pods that have a place, and wait for permit plugins to let them take it. Safe for use by many threads. */
public interface WaitingPods {

    /**
     * A waiting pod.
     *
     * @param node where its place is
     * @param pending the names of the plugins that have not let it go yet
     */
    record WaitingPod(PodInfo pod, String node, Set<String> pending) {

        public WaitingPod {
            pending = Set.copyOf(pending);
        }
    }

    /** Those that wait now, longest waiting first. */
    List<WaitingPod> list();

    /** A plugin lets a pod go; it is bound when no other plugin keeps it. Nothing happens when it doesn't wait for that. */
    void allow(String uid, String plugin);

    /** A plugin gives up on a pod: what was reserved for it is given back. Nothing happens when it doesn't wait. */
    void reject(String uid, String plugin, String reason);
}
