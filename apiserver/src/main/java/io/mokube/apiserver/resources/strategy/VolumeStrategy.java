package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Persistent volumes. */
final class VolumeStrategy extends SpecStatusStrategy {

    private static final List<String> NOT_SOURCES = List.of(
            "accessModes",
            "capacity",
            "claimRef",
            "mountOptions",
            "nodeAffinity",
            "persistentVolumeReclaimPolicy",
            "storageClassName",
            "volumeAttributesClassName",
            "volumeMode");

    @Override
    public void applyDefaults(KubeObject volume) {
        ObjectNode spec = Tree.child(volume.root(), "spec");
        Tree.orElse(spec, "persistentVolumeReclaimPolicy", "Retain");
        Tree.orElse(spec, "volumeMode", "Filesystem");
        if (spec.get("hostPath") instanceof ObjectNode hostPath && !hostPath.has("type")) {
            hostPath.put("type", "");
        }
    }

    @Override
    public void prepareForCreate(KubeObject volume) {
        volume.root().putObject("status").put("phase", "Pending");
    }

    @Override
    public void validateCreate(KubeObject volume, List<FieldError> errors) {
        JsonNode spec = volume.at("spec");
        if (spec.path("accessModes").isEmpty()) {
            errors.add(FieldError.required("spec.accessModes", ""));
        }
        if (spec.path("capacity").isEmpty()) {
            errors.add(FieldError.required("spec.capacity", ""));
        }
        long sources = spec.propertyNames().stream()
                .filter(field -> !NOT_SOURCES.contains(field))
                .count();
        if (sources == 0) {
            errors.add(FieldError.required("spec", "must specify a volume type"));
        } else if (sources > 1) {
            errors.add(FieldError.forbidden("spec", "may not specify more than 1 volume type"));
        }
    }

    @Override
    public void validateUpdate(KubeObject volume, KubeObject old, List<FieldError> errors) {
        validateCreate(volume, errors);
        Check.immutable(volume.at("spec"), old.at("spec"), "volumeMode", "spec.volumeMode", errors);
        for (String field : old.at("spec").propertyNames()) {
            if (!NOT_SOURCES.contains(field) && !Tree.sameField(volume.at("spec"), old.at("spec"), field)) {
                errors.add(FieldError.forbidden(
                        "spec.persistentvolumesource", "spec.persistentvolumesource is immutable after creation"));
            }
        }
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }
}
