package io.mokube.scheduler.config;

import io.mokube.machinery.error.FieldError;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads an object of the file field by field. What is wrong is collected and not thrown, so that a user sees everything at
 * once. A field that nobody asked for is an error too.
 */
public final class Fields {

    /** What is wrong with a file: first what can't be read, then what breaks a rule. */
    static final class Problems {

        private final List<String> unreadable = new ArrayList<>();
        private final List<FieldError> broken = new ArrayList<>();

        /**
         * Ends the reading when something is wrong.
         *
         * @throws IllegalArgumentException saying all of it
         */
        void throwIfAny() {
            if (!unreadable.isEmpty()) {
                throw new IllegalArgumentException("strict decoding error: " + String.join(", ", unreadable));
            }
            if (!broken.isEmpty()) {
                List<String> lines = broken.stream().map(FieldError::toString).toList();
                throw new IllegalArgumentException(
                        lines.size() == 1 ? lines.getFirst() : "[" + String.join(", ", lines) + "]");
            }
        }
    }

    private static final Pattern DURATION_PART = Pattern.compile("(\\d+(?:\\.\\d+)?)(h|ms|m|s)");
    private static final Map<String, Long> UNITS = Map.of("h", 3_600_000L, "m", 60_000L, "s", 1000L, "ms", 1L);
    private static final JsonMapper MODELS = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private final JsonNode node;
    private final String path;
    private final Problems problems;
    private final Set<String> asked = new HashSet<>();

    Fields(JsonNode node, String path, Problems problems) {
        this.node = node;
        this.path = path;
        this.problems = problems;
    }

    /** An object without fields: everything has its default. */
    static Fields none(Problems problems) {
        return new Fields(JsonMapper.shared().createObjectNode(), "", problems);
    }

    /** Where a field stands, as messages name it. */
    String path(String field) {
        return path.isEmpty() || field.isEmpty() ? path + field : path + "." + field;
    }

    boolean has(String field) {
        asked.add(field);
        return node.has(field) && !node.get(field).isNull();
    }

    String text(String field, String otherwise) {
        if (!has(field)) {
            return otherwise;
        }
        JsonNode value = node.get(field);
        if (!value.isString()) {
            wrongType(field, value, "a string");
            return otherwise;
        }
        return value.asString();
    }

    int integer(String field, int otherwise) {
        if (!has(field)) {
            return otherwise;
        }
        JsonNode value = node.get(field);
        if (!value.isIntegralNumber() || !value.canConvertToInt()) {
            wrongType(field, value, "an integer");
            return otherwise;
        }
        return value.intValue();
    }

    boolean flag(String field, boolean otherwise) {
        if (!has(field)) {
            return otherwise;
        }
        JsonNode value = node.get(field);
        if (!value.isBoolean()) {
            wrongType(field, value, "true or false");
            return otherwise;
        }
        return value.asBoolean();
    }

    /** A duration as Go writes it, such as {@code 1m30s}. */
    Duration duration(String field, Duration otherwise) {
        String stated = text(field, "");
        if (stated.isEmpty()) {
            return otherwise;
        }
        if (stated.equals("0")) {
            return Duration.ZERO;
        }
        Matcher parts = DURATION_PART.matcher(stated);
        double millis = 0;
        int end = 0;
        while (parts.find() && parts.start() == end) {
            millis += Double.parseDouble(parts.group(1)) * UNITS.getOrDefault(parts.group(2), 0L);
            end = parts.end();
        }
        if (end != stated.length()) {
            problems.unreadable.add(path(field) + ": time: invalid duration \"" + stated + "\"");
            return otherwise;
        }
        return Duration.ofMillis(Math.round(millis));
    }

    List<String> texts(String field) {
        List<String> texts = new ArrayList<>();
        for (JsonNode each : array(field)) {
            if (each.isString()) {
                texts.add(each.asString());
            } else {
                wrongType(field, each, "a list of strings");
            }
        }
        return texts;
    }

    /** The objects of a list. The caller {@link #close}s each. */
    List<Fields> objects(String field) {
        List<Fields> objects = new ArrayList<>();
        int index = 0;
        for (JsonNode each : array(field)) {
            String where = path(field) + "[" + index++ + "]";
            if (each.isObject()) {
                objects.add(new Fields(each, where, problems));
            } else {
                problems.unreadable.add(where + ": expected an object");
            }
        }
        return objects;
    }

    private Iterable<JsonNode> array(String field) {
        if (!has(field)) {
            return List.of();
        }
        JsonNode value = node.get(field);
        if (!value.isArray()) {
            wrongType(field, value, "a list");
            return List.of();
        }
        return value;
    }

    /** An object, empty when it is not there. The caller {@link #close}s it. */
    Fields object(String field) {
        JsonNode value = has(field) ? node.get(field) : JsonMapper.shared().createObjectNode();
        if (!value.isObject()) {
            wrongType(field, value, "an object");
            value = JsonMapper.shared().createObjectNode();
        }
        return new Fields(value, path(field), problems);
    }

    /** A value of one of the API's types, such as a node affinity. */
    <T> Optional<T> model(String field, Class<T> type) {
        if (!has(field)) {
            return Optional.empty();
        }
        try {
            return Optional.of(MODELS.treeToValue(node.get(field), type));
        } catch (JacksonException e) {
            problems.unreadable.add(path(field) + ": "
                    + e.getOriginalMessage().lines().findFirst().orElse("unreadable"));
            return Optional.empty();
        }
    }

    private void wrongType(String field, JsonNode value, String expected) {
        problems.unreadable.add(path(field) + ": expected " + expected + ", not " + value);
    }

    /** Takes note of a broken rule. */
    void broken(FieldError error) {
        problems.broken.add(error);
    }

    /** Nothing more is asked: fields that are left are unknown. */
    void close() {
        for (String field : node.propertyNames()) {
            if (!asked.contains(field)) {
                problems.unreadable.add("unknown field \"" + path(field) + "\"");
            }
        }
    }
}
