package io.mokube.apiserver.validation;

import io.mokube.apiserver.schema.Schema;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The rules a schema itself states: required fields and enumerations. Types were checked while decoding.
 *
 * <p>Required lists, maps, numbers and booleans of the built-in kinds are left alone, and so is their status: Kubernetes
 * reads a missing one as empty, zero or false, and what must not be so is checked by the kind's strategy.
 */
public final class SchemaValidation {

    private SchemaValidation() {}

    /** Adds what is wrong with an object. */
    public static void validate(KubeObject object, Schema schema, List<FieldError> errors) {
        if (schema.resolved() instanceof Schema.ObjectSchema root) {
            for (Map.Entry<String, Schema> property : root.properties().entrySet()) {
                String name = property.getKey();
                JsonNode value = object.root().get(name);
                if (name.equals("status") || name.equals("metadata")) {
                    continue;
                }
                if (value == null) {
                    missing(root, name, property.getValue(), name, errors);
                } else {
                    check(value, property.getValue(), name, errors);
                }
            }
        }
    }

    private static void check(JsonNode value, Schema given, String path, List<FieldError> errors) {
        switch (given.resolved()) {
            case Schema.ObjectSchema schema
            when value instanceof ObjectNode object -> {
                for (String required : schema.required()) {
                    Schema property = schema.properties().get(required);
                    if (property != null && !object.has(required)) {
                        missing(schema, required, property, path + "." + required, errors);
                    }
                }
                for (Map.Entry<String, JsonNode> field : object.properties()) {
                    Schema property = schema.properties().get(field.getKey());
                    if (property != null) {
                        check(field.getValue(), property, path + "." + field.getKey(), errors);
                    }
                }
            }
            case Schema.MapSchema schema
            when value instanceof ObjectNode object -> {
                for (Map.Entry<String, JsonNode> field : object.properties()) {
                    check(field.getValue(), schema.values(), path + "[" + field.getKey() + "]", errors);
                }
            }
            case Schema.ListSchema schema
            when value instanceof ArrayNode array -> {
                for (int i = 0; i < array.size(); i++) {
                    check(array.get(i), schema.items(), path + "[" + i + "]", errors);
                }
            }
            case Schema.ScalarSchema schema -> {
                if (!schema.allowed().isEmpty()
                        && value.isString()
                        && !schema.allowed().contains(value.stringValue())) {
                    errors.add(FieldError.notSupported(path, value.stringValue(), new TreeSet<>(schema.allowed())));
                }
            }
            case Schema.ObjectSchema ignored -> {}
            case Schema.MapSchema ignored -> {}
            case Schema.ListSchema ignored -> {}
            case Schema.AnySchema ignored -> {}
            case Schema.Reference ignored -> {}
        }
    }

    private static void missing(
            Schema.ObjectSchema parent, String name, Schema property, String path, List<FieldError> errors) {
        if (parent.required().contains(name) && mustBeGiven(property.resolved())) {
            errors.add(FieldError.required(path, ""));
        }
    }

    private static boolean mustBeGiven(Schema schema) {
        return switch (schema) {
            case Schema.ObjectSchema ignored -> true;
            case Schema.ScalarSchema scalar ->
                switch (scalar.type()) {
                    case STRING, INT_OR_STRING, TIME, MICRO_TIME, QUANTITY -> true;
                    case INTEGER, NUMBER, BOOLEAN, BYTES, DURATION -> false;
                };
            case Schema.MapSchema ignored -> false;
            case Schema.ListSchema ignored -> false;
            case Schema.AnySchema ignored -> false;
            case Schema.Reference ignored -> false;
        };
    }
}
