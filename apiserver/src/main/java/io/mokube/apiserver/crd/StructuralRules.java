package io.mokube.apiserver.crd;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import io.mokube.apiserver.schema.Schema.ObjectSchema;
import io.mokube.apiserver.validation.StructuralReader;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.Json;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What makes a schema structural, so that unknown fields can be told, pruned and defaulted; Kubernetes' rules and words. */
final class StructuralRules {

    private static final Set<String> TYPES = Set.of("array", "boolean", "integer", "number", "object", "string");

    private static final List<String> NEVER =
            List.of("$ref", "additionalItems", "definitions", "dependencies", "id", "patternProperties");

    /** What may stand at the root when the status is a subresource. */
    private static final Set<String> ROOT_WITH_STATUS = Set.of(
            "description",
            "type",
            "format",
            "title",
            "maximum",
            "exclusiveMaximum",
            "minimum",
            "exclusiveMinimum",
            "maxLength",
            "minLength",
            "pattern",
            "maxItems",
            "minItems",
            "uniqueItems",
            "multipleOf",
            "required",
            "items",
            "properties",
            "externalDocs",
            "example",
            "x-kubernetes-preserve-unknown-fields",
            "x-kubernetes-validations");

    private final List<FieldError> errors;

    private StructuralRules(List<FieldError> errors) {
        this.errors = errors;
    }

    private enum Level {
        ROOT,
        ITEM,
        FIELD
    }

    /**
     * Adds what is wrong with a schema.
     *
     * @param path where the schema stands
     */
    static void validate(JsonNode schema, String path, boolean statusSubresource, List<FieldError> errors) {
        StructuralRules rules = new StructuralRules(errors);
        if (statusSubresource) {
            rules.rootWithStatus(schema, path);
        }
        int before = errors.size();
        rules.check(schema, path, Level.ROOT);
        if (errors.size() == before) {
            rules.complete(schema, path);
        }
        if (errors.size() == before) {
            rules.defaults(StructuralSchema.parse(schema), path);
        }
    }

    private void rootWithStatus(JsonNode schema, String path) {
        for (Map.Entry<String, JsonNode> field : schema.properties()) {
            if (!ROOT_WITH_STATUS.contains(field.getKey())) {
                errors.add(FieldError.invalid(
                        path,
                        schema,
                        "only [Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength"
                                + " MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties"
                                + " ExternalDocs Example XPreserveUnknownFields XValidations] fields are allowed at the root"
                                + " of the schema if the status subresource is enabled"));
                return;
            }
        }
    }

    private void check(JsonNode schema, String path, Level level) {
        forbidden(schema, path);
        String type = text(schema, "type");
        boolean intOrString = flag(schema, "x-kubernetes-int-or-string");
        boolean preserve = flag(schema, "x-kubernetes-preserve-unknown-fields");
        boolean embedded = flag(schema, "x-kubernetes-embedded-resource");
        JsonNode properties = schema.path("properties");
        if (!type.isEmpty() && !TYPES.contains(type)) {
            errors.add(FieldError.notSupported(
                    path + ".type", type, List.of("array", "boolean", "integer", "number", "object", "string")));
        }
        if (embedded && !type.equals("object")) {
            String wrong = "must be object if x-kubernetes-embedded-resource is true";
            errors.add(
                    type.isEmpty()
                            ? FieldError.required(path + ".type", wrong)
                            : FieldError.invalid(path + ".type", type, wrong));
        } else if (type.isEmpty() && !intOrString && !preserve) {
            errors.add(FieldError.required(
                    path + ".type",
                    switch (level) {
                        case ROOT -> "must not be empty at the root";
                        case ITEM -> "must not be empty for specified array items";
                        case FIELD -> "must not be empty for specified object fields";
                    }));
        }
        if (level == Level.ROOT && !type.isEmpty() && !type.equals("object")) {
            errors.add(FieldError.invalid(path + ".type", type, "must be object at the root"));
        }
        if (type.equals("array") && !schema.path("items").isObject()) {
            errors.add(FieldError.required(path + ".items", "must be specified"));
        }
        if (intOrString && preserve) {
            errors.add(FieldError.invalid(
                    path + ".x-kubernetes-preserve-unknown-fields",
                    true,
                    "must be false if x-kubernetes-int-or-string is true"));
        }
        if (intOrString && embedded) {
            errors.add(FieldError.invalid(
                    path + ".x-kubernetes-embedded-resource",
                    true,
                    "must be false if x-kubernetes-int-or-string is true"));
        }
        if (intOrString && !type.isEmpty()) {
            errors.add(FieldError.invalid(path + ".type", type, "must be empty if x-kubernetes-int-or-string is true"));
        }
        if (embedded && !preserve && properties.isEmpty()) {
            errors.add(FieldError.required(
                    path + ".properties",
                    "must not be empty if x-kubernetes-embedded-resource is true without"
                            + " x-kubernetes-preserve-unknown-fields"));
        }
        lists(schema, path, type);
        additional(schema, path, level);
        typeAndMetadata(properties, path, level == Level.ROOT || embedded, level);
        pattern(schema, path);
        for (Map.Entry<String, JsonNode> property : properties.properties()) {
            check(property.getValue(), path + ".properties[" + property.getKey() + "]", Level.FIELD);
        }
        if (schema.path("items").isObject()) {
            check(schema.path("items"), path + ".items", Level.ITEM);
        }
        boolean anyOfIsType = intOrString && isIntOrString(schema.path("anyOf"));
        boolean firstAllOfIsType =
                intOrString && isIntOrString(schema.path("allOf").path(0).path("anyOf"));
        junctors(schema, path, anyOfIsType, firstAllOfIsType);
    }

