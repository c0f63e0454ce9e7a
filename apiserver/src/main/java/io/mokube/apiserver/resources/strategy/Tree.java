package io.mokube.apiserver.resources.strategy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reading and defaulting fields of JSON trees. Wrong types read as absent, because decoding has refused them already. */
final class Tree {

    private Tree() {}

    /** The object in a field, made when it is missing. */
    static ObjectNode child(ObjectNode parent, String field) {
        return parent.get(field) instanceof ObjectNode object ? object : parent.putObject(field);
    }

    static String text(JsonNode parent, String field) {
        return parent.path(field).asString("");
    }

    /** The objects in a list field, none when it is missing. */
    static List<ObjectNode> items(JsonNode parent, String field) {
        JsonNode list = parent.path(field);
        List<ObjectNode> items = new ArrayList<>(list.size());
        for (JsonNode item : list) {
            if (item instanceof ObjectNode object) {
                items.add(object);
            }
        }
        return items;
    }

    /** A map of texts, a copy. */
    static Map<String, String> texts(JsonNode map) {
        Map<String, String> texts = LinkedHashMap.newLinkedHashMap(map.size());
        for (Map.Entry<String, JsonNode> entry : map.properties()) {
            texts.put(entry.getKey(), entry.getValue().asString(""));
        }
        return texts;
    }

    /** Sets a text that is missing or empty. */
    static void orElse(ObjectNode parent, String field, String value) {
        if (text(parent, field).isEmpty()) {
            parent.put(field, value);
        }
    }

    /** Sets a number that is missing. */
    static void orElse(ObjectNode parent, String field, int value) {
        if (!parent.has(field)) {
            parent.put(field, value);
        }
    }

    /** Sets a number that is missing or zero, where Kubernetes can't tell the two apart. */
    static void orElseUnlessPositive(ObjectNode parent, String field, int value) {
        if (parent.path(field).asLong(0) == 0) {
            parent.put(field, value);
        }
    }

    static void orElse(ObjectNode parent, String field, boolean value) {
        if (!parent.has(field)) {
            parent.put(field, value);
        }
    }

    /** The field of both trees, whether equal; a missing field and an empty object or list count as equal. */
    static boolean sameField(JsonNode a, JsonNode b, String field) {
        return same(a.path(field), b.path(field));
    }

    static boolean same(JsonNode a, JsonNode b) {
        return isEmpty(a) ? isEmpty(b) : a.equals(b);
    }

    private static boolean isEmpty(JsonNode node) {
        return node.isMissingNode() || node.isNull() || (node.isContainer() && node.isEmpty());
    }
}
