package io.mokube.controllermanager.controllers.daemonset;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What to do about a daemon set.
 *
 * @param create the nodes to make a daemon for
 * @param delete the pods to delete
 * @param ended those of the pods to delete that have ended, about which the user is told
 * @param status what the pods show, before anything is done
 * @param again when to look again though nothing changes
 */
record DaemonPlan(
        List<String> create, List<Pod> delete, List<Ended> ended, DaemonSetStatus status, Optional<Duration> again) {

    /** A daemon that has ended, which none should. */
    record Ended(String node, Pod pod) {}
}
