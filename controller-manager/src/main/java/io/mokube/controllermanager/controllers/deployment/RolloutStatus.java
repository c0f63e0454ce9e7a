package io.mokube.controllermanager.controllers.deployment;

import static io.mokube.controllermanager.controllers.ownership.Ownership.orZero;

import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentCondition;
import io.fabric8.kubernetes.api.model.apps.DeploymentConditionBuilder;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.apps.DeploymentStatusBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetCondition;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a Deployment's status says, with the reasons and sentences of Kubernetes, which {@code kubectl rollout status}
 * reads. Belongs to one planning and one thread.
 */
final class RolloutStatus {

    private static final String NEW_AVAILABLE = "NewReplicaSetAvailable";
    private static final String DEADLINE_EXCEEDED = "ProgressDeadlineExceeded";
    private static final String PAUSED = "DeploymentPaused";

    private final Deployment deployment;
    private final DeploymentStatus before;
    private final Limits limits;
    private final Instant now;
    private final Conditions conditions;
    private final Optional<Duration> deadline;

    RolloutStatus(Deployment deployment, Limits limits, Instant now) {
        this.deployment = deployment;
        @Nullable DeploymentStatus status = deployment.getStatus();
        this.before = status == null ? new DeploymentStatus() : status;
        this.limits = limits;
        this.now = now;
        this.conditions = new Conditions(before.getConditions(), now);
        @Nullable Integer seconds = deployment.getSpec().getProgressDeadlineSeconds();
        this.deadline = seconds == null || seconds == Integer.MAX_VALUE
                ? Optional.empty()
                : Optional.of(Duration.ofSeconds(seconds));
    }

    /** A pause stops the progress clock, a resumption restarts it. */
    void notePause(boolean paused) {
        String reason = conditions.reason(Conditions.PROGRESSING);
        if (deadline.isEmpty() || reason.equals(DEADLINE_EXCEEDED)) {
            return;
        }
        if (paused && !reason.equals(PAUSED)) {
            conditions.set(Conditions.PROGRESSING, "Unknown", PAUSED, "Deployment is paused");
        } else if (!paused && reason.equals(PAUSED)) {
            conditions.set(Conditions.PROGRESSING, "Unknown", "DeploymentResumed", "Deployment is resumed");
        }
    }

    /** The plan creates the ReplicaSet of the current template. */
    void created(ReplicaSetDraft replicaSet) {
        if (deadline.isPresent()) {
            conditions.set(
                    Conditions.PROGRESSING,
                    "True",
                    "NewReplicaSetCreated",
                    "Created new replica set \"" + replicaSet.name() + "\"");
        }
    }

    /** The ReplicaSet of the current template is there already. */
    void found(ReplicaSetDraft replicaSet) {
        if (deadline.isPresent() && conditions.get(Conditions.PROGRESSING).isEmpty()) {
            conditions.set(
                    Conditions.PROGRESSING,
                    "True",
                    "FoundNewReplicaSet",
                    "Found new replica set \"" + replicaSet.name() + "\"");
        }
    }

    /** The Deployment's status for a creation that failed: progress stops until it succeeds. */
    static DeploymentStatus creationFailed(Deployment deployment, String name, String message, Instant now) {
        RolloutStatus status = new RolloutStatus(deployment, Limits.of(deployment), now);
        if (status.deadline.isPresent()) {
            status.conditions.set(
                    Conditions.PROGRESSING,
                    "False",
                    "ReplicaSetCreateError",
                    "Failed to create new replica set \"" + name + "\": " + message);
        }
        return new DeploymentStatusBuilder(status.before)
                .withConditions(status.conditions.list())
                .build();
    }

    /** The numbers, and whether enough is available; progress is not judged. */
    DeploymentStatus sizes(@Nullable ReplicaSetDraft newest, Collection<ReplicaSetDraft> old) {
        List<ReplicaSetDraft> all = new ArrayList<>(old);
        if (newest != null) {
            all.add(newest);
        }
        int available = 0;
        int wanted = 0;
        int replicas = 0;
        int ready = 0;
        int terminating = 0;
        for (ReplicaSetDraft draft : all) {
            available += draft.availableReplicas();
            wanted += draft.replicas();
            replicas += draft.currentReplicas();
            ready += draft.readyReplicas();
            terminating += draft.terminatingReplicas();
        }
        if (available >= limits.fewestAvailable()) {
            conditions.set(
                    Conditions.AVAILABLE, "True", "MinimumReplicasAvailable", "Deployment has minimum availability.");
        } else {
            conditions.set(
                    Conditions.AVAILABLE,
                    "False",
                    "MinimumReplicasUnavailable",
                    "Deployment does not have minimum availability.");
        }
        return new DeploymentStatusBuilder()
                .withObservedGeneration(Ownership.generation(deployment))
                .withReplicas(unlessZero(replicas))
                .withUpdatedReplicas(unlessZero(newest == null ? 0 : newest.currentReplicas()))
                .withReadyReplicas(unlessZero(ready))
                .withAvailableReplicas(unlessZero(available))
                .withUnavailableReplicas(unlessZero(Math.max(0, wanted - available)))
                .withTerminatingReplicas(terminating)
                .withCollisionCount(before.getCollisionCount())
                .withConditions(conditions.list())
                .build();
    }

