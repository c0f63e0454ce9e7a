package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Ingresses. */
final class IngressStrategy extends SpecStatusStrategy {

    private static final Set<String> PATH_TYPES = Set.of("Exact", "ImplementationSpecific", "Prefix");

    @Override
    public void prepareForCreate(KubeObject ingress) {
        ingress.root().putObject("status").putObject("loadBalancer");
    }

    @Override
    public void validateCreate(KubeObject ingress, List<FieldError> errors) {
        JsonNode spec = ingress.at("spec");
        if (spec.path("rules").isEmpty() && !spec.has("defaultBackend")) {
            errors.add(FieldError.invalid("spec", "", "either `defaultBackend` or `rules` must be specified"));
        }
        List<ObjectNode> rules = Tree.items(spec, "rules");
        for (int i = 0; i < rules.size(); i++) {
            List<ObjectNode> paths = Tree.items(rules.get(i).path("http"), "paths");
            for (int j = 0; j < paths.size(); j++) {
                String path = "spec.rules[" + i + "].http.paths[" + j + "]";
                String type = Tree.text(paths.get(j), "pathType");
                if (type.isEmpty()) {
                    errors.add(FieldError.required(path + ".pathType", "pathType must be specified"));
                } else if (!PATH_TYPES.contains(type)) {
                    errors.add(FieldError.notSupported(
                            path + ".pathType",
                            type,
                            PATH_TYPES.stream().sorted().toList()));
                } else if (!type.equals("ImplementationSpecific")
                        && !Tree.text(paths.get(j), "path").startsWith("/")) {
                    errors.add(FieldError.invalid(
                            path + ".path", Tree.text(paths.get(j), "path"), "must be an absolute path"));
                }
            }
        }
    }

    @Override
    public void validateUpdate(KubeObject ingress, KubeObject old, List<FieldError> errors) {
        validateCreate(ingress, errors);
    }
}
