package io.mokube.apiserver.ownership;

import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.schema.Schema.ListSchema;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Takes fields out of an object. The object is not changed; the result shares parts of it. A list or object that loses its
 * last part becomes null, which still is something the object says.
 */
final class Removal {

    private Removal() {}

    /** The object without those fields. */
    static ObjectNode apply(ObjectNode tree, FieldSet gone, Schema schema) {
        if (gone.isEmpty()) {
            return tree;
        }
        return remove(tree, gone, schema) instanceof ObjectNode rest ? rest : JsonNodeFactory.instance.objectNode();
    }

    private static JsonNode remove(JsonNode value, FieldSet gone, Schema schema) {
        return switch (Shape.of(schema, value)) {
            case LEAF -> value.isContainer() ? JsonNodeFactory.instance.nullNode() : value;
            case FIELDS -> {
                ObjectNode rest = JsonNodeFactory.instance.objectNode();
                for (Map.Entry<String, JsonNode> field : value.properties()) {
                    String element = PathElement.field(field.getKey());
                    if (!gone.has(element)) {
                        FieldSet below = gone.below(element);
                        rest.set(
                                field.getKey(),
                                below == null
                                        ? field.getValue()
                                        : remove(field.getValue(), below, Shape.field(schema, field.getKey())));
                    }
                }
                yield rest.isEmpty() ? JsonNodeFactory.instance.nullNode() : rest;
            }
            case ITEMS -> {
                ListSchema list = (ListSchema) schema.resolved();
                ArrayNode rest = JsonNodeFactory.instance.arrayNode();
                for (JsonNode item : value) {
                    String element = PathElement.item(list, item);
                    if (!gone.has(element)) {
                        FieldSet below = gone.below(element);
                        rest.add(below == null ? item : remove(item, below, list.items()));
                    }
                }
                yield rest.isEmpty() ? JsonNodeFactory.instance.nullNode() : rest;
            }
        };
    }
}
