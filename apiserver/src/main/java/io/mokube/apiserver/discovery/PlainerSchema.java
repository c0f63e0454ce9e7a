package io.mokube.apiserver.discovery;

import io.mokube.machinery.object.Json;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Rewrites a schema of OpenAPI 3 with the fewer words of version 2, as Kubernetes does: what can't be said lets all pass. */
final class PlainerSchema {

    private static final List<String> UNSAID = List.of("oneOf", "anyOf", "not", "default", "nullable");

    private PlainerSchema() {}

    static ObjectNode of(ObjectNode schema) {
        ObjectNode plain = Json.MAPPER.createObjectNode();
        boolean lets = schema.path("nullable").asBoolean(false)
                || schema.path("x-kubernetes-preserve-unknown-fields").asBoolean(false);
        for (Map.Entry<String, JsonNode> field : schema.properties()) {
            String name = field.getKey();
            JsonNode value = field.getValue();
            switch (name) {
                case "properties" -> {
                    if (!lets) {
                        ObjectNode properties = plain.putObject(name);
                        for (Map.Entry<String, JsonNode> property : value.properties()) {
                            properties.set(property.getKey(), child(property.getValue()));
                        }
                    }
                }
                case "items", "additionalProperties" -> {
                    if (!lets) {
                        plain.set(name, child(value));
                    }
                }
                case "type" -> {
                    if (!schema.path("nullable").asBoolean(false)) {
                        plain.set(name, value);
                    }
                }
                case "required" -> {
                    if (!lets) {
                        plain.set(name, value);
                    }
                }
                case "allOf" -> {
                    if (value.path(0).has("$ref")) {
                        plain.put("$ref", reference(value.path(0)));
                    }
                }
                case "$ref" -> plain.put(name, reference(schema));
                default -> {
                    if (!UNSAID.contains(name)) {
                        plain.set(name, value);
                    }
                }
            }
        }
        return plain;
    }

    private static JsonNode child(JsonNode value) {
        return value instanceof ObjectNode object ? of(object) : value;
    }

    private static String reference(JsonNode node) {
        return node.path("$ref").asString("").replace(OpenApiDialect.V3.definitions(), OpenApiDialect.V2.definitions());
    }
}
