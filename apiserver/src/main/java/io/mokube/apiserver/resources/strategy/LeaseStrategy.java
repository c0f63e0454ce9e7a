package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Leases. An update must name the version it changes: two holders must never both succeed. */
final class LeaseStrategy implements ResourceStrategy {

    @Override
    public void validateCreate(KubeObject lease, List<FieldError> errors) {
        JsonNode spec = lease.at("spec");
        if (spec.has("leaseDurationSeconds")
                && spec.path("leaseDurationSeconds").asLong(0) <= 0) {
            errors.add(FieldError.invalid(
                    "spec.leaseDurationSeconds",
                    spec.path("leaseDurationSeconds").asLong(0),
                    "must be greater than 0"));
        }
        Check.notNegative(spec, "leaseTransitions", "spec", errors);
    }

    @Override
    public void validateUpdate(KubeObject lease, KubeObject old, List<FieldError> errors) {
        validateCreate(lease, errors);
    }

    @Override
    public boolean allowsCreateOnUpdate() {
        return true;
    }

    @Override
    public boolean allowsUnconditionalUpdate() {
        return false;
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }
}
