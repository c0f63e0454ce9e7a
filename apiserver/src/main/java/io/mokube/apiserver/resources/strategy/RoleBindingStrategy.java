package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Role bindings and cluster role bindings. */
final class RoleBindingStrategy implements ResourceStrategy {

    private static final String RBAC = "rbac.authorization.k8s.io";

    private final Set<String> roleKinds;

    RoleBindingStrategy(boolean namespaced) {
        this.roleKinds = namespaced ? Set.of("Role", "ClusterRole") : Set.of("ClusterRole");
    }

    @Override
    public void applyDefaults(KubeObject binding) {
        if (binding.root().get("roleRef") instanceof ObjectNode role) {
            Tree.orElse(role, "apiGroup", RBAC);
        }
        for (ObjectNode subject : Tree.items(binding.root(), "subjects")) {
            if (Set.of("User", "Group").contains(Tree.text(subject, "kind"))) {
                Tree.orElse(subject, "apiGroup", RBAC);
            }
        }
    }

    @Override
    public void validateCreate(KubeObject binding, List<FieldError> errors) {
        if (!Tree.text(binding.at("roleRef"), "apiGroup").equals(RBAC)) {
            errors.add(FieldError.notSupported(
                    "roleRef.apiGroup", Tree.text(binding.at("roleRef"), "apiGroup"), List.of(RBAC)));
        }
        String kind = Tree.text(binding.at("roleRef"), "kind");
        if (!roleKinds.contains(kind)) {
            errors.add(FieldError.notSupported(
                    "roleRef.kind", kind, roleKinds.stream().sorted().toList()));
        }
        Check.required(binding.at("roleRef"), "name", "roleRef", errors);
        List<ObjectNode> subjects = Tree.items(binding.root(), "subjects");
        for (int i = 0; i < subjects.size(); i++) {
            subject(subjects.get(i), "subjects[" + i + "]", errors);
        }
    }

    private static void subject(ObjectNode subject, String path, List<FieldError> errors) {
        Check.required(subject, "name", path, errors);
        String group = Tree.text(subject, "apiGroup");
        switch (Tree.text(subject, "kind")) {
            case "ServiceAccount" -> {
                if (!group.isEmpty()) {
                    errors.add(FieldError.notSupported(path + ".apiGroup", group, List.of("")));
                }
                Check.required(subject, "namespace", path, errors);
            }
            case "User", "Group" -> {
                if (!group.equals(RBAC)) {
                    errors.add(FieldError.notSupported(path + ".apiGroup", group, List.of(RBAC)));
                }
            }
            default ->
                errors.add(FieldError.notSupported(
                        path + ".kind", Tree.text(subject, "kind"), List.of("Group", "ServiceAccount", "User")));
        }
    }

    @Override
    public void validateUpdate(KubeObject binding, KubeObject old, List<FieldError> errors) {
        validateCreate(binding, errors);
        if (!Tree.sameField(binding.root(), old.root(), "roleRef")) {
            errors.add(FieldError.invalid("roleRef", binding.at("roleRef"), "cannot change roleRef"));
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

    @Override
    public @Nullable String checkName(String name) {
        return NameFormat.pathSegment(name).orElse(null);
    }
}
