package io.mokube.apiserver.ownership;

import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.schema.Schema.ListSchema;
import io.mokube.apiserver.schema.Schema.ListType;
import io.mokube.machinery.object.Json;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One step on the way to a field, in the form {@code managedFields} writes it: {@code f:name} a field, {@code
 * k:{"name":"x"}} the item with these keys, {@code v:"x"} the item with this value, {@code i:0} the item at this place.
 * Equal steps are equal texts.
 */
final class PathElement {

    private static final String TYPES = "fkvi";

    private PathElement() {}

    static String field(String name) {
        return "f:" + name;
    }

    static boolean isField(String element) {
        return element.startsWith("f:");
    }

    /** The name of a field step. */
    static String fieldName(String element) {
        return element.substring(2);
    }

    /**
     * The step to an item of a list that is a set or a map.
     *
     * @throws UntypedException when the item has none of the keys, or a set's item is no plain value
     */
    static String item(ListSchema list, JsonNode item) {
        if (list.listType() == ListType.SET) {
            if (item.isContainer() || item.isNull()) {
                throw new UntypedException("associative list without keys has an element that's a "
                        + (item.isNull() ? "null" : item.isArray() ? "list" : "map") + " type");
            }
            return value(item);
        }
        if (!(item instanceof ObjectNode object)) {
            throw new UntypedException(
                    item.isNull()
                            ? "associative list with keys may not have a null element"
                            : "associative list with keys may not have non-map elements");
        }
        if (list.mapKeys().size() == 1) {
            String key = list.mapKeys().getFirst();
            if (object.get(key) instanceof JsonNode given) {
                StringBuilder text = new StringBuilder("k:{");
                key(text, key, given);
                return text.append('}').toString();
            }
        }
        Map<String, JsonNode> keys = new TreeMap<>();
        for (String key : list.mapKeys()) {
            JsonNode given = object.get(key);
            JsonNode value = given != null ? given : defaultOf(list, key);
            if (value != null) {
                keys.put(key, value);
            }
        }
        if (keys.isEmpty()) {
            throw new UntypedException("associative list with keys has an element that omits all key fields "
                    + quoted(list.mapKeys()) + " (and doesn't have default values for any key fields)");
        }
        return keys(keys);
    }

    private static @Nullable JsonNode defaultOf(ListSchema list, String key) {
        if (!(list.items().resolved() instanceof Schema.ObjectSchema items)) {
            return null;
        }
        Schema property = items.properties().get(key);
        return property == null ? null : property.defaultValue();
    }

    private static String quoted(List<String> names) {
        StringBuilder text = new StringBuilder("[");
        for (String name : names) {
            text.append(text.length() == 1 ? "" : " ").append('"').append(name).append('"');
        }
        return text.append(']').toString();
    }

    private static String keys(Map<String, JsonNode> keys) {
        StringBuilder text = new StringBuilder("k:{");
        for (Map.Entry<String, JsonNode> key : keys.entrySet()) {
            if (text.length() > 3) {
                text.append(',');
            }
            key(text, key.getKey(), key.getValue());
        }
        return text.append('}').toString();
    }

    private static void key(StringBuilder text, String name, JsonNode value) {
        quote(text, name);
        text.append(':');
        json(text, value);
    }

    private static String value(JsonNode value) {
        StringBuilder text = new StringBuilder("v:");
        json(text, value);
        return text.toString();
    }

    /**
     * Brings a step that somebody else wrote into the one form that equal steps have; null for a type of step that a later
     * version of Kubernetes may know.
     *
     * @throws IllegalArgumentException when it can't be read
     */
    static @Nullable String canonical(String element) {
        if (element.length() < 2 || element.charAt(1) != ':') {
            throw new IllegalArgumentException("missing colon: " + element);
        }
        try {
            return switch (element.charAt(0)) {
                case 'f' -> element;
                case 'v' -> value(Json.MAPPER.readTree(element.substring(2)));
                case 'i' -> "i:" + Integer.parseInt(element.substring(2));
                case 'k' -> {
                    if (!(Json.MAPPER.readTree(element.substring(2)) instanceof ObjectNode keys)) {
                        throw new IllegalArgumentException("the keys are no object: " + element);
                    }
                    Map<String, JsonNode> sorted = new TreeMap<>();
                    keys.properties().forEach(key -> sorted.put(key.getKey(), key.getValue()));
                    yield keys(sorted);
                }
                default -> null;
            };
        } catch (JacksonException e) {
            throw new IllegalArgumentException("unreadable path element " + element, e);
        }
    }

