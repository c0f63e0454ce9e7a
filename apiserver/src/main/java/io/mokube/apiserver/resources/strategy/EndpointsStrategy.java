package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** Endpoints, the form before endpoint slices. */
final class EndpointsStrategy implements ResourceStrategy {

    @Override
    public void applyDefaults(KubeObject endpoints) {
        for (ObjectNode subset : Tree.items(endpoints.root(), "subsets")) {
            for (ObjectNode port : Tree.items(subset, "ports")) {
                Tree.orElse(port, "protocol", "TCP");
            }
        }
    }

    @Override
    public void validateCreate(KubeObject endpoints, List<FieldError> errors) {
        List<ObjectNode> subsets = Tree.items(endpoints.root(), "subsets");
        for (int i = 0; i < subsets.size(); i++) {
            String path = "subsets[" + i + "]";
            if (subsets.get(i).path("addresses").isEmpty()
                    && subsets.get(i).path("notReadyAddresses").isEmpty()) {
                errors.add(FieldError.required(path, "must specify `addresses` or `notReadyAddresses`"));
            }
            List<ObjectNode> ports = Tree.items(subsets.get(i), "ports");
            for (int j = 0; j < ports.size(); j++) {
                Check.port(ports.get(j).path("port"), path + ".ports[" + j + "].port", errors);
            }
            for (String list : List.of("addresses", "notReadyAddresses")) {
                List<ObjectNode> addresses = Tree.items(subsets.get(i), list);
                for (int j = 0; j < addresses.size(); j++) {
                    EndpointAddress.check(
                            Tree.text(addresses.get(j), "ip"), path + "." + list + "[" + j + "].ip", errors);
                }
            }
        }
    }

    @Override
    public void validateUpdate(KubeObject endpoints, KubeObject old, List<FieldError> errors) {
        // What was taken before the rules were stricter may stay.
        if (!Tree.sameField(endpoints.root(), old.root(), "subsets")) {
            validateCreate(endpoints, errors);
        }
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }

    @Override
    public boolean allowsCreateOnUpdate() {
        return true;
    }
}
