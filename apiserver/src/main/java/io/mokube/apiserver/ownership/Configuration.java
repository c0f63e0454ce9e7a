package io.mokube.apiserver.ownership;

import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.schema.Schema.ListSchema;
import io.mokube.apiserver.schema.Schema.ScalarSchema;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What an applied configuration speaks of, and whether it fits its schema. */
final class Configuration {

    private Configuration() {}

    /**
     * The fields a configuration, or a whole object, speaks of: plain values, atomic lists and objects, items, the keys of
     * maps, and named objects only where they are empty.
     *
     * @throws UntypedException when an item can't be told from others
     */
    static FieldSet fields(ObjectNode tree, Schema schema) {
        FieldSet.Builder fields = new FieldSet.Builder();
        collect(tree, schema, new ArrayList<>(), fields);
        return fields.build();
    }

    private static void collect(JsonNode value, Schema schema, List<String> path, FieldSet.Builder fields) {
        switch (Shape.of(schema, value)) {
            case LEAF -> fields.add(path);
            case FIELDS -> {
                for (Map.Entry<String, JsonNode> field : value.properties()) {
                    String name = field.getKey();
                    if (NeverOwned.test(path, name)) {
                        continue;
                    }
                    JsonNode child = field.getValue();
                    path.add(PathElement.field(name));
                    collect(child, Shape.field(schema, name), path, fields);
                    boolean isEmpty = child.isNull() || (child.isObject() && child.isEmpty());
                    if ((isEmpty || !Shape.isNamed(schema, name)) && !NeverOwned.test(path)) {
                        fields.add(path);
                    }
                    path.removeLast();
                }
            }
            case ITEMS -> {
                ListSchema list = (ListSchema) schema.resolved();
                for (JsonNode item : value) {
                    path.add(PathElement.item(list, item));
                    collect(item, list.items(), path, fields);
                    fields.add(path);
                    path.removeLast();
                }
            }
        }
    }

    /** What keeps a configuration from being applied: unknown fields, values of wrong types, items without keys or double. */
    static List<String> check(ObjectNode tree, Schema schema) {
        List<String> errors = new ArrayList<>();
        check(tree, schema, new ArrayList<>(), errors);
        return errors;
    }

    private static void check(JsonNode value, Schema given, List<String> path, List<String> errors) {
        if (value.isNull()) {
            return;
        }
        switch (given.resolved()) {
            case Schema.ObjectSchema schema -> {
                if (!value.isObject()) {
                    error(path, "expected map, got " + goType(value), errors);
                    return;
                }
                for (Map.Entry<String, JsonNode> field : value.properties()) {
                    String name = field.getKey();
                    path.add(PathElement.field(name));
                    Schema property = schema.properties().get(name);
                    if (!Shape.isKnown(schema, name, path.size() == 1)) {
                        error(path, "field not declared in schema", errors);
                    } else if (property != null) {
                        check(field.getValue(), property, path, errors);
                    }
                    path.removeLast();
                }
            }
            case Schema.MapSchema schema -> {
                if (!value.isObject()) {
                    error(path, "expected map, got " + goType(value), errors);
                    return;
                }
                for (Map.Entry<String, JsonNode> field : value.properties()) {
                    path.add(PathElement.field(field.getKey()));
                    check(field.getValue(), schema.values(), path, errors);
                    path.removeLast();
                }
            }
            case Schema.ListSchema schema -> {
                if (!value.isArray()) {
                    error(path, "expected list, got " + goType(value), errors);
                    return;
                }
                checkItems(value, schema, path, errors);
            }
            case ScalarSchema schema -> checkScalar(value, schema, path, errors);
            case Schema.AnySchema ignored -> {}
            case Schema.Reference ignored -> {}
        }
    }

    private static void checkItems(JsonNode list, ListSchema schema, List<String> path, List<String> errors) {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < list.size(); i++) {
            String element = "i:" + i;
            if (schema.listType() != Schema.ListType.ATOMIC) {
                try {
                    element = PathElement.item(schema, list.get(i));
                } catch (UntypedException e) {
                    error(path, "element " + i + ": " + e.getMessage(), errors);
                    continue;
                }
                if (!seen.add(element)) {
                    error(path, "duplicate entries for key " + PathElement.display(element), errors);
                }
            }
            path.add(element);
            check(list.get(i), schema.items(), path, errors);
            path.removeLast();
        }
    }

    private static void checkScalar(JsonNode value, ScalarSchema schema, List<String> path, List<String> errors) {
        switch (schema.type()) {
            case STRING, BYTES -> {
                if (!value.isString()) {
                    error(path, "expected string, got &value.valueUnstructured{Value:" + goValue(value) + "}", errors);
                }
            }
            case INTEGER, NUMBER -> {
                if (!value.isNumber()) {
                    error(path, "expected numeric (int or float), got " + goType(value), errors);
                }
            }
            case BOOLEAN -> {
                if (!value.isBoolean()) {
                    error(path, "expected boolean, got &{" + goValue(value) + "}", errors);
                }
            }
            case INT_OR_STRING, QUANTITY, TIME, MICRO_TIME, DURATION -> {
                if (value.isContainer()) {
                    error(path, "expected any scalar, got &{" + goValue(value) + "}", errors);
                }
            }
        }
    }

    private static void error(List<String> path, String message, List<String> errors) {
        errors.add((path.isEmpty() ? "" : display(path) + ": ") + message);
    }

    /** A path as messages show it, such as {@code .spec.containers[name="x"].image}. */
    static String display(List<String> path) {
        StringBuilder text = new StringBuilder();
        path.forEach(element -> text.append(PathElement.display(element)));
        return text.toString();
    }

    private static String goType(JsonNode value) {
        return switch (value.getNodeType()) {
            case ARRAY -> "[]interface {}";
            case OBJECT, POJO -> "map[string]interface {}";
            case STRING, BINARY -> "string";
            case BOOLEAN -> "bool";
            case NUMBER -> value.isIntegralNumber() ? "int64" : "float64";
            case NULL, MISSING -> "<nil>";
        };
    }

    private static String goValue(JsonNode value) {
        String text = value.isContainer() ? goType(value) + "{...}" : value.toString();
        return text.length() <= 200 ? text : text.substring(0, 200) + "...";
    }
}