    private void forbidden(JsonNode schema, String path) {
        for (String field : NEVER) {
            if (schema.has(field)) {
                errors.add(FieldError.forbidden(path + "." + field, field + " is not supported"));
            }
        }
        if (text(schema, "type").equals("null")) {
            errors.add(FieldError.forbidden(path + ".type", "type cannot be set to null"));
        }
        if (schema.path("items").isArray()) {
            errors.add(FieldError.forbidden(path + ".items", "items must be a schema object and not an array"));
        }
        if (flag(schema, "uniqueItems")) {
            errors.add(FieldError.forbidden(
                    path + ".uniqueItems",
                    "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
        }
        JsonNode preserve = schema.path("x-kubernetes-preserve-unknown-fields");
        if (preserve.isBoolean() && !preserve.booleanValue()) {
            errors.add(FieldError.invalid(
                    path + ".x-kubernetes-preserve-unknown-fields", false, "must be true or undefined"));
        }
        if (schema.path("default").isNull() && !flag(schema, "nullable")) {
            errors.add(FieldError.invalid(path + ".default", schema.path("default"), "must not be null"));
        }
    }

    private void additional(JsonNode schema, String path, Level level) {
        JsonNode additional = schema.path("additionalProperties");
        if (additional.isMissingNode()) {
            return;
        }
        if (level == Level.ROOT) {
            errors.add(FieldError.forbidden(path + ".additionalProperties", "must not be used at the root"));
        }
        if (additional.isBoolean() && !additional.booleanValue()) {
            errors.add(FieldError.forbidden(
                    path + ".additionalProperties", "additionalProperties cannot be set to false"));
        }
        if (!schema.path("properties").isEmpty()) {
            errors.add(FieldError.forbidden(
                    path + ".additionalProperties", "additionalProperties and properties are mutual exclusive"));
        }
        if (flag(schema, "x-kubernetes-embedded-resource")) {
            errors.add(FieldError.forbidden(
                    path + ".additionalProperties", "must not be used if x-kubernetes-embedded-resource is set"));
        }
        if (additional.isObject()) {
            check(additional, path + ".additionalProperties", Level.FIELD);
        }
    }

    private void typeAndMetadata(JsonNode properties, String path, boolean describesObject, Level level) {
        if (!describesObject) {
            return;
        }
        for (String name : List.of("apiVersion", "kind")) {
            JsonNode property = properties.path(name);
            if (!property.isMissingNode() && !text(property, "type").equals("string")) {
                errors.add(FieldError.invalid(
                        path + ".properties[" + name + "].type", text(property, "type"), "must be string"));
            }
        }
        JsonNode metadata = properties.path("metadata");
        if (metadata.isMissingNode()) {
            return;
        }
        String metadataPath = path + ".properties[metadata]";
        if (!text(metadata, "type").equals("object")) {
            errors.add(FieldError.invalid(metadataPath + ".type", text(metadata, "type"), "must be object"));
        }
        if (level == Level.ROOT) {
            boolean onlyNames = metadata.path("properties").properties().stream()
                    .allMatch(each ->
                            each.getKey().equals("name") || each.getKey().equals("generateName"));
            boolean onlyKnown = metadata.properties().stream()
                    .allMatch(
                            each -> Set.of("type", "properties", "description").contains(each.getKey()));
            if (!onlyNames || !onlyKnown) {
                errors.add(
                        FieldError.forbidden(
                                metadataPath,
                                "must not specify anything other than name and generateName, but metadata is implicitly specified"));
            }
        }
    }

    private void lists(JsonNode schema, String path, String type) {
        String listType = text(schema, "x-kubernetes-list-type");
        JsonNode keys = schema.path("x-kubernetes-list-map-keys");
        if (!listType.isEmpty()) {
            if (!type.equals("array")) {
                errors.add(
                        type.isEmpty()
                                ? FieldError.required(
                                        path + ".type", "must be array if x-kubernetes-list-type is specified")
                                : FieldError.invalid(
                                        path + ".type", type, "must be array if x-kubernetes-list-type is specified"));
            }
            if (!Set.of("atomic", "map", "set").contains(listType)) {
                errors.add(FieldError.notSupported(
                        path + ".x-kubernetes-list-type", listType, List.of("atomic", "map", "set")));
            }
        }
        if (!keys.isEmpty() && !listType.equals("map")) {
            String wrong = "must be map if x-kubernetes-list-map-keys is non-empty";
            errors.add(
                    listType.isEmpty()
                            ? FieldError.required(path + ".x-kubernetes-list-type", wrong)
                            : FieldError.invalid(path + ".x-kubernetes-list-type", listType, wrong));
        }
        if (listType.equals("map")) {
            mapList(schema.path("items"), keys, path);
        } else if (listType.equals("set")) {
            setItems(schema.path("items"), path + ".items");
        }
        String mapType = text(schema, "x-kubernetes-map-type");
        if (!mapType.isEmpty()) {
            if (!type.equals("object")) {
                errors.add(FieldError.invalid(
                        path + ".type", type, "must be object if x-kubernetes-map-type is specified"));
            }
            if (!Set.of("atomic", "granular").contains(mapType)) {
                errors.add(FieldError.notSupported(
                        path + ".x-kubernetes-map-type", mapType, List.of("atomic", "granular")));
            }
        }
    }

    private void mapList(JsonNode items, JsonNode keys, String path) {
        if (keys.isEmpty()) {
            errors.add(FieldError.required(
                    path + ".x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map"));
        }
        if (!items.isObject()) {
            errors.add(FieldError.required(path + ".items", "must have a schema if x-kubernetes-list-type is map"));
            return;
        }
        if (!text(items, "type").equals("object")) {
            errors.add(FieldError.invalid(
                    path + ".items.type",
                    text(items, "type"),
                    "must be object if parent array's x-kubernetes-list-type is map"));
        }
        if (flag(items, "nullable")) {
            errors.add(FieldError.forbidden(
                    path + ".items.nullable", "cannot be nullable when x-kubernetes-list-type is map"));
        }
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < keys.size(); i++) {
            String key = keys.get(i).asString("");
            String keyPath = path + ".x-kubernetes-list-map-keys[" + i + "]";
            if (!seen.add(key)) {
                errors.add(FieldError.duplicate(keyPath, key));
            }
            JsonNode property = items.path("properties").path(key);
            String propertyPath = path + ".items.properties[" + key + "]";
            if (property.isMissingNode()) {
                errors.add(FieldError.invalid(keyPath, key, "entries must all be names of item properties"));
                continue;
            }
            if (Set.of("array", "object").contains(text(property, "type"))) {
                errors.add(FieldError.invalid(
                        propertyPath + ".type",
                        text(property, "type"),
                        "must be a scalar type if parent array's x-kubernetes-list-type is map"));
            }
            if (flag(property, "nullable")) {
                errors.add(FieldError.forbidden(
                        propertyPath + ".nullable",
                        "this property is in x-kubernetes-list-map-keys, so it cannot be nullable"));
            }
            boolean required = false;
            for (JsonNode name : items.path("required")) {
                required |= name.asString("").equals(key);
            }
            if (!required && !property.has("default")) {
                errors.add(FieldError.required(
                        propertyPath + ".default",
                        "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required"
                                + " property"));
            }
        }
    }

    private void setItems(JsonNode items, String path) {
        if (flag(items, "nullable")) {
            errors.add(
                    FieldError.forbidden(path + ".nullable", "cannot be nullable when x-kubernetes-list-type is set"));
        }
        String type = text(items, "type");
        if (type.equals("array")) {
            String inner = text(items, "x-kubernetes-list-type");
            if (!inner.isEmpty() && !inner.equals("atomic")) {
                errors.add(FieldError.invalid(
                        path + ".x-kubernetes-list-type",
                        inner,
                        "must be atomic as item of a list with x-kubernetes-list-type=set"));
            }
        } else if (type.equals("object")
                && !text(items, "x-kubernetes-map-type").equals("atomic")) {
            errors.add(FieldError.invalid(
                    path + ".x-kubernetes-map-type",
                    text(items, "x-kubernetes-map-type"),
                    "must be atomic as item of a list with x-kubernetes-list-type=set"));
        }
    }

    private void pattern(JsonNode schema, String path) {
        String pattern = text(schema, "pattern");
        if (pattern.isEmpty()) {
            return;
        }
        try {
            Pattern.compile(pattern);
        } catch (PatternSyntaxException e) {
            errors.add(FieldError.invalid(
                    path + ".pattern", pattern, "must be a valid regular expression, but isn't: " + e.getMessage()));
        }
    }

    private void junctors(JsonNode schema, String path, boolean skipAnyOf, boolean skipFirstAllOf) {
        if (!skipAnyOf) {
            nestedList(schema, "anyOf", path, false);
        }
        nestedList(schema, "allOf", path, skipFirstAllOf);
        nestedList(schema, "oneOf", path, false);
        if (schema.path("not").isObject()) {
            nested(schema.path("not"), path + ".not", false);
        }
    }

    private void nestedList(JsonNode schema, String field, String path, boolean firstIsType) {
        int i = 0;
        for (JsonNode each : schema.path(field)) {
            nested(each, path + "." + field + "[" + i + "]", firstIsType && i == 0);
            i++;
        }
    }

    /** Inside of junctors only values may be judged; what makes the structure belongs outside. */
    private void nested(JsonNode schema, String path, boolean skipAnyOf) {
        forbidden(schema, path);
        forbidIf(schema.has("type"), path + ".type", "must be empty to be structural");
        forbidIf(
                schema.has("additionalProperties"),
                path + ".additionalProperties",
                "must be undefined to be structural");
        forbidIf(schema.has("default"), path + ".default", "must be undefined to be structural");
        forbidIf(schema.has("title"), path + ".title", "must be empty to be structural");
        forbidIf(schema.has("description"), path + ".description", "must be empty to be structural");
        forbidIf(flag(schema, "nullable"), path + ".nullable", "must be false to be structural");
        forbidIf(schema.has("externalDocs"), path + ".externalDocs", "must be undefined to be structural");
        for (String each : List.of(
                "x-kubernetes-preserve-unknown-fields",
                "x-kubernetes-embedded-resource",
                "x-kubernetes-int-or-string")) {
            forbidIf(flag(schema, each), path + "." + each, "must be false to be structural");
        }
        forbidIf(
                schema.has("x-kubernetes-list-map-keys"),
                path + ".x-kubernetes-list-map-keys",
                "must be empty to be structural");
        forbidIf(
                schema.has("x-kubernetes-list-type"),
                path + ".x-kubernetes-list-type",
                "must be undefined to be structural");
        forbidIf(
                schema.has("x-kubernetes-map-type"),
                path + ".x-kubernetes-map-type",
                "must be undefined to be structural");
        forbidIf(
                !schema.path("x-kubernetes-validations").isEmpty(),
                path + ".x-kubernetes-validations",
                "must be empty to be structural");
        forbidIf(
                schema.path("properties").has("metadata"),
                path + ".properties[metadata]",
                "must not be specified in a nested context");
        pattern(schema, path);
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            nested(property.getValue(), path + ".properties[" + property.getKey() + "]", false);
        }
        if (schema.path("items").isObject()) {
            nested(schema.path("items"), path + ".items", false);
        }
        junctors(schema, path, skipAnyOf, false);
    }

