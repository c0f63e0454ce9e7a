package io.mokube.controllermanager.controllers.deployment;

import io.fabric8.kubernetes.api.model.apps.DeploymentCondition;
import io.fabric8.kubernetes.api.model.apps.DeploymentConditionBuilder;
import io.mokube.controllermanager.controllers.ownership.Times;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A Deployment's conditions while a plan is made. Belongs to one planning and one thread. */
final class Conditions {

    static final String AVAILABLE = "Available";
    static final String PROGRESSING = "Progressing";
    static final String REPLICA_FAILURE = "ReplicaFailure";

    private final List<DeploymentCondition> conditions;
    private final Instant now;

    Conditions(List<DeploymentCondition> conditions, Instant now) {
        this.conditions = new ArrayList<>(conditions);
        this.now = now;
    }

    List<DeploymentCondition> list() {
        return List.copyOf(conditions);
    }

    Optional<DeploymentCondition> get(String type) {
        return conditions.stream()
                .filter(condition -> condition.getType().equals(type))
                .findFirst();
    }

    /** The reason of a condition, {@code ""} when there is none. */
    String reason(String type) {
        return get(type).map(DeploymentCondition::getReason).orElse("");
    }

    /** Sets a condition, unless it has this status for this reason already. */
    void set(String type, String status, String reason, String message) {
        Optional<DeploymentCondition> old = get(type);
        if (old.filter(same -> same.getStatus().equals(status) && reason.equals(same.getReason()))
                .isEmpty()) {
            replace(type, status, reason, message);
        }
    }

    /** Sets a condition and when it was updated, even if it stays as it was. */
    void replace(String type, String status, String reason, String message) {
        String time = Times.format(now);
        String since = get(type)
                .filter(old -> old.getStatus().equals(status))
                .map(DeploymentCondition::getLastTransitionTime)
                .orElse(time);
        put(new DeploymentConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withReason(reason)
                .withMessage(message)
                .withLastUpdateTime(time)
                .withLastTransitionTime(since)
                .build());
    }

    void put(DeploymentCondition condition) {
        remove(condition.getType());
        conditions.add(condition);
    }

    void remove(String type) {
        conditions.removeIf(condition -> condition.getType().equals(type));
    }
}
