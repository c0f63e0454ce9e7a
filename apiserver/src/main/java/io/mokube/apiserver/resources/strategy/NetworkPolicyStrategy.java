package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.object.KubeObject;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Network policies. */
final class NetworkPolicyStrategy extends SpecStatusStrategy {

    @Override
    public void applyDefaults(KubeObject policy) {
        ObjectNode spec = Tree.child(policy.root(), "spec");
        Tree.child(spec, "podSelector");
        if (spec.path("policyTypes").isEmpty()) {
            ArrayNode types = spec.putArray("policyTypes").add("Ingress");
            if (!spec.path("egress").isEmpty()) {
                types.add("Egress");
            }
        }
        for (String direction : List.of("ingress", "egress")) {
            for (ObjectNode rule : Tree.items(spec, direction)) {
                for (ObjectNode port : Tree.items(rule, "ports")) {
                    Tree.orElse(port, "protocol", "TCP");
                }
            }
        }
    }
}
