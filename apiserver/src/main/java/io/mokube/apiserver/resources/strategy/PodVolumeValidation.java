package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.quantity.Quantity;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What must hold of the volumes of a pod. */
final class PodVolumeValidation {

    private static final int MAX_MODE = 0777;
    private static final Set<String> HOST_PATH_TYPES =
            Set.of("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket");

    /** Fields without which a source means nothing. */
    private static final Map<String, List<String>> REQUIRED = Map.ofEntries(
            Map.entry("hostPath", List.of("path")),
            Map.entry("persistentVolumeClaim", List.of("claimName")),
            Map.entry("configMap", List.of("name")),
            Map.entry("secret", List.of("secretName")),
            Map.entry("nfs", List.of("server", "path")),
            Map.entry("csi", List.of("driver")),
            Map.entry("iscsi", List.of("targetPortal", "iqn")));

    private final boolean ofPod;
    private final List<FieldError> errors;

    private PodVolumeValidation(boolean ofPod, List<FieldError> errors) {
        this.ofPod = ofPod;
        this.errors = errors;
    }

    /** Adds what is wrong with the volumes and returns their names. */
    static Set<String> validate(ObjectNode spec, String path, List<FieldError> errors) {
        return new PodVolumeValidation(path.equals("spec"), errors)
                .volumes(Tree.items(spec, "volumes"), path + ".volumes");
    }

    private Set<String> volumes(List<ObjectNode> volumes, String path) {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < volumes.size(); i++) {
            ObjectNode volume = volumes.get(i);
            String here = path + "[" + i + "]";
            String name = Tree.text(volume, "name");
            if (name.isEmpty()) {
                errors.add(FieldError.required(here + ".name", ""));
            } else {
                Check.dnsLabel(name, here + ".name", errors);
                if (!names.add(name)) {
                    errors.add(FieldError.duplicate(here + ".name", name));
                }
            }
            sources(volume, here);
        }
        return names;
    }

    private void sources(ObjectNode volume, String here) {
        int count = 0;
        for (Map.Entry<String, JsonNode> field : volume.properties()) {
            if (field.getKey().equals("name")) {
                continue;
            }
            String path = here + "." + field.getKey();
            if (++count > 1) {
                errors.add(FieldError.forbidden(path, "may not specify more than 1 volume type"));
                continue;
            }
            for (String required : REQUIRED.getOrDefault(field.getKey(), List.of())) {
                Check.required(field.getValue(), required, path, errors);
            }
            source(field.getKey(), field.getValue(), path);
        }
    }

    private void source(String kind, JsonNode source, String path) {
        switch (kind) {
            case "emptyDir" -> emptyDir(source, path);
            case "image" -> {
                // A workload's template may leave it to whoever fills it in.
                if (ofPod) {
                    Check.required(source, "reference", path, errors);
                }
                Check.oneOf(source, "pullPolicy", path, PodSpecValidation.PULL_POLICIES, errors);
            }
            case "hostPath" -> hostPath(source, path);
            case "configMap", "secret" -> {
                mode(source.path("defaultMode"), path + ".defaultMode");
                keys(source, path);
            }
            case "downwardAPI" -> {
                mode(source.path("defaultMode"), path + ".defaultMode");
                downwardItems(source, path);
            }
            case "projected" -> projected(source, path);
            case "ephemeral" -> {
                if (!source.has("volumeClaimTemplate")) {
                    errors.add(FieldError.required(path + ".volumeClaimTemplate", ""));
                }
            }
            default -> {}
        }
    }

    private void emptyDir(JsonNode source, String path) {
        String limit = Tree.text(source, "sizeLimit");
        if (!limit.isEmpty() && Quantity.parse(limit).compareTo(Quantity.ZERO) < 0) {
            errors.add(FieldError.forbidden(path + ".sizeLimit", "SizeLimit field must be a valid resource quantity"));
        }
    }

    private void hostPath(JsonNode source, String path) {
        noWayBack(Tree.text(source, "path"), path + ".path");
        String type = Tree.text(source, "type");
        if (!HOST_PATH_TYPES.contains(type)) {
            errors.add(FieldError.notSupported(
                    path + ".type", type, HOST_PATH_TYPES.stream().sorted().toList()));
        }
    }

    private void projected(JsonNode source, String path) {
        mode(source.path("defaultMode"), path + ".defaultMode");
        List<ObjectNode> parts = Tree.items(source, "sources");
        for (int i = 0; i < parts.size(); i++) {
            String here = path + ".sources[" + i + "]";
            if (parts.get(i).size() > 1) {
                errors.add(FieldError.forbidden(here, "may not specify more than 1 volume type"));
            }
            for (Map.Entry<String, JsonNode> part : parts.get(i).properties()) {
                projection(part.getKey(), part.getValue(), here + "." + part.getKey());
            }
        }
    }

    private void projection(String kind, JsonNode source, String path) {
        switch (kind) {
            case "configMap", "secret" -> {
                Check.required(source, "name", path, errors);
                keys(source, path);
            }
            case "downwardAPI" -> downwardItems(source, path);
            case "serviceAccountToken" -> {
                if (source.has("expirationSeconds")
                        && source.path("expirationSeconds").asLong(0) < 600) {
                    errors.add(FieldError.invalid(
                            path + ".expirationSeconds",
                            source.path("expirationSeconds"),
                            "may not specify a duration less than 10 minutes"));
                }
                itemPath(source, path);
            }
            default -> {}
        }
    }

    private void keys(JsonNode source, String path) {
        List<ObjectNode> items = Tree.items(source, "items");
        for (int i = 0; i < items.size(); i++) {
            String here = path + ".items[" + i + "]";
            Check.required(items.get(i), "key", here, errors);
            itemPath(items.get(i), here);
            mode(items.get(i).path("mode"), here + ".mode");
        }
    }

    private void downwardItems(JsonNode source, String path) {
        List<ObjectNode> items = Tree.items(source, "items");
        for (int i = 0; i < items.size(); i++) {
            ObjectNode item = items.get(i);
            String here = path + "[" + i + "]";
            itemPath(item, here);
            mode(item.path("mode"), here + ".mode");
            if (item.has("fieldRef") == item.has("resourceFieldRef")) {
                errors.add(
                        item.has("fieldRef")
                                ? FieldError.invalid(
                                        here,
                                        "resource",
                                        "fieldRef and resourceFieldRef can not be specified simultaneously")
                                : FieldError.required(here, "one of fieldRef and resourceFieldRef is required"));
            }
        }
    }

    /** A file's place below the volume. */
    private void itemPath(JsonNode item, String path) {
        String target = Tree.text(item, "path");
        if (target.isEmpty()) {
            errors.add(FieldError.required(path + ".path", ""));
        } else if (target.startsWith("/")) {
            errors.add(FieldError.invalid(path + ".path", target, "must be a relative path"));
        } else if (target.startsWith("..")) {
            errors.add(FieldError.invalid(path + ".path", target, "must not start with '..'"));
        }
        noWayBack(target, path + ".path");
    }

    private void noWayBack(String target, String path) {
        if (List.of(target.split("/")).contains("..")) {
            errors.add(FieldError.invalid(path, target, "must not contain '..'"));
        }
    }

    private void mode(JsonNode mode, String path) {
        long bits = mode.asLong(0);
        if (bits < 0 || bits > MAX_MODE) {
            errors.add(FieldError.invalid(path, bits, "must be a number between 0 and 0777 (octal), both inclusive"));
        }
    }
}
