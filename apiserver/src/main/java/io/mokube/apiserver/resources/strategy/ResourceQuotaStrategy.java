package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quantity.Quantity;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Resource quotas: names and amounts make sense, counts are whole, scopes fit what is limited and never change. */
final class ResourceQuotaStrategy extends SpecStatusStrategy {

    private static final Set<String> SCOPES = Set.of(
            "BestEffort",
            "CrossNamespacePodAffinity",
            "NotBestEffort",
            "NotTerminating",
            "PriorityClass",
            "Terminating",
            "VolumeAttributesClass");

    private static final Set<String> COUNTED = Set.of(
            "configmaps",
            "persistentvolumeclaims",
            "pods",
            "replicationcontrollers",
            "resourcequotas",
            "secrets",
            "services",
            "services.loadbalancers",
            "services.nodeports");

    private static final Set<String> COMPUTE =
            Set.of("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory");

    private static final Set<String> STORAGE =
            Set.of("ephemeral-storage", "requests.ephemeral-storage", "limits.ephemeral-storage", "requests.storage");

    private static final Set<String> OF_CLAIMS = Set.of("persistentvolumeclaims", "requests.storage");

    @Override
    public void validateCreate(KubeObject quota, List<FieldError> errors) {
        JsonNode spec = quota.at("spec");
        PodSpecValidation.amounts(spec.path("hard"), "spec.hard", errors);
        Tree.texts(spec.path("hard")).forEach((name, amount) -> {
            if (name.indexOf('/') < 0 && !isStandard(name)) {
                errors.add(
                        FieldError.invalid("spec.hard[" + name + "]", name, "must be a standard resource for quota"));
            }
            Quantity value = Quantity.parse(amount);
            boolean counted = COUNTED.contains(name) || name.startsWith("count/");
            if (counted && value.compareTo(Quantity.parse(Long.toString(value.value()))) != 0) {
                errors.add(FieldError.invalid("spec.hard[" + name + "]", amount, "must be an integer"));
            }
        });
        Set<String> seen = new HashSet<>();
        for (JsonNode scope : spec.path("scopes")) {
            scope(scope.asString(""), "spec.scopes", seen, errors);
            for (String name : Tree.texts(spec.path("hard")).keySet()) {
                if (isStandard(name) && !isScoped(name, scope.asString(""))) {
                    errors.add(FieldError.invalid(
                            "spec.scopes", spec.path("scopes"), "unsupported scope applied to resource"));
                }
            }
        }
        if (seen.containsAll(Set.of("BestEffort", "NotBestEffort"))
                || seen.containsAll(Set.of("Terminating", "NotTerminating"))) {
            errors.add(FieldError.invalid("spec.scopes", spec.path("scopes"), "conflicting scopes"));
        }
        List<ObjectNode> expressions = Tree.items(spec.path("scopeSelector"), "matchExpressions");
        for (ObjectNode expression : expressions) {
            selector(expression, "spec.scopeSelector.matchExpressions", errors);
        }
    }

    private static boolean isStandard(String name) {
        return COUNTED.contains(name)
                || COMPUTE.contains(name)
                || STORAGE.contains(name)
                || name.startsWith("hugepages-")
                || name.startsWith("requests.hugepages-");
    }

    /** Whether a scope can narrow what is limited under a name. */
    private static boolean isScoped(String name, String scope) {
        return switch (scope) {
            case "BestEffort" -> name.equals("pods");
            case "VolumeAttributesClass" -> OF_CLAIMS.contains(name);
            default -> name.equals("pods") || COMPUTE.contains(name);
        };
    }

    private static void scope(String scope, String path, Set<String> seen, List<FieldError> errors) {
        if (!SCOPES.contains(scope)) {
            errors.add(FieldError.invalid(path, scope, "unsupported scope"));
        }
        seen.add(scope);
    }

    private static void selector(ObjectNode expression, String path, List<FieldError> errors) {
        String scope = Tree.text(expression, "scopeName");
        if (!SCOPES.contains(scope)) {
            errors.add(FieldError.invalid(path + ".scopeName", scope, "unsupported scope"));
        }
        boolean hasValues = !expression.path("values").isEmpty();
        switch (Tree.text(expression, "operator")) {
            case "In", "NotIn" -> {
                if (!hasValues) {
                    errors.add(FieldError.required(
                            path + ".values",
                            "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"));
                }
            }
            case "Exists", "DoesNotExist" -> {
                if (hasValues) {
                    errors.add(FieldError.invalid(
                            path + ".values",
                            expression.path("values"),
                            "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"));
                }
            }
            default ->
                errors.add(FieldError.invalid(
                        path + ".operator", Tree.text(expression, "operator"), "not a valid selector operator"));
        }
    }

    @Override
    public void validateUpdate(KubeObject quota, KubeObject old, List<FieldError> errors) {
        validateCreate(quota, errors);
        Check.immutable(quota.at("spec"), old.at("spec"), "scopes", "spec.scopes", errors);
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }
}
