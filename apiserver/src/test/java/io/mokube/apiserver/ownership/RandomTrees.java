package io.mokube.apiserver.ownership;

import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.schema.Schema.ListSchema;
import io.mokube.apiserver.schema.Schema.ListType;
import io.mokube.apiserver.schema.Schema.MapSchema;
import io.mokube.apiserver.schema.Schema.ObjectSchema;
import io.mokube.apiserver.schema.Schema.PatchStrategy;
import io.mokube.apiserver.schema.Schema.ScalarSchema;
import io.mokube.apiserver.schema.Schema.ScalarType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Small random schemas with every kind of list and object in them, and objects that fit; nothing in them is empty. */
record RandomTrees(RandomGenerator random) {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final Schema TEXT = new ScalarSchema("", null, false, ScalarType.STRING, "", List.of());

    /** The schema of a whole object, with a few fields. */
    ObjectSchema schema() {
        return struct(3, false, false);
    }

    private Schema any(int depth) {
        if (depth == 0) {
            return TEXT;
        }
        return switch (random.nextInt(7)) {
            case 0 -> struct(depth - 1, false, false);
            case 1 -> struct(depth - 1, true, false);
            case 2 -> new MapSchema("", null, false, any(depth - 1), false);
            case 3 -> list(struct(depth - 1, false, true), ListType.MAP);
            case 4 -> list(TEXT, ListType.SET);
            case 5 -> list(any(depth - 1), ListType.ATOMIC);
            default -> TEXT;
        };
    }

    private static ListSchema list(Schema items, ListType type) {
        List<String> keys = type == ListType.MAP ? List.of("name") : List.of();
        return new ListSchema("", null, false, items, type, keys, PatchStrategy.REPLACE, "");
    }

    private ObjectSchema struct(int depth, boolean atomic, boolean named) {
        Map<String, Schema> properties = new LinkedHashMap<>();
        if (named) {
            properties.put("name", TEXT);
        }
        int fields = 2 + random.nextInt(2);
        for (int i = 0; i < fields; i++) {
            properties.put(String.valueOf((char) ('a' + i)), any(depth));
        }
        return new ObjectSchema("", null, false, properties, Set.of(), false, false, atomic, PatchStrategy.MERGE);
    }

    /** An object, perhaps with nothing in it. */
    ObjectNode object(ObjectSchema schema) {
        return value(schema) instanceof ObjectNode object ? object : NODES.objectNode();
    }

    private @Nullable JsonNode value(Schema schema) {
        return switch (schema) {
            case ObjectSchema struct -> {
                ObjectNode object = NODES.objectNode();
                struct.properties().forEach((name, property) -> {
                    JsonNode value = name.equals("name") || random.nextInt(3) > 0 ? value(property) : null;
                    if (value != null) {
                        object.set(name, value);
                    }
                });
                yield object.isEmpty() ? null : object;
            }
            case MapSchema map -> {
                ObjectNode object = NODES.objectNode();
                for (String key : List.of("x", "y", "z")) {
                    JsonNode value = random.nextBoolean() ? value(map.values()) : null;
                    if (value != null) {
                        object.set(key, value);
                    }
                }
                yield object.isEmpty() ? null : object;
            }
            case ListSchema list -> {
                ArrayNode items = NODES.arrayNode();
                List<String> names = new ArrayList<>(List.of("p", "q", "r"));
                Collections.shuffle(names, new java.util.Random(random.nextLong()));
                for (String name : names.subList(0, 1 + random.nextInt(3))) {
                    switch (list.listType()) {
                        case SET -> items.add(name);
                        case MAP -> {
                            ObjectNode item = object((ObjectSchema) list.items());
                            items.add(item.put("name", name));
                        }
                        case ATOMIC -> {
                            JsonNode item = value(list.items());
                            if (item != null) {
                                items.add(item);
                            }
                        }
                    }
                }
                yield items.isEmpty() ? null : items;
            }
            default -> NODES.stringNode(String.valueOf(random.nextInt(3)));
        };
    }

    /** One object with some parts of another. */
    ObjectNode mixed(ObjectNode one, ObjectNode other, ObjectSchema schema) {
        ObjectNode mixed = NODES.objectNode();
        schema.properties().forEach((name, property) -> {
            JsonNode a = one.get(name);
            JsonNode b = other.get(name);
            JsonNode chosen = property instanceof ObjectSchema inner
                            && a instanceof ObjectNode left
                            && b instanceof ObjectNode right
                    ? mixed(left, right, inner)
                    : random.nextInt(3) > 0 ? a : b;
            if (chosen != null && !(chosen.isContainer() && chosen.isEmpty())) {
                mixed.set(name, chosen.deepCopy());
            }
        });
        return mixed;
    }

    /** The tree without nulls, which no stored object has. */
    static JsonNode withoutNulls(JsonNode tree) {
        if (tree instanceof ObjectNode object) {
            ObjectNode rest = NODES.objectNode();
            object.properties().forEach(field -> {
                if (!field.getValue().isNull()) {
                    rest.set(field.getKey(), withoutNulls(field.getValue()));
                }
            });
            return rest;
        }
        if (tree instanceof ArrayNode array) {
            ArrayNode rest = NODES.arrayNode();
            array.forEach(item -> rest.add(withoutNulls(item)));
            return rest;
        }
        return tree;
    }
}
