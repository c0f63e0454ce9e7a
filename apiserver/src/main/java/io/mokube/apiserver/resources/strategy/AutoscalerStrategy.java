package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Horizontal pod autoscalers, in their stored version 2. */
final class AutoscalerStrategy extends SpecStatusStrategy {

    private static final int DEFAULT_CPU_PERCENT = 80;

    /** What a behavior allows in a period unless it says so itself. */
    private static final int DEFAULT_PODS = 4;

    private static final int DEFAULT_PERCENT = 100;
    private static final int DEFAULT_PERIOD_SECONDS = 15;

    @Override
    public void applyDefaults(KubeObject autoscaler) {
        ObjectNode spec = Tree.child(autoscaler.root(), "spec");
        Tree.orElse(spec, "minReplicas", 1);
        if (spec.path("metrics").isEmpty()) {
            ObjectNode metric = spec.putArray("metrics").addObject();
            metric.put("type", "Resource");
            ObjectNode cpu = metric.putObject("resource");
            cpu.put("name", "cpu");
            cpu.putObject("target").put("type", "Utilization").put("averageUtilization", DEFAULT_CPU_PERCENT);
        }
        if (spec.get("behavior") instanceof ObjectNode behavior) {
            ObjectNode up = Tree.child(behavior, "scaleUp");
            Tree.orElse(up, "stabilizationWindowSeconds", 0);
            policies(up, policy("Pods", DEFAULT_PODS), policy("Percent", DEFAULT_PERCENT));
            policies(Tree.child(behavior, "scaleDown"), policy("Percent", DEFAULT_PERCENT));
        }
    }

    private static void policies(ObjectNode rules, ObjectNode... policies) {
        Tree.orElse(rules, "selectPolicy", "Max");
        if (!rules.has("policies")) {
            rules.putArray("policies").addAll(List.of(policies));
        }
    }

    private static ObjectNode policy(String type, int value) {
        return Json.MAPPER
                .createObjectNode()
                .put("type", type)
                .put("value", value)
                .put("periodSeconds", DEFAULT_PERIOD_SECONDS);
    }

    @Override
    public void validateCreate(KubeObject autoscaler, List<FieldError> errors) {
        JsonNode spec = autoscaler.at("spec");
        long min = spec.path("minReplicas").asLong(1);
        long max = spec.path("maxReplicas").asLong(0);
        if (min < 1) {
            errors.add(FieldError.invalid("spec.minReplicas", min, "must be greater than or equal to 1"));
        }
        if (max < 1) {
            errors.add(FieldError.invalid("spec.maxReplicas", max, "must be greater than 0"));
        } else if (max < min) {
            errors.add(FieldError.invalid("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`"));
        }
        JsonNode target = spec.path("scaleTargetRef");
        Check.required(target, "kind", "spec.scaleTargetRef", errors);
        Check.required(target, "name", "spec.scaleTargetRef", errors);
        AutoscalerRules.metrics(spec, errors);
        AutoscalerRules.behavior(spec.path("behavior"), errors);
    }

    @Override
    public void validateUpdate(KubeObject autoscaler, KubeObject old, List<FieldError> errors) {
        validateCreate(autoscaler, errors);
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }
}
