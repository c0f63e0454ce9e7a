package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Addresses in use, named by the address itself. */
final class IpAddressStrategy extends FrozenStrategy {

    IpAddressStrategy() {
        super("spec.parentRef");
    }

    @Override
    public void validateCreate(KubeObject address, List<FieldError> errors) {
        JsonNode parent = address.at("spec", "parentRef");
        if (parent.isMissingNode()) {
            errors.add(FieldError.required("spec.parentRef", ""));
            return;
        }
        Check.required(parent, "resource", "spec.parentRef", errors);
        Check.required(parent, "name", "spec.parentRef", errors);
    }

    @Override
    public @Nullable String checkName(String name) {
        return IpAddress.isValid(name) ? null : Check.NO_IP_ADDRESS;
    }
}
