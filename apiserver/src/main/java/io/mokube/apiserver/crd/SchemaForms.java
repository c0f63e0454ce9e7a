package io.mokube.apiserver.crd;

import io.mokube.apiserver.schema.BuiltInSchemas;
import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.schema.Schema.AnySchema;
import io.mokube.apiserver.schema.Schema.ListSchema;
import io.mokube.apiserver.schema.Schema.ListType;
import io.mokube.apiserver.schema.Schema.MapSchema;
import io.mokube.apiserver.schema.Schema.ObjectSchema;
import io.mokube.apiserver.schema.Schema.PatchStrategy;
import io.mokube.apiserver.schema.Schema.Reference;
import io.mokube.apiserver.schema.Schema.ScalarSchema;
import io.mokube.apiserver.schema.Schema.ScalarType;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.Json;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The schema of a custom resource in the two forms others want: the shape all kinds share, and an OpenAPI component. */
final class SchemaForms {

    private static final String OBJECT_META = BuiltInSchemas.metaPackage() + ".ObjectMeta";

    private static final Schema METADATA = new Reference(
            "",
            null,
            false,
            OBJECT_META,
            () -> BuiltInSchemas.lean().find(OBJECT_META).orElseThrow());

    private static final Schema TEXT = new ScalarSchema("", null, false, ScalarType.STRING, "", List.of());

    private SchemaForms() {}

    /**
     * The shape by which objects are read, pruned, defaulted, patched and applied. It names no required fields and no
     * enumerations: those are judged together with everything else that only custom resources have.
     */
    static ObjectSchema shape(StructuralSchema root) {
        Map<String, Schema> properties = properties(root);
        properties.put("apiVersion", TEXT);
        properties.put("kind", TEXT);
        properties.put("metadata", METADATA);
        return object(root, properties, true);
    }

    private static Schema convert(StructuralSchema schema) {
        if (schema.intOrString()) {
            return new ScalarSchema(
                    schema.description(),
                    schema.defaultValue(),
                    schema.nullable(),
                    ScalarType.INT_OR_STRING,
                    "int-or-string",
                    List.of());
        }
        return switch (schema.type()) {
            case "array" -> list(schema);
            case "string" -> scalar(schema, ScalarType.STRING);
            case "integer" -> scalar(schema, ScalarType.INTEGER);
            case "number" -> scalar(schema, ScalarType.NUMBER);
            case "boolean" -> scalar(schema, ScalarType.BOOLEAN);
            default -> objectLike(schema);
        };
    }

    private static Schema scalar(StructuralSchema schema, ScalarType type) {
        return new ScalarSchema(
                schema.description(), schema.defaultValue(), schema.nullable(), type, schema.format(), List.of());
    }

    private static Schema objectLike(StructuralSchema schema) {
        StructuralSchema values = schema.additional();
        if (values != null && schema.properties().isEmpty()) {
            return new MapSchema(
                    schema.description(),
                    schema.defaultValue(),
                    schema.nullable(),
                    convert(values),
                    schema.mapType().equals("atomic"));
        }
        boolean isFree = schema.type().isEmpty()
                && schema.preserveUnknown()
                && schema.properties().isEmpty();
        if (isFree) {
            return new AnySchema(schema.description(), schema.defaultValue(), schema.nullable());
        }
        Map<String, Schema> properties = properties(schema);
        if (schema.embedded()) {
            properties.put("apiVersion", TEXT);
            properties.put("kind", TEXT);
            properties.put("metadata", METADATA);
        }
        return object(schema, properties, false);
    }

    private static Map<String, Schema> properties(StructuralSchema schema) {
        Map<String, Schema> properties = new LinkedHashMap<>();
        schema.properties().forEach((name, property) -> properties.put(name.intern(), convert(property)));
        return properties;
    }

    private static ObjectSchema object(StructuralSchema schema, Map<String, Schema> properties, boolean root) {
        return new ObjectSchema(
                schema.description(),
                schema.defaultValue(),
                schema.nullable(),
                Collections.unmodifiableMap(properties),
                Set.of(),
                schema.preserveUnknown() || schema.additional() != null,
                schema.embedded(),
                schema.mapType().equals("atomic"),
                PatchStrategy.MERGE,
                root);
    }

    private static Schema list(StructuralSchema schema) {
        StructuralSchema items = schema.items();
        return new ListSchema(
                schema.description(),
                schema.defaultValue(),
                schema.nullable(),
                items == null ? new AnySchema("", null, true) : convert(items),
                switch (schema.listType()) {
                    case "set" -> ListType.SET;
                    case "map" -> ListType.MAP;
                    default -> ListType.ATOMIC;
                },
                schema.mapKeys(),
                PatchStrategy.REPLACE,
                "");
    }

    /**
     * The schema as an OpenAPI 3 component: what the definition says, with type and metadata described as for every kind.
     *
     * @param given the schema of the definition, or null when it has none that is published
     */
    static ObjectNode openApi(@Nullable JsonNode given, GroupVersionKind kind) {
        ObjectNode root = given instanceof ObjectNode object
                ? object.deepCopy()
                : Json.MAPPER
                        .createObjectNode()
                        .put("type", "object")
                        .put("x-kubernetes-preserve-unknown-fields", true);
        describeEmbedded(root);
        ObjectNode properties = Json.MAPPER.createObjectNode();
        describeType(properties);
        properties
                .putObject("metadata")
                .put("description", "Standard metadata: name, namespace, labels, annotations, owners and the like.")
                .putArray("allOf")
                .add(Json.MAPPER.createObjectNode().put("$ref", "#/components/schemas/" + OBJECT_META));
        for (Map.Entry<String, JsonNode> property : root.path("properties").properties()) {
            if (!properties.has(property.getKey())) {
                properties.set(property.getKey(), property.getValue());
            }
        }
        root.set("properties", properties);
        ArrayNode kinds = root.putArray("x-kubernetes-group-version-kind");
        kinds.addObject().put("group", kind.group()).put("kind", kind.kind()).put("version", kind.version());
        return root;
    }

    private static void describeType(ObjectNode properties) {
        properties
                .putObject("apiVersion")
                .put("description", "The group and version of the schema this object follows.")
                .put("type", "string");
        properties
                .putObject("kind")
                .put("description", "The kind of the object, as a singular word in CamelCase.")
                .put("type", "string");
    }

    private static void describeEmbedded(JsonNode schema) {
        if (schema instanceof ObjectNode node
                && node.path("x-kubernetes-embedded-resource").asBoolean(false)) {
            ObjectNode properties =
                    node.get("properties") instanceof ObjectNode present ? present : node.putObject("properties");
            describeType(properties);
            properties.putObject("metadata").put("$ref", "#/components/schemas/" + OBJECT_META);
        }
        for (JsonNode property : schema.path("properties")) {
            describeEmbedded(property);
        }
        if (schema.path("items").isObject()) {
            describeEmbedded(schema.path("items"));
        }
        if (schema.path("additionalProperties").isObject()) {
            describeEmbedded(schema.path("additionalProperties"));
        }
    }
}