    /** The numbers and how the rollout is doing. */
    DeploymentStatus progress(@Nullable ReplicaSetDraft newest, Collection<ReplicaSetDraft> old) {
        DeploymentStatus after = sizes(newest, old);
        String reason = conditions.reason(Conditions.PROGRESSING);
        boolean wasComplete =
                orZero(after.getReplicas()) == orZero(after.getUpdatedReplicas()) && reason.equals(NEW_AVAILABLE);
        if (deadline.isEmpty()) {
            conditions.remove(Conditions.PROGRESSING);
        } else if (!wasComplete) {
            String subject = newest == null
                    ? "Deployment \"" + deployment.getMetadata().getName() + "\""
                    : "ReplicaSet \"" + newest.name() + "\"";
            if (isComplete(after)) {
                conditions.set(
                        Conditions.PROGRESSING, "True", NEW_AVAILABLE, subject + " has successfully progressed.");
            } else if (hasAdvanced(after)) {
                conditions.replace(Conditions.PROGRESSING, "True", "ReplicaSetUpdated", subject + " is progressing.");
            } else if (hasTimedOut()) {
                conditions.set(
                        Conditions.PROGRESSING, "False", DEADLINE_EXCEEDED, subject + " has timed out progressing.");
            }
        }
        replicaFailure(newest, old)
                .ifPresentOrElse(conditions::put, () -> conditions.remove(Conditions.REPLICA_FAILURE));
        return new DeploymentStatusBuilder(after)
                .withConditions(conditions.list())
                .build();
    }

    /** Whether a status shows only pods of the current template, all available. */
    boolean isComplete(@Nullable DeploymentStatus status) {
        if (status == null) {
            return false;
        }
        @Nullable Long observed = status.getObservedGeneration();
        return orZero(status.getUpdatedReplicas()) == limits.replicas()
                && orZero(status.getReplicas()) == limits.replicas()
                && orZero(status.getAvailableReplicas()) == limits.replicas()
                && observed != null
                && observed >= Ownership.generation(deployment);
    }

    /** When the progress deadline has to be looked at. */
    Optional<Duration> again(DeploymentStatus after) {
        String reason = conditions.reason(Conditions.PROGRESSING);
        if (isComplete(after) || reason.equals(DEADLINE_EXCEEDED) || reason.equals(PAUSED)) {
            return Optional.empty();
        }
        Duration second = Duration.ofSeconds(1);
        return timeOut()
                .map(time -> Duration.between(now, time).plus(second))
                .map(left -> left.compareTo(second) < 0 ? second : left);
    }

    private boolean hasAdvanced(DeploymentStatus after) {
        int oldBefore = orZero(before.getReplicas()) - orZero(before.getUpdatedReplicas());
        int oldAfter = orZero(after.getReplicas()) - orZero(after.getUpdatedReplicas());
        return orZero(after.getUpdatedReplicas()) > orZero(before.getUpdatedReplicas())
                || oldAfter < oldBefore
                || orZero(after.getReadyReplicas()) > orZero(before.getReadyReplicas())
                || orZero(after.getAvailableReplicas()) > orZero(before.getAvailableReplicas());
    }

    private boolean hasTimedOut() {
        String reason = conditions.reason(Conditions.PROGRESSING);
        return reason.equals(DEADLINE_EXCEEDED)
                || (!reason.equals(NEW_AVAILABLE)
                        && timeOut().filter(time -> time.isBefore(now)).isPresent());
    }

    private Optional<Instant> timeOut() {
        return conditions
                .get(Conditions.PROGRESSING)
                .flatMap(progressing -> Times.parse(progressing.getLastUpdateTime()))
                .flatMap(updated -> deadline.map(updated::plus));
    }

    /** The newest ReplicaSet's failure, or else any other's. */
    private static Optional<DeploymentCondition> replicaFailure(
            @Nullable ReplicaSetDraft newest, Collection<ReplicaSetDraft> old) {
        List<ReplicaSetDraft> candidates = new ArrayList<>(old);
        if (newest != null) {
            candidates.addFirst(newest);
        }
        for (ReplicaSetDraft draft : candidates) {
            if (draft.status() != null) {
                for (ReplicaSetCondition condition : draft.status().getConditions()) {
                    if (condition.getType().equals(Conditions.REPLICA_FAILURE)) {
                        return Optional.of(new DeploymentConditionBuilder()
                                .withType(Conditions.REPLICA_FAILURE)
                                .withStatus(condition.getStatus())
                                .withReason(condition.getReason())
                                .withMessage(condition.getMessage())
                                .withLastTransitionTime(condition.getLastTransitionTime())
                                .withLastUpdateTime(condition.getLastTransitionTime())
                                .build());
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** Kubernetes leaves zeros out of a Deployment's status. */
    private static @Nullable Integer unlessZero(int value) {
        return value == 0 ? null : value;
    }
}
