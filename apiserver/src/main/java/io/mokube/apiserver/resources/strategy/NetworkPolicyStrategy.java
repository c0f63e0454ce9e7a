package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
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

    @Override
    public void validateCreate(KubeObject policy, List<FieldError> errors) {
        JsonNode spec = policy.at("spec");
        Check.selector(spec.path("podSelector"), "spec.podSelector", errors);
        rules(spec, "ingress", "from", errors);
        rules(spec, "egress", "to", errors);
        if (spec.path("policyTypes").size() > 2) {
            errors.add(FieldError.invalid(
                    "spec.policyTypes", spec.path("policyTypes"), "may not specify more than two policyTypes"));
        }
    }

    @Override
    public void validateUpdate(KubeObject policy, KubeObject old, List<FieldError> errors) {
        validateCreate(policy, errors);
    }

    private static void rules(JsonNode spec, String direction, String side, List<FieldError> errors) {
        List<ObjectNode> rules = Tree.items(spec, direction);
        for (int i = 0; i < rules.size(); i++) {
            String path = "spec." + direction + "[" + i + "]";
            List<ObjectNode> ports = Tree.items(rules.get(i), "ports");
            for (int j = 0; j < ports.size(); j++) {
                port(ports.get(j), path + ".ports[" + j + "]", errors);
            }
            List<ObjectNode> peers = Tree.items(rules.get(i), side);
            for (int j = 0; j < peers.size(); j++) {
                peer(peers.get(j), path + "." + side + "[" + j + "]", errors);
            }
        }
    }

    private static void port(ObjectNode rule, String path, List<FieldError> errors) {
        JsonNode port = rule.path("port");
        JsonNode last = rule.path("endPort");
        if (!port.isMissingNode()) {
            Check.portOrName(port, path + ".port", errors);
        }
        if (last.isMissingNode()) {
            return;
        }
        if (port.isMissingNode()) {
            errors.add(
                    FieldError.invalid(path + ".endPort", last, "may not be specified when `port` is not specified"));
        } else if (port.isString()) {
            errors.add(FieldError.invalid(path + ".endPort", last, "may not be specified when `port` is non-numeric"));
        } else {
            if (last.asLong(0) < port.asLong(0)) {
                errors.add(FieldError.invalid(path + ".endPort", last, "must be greater than or equal to `port`"));
            }
            Check.port(last, path + ".endPort", errors);
        }
    }

    private static void peer(ObjectNode peer, String path, List<FieldError> errors) {
        if (peer.isEmpty()) {
            errors.add(FieldError.required(path, "must specify a peer"));
        } else if (peer.has("ipBlock") && peer.size() > 1) {
            errors.add(FieldError.forbidden(path, "may not specify both ipBlock and another peer"));
        }
        for (String selector : List.of("podSelector", "namespaceSelector")) {
            Check.selector(peer.path(selector), path + "." + selector, errors);
        }
        if (peer.has("ipBlock")) {
            block(peer.path("ipBlock"), path + ".ipBlock", errors);
        }
    }

    private static void block(JsonNode block, String path, List<FieldError> errors) {
        String cidr = Tree.text(block, "cidr");
        if (cidr.isEmpty()) {
            errors.add(FieldError.required(path + ".cidr", ""));
            return;
        }
        Optional<AddressBlock> whole = Check.cidr(cidr, path + ".cidr", errors);
        for (int i = 0; i < block.path("except").size(); i++) {
            String except = block.path("except").path(i).asString("");
            String exceptPath = path + ".except[" + i + "]";
            Check.cidr(except, exceptPath, errors)
                    .filter(hole -> whole.isPresent() && !whole.get().strictlyContains(hole))
                    .ifPresent(hole ->
                            errors.add(FieldError.invalid(exceptPath, except, "must be a strict subset of `cidr`")));
        }
    }
}
