package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Ranges of service addresses, which never change. */
final class ServiceCidrStrategy extends FrozenStrategy {

    ServiceCidrStrategy() {
        super("spec.cidrs");
    }

    @Override
    public void validateCreate(KubeObject range, List<FieldError> errors) {
        JsonNode cidrs = range.at("spec", "cidrs");
        if (cidrs.isEmpty()) {
            errors.add(FieldError.required("spec.cidrs", "at least one CIDR required"));
        } else if (cidrs.size() > 2) {
            errors.add(FieldError.invalid("spec.cidrs", cidrs, "may only hold up to 2 values"));
        }
        for (int i = 0; i < cidrs.size(); i++) {
            Check.cidr(cidrs.path(i).asString(""), "spec.cidrs[" + i + "]", errors);
        }
    }
}
