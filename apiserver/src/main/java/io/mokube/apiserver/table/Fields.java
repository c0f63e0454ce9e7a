package io.mokube.apiserver.table;

import io.mokube.machinery.object.KubeObject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/** Reads fields leniently and writes them as Kubernetes' tables do. */
final class Fields {

    static final String NONE = "<none>";
    static final String UNSET = "<unset>";

    private Fields() {}

    static String text(KubeObject object, String... path) {
        return object.at(path).asString("");
    }

    /** The text, or a word for its absence. */
    static String textOr(String absent, KubeObject object, String... path) {
        String text = text(object, path);
        return text.isEmpty() ? absent : text;
    }

    static long number(KubeObject object, String... path) {
        return object.at(path).asLong(0);
    }

    static int size(KubeObject object, String... path) {
        return object.at(path).size();
    }

    /** {@code True} or {@code False}, as Go's printers write an optional truth value. */
    static String truth(JsonNode value) {
        if (!value.isBoolean()) {
            return UNSET;
        }
        return value.booleanValue() ? "True" : "False";
    }

    /** One field of each item. */
    static List<String> each(JsonNode list, String field) {
        List<String> values = new ArrayList<>();
        for (JsonNode item : list) {
            values.add(item.path(field).asString(""));
        }
        return values;
    }

    static List<String> strings(JsonNode list) {
        List<String> values = new ArrayList<>();
        for (JsonNode item : list) {
            values.add(item.asString(""));
        }
        return values;
    }

    static String joinedOrNone(Collection<String> values) {
        return values.isEmpty() ? NONE : String.join(",", values);
    }

    /** The first three, then how many more. */
    static String firstThree(List<String> values) {
        if (values.size() <= 3) {
            return String.join(",", values);
        }
        return String.join(",", values.subList(0, 3)) + " + " + (values.size() - 3) + " more...";
    }

    /** {@code a=b,c=d} in order of the keys. */
    static String labels(JsonNode map) {
        Map<String, String> sorted = new TreeMap<>();
        for (Map.Entry<String, JsonNode> entry : map.properties()) {
            sorted.put(entry.getKey(), entry.getValue().asString(""));
        }
        List<String> pairs = new ArrayList<>();
        sorted.forEach((key, value) -> pairs.add(key + "=" + value));
        return joinedOrNone(pairs);
    }

    /** A label selector in the form of query parameters, its requirements in order of their keys. */
    static String selector(JsonNode selector) {
        Map<String, List<String>> byKey = new TreeMap<>();
        for (Map.Entry<String, JsonNode> entry : selector.path("matchLabels").properties()) {
            byKey.computeIfAbsent(entry.getKey(), ignored -> new ArrayList<>())
                    .add(entry.getKey() + "=" + entry.getValue().asString(""));
        }
        for (JsonNode expression : selector.path("matchExpressions")) {
            String key = expression.path("key").asString("");
            byKey.computeIfAbsent(key, ignored -> new ArrayList<>()).add(requirement(key, expression));
        }
        List<String> requirements = new ArrayList<>();
        byKey.values().forEach(requirements::addAll);
        return joinedOrNone(requirements);
    }

    private static String requirement(String key, JsonNode expression) {
        String values = "(" + String.join(",", new TreeSet<>(strings(expression.path("values")))) + ")";
        return switch (expression.path("operator").asString("")) {
            case "In" -> key + " in " + values;
            case "NotIn" -> key + " notin " + values;
            case "Exists" -> key;
            case "DoesNotExist" -> "!" + key;
            default -> "<error>";
        };
    }

    /** Whether there is a condition of this type, whatever its status. */
    static boolean hasConditionOfType(KubeObject object, String type) {
        return each(object.at("status", "conditions"), "type").contains(type);
    }

    /** Whether a condition of this type has this status. */
    static boolean hasCondition(KubeObject object, String type, String status) {
        for (JsonNode condition : object.at("status", "conditions")) {
            if (condition.path("type").asString("").equals(type)
                    && condition.path("status").asString("").equals(status)) {
                return true;
            }
        }
        return false;
    }
}
