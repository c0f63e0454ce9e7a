package io.mokube.apiserver.ownership;

import io.mokube.apiserver.schema.Schema;
import io.mokube.machinery.object.Json;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The annotation in which kubectl keeps what it applied on the client's side. */
public final class LastApplied {

    public static final String ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";

    private static final int MAX_ANNOTATION_BYTES = 256 * 1024;

    private LastApplied() {}

    /**
     * Keeps the annotation of an object that has it in step with what kubectl now applied on the server's side, so that
     * either side may go on. One that would be too large goes.
     */
    public static void sync(ObjectNode object, ObjectNode config) {
        if (!(object.path("metadata").path("annotations") instanceof ObjectNode annotations)
                || annotations.path(ANNOTATION).asString("").isEmpty()) {
            return;
        }
        ObjectNode applied = config.deepCopy();
        if (applied.path("metadata").path("annotations") instanceof ObjectNode said) {
            said.remove(ANNOTATION);
        }
        annotations.put(ANNOTATION, goJson(applied) + "\n");
        long bytes = 0;
        for (Map.Entry<String, JsonNode> annotation : annotations.properties()) {
            bytes += annotation.getKey().length()
                    + annotation.getValue().asString("").getBytes(StandardCharsets.UTF_8).length;
        }
        if (bytes > MAX_ANNOTATION_BYTES) {
            annotations.remove(ANNOTATION);
        }
    }

    /** JSON as Go writes it: fields in alphabetical order, and nothing that HTML would trip over. */
    private static String goJson(JsonNode tree) {
        return sorted(tree)
                .toString()
                .replace("<", "\\u003c")
                .replace(">", "\\u003e")
                .replace("&", "\\u0026");
    }

    private static JsonNode sorted(JsonNode tree) {
        if (tree instanceof ObjectNode object) {
            Map<String, JsonNode> fields = new TreeMap<>();
            object.properties().forEach(field -> fields.put(field.getKey(), sorted(field.getValue())));
            return Json.MAPPER.createObjectNode().setAll(fields);
        }
        if (tree instanceof ArrayNode array) {
            ArrayNode items = Json.MAPPER.createArrayNode();
            array.forEach(item -> items.add(sorted(item)));
            return items;
        }
        return tree;
    }

    /** The fields the annotation speaks of whose values are still the object's; none when it can't be read. */
    static FieldSet unchangedFields(ObjectNode live, Schema schema, String apiVersion) {
        JsonNode annotation = live.path("metadata").path("annotations").path(ANNOTATION);
        if (annotation.asString("").isEmpty()) {
            return FieldSet.EMPTY;
        }
        try {
            if (!(Json.MAPPER.readTree(annotation.asString("")) instanceof ObjectNode applied)
                    || !applied.path("apiVersion").asString("").equals(apiVersion)
                    || !Configuration.check(applied, schema).isEmpty()) {
                return FieldSet.EMPTY;
            }
            Comparison comparison = Comparison.of(applied, live, schema);
            return Configuration.fields(applied, schema)
                    .difference(comparison.modified())
                    .difference(comparison.added())
                    .difference(comparison.removed());
        } catch (JacksonException | UntypedException e) {
            return FieldSet.EMPTY;
        }
    }
}
