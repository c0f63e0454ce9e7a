package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/** Endpoint slices. */
final class EndpointSliceStrategy implements ResourceStrategy {

    @Override
    public void applyDefaults(KubeObject slice) {
        for (ObjectNode port : Tree.items(slice.root(), "ports")) {
            if (!port.has("name")) {
                port.put("name", "");
            }
            Tree.orElse(port, "protocol", "TCP");
        }
    }

    @Override
    public void validateCreate(KubeObject slice, List<FieldError> errors) {
        String type = Tree.text(slice.root(), "addressType");
        if (type.isEmpty()) {
            errors.add(FieldError.required("addressType", ""));
        } else if (!Set.of("FQDN", "IPv4", "IPv6").contains(type)) {
            errors.add(FieldError.notSupported("addressType", type, List.of("FQDN", "IPv4", "IPv6")));
        }
        List<ObjectNode> endpoints = Tree.items(slice.root(), "endpoints");
        for (int i = 0; i < endpoints.size(); i++) {
            if (endpoints.get(i).path("addresses").isEmpty()) {
                errors.add(FieldError.required("endpoints[" + i + "].addresses", "must contain at least 1 address"));
            }
        }
    }

    @Override
    public void validateUpdate(KubeObject slice, KubeObject old, List<FieldError> errors) {
        validateCreate(slice, errors);
        Check.immutable(slice.root(), old.root(), "addressType", "addressType", errors);
    }
}
