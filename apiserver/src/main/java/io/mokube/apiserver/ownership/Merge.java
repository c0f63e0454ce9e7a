package io.mokube.apiserver.ownership;

import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.schema.Schema.ListSchema;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Lays a configuration over an object. Neither is changed; the result shares parts of both. */
final class Merge {

    private Merge() {}

    /**
     * The object with everything the configuration says.
     *
     * @throws UntypedException when an item of either can't be told from others
     */
    static ObjectNode apply(ObjectNode live, ObjectNode config, Schema schema) {
        return (ObjectNode) merge(live, config, schema);
    }

    private static JsonNode merge(JsonNode live, JsonNode config, Schema schema) {
        Shape shape = Shape.of(schema, live);
        if (shape == Shape.LEAF
                || shape != Shape.of(schema, config)
                || (Comparison.isNothing(live) && Comparison.isNothing(config))) {
            return config;
        }
        return shape == Shape.FIELDS
                ? fields(live, config, schema)
                : items(live, config, (ListSchema) schema.resolved());
    }

    private static ObjectNode fields(JsonNode live, JsonNode config, Schema schema) {
        ObjectNode merged = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> field : live.properties()) {
            JsonNode said = config.get(field.getKey());
            merged.set(
                    field.getKey(),
                    said == null
                            ? field.getValue()
                            : merge(field.getValue(), said, Shape.field(schema, field.getKey())));
        }
        for (Map.Entry<String, JsonNode> field : config.properties()) {
            if (!live.has(field.getKey())) {
                merged.set(field.getKey(), field.getValue());
            }
        }
        return merged;
    }

    /**
     * The items of both lists: the configuration's in its order, each of the others before that item of the
     * configuration that it stands before in the object.
     */
    private static ArrayNode items(JsonNode live, JsonNode config, ListSchema schema) {
        Map<String, List<JsonNode>> present = Comparison.index(schema, live);
        Map<String, List<JsonNode>> said = Comparison.index(schema, config);
        ArrayNode merged = JsonNodeFactory.instance.arrayNode();
        List<String> lives = new ArrayList<>(present.keySet());
        SequencedSet<String> shared = new LinkedHashSet<>(said.keySet());
        shared.retainAll(present.keySet());
        int next = 0;
        for (Map.Entry<String, List<JsonNode>> item : said.entrySet()) {
            String element = item.getKey();
            while (next < lives.size() && (shared.isEmpty() || !lives.get(next).equals(shared.getFirst()))) {
                addUnlessSaid(lives.get(next++), present, said, merged);
            }
            List<JsonNode> before = present.get(element);
            JsonNode wanted = item.getValue().getLast();
            merged.add(before == null || before.size() > 1 ? wanted : merge(before.getFirst(), wanted, schema.items()));
            shared.remove(element);
        }
        while (next < lives.size()) {
            addUnlessSaid(lives.get(next++), present, said, merged);
        }
        return merged;
    }

    private static void addUnlessSaid(
            String element, Map<String, List<JsonNode>> present, Map<String, List<JsonNode>> said, ArrayNode merged) {
        if (!said.containsKey(element)) {
            present.getOrDefault(element, List.of()).forEach(merged::add);
        }
    }
}
