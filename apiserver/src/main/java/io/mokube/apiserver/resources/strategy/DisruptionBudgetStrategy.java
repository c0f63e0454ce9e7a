package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Pod disruption budgets. */
final class DisruptionBudgetStrategy extends SpecStatusStrategy {

    @Override
    public void validateCreate(KubeObject budget, List<FieldError> errors) {
        JsonNode spec = budget.at("spec");
        if (spec.has("minAvailable") && spec.has("maxUnavailable")) {
            errors.add(FieldError.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set"));
        }
        for (String bound : List.of("minAvailable", "maxUnavailable")) {
            Check.numberOrPercent(spec.path(bound), "spec." + bound, errors);
        }
        Check.selector(spec.path("selector"), "spec.selector", errors);
        Check.oneOf(spec, "unhealthyPodEvictionPolicy", "spec", Set.of("AlwaysAllow", "IfHealthyBudget"), errors);
    }

    @Override
    public void validateUpdate(KubeObject budget, KubeObject old, List<FieldError> errors) {
        validateCreate(budget, errors);
    }

    @Override
    public boolean allowsUnconditionalUpdate() {
        return false;
    }
}
