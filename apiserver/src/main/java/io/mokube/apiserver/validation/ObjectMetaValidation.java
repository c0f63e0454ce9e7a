package io.mokube.apiserver.validation;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.object.OwnerReference;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The rules of {@code metadata}, the same for every kind. */
public final class ObjectMetaValidation {

    /** The most bytes all annotations of an object together may have. */
    public static final int MAX_ANNOTATION_BYTES = 256 * 1024;

    private static final String ORPHAN = "orphan";
    private static final String FOREGROUND = "foregroundDeletion";

    private ObjectMetaValidation() {}

    /** Adds what is wrong with the metadata of a new object, whose name is already generated. */
    public static void validate(
            KubeObject object, boolean namespaced, ResourceStrategy strategy, List<FieldError> errors) {
        names(object, strategy, errors);
        namespace(object, namespaced, errors);
        if (object.generation() < 0) {
            errors.add(FieldError.invalid(
                    "metadata.generation", object.generation(), "must be greater than or equal to 0"));
        }
        labels("metadata.labels", object.labels(), errors);
        annotations("metadata.annotations", object.annotations(), errors);
        ownerReferences(object, errors);
        finalizers(object, errors);
    }

    /** Adds what is wrong with changed metadata, immutable fields included. */
    public static void validateUpdate(
            KubeObject object, KubeObject old, boolean namespaced, ResourceStrategy strategy, List<FieldError> errors) {
        validate(object, namespaced, strategy, errors);
        if (old.isBeingDeleted()) {
            TreeSet<String> added = new TreeSet<>(object.finalizers());
            old.finalizers().forEach(added::remove);
            if (!added.isEmpty()) {
                errors.add(FieldError.forbidden(
                        "metadata.finalizers",
                        "no new finalizers can be added if the object is being deleted, found new finalizers "
                                + added.stream()
                                        .map(each -> "\"" + each + "\"")
                                        .collect(Collectors.joining(", ", "[]string{", "}"))));
            }
        }
        immutable("name", object, old, errors);
        immutable("namespace", object, old, errors);
        immutable("uid", object, old, errors);
        immutable("creationTimestamp", object, old, errors);
        immutable("deletionTimestamp", object, old, errors);
        immutable("deletionGracePeriodSeconds", object, old, errors);
        if (object.generation() < old.generation()) {
            errors.add(FieldError.invalid("metadata.generation", object.generation(), "must not be decremented"));
        }
    }

    private static void names(KubeObject object, ResourceStrategy strategy, List<FieldError> errors) {
        String generateName = object.generateName();
        if (!generateName.isEmpty()) {
            String prefix = generateName.endsWith("-")
                    ? generateName.substring(0, generateName.length() - 1) + "a"
                    : generateName;
            String wrong = strategy.checkName(prefix);
            if (wrong != null) {
                errors.add(FieldError.invalid("metadata.generateName", generateName, wrong));
            }
        }
        String name = object.name();
        if (name.isEmpty()) {
            errors.add(FieldError.required("metadata.name", "name or generateName is required"));
            return;
        }
        String wrong = strategy.checkName(name);
        if (wrong != null) {
            errors.add(FieldError.invalid("metadata.name", name, wrong));
        }
    }

    private static void namespace(KubeObject object, boolean namespaced, List<FieldError> errors) {
        String namespace = object.namespace();
        if (!namespaced) {
            if (!namespace.isEmpty()) {
                errors.add(FieldError.forbidden("metadata.namespace", "not allowed on this type"));
            }
        } else if (namespace.isEmpty()) {
            errors.add(FieldError.required("metadata.namespace", ""));
        } else {
            NameFormat.dnsLabel(namespace)
                    .ifPresent(wrong -> errors.add(FieldError.invalid("metadata.namespace", namespace, wrong)));
        }
    }

    /** Adds what is wrong with labels, wherever they stand. */
    public static void labels(String path, Map<String, String> labels, List<FieldError> errors) {
        labels.forEach((key, value) -> {
            NameFormat.qualifiedName(key).ifPresent(wrong -> errors.add(FieldError.invalid(path, key, wrong)));
            NameFormat.labelValue(value).ifPresent(wrong -> errors.add(FieldError.invalid(path, value, wrong)));
        });
    }

    /** Adds what is wrong with annotations, wherever they stand. */
    public static void annotations(String path, Map<String, String> annotations, List<FieldError> errors) {
        long bytes = 0;
        for (Map.Entry<String, String> annotation : annotations.entrySet()) {
            String key = annotation.getKey();
            NameFormat.qualifiedName(key.toLowerCase(Locale.ROOT))
                    .ifPresent(wrong -> errors.add(FieldError.invalid(path, key, wrong)));
            bytes += key.getBytes(StandardCharsets.UTF_8).length
                    + annotation.getValue().getBytes(StandardCharsets.UTF_8).length;
        }
        if (bytes > MAX_ANNOTATION_BYTES) {
            errors.add(FieldError.tooLong(path, MAX_ANNOTATION_BYTES));
        }
    }

    private static void ownerReferences(KubeObject object, List<FieldError> errors) {
        String controller = "";
        List<OwnerReference> owners = object.ownerReferences();
        for (int i = 0; i < owners.size(); i++) {
            OwnerReference owner = owners.get(i);
            String path = "metadata.ownerReferences[" + i + "]";
            if (owner.apiVersion().isEmpty()) {
                errors.add(FieldError.invalid(path + ".apiVersion", "", "version must not be empty"));
            }
            if (owner.kind().isEmpty()) {
                errors.add(FieldError.invalid(path + ".kind", "", "must not be empty"));
            }
            if (owner.name().isEmpty()) {
                errors.add(FieldError.invalid(path + ".name", "", "must not be empty"));
            }
            if (owner.uid().isEmpty()) {
                errors.add(FieldError.invalid(path + ".uid", "", "must not be empty"));
            }
            if (owner.kind().equals("Event") && owner.apiVersion().equals("v1")) {
                errors.add(FieldError.invalid(path, "v1, Kind=Event", "is disallowed from being an owner"));
            }
            if (owner.controller()) {
                if (!controller.isEmpty()) {
                    errors.add(FieldError.invalid(
                            "metadata.ownerReferences",
                            controller + ", " + owner.name(),
                            "Only one reference can have Controller set to true. Found \"true\" in references for "
                                    + controller + " and " + owner.name()));
                }
                controller = owner.name();
            }
        }
    }

    private static void finalizers(KubeObject object, List<FieldError> errors) {
        List<String> finalizers = object.finalizers();
        for (String finalizer : finalizers) {
            NameFormat.qualifiedName(finalizer)
                    .ifPresent(wrong -> errors.add(FieldError.invalid("metadata.finalizers", finalizer, wrong)));
        }
        if (finalizers.contains(ORPHAN) && finalizers.contains(FOREGROUND)) {
            errors.add(FieldError.invalid(
                    "metadata.finalizers",
                    String.join(", ", finalizers),
                    "finalizer " + ORPHAN + " and " + FOREGROUND + " cannot be both set"));
        }
    }

    private static void immutable(String field, KubeObject object, KubeObject old, List<FieldError> errors) {
        JsonNode now = object.at("metadata", field);
        if (!Objects.equals(scalar(now), scalar(old.at("metadata", field)))) {
            errors.add(FieldError.invalid("metadata." + field, now.asString(""), "field is immutable"));
        }
    }

    private static @Nullable String scalar(JsonNode node) {
        return node.isMissingNode() || node.isNull() ? null : node.asString("");
    }
}