    /** The step as error messages show it: {@code .name}, {@code [name="x"]}, {@code [="x"]}, {@code [0]}. */
    static String display(String element) {
        String content = element.substring(2);
        return switch (element.charAt(0)) {
            case 'f' -> "." + content;
            case 'v' -> "[=" + content + "]";
            case 'i' -> "[" + content + "]";
            default -> {
                StringBuilder text = new StringBuilder("[");
                for (Map.Entry<String, JsonNode> key :
                        Json.MAPPER.readTree(content).properties()) {
                    text.append(text.length() == 1 ? "" : ",")
                            .append(key.getKey())
                            .append('=')
                            .append(key.getValue());
                }
                yield text.append(']').toString();
            }
        };
    }

    /** The steps in the order {@code managedFields} has them. */
    static List<String> sorted(List<String> elements) {
        if (elements.size() < 2) {
            return elements;
        }
        Sortable[] sortable = new Sortable[elements.size()];
        for (int i = 0; i < sortable.length; i++) {
            sortable[i] = new Sortable(elements.get(i));
        }
        Arrays.sort(sortable);
        List<String> sorted = new ArrayList<>(sortable.length);
        for (Sortable each : sortable) {
            sorted.add(each.element);
        }
        return sorted;
    }

    private static final class Sortable implements Comparable<Sortable> {

        private final String element;
        private final int type;
        /** Where the one text in the element begins; 0 when there is something else in it. */
        private final int text;

        private @Nullable JsonNode content;

        Sortable(String element) {
            this.element = element;
            this.type = TYPES.indexOf(element.charAt(0));
            this.text = plainText(element);
        }

        @Override
        public int compareTo(Sortable other) {
            if (type != other.type) {
                return Integer.compare(type, other.type);
            }
            boolean byText =
                    type == 0 || (text > 0 && text == other.text && element.regionMatches(0, other.element, 0, text));
            return byText ? element.compareTo(other.element) : compareValues(content(), other.content());
        }

        private JsonNode content() {
            JsonNode known = content;
            if (known == null) {
                known = Json.MAPPER.readTree(element.substring(2));
                content = known;
            }
            return known;
        }
    }

    /**
     * Where the text begins in {@code v:"text"} and {@code k:{"key":"text"}}; 0 for other elements, and when the text has
     * escapes or characters that JSON's closing quote does not come before. Elements that are the same up to there have the
     * order of their texts.
     */
    private static int plainText(String element) {
        boolean value = element.startsWith("v:\"");
        int begin = value ? 3 : element.startsWith("k:{\"") ? element.indexOf("\":\"") + 3 : 0;
        int end = element.length() - (value ? 1 : 2);
        if (begin < 3 || end < begin || !element.startsWith(value ? "\"" : "\"}", end)) {
            return 0;
        }
        for (int i = begin; i < end; i++) {
            if (element.charAt(i) <= '"' || element.charAt(i) == '\\') {
                return 0;
            }
        }
        return begin;
    }

    private static int compareValues(JsonNode a, JsonNode b) {
        int byRank = Integer.compare(rank(a), rank(b));
        if (byRank != 0) {
            return byRank;
        }
        return switch (a.getNodeType()) {
            case NUMBER -> number(a).compareTo(number(b));
            case STRING -> a.stringValue().compareTo(b.stringValue());
            case BOOLEAN -> Boolean.compare(a.booleanValue(), b.booleanValue());
            case OBJECT -> compareFields(a, b);
            case ARRAY, BINARY, MISSING, NULL, POJO -> a.toString().compareTo(b.toString());
        };
    }

    private static int compareFields(JsonNode a, JsonNode b) {
        Comparator<Map.Entry<String, JsonNode>> byField = Map.Entry.<String, JsonNode>comparingByKey()
                .thenComparing(Map.Entry::getValue, PathElement::compareValues);
        List<Map.Entry<String, JsonNode>> left = List.copyOf(a.properties());
        List<Map.Entry<String, JsonNode>> right = List.copyOf(b.properties());
        for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
            int order = byField.compare(left.get(i), right.get(i));
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(left.size(), right.size());
    }

    private static int rank(JsonNode value) {
        return switch (value.getNodeType()) {
            case NUMBER -> 0;
            case STRING -> 1;
            case BOOLEAN -> 2;
            case ARRAY -> 3;
            case OBJECT -> 4;
            case BINARY, MISSING, NULL, POJO -> 5;
        };
    }

    private static BigDecimal number(JsonNode value) {
        return value.decimalValue();
    }

    private static void json(StringBuilder text, JsonNode value) {
        if (value.isString()) {
            quote(text, value.stringValue());
        } else {
            text.append(value);
        }
    }

    /** JSON as Go writes it, which also escapes what HTML would trip over. */
    private static void quote(StringBuilder text, String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"', '\\' -> text.append('\\').append(c);
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                case '<', '>', '&', '\u2028', '\u2029' -> escape(text, c);
                default -> {
                    if (c < ' ') {
                        escape(text, c);
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }

    private static void escape(StringBuilder text, char c) {
        text.append(String.format("\\u%04x", (int) c));
    }
}