    private void forbidIf(boolean present, String path, String why) {
        if (present) {
            errors.add(FieldError.forbidden(path, why));
        }
    }

    /** What a junctor speaks of must stand outside of it too. */
    private void complete(JsonNode schema, String path) {
        junctorsSpecified(schema, schema, path);
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            complete(property.getValue(), path + ".properties[" + property.getKey() + "]");
        }
        for (String field : List.of("items", "additionalProperties")) {
            if (schema.path(field).isObject()) {
                complete(schema.path(field), path + "." + field);
            }
        }
    }

    private void junctorsSpecified(JsonNode outer, JsonNode inner, String path) {
        for (String field : List.of("allOf", "anyOf", "oneOf")) {
            for (JsonNode each : inner.path(field)) {
                specified(outer, each, path);
            }
        }
        if (inner.path("not").isObject()) {
            specified(outer, inner.path("not"), path);
        }
    }

    private void specified(JsonNode outer, JsonNode inner, String path) {
        for (Map.Entry<String, JsonNode> property : inner.path("properties").properties()) {
            JsonNode there = outer.path("properties").path(property.getKey());
            String propertyPath = path + ".properties[" + property.getKey() + "]";
            if (there.isMissingNode()) {
                errors.add(FieldError.required(propertyPath, "because it is defined in " + path + " in a junctor"));
            } else {
                specified(there, property.getValue(), propertyPath);
            }
        }
        if (inner.path("items").isObject()) {
            if (outer.path("items").isObject()) {
                specified(outer.path("items"), inner.path("items"), path + ".items");
            } else {
                errors.add(FieldError.required(path + ".items", "because it is defined in a junctor"));
            }
        }
        junctorsSpecified(outer, inner, path);
    }

    /** A default must itself be what the schema allows. */
    private void defaults(StructuralSchema root, String path) {
        ValueRules values = new ValueRules(root);
        root.visit(path, (where, schema) -> {
            JsonNode value = schema.defaultValue();
            if (value == null) {
                return;
            }
            if (where.equals(path)) {
                errors.add(FieldError.forbidden(path + ".default", "must not be set at the root"));
                return;
            }
            String defaultPath = where + ".default";
            for (FieldError error : values.check(value, schema, defaultPath)) {
                errors.add(error);
            }
            if (value.isContainer() && hasUnknown(value, schema)) {
                errors.add(FieldError.invalid(defaultPath, value, "must not have unknown fields"));
            }
        });
    }

    private static boolean hasUnknown(JsonNode value, StructuralSchema schema) {
        StructuralSchema holder = StructuralSchema.holding("value", schema);
        ObjectNode tree = Json.MAPPER.createObjectNode();
        tree.set("value", value.deepCopy());
        ObjectSchema shape = SchemaForms.shape(holder);
        StructuralReader.prune(tree, shape);
        return !value.equals(tree.get("value"));
    }

    private static boolean isIntOrString(JsonNode anyOf) {
        return anyOf.size() == 2 && isOnlyType(anyOf.path(0), "integer") && isOnlyType(anyOf.path(1), "string");
    }

    private static boolean isOnlyType(@Nullable JsonNode schema, String type) {
        return schema != null && schema.size() == 1 && text(schema, "type").equals(type);
    }

    private static String text(JsonNode schema, String field) {
        return schema.path(field).asString("");
    }

    private static boolean flag(JsonNode schema, String field) {
        return schema.path(field).asBoolean(false);
    }
}
