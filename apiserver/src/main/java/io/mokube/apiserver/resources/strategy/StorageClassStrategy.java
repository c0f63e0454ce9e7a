package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Storage classes, of which little may change. */
final class StorageClassStrategy implements ResourceStrategy {

    @Override
    public void applyDefaults(KubeObject storageClass) {
        Tree.orElse(storageClass.root(), "reclaimPolicy", "Delete");
        Tree.orElse(storageClass.root(), "volumeBindingMode", "Immediate");
    }

    @Override
    public void validateCreate(KubeObject storageClass, List<FieldError> errors) {
        String provisioner = Tree.text(storageClass.root(), "provisioner");
        if (provisioner.isEmpty()) {
            errors.add(FieldError.required("provisioner", ""));
        } else {
            Check.name(provisioner.toLowerCase(Locale.ROOT), NameFormat::qualifiedName, "provisioner", errors);
        }
        String policy = Tree.text(storageClass.root(), "reclaimPolicy");
        if (!Set.of("Delete", "Retain").contains(policy)) {
            errors.add(FieldError.notSupported("reclaimPolicy", policy, List.of("Delete", "Retain")));
        }
    }

    @Override
    public void validateUpdate(KubeObject storageClass, KubeObject old, List<FieldError> errors) {
        validateCreate(storageClass, errors);
        for (String field : List.of("parameters", "provisioner", "reclaimPolicy")) {
            if (!Tree.sameField(storageClass.root(), old.root(), field)) {
                errors.add(FieldError.forbidden(field, "updates to " + field + " are forbidden."));
            }
        }
        Check.immutable(storageClass.root(), old.root(), "volumeBindingMode", "volumeBindingMode", errors);
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }
}
