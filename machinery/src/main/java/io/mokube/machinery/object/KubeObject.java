package io.mokube.machinery.object;

import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.names.ObjectKey;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A Kubernetes object of any kind: a JSON tree with accessors for type and metadata.
 *
 * <p>Accessors are lenient: a field that is missing or has the wrong type reads as empty, because the schema check is
 * where wrong types are reported. Setters write into the tree. Not safe for use by several threads while it changes.
 *
 * @param root the tree itself, shared and not copied
 */
public record KubeObject(ObjectNode root) {

    /** A new object with nothing but its type. */
    public static KubeObject of(String apiVersion, String kind) {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("apiVersion", apiVersion);
        root.put("kind", kind);
        return new KubeObject(root);
    }

    /**
     * Reads an object from JSON.
     *
     * @throws JacksonException when the bytes are no JSON, or no JSON object
     */
    public static KubeObject parse(byte[] json) {
        JsonNode root = Json.MAPPER.readTree(json);
        if (root instanceof ObjectNode object) {
            return new KubeObject(object);
        }
        throw MismatchedInputException.from(
                null, ObjectNode.class, "expected a JSON object, found " + root.getNodeType());
    }

    /** The object as JSON. */
    public byte[] toBytes() {
        return Json.MAPPER.writeValueAsBytes(root);
    }

    /** A copy that shares nothing with this one. */
    public KubeObject deepCopy() {
        return new KubeObject(root.deepCopy());
    }

    public String apiVersion() {
        return text(root, "apiVersion");
    }

    public String kind() {
        return text(root, "kind");
    }

    public GroupVersionKind groupVersionKind() {
        return GroupVersionKind.of(apiVersion(), kind());
    }

    /** The metadata, created when missing or no object. */
    public ObjectNode metadata() {
        return root.get("metadata") instanceof ObjectNode metadata ? metadata : root.putObject("metadata");
    }

    public String name() {
        return metadataText("name");
    }

    public String generateName() {
        return metadataText("generateName");
    }

    /** The namespace, {@code ""} for cluster-scoped objects. */
    public String namespace() {
        return metadataText("namespace");
    }

    public ObjectKey key() {
        return new ObjectKey(namespace(), name());
    }

    public String uid() {
        return metadataText("uid");
    }

    public String resourceVersion() {
        return metadataText("resourceVersion");
    }

    /** The generation of the desired state; 0 when the kind has none. */
    public long generation() {
        return root.path("metadata").path("generation").asLong(0);
    }

    /** When the object's deletion was asked for, or null while it lives. */
    public @Nullable Instant deletionTimestamp() {
        return time("deletionTimestamp");
    }

    public boolean isBeingDeleted() {
        return deletionTimestamp() != null;
    }

    public @Nullable Instant creationTimestamp() {
        return time("creationTimestamp");
    }

    /** The labels, a copy. */
    public Map<String, String> labels() {
        return stringMap("labels");
    }

    /** The annotations, a copy. */
    public Map<String, String> annotations() {
        return stringMap("annotations");
    }

    /** The finalizers, a copy. */
    public List<String> finalizers() {
        List<String> finalizers = new ArrayList<>();
        for (JsonNode finalizer : root.path("metadata").path("finalizers")) {
            finalizers.add(finalizer.asString(""));
        }
        return finalizers;
    }

    /** Replaces the finalizers; an empty list removes the field. */
    public void setFinalizers(List<String> finalizers) {
        if (finalizers.isEmpty()) {
            metadata().remove("finalizers");
            return;
        }
        ArrayNode array = metadata().putArray("finalizers");
        finalizers.forEach(array::add);
    }

    /** The owner references, a copy. */
    public List<OwnerReference> ownerReferences() {
        List<OwnerReference> owners = new ArrayList<>();
        for (JsonNode owner : root.path("metadata").path("ownerReferences")) {
            owners.add(new OwnerReference(
                    text(owner, "apiVersion"),
                    text(owner, "kind"),
                    text(owner, "name"),
                    text(owner, "uid"),
                    owner.path("controller").asBoolean(false),
                    owner.path("blockOwnerDeletion").asBoolean(false)));
        }
        return owners;
    }

    /** Sets or, with null, removes a text field of the metadata. */
    public void setMetadata(String field, @Nullable String value) {
        if (value == null) {
            metadata().remove(field);
        } else {
            metadata().put(field, value);
        }
    }

    /** The node at a path of field names, a missing node when any step is missing. */
    public JsonNode at(String... path) {
        JsonNode node = root;
        for (String field : path) {
            node = node.path(field);
        }
        return node;
    }

    private String metadataText(String field) {
        return text(root.path("metadata"), field);
    }

    private Map<String, String> stringMap(String field) {
        JsonNode node = root.path("metadata").path(field);
        Map<String, String> map = LinkedHashMap.newLinkedHashMap(node.size());
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            map.put(entry.getKey(), entry.getValue().asString(""));
        }
        return map;
    }

    private @Nullable Instant time(String field) {
        String value = metadataText(field);
        if (value.isEmpty()) {
            return null;
        }
        try {
            return Instant.parse(value);
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    private static String text(JsonNode node, String field) {
        JsonNode value = node.path(field);
        return value.isString() ? value.stringValue() : "";
    }
}
