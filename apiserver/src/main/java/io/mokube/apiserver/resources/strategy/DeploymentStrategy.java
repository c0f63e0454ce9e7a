package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Deployments. */
final class DeploymentStrategy extends WorkloadStrategy {

    DeploymentStrategy() {
        super("deployment");
    }

    @Override
    void specDefaults(ObjectNode spec) {
        Tree.orElse(spec, "replicas", 1);
        ObjectNode strategy = Tree.child(spec, "strategy");
        Tree.orElse(strategy, "type", "RollingUpdate");
        if (Tree.text(strategy, "type").equals("RollingUpdate")) {
            ObjectNode rolling = Tree.child(strategy, "rollingUpdate");
            if (!rolling.has("maxUnavailable")) {
                rolling.put("maxUnavailable", "25%");
            }
            if (!rolling.has("maxSurge")) {
                rolling.put("maxSurge", "25%");
            }
        }
        Tree.orElse(spec, "revisionHistoryLimit", 10);
        Tree.orElse(spec, "progressDeadlineSeconds", 600);
    }

    @Override
    void validateSpec(ObjectNode spec, List<FieldError> errors) {
        JsonNode strategy = spec.path("strategy");
        Check.oneOf(strategy, "type", "spec.strategy", Set.of("Recreate", "RollingUpdate"), errors);
        JsonNode rolling = strategy.path("rollingUpdate");
        if (Tree.text(strategy, "type").equals("Recreate") && rolling.isObject()) {
            errors.add(FieldError.forbidden(
                    "spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"));
        } else if (rolling.isObject()) {
            JsonNode unavailable = rolling.path("maxUnavailable");
            JsonNode surge = rolling.path("maxSurge");
            Check.numberOrPercent(unavailable, "spec.strategy.rollingUpdate.maxUnavailable", errors);
            Check.numberOrPercent(surge, "spec.strategy.rollingUpdate.maxSurge", errors);
            if (isZero(unavailable) && isZero(surge)) {
                errors.add(FieldError.invalid(
                        "spec.strategy.rollingUpdate.maxUnavailable",
                        unavailable,
                        "may not be 0 when `maxSurge` is 0"));
            }
        }
        Check.notNegative(spec, "progressDeadlineSeconds", "spec", errors);
        long deadline = spec.path("progressDeadlineSeconds").asLong(0);
        if (deadline >= 0 && deadline <= spec.path("minReadySeconds").asLong(0)) {
            errors.add(FieldError.invalid(
                    "spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"));
        }
    }

    static boolean isZero(JsonNode numberOrPercent) {
        return numberOrPercent.isString()
                ? numberOrPercent.stringValue().matches("0+%")
                : numberOrPercent.asLong(0) == 0;
    }
}
