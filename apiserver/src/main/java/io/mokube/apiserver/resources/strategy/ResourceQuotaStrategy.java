package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quantity.Quantity;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Resource quotas: amounts are not negative, counts are whole, scopes never change. */
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

    @Override
    public void validateCreate(KubeObject quota, List<FieldError> errors) {
        JsonNode spec = quota.at("spec");
        PodSpecValidation.amounts(spec.path("hard"), "spec.hard", errors);
        Tree.texts(spec.path("hard")).forEach((name, amount) -> {
            Quantity value = Quantity.parse(amount);
            boolean counted = COUNTED.contains(name) || name.startsWith("count/");
            if (counted && value.compareTo(Quantity.parse(Long.toString(value.value()))) != 0) {
                errors.add(FieldError.invalid("spec.hard[" + name + "]", amount, "must be an integer"));
            }
        });
        Set<String> seen = new HashSet<>();
        for (JsonNode scope : spec.path("scopes")) {
            scope(scope.asString(""), "spec.scopes", seen, errors);
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
