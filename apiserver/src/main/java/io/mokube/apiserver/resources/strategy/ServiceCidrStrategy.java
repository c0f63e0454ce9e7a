package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.address.Family;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Ranges of service addresses, which never change; but one of the other address family may be added to the only one. */
final class ServiceCidrStrategy extends FrozenStrategy {

    private static final String CIDRS = "spec.cidrs";

    ServiceCidrStrategy() {
        super(CIDRS);
    }

    @Override
    public void validateCreate(KubeObject range, List<FieldError> errors) {
        JsonNode cidrs = cidrs(range);
        if (cidrs.isEmpty()) {
            errors.add(FieldError.required(CIDRS, "at least one CIDR required"));
        } else if (cidrs.size() > 2) {
            errors.add(FieldError.invalid(CIDRS, cidrs, "may only hold up to 2 values"));
        } else if (cidrs.size() == 2 && family(cidrs.path(0)) == family(cidrs.path(1))) {
            errors.add(FieldError.invalid(
                    CIDRS,
                    cidrs,
                    "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64"));
        }
        for (int i = 0; i < cidrs.size(); i++) {
            Check.cidr(cidrs.path(i).asString(""), "spec.cidrs[" + i + "]", errors);
        }
    }

    @Override
    public void validateUpdate(KubeObject range, KubeObject old, List<FieldError> errors) {
        JsonNode before = cidrs(old);
        JsonNode now = cidrs(range);
        boolean isExtended =
                before.size() == 1 && now.size() == 2 && now.path(0).equals(before.path(0));
        if (isExtended) {
            validateCreate(range, errors);
        } else {
            super.validateUpdate(range, old, errors);
        }
    }

    private static JsonNode cidrs(KubeObject range) {
        return range.at("spec", "cidrs");
    }

    private static Family family(JsonNode cidr) {
        return Family.of(cidr.asString(""));
    }
}
