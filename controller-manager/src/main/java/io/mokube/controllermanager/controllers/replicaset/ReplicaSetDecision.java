package io.mokube.controllermanager.controllers.replicaset;

import static io.mokube.controllermanager.controllers.ownership.Ownership.orZero;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetCondition;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetConditionBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatus;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatusBuilder;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodChanges.Failure;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a ReplicaSet should do about its pods, and what its status should say. Pure. */
final class ReplicaSetDecision {

    /** The most pods created or deleted in one go, so that one huge ReplicaSet doesn't hold up the others. */
    static final int BURST = 500;

    private ReplicaSetDecision() {}

    /** What to do about the pods. */
    sealed interface Change {
        /** As many pods as wanted. */
        record None() implements Change {}

        /** Too few: create this many. */
        record Create(int count) implements Change {}

        /** Too many: delete these. */
        record Delete(List<Pod> pods) implements Change {}
    }

    /**
     * Compares the wanted number with the pods that count. A ReplicaSet that is being deleted changes nothing.
     *
     * @param active the pods it controls that count
     * @param related the active pods of all ReplicaSets of the same owner, itself included; the ranking prefers to
     *     delete where many of them share a node; asked for only when pods are to be ranked
     */
    static Change change(ReplicaSet replicaSet, List<Pod> active, Supplier<Collection<Pod>> related, Instant now) {
        if (Ownership.isBeingDeleted(replicaSet)) {
            return new Change.None();
        }
        int wanted = orZero(replicaSet.getSpec().getReplicas());
        int surplus = active.size() - wanted;
        if (surplus < 0) {
            return new Change.Create(Math.min(-surplus, BURST));
        }
        return surplus == 0
                ? new Change.None()
                : new Change.Delete(DeletionOrder.first(Math.min(surplus, BURST), active, related.get(), now));
    }

    /**
     * The status for these pods.
     *
     * @param failure what went wrong while changing them
     */
    static ReplicaSetStatus status(
            ReplicaSet replicaSet, List<Pod> active, int terminating, Optional<Failure> failure, Instant now) {
        Duration minReady = minReady(replicaSet);
        Map<String, String> templateLabels = templateLabels(replicaSet);
        int fullyLabeled = 0;
        int ready = 0;
        int available = 0;
        for (Pod pod : active) {
            fullyLabeled += Ownership.labels(pod).entrySet().containsAll(templateLabels.entrySet()) ? 1 : 0;
            if (PodFacts.isReady(pod)) {
                ready++;
                available += minReady.isZero() || PodFacts.isAvailable(pod, minReady, now) ? 1 : 0;
            }
        }
        @Nullable ReplicaSetStatus old = replicaSet.getStatus();
        return new ReplicaSetStatusBuilder()
                .withReplicas(active.size())
                .withFullyLabeledReplicas(fullyLabeled)
                .withReadyReplicas(ready)
                .withAvailableReplicas(available)
                .withTerminatingReplicas(terminating)
                .withObservedGeneration(Ownership.generation(replicaSet))
                .withConditions(conditions(old, failure, now))
                .build();
    }

    /** When the earliest ready pod becomes available, if one has yet to. */
    static Optional<Duration> nextAvailable(ReplicaSet replicaSet, List<Pod> active, Instant now) {
        Duration minReady = minReady(replicaSet);
        if (minReady.isZero()) {
            return Optional.empty();
        }
        return active.stream()
                .flatMap(pod -> PodFacts.untilAvailable(pod, minReady, now).stream())
                .min(Duration::compareTo);
    }

    private static List<ReplicaSetCondition> conditions(
            @Nullable ReplicaSetStatus old, Optional<Failure> failure, Instant now) {
        List<ReplicaSetCondition> kept = new ArrayList<>();
        @Nullable ReplicaSetCondition failed = null;
        if (old != null) {
            for (ReplicaSetCondition condition : old.getConditions()) {
                if (condition.getType().equals("ReplicaFailure")) {
                    failed = condition;
                } else {
                    kept.add(condition);
                }
            }
        }
        if (failure.isPresent()) {
            String reason = failure.get().reason();
            kept.add(
                    failed != null && reason.equals(failed.getReason())
                            ? failed
                            : new ReplicaSetConditionBuilder()
                                    .withType("ReplicaFailure")
                                    .withStatus("True")
                                    .withReason(reason)
                                    .withMessage(failure.get().message())
                                    .withLastTransitionTime(Times.format(now))
                                    .build());
        }
        return kept;
    }

    static Duration minReady(ReplicaSet replicaSet) {
        return Duration.ofSeconds(orZero(replicaSet.getSpec().getMinReadySeconds()));
    }

    private static Map<String, String> templateLabels(ReplicaSet replicaSet) {
        var template = replicaSet.getSpec().getTemplate();
        if (template == null || template.getMetadata() == null) {
            return Map.of();
        }
        @Nullable Map<String, String> labels = template.getMetadata().getLabels();
        return labels == null ? Map.of() : labels;
    }
}
