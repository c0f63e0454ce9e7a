package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quantity.Quantity;
import java.util.List;
import java.util.Set;

/** Resource quotas: amounts are not negative, counts are whole, scopes stay. */
final class ResourceQuotaStrategy extends SpecStatusStrategy {

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
        Tree.texts(quota.at("spec", "hard")).forEach((resource, amount) -> {
            String path = "spec.hard[" + resource + "]";
            Check.name(resource, NameFormat::qualifiedName, path, errors);
            Quantity value = Quantity.parse(amount);
            if (value.compareTo(Quantity.ZERO) < 0) {
                errors.add(FieldError.invalid(path, amount, "must be greater than or equal to 0"));
            } else if (isCount(resource) && value.compareTo(Quantity.parse(Long.toString(value.value()))) != 0) {
                errors.add(FieldError.invalid(path, amount, "must be an integer"));
            }
        });
    }

    private static boolean isCount(String resource) {
        return COUNTED.contains(resource) || resource.startsWith("count/");
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
