package io.mokube.controllermanager.controllers.replicaset;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatus;
import io.mokube.controllermanager.controllers.replicaset.ReplicaSetDecision.Change;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Lets models outside this package ask for decisions. */
public final class ReplicaSetDecisions {

    private ReplicaSetDecisions() {}

    /** How many pods to create, and which to delete. */
    public record Decision(int create, List<Pod> delete) {}

    public static Decision decide(ReplicaSet replicaSet, List<Pod> active, Instant now) {
        return switch (ReplicaSetDecision.change(replicaSet, active, () -> active, now)) {
            case Change.None() -> new Decision(0, List.of());
            case Change.Create(int count) -> new Decision(count, List.of());
            case Change.Delete(List<Pod> pods) -> new Decision(0, pods);
        };
    }

    public static ReplicaSetStatus status(ReplicaSet replicaSet, List<Pod> active, int terminating, Instant now) {
        return ReplicaSetDecision.status(replicaSet, active, terminating, Optional.empty(), now);
    }
}
