package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Roles and cluster roles. */
final class RoleStrategy implements ResourceStrategy {

    private final boolean namespaced;

    RoleStrategy(boolean namespaced) {
        this.namespaced = namespaced;
    }

    @Override
    public void validateCreate(KubeObject role, List<FieldError> errors) {
        List<ObjectNode> rules = Tree.items(role.root(), "rules");
        for (int i = 0; i < rules.size(); i++) {
            rule(rules.get(i), "rules[" + i + "]", errors);
        }
    }

    private void rule(ObjectNode rule, String path, List<FieldError> errors) {
        if (rule.path("verbs").isEmpty()) {
            errors.add(FieldError.required(path + ".verbs", "verbs must contain at least one value"));
        }
        if (!rule.path("nonResourceURLs").isEmpty()) {
            if (namespaced) {
                errors.add(FieldError.invalid(
                        path + ".nonResourceURLs",
                        rule.path("nonResourceURLs"),
                        "namespaced rules cannot apply to non-resource URLs"));
            }
            if (!rule.path("apiGroups").isEmpty()
                    || !rule.path("resources").isEmpty()
                    || !rule.path("resourceNames").isEmpty()) {
                errors.add(FieldError.invalid(
                        path + ".nonResourceURLs",
                        rule.path("nonResourceURLs"),
                        "rules cannot apply to both regular resources and non-resource URLs"));
            }
            return;
        }
        if (rule.path("apiGroups").isEmpty()) {
            errors.add(FieldError.required(path + ".apiGroups", "resource rules must supply at least one api group"));
        }
        if (rule.path("resources").isEmpty()) {
            errors.add(FieldError.required(path + ".resources", "resource rules must supply at least one resource"));
        }
    }

    @Override
    public void validateUpdate(KubeObject role, KubeObject old, List<FieldError> errors) {
        validateCreate(role, errors);
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }

    @Override
    public boolean allowsCreateOnUpdate() {
        return true;
    }

    @Override
    public @Nullable String checkName(String name) {
        return NameFormat.pathSegment(name).orElse(null);
    }
}
