package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quantity.Quantity;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Persistent volumes. */
final class VolumeStrategy extends SpecStatusStrategy {

    private static final Set<String> ACCESS_MODES =
            Set.of("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod");

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
        accessModes(spec, "spec.accessModes", "", errors);
        capacity(spec.path("capacity"), errors);
        long sources = spec.propertyNames().stream()
                .filter(field -> !NOT_SOURCES.contains(field))
                .count();
        if (sources == 0) {
            errors.add(FieldError.required("spec", "must specify a volume type"));
        } else if (sources > 1) {
            errors.add(FieldError.forbidden("spec", "may not specify more than 1 volume type"));
        }
        if (spec.has("hostPath")) {
            Check.required(spec.path("hostPath"), "path", "spec.hostPath", errors);
        }
        if (spec.has("csi")) {
            Check.required(spec.path("csi"), "driver", "spec.csi", errors);
            Check.required(spec.path("csi"), "volumeHandle", "spec.csi", errors);
        }
        JsonNode nodes = spec.path("nodeAffinity").path("required");
        if (spec.has("local")) {
            Check.required(spec.path("local"), "path", "spec.local", errors);
            if (nodes.isMissingNode()) {
                errors.add(FieldError.required("spec.nodeAffinity", "Local volume requires node affinity"));
            }
        }
        if (nodes.isObject()) {
            PodSpecValidation.nodeSelector(nodes, "spec.nodeAffinity.required", errors);
        }
        Check.optionalName(spec, "storageClassName", NameFormat::dnsSubdomain, "spec", errors);
    }

    /** Adds what is wrong with the ways to use a volume or claim. */
    static void accessModes(JsonNode spec, String path, String missing, List<FieldError> errors) {
        JsonNode modes = spec.path("accessModes");
        if (modes.isEmpty()) {
            errors.add(FieldError.required(path, missing));
        }
        boolean alone = false;
        for (JsonNode mode : modes) {
            if (!ACCESS_MODES.contains(mode.asString(""))) {
                errors.add(FieldError.notSupported(
                        path, mode.asString(""), ACCESS_MODES.stream().sorted().toList()));
            }
            alone |= mode.asString("").equals("ReadWriteOncePod");
        }
        if (alone && modes.size() > 1) {
            errors.add(FieldError.forbidden(path, "may not use ReadWriteOncePod with other access modes"));
        }
    }

    private static void capacity(JsonNode capacity, List<FieldError> errors) {
        if (capacity.isEmpty()) {
            errors.add(FieldError.required("spec.capacity", ""));
        } else if (!capacity.has("storage") || capacity.size() > 1) {
            errors.add(FieldError.notSupported("spec.capacity", capacity, List.of("storage")));
        } else if (Quantity.parse(Tree.text(capacity, "storage")).compareTo(Quantity.ZERO) <= 0) {
            errors.add(FieldError.invalid(
                    "spec.capacity[storage]", Tree.text(capacity, "storage"), "must be greater than zero"));
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
