package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Horizontal pod autoscalers, in their stored version 2. */
final class AutoscalerStrategy extends SpecStatusStrategy {

    private static final int DEFAULT_CPU_PERCENT = 80;

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
