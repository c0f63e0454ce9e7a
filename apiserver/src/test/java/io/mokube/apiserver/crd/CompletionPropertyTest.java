package io.mokube.apiserver.crd;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Pruning and defaulting against a small model that reads the schema as it is written. */
class CompletionPropertyTest {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final List<String> NAMES = List.of("a", "b", "c");

    @Provide
    Arbitrary<ObjectNode> schemas() {
        return Arbitraries.lazy(() -> properties(3)).map(properties -> {
            ObjectNode root = NODES.objectNode().put("type", "object");
            root.set("properties", properties);
            return root;
        });
    }

    private static Arbitrary<ObjectNode> properties(int depth) {
        return Arbitraries.maps(Arbitraries.of(NAMES), schema(depth))
                .ofMaxSize(3)
                .map(fields -> {
                    ObjectNode node = NODES.objectNode();
                    fields.forEach(node::set);
                    return node;
                });
    }

    private static Arbitrary<ObjectNode> schema(int depth) {
        Arbitrary<ObjectNode> plain = Arbitraries.of(
                        "{\"type\":\"string\"}",
                        "{\"type\":\"integer\"}",
                        "{\"type\":\"string\",\"default\":\"d\"}",
                        "{\"type\":\"integer\",\"nullable\":true,\"default\":7}",
                        "{\"x-kubernetes-int-or-string\":true}",
                        "{\"x-kubernetes-preserve-unknown-fields\":true}")
                .map(text -> (ObjectNode) Json.MAPPER.readTree(text));
        if (depth == 0) {
            return plain;
        }
        Arbitrary<ObjectNode> object = properties(depth - 1)
                .flatMap(properties -> Arbitraries.of(
                                "{\"type\":\"object\"}",
                                "{\"type\":\"object\",\"default\":{}}",
                                "{\"type\":\"object\",\"x-kubernetes-preserve-unknown-fields\":true}")
                        .map(text -> {
                            ObjectNode node = (ObjectNode) Json.MAPPER.readTree(text);
                            node.set("properties", properties);
                            return node;
                        }));
        Arbitrary<ObjectNode> list = schema(depth - 1).map(items -> {
            ObjectNode node = NODES.objectNode().put("type", "array");
            node.set("items", items);
            return node;
        });
        Arbitrary<ObjectNode> map = schema(depth - 1).map(values -> {
            ObjectNode node = NODES.objectNode().put("type", "object");
            node.set("additionalProperties", values);
            return node;
        });
        return Arbitraries.oneOf(plain, object, list, map);
    }

    @Provide
    Arbitrary<ObjectNode> documents() {
        return object(4);
    }

    private static Arbitrary<ObjectNode> object(int depth) {
        return Arbitraries.maps(Arbitraries.of("a", "b", "c", "z"), value(depth))
                .ofMaxSize(4)
                .map(fields -> {
                    ObjectNode node = NODES.objectNode();
                    fields.forEach(node::set);
                    return node;
                });
    }

    private static Arbitrary<JsonNode> value(int depth) {
        Arbitrary<JsonNode> plain =
                Arbitraries.of(NODES.stringNode("x"), NODES.numberNode(1), NODES.nullNode(), NODES.booleanNode(true));
        if (depth == 0) {
            return plain;
        }
        Arbitrary<JsonNode> list = value(depth - 1).list().ofMaxSize(2).map(items -> {
            ArrayNode array = NODES.arrayNode();
            items.forEach(array::add);
            return array;
        });
        return Arbitraries.oneOf(plain, list, object(depth - 1).map(each -> (JsonNode) each));
    }

    @Property(tries = 1500)
    void completesAsTheModelDoes(@ForAll("schemas") ObjectNode schema, @ForAll("documents") ObjectNode document) {
        CustomForm form = new CustomForm(schema);
        ObjectNode root = document.deepCopy();
        form.complete(new KubeObject(root));
        assertThat((JsonNode) root).isEqualTo(model(document, schema));
        ObjectNode again = root.deepCopy();
        form.complete(new KubeObject(again));
        assertThat((JsonNode) again).as("once is enough").isEqualTo(root);
    }

    /** What becomes of a value. */
    private static JsonNode model(JsonNode value, JsonNode schema) {
        if (value.isObject() && schema.has("additionalProperties")) {
            ObjectNode map = NODES.objectNode();
            value.properties()
                    .forEach(field ->
                            map.set(field.getKey(), model(field.getValue(), schema.path("additionalProperties"))));
            return map;
        }
        if (value.isArray() && schema.has("items")) {
            ArrayNode array = NODES.arrayNode();
            value.forEach(item -> array.add(model(item, schema.path("items"))));
            return array;
        }
        if (!value.isObject() || !schema.path("type").asString("").equals("object")) {
            return value;
        }
        ObjectNode object = NODES.objectNode();
        for (Map.Entry<String, JsonNode> field : value.properties()) {
            JsonNode property = schema.path("properties").get(field.getKey());
            boolean isKept = property != null || schema.has("x-kubernetes-preserve-unknown-fields");
            if (isKept && !isDefaultedNull(field.getValue(), property)) {
                object.set(field.getKey(), property == null ? field.getValue() : model(field.getValue(), property));
            }
        }
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            JsonNode fallback = property.getValue().get("default");
            if (!object.has(property.getKey()) && fallback != null) {
                object.set(property.getKey(), model(fallback, property.getValue()));
            }
        }
        return object;
    }

    private static boolean isDefaultedNull(JsonNode value, @Nullable JsonNode property) {
        return value.isNull()
                && property != null
                && property.has("default")
                && !property.path("nullable").asBoolean(false);
    }
}
