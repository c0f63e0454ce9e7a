package io.mokube.apiserver.crd;

import dev.cel.common.values.CelByteString;
import dev.cel.common.values.NullValue;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** An object's values as the expression language sees them, each made once. Used by one thread. */
final class RuleValues {

    private static final Pattern DURATION_PART =
            Pattern.compile("([0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)");

    private final RuleTypes types;
    private final IdentityHashMap<JsonNode, Object> made = new IdentityHashMap<>();

    RuleValues(RuleTypes types) {
        this.types = types;
    }

    Object of(JsonNode node, StructuralSchema schema, boolean root) {
        if (!node.isContainer()) {
            return plain(node, schema);
        }
        Object known = made.get(node);
        if (known == null) {
            known = node.isArray() ? list(node, schema) : map(node, schema, root || schema.embedded());
            made.put(node, known);
        }
        return known;
    }

    private List<Object> list(JsonNode node, StructuralSchema schema) {
        StructuralSchema items = schema.items();
        List<Object> list = new ArrayList<>(node.size());
        if (items != null) {
            node.forEach(item -> list.add(of(item, items, false)));
        }
        return list;
    }

    private Map<String, Object> map(JsonNode node, StructuralSchema schema, boolean hasMeta) {
        Map<String, Object> map = new LinkedHashMap<>();
        StructuralSchema values = schema.properties().isEmpty() ? schema.additional() : null;
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            String name = field.getKey();
            JsonNode value = field.getValue();
            if (values != null) {
                map.put(name, of(value, values, false));
                continue;
            }
            if (hasMeta && (name.equals("apiVersion") || name.equals("kind"))) {
                map.put(name, value.asString(""));
            } else if (hasMeta && name.equals("metadata")) {
                map.put(name, metadata(value));
            } else {
                property(map, name, value, schema);
            }
        }
        return map;
    }

    private void property(Map<String, Object> map, String name, JsonNode value, StructuralSchema schema) {
        StructuralSchema property = schema.properties().get(name);
        String escaped = property == null || types.of(property) == null ? null : RuleTypes.escape(name);
        // A null where none may be reads as absent.
        if (property != null && escaped != null && !(value.isNull() && !property.nullable())) {
            map.put(escaped, of(value, property, false));
        }
    }

    private static Map<String, Object> metadata(JsonNode metadata) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (String name : List.of("name", "generateName")) {
            JsonNode value = metadata.get(name);
            if (value != null && value.isString()) {
                map.put(name, value.stringValue());
            }
        }
        return map;
    }

    private static Object plain(JsonNode node, StructuralSchema schema) {
        return switch (node.getNodeType()) {
            case STRING, BINARY -> text(node.asString(""), schema);
            case BOOLEAN -> node.booleanValue();
            case NUMBER -> {
                if (schema.type().equals("number")) {
                    yield node.doubleValue();
                }
                yield node.canConvertToLong() ? (Object) node.longValue() : (Object) node.doubleValue();
            }
            case NULL, MISSING -> NullValue.NULL_VALUE;
            case ARRAY, OBJECT, POJO -> throw new IllegalStateException("no plain value");
        };
    }

    private static Object text(String text, StructuralSchema schema) {
        try {
            return switch (schema.intOrString() ? "" : schema.format()) {
                case "byte" -> CelByteString.of(Base64.getDecoder().decode(text));
                case "date-time" -> OffsetDateTime.parse(text).toInstant();
                case "date" ->
                    LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
                case "duration" -> duration(text);
                default -> text;
            };
        } catch (DateTimeException | IllegalArgumentException e) {
            // Values were judged before rules are asked; what passed in another form stays a text.
            return text;
        }
    }

    private static Duration duration(String text) {
        boolean negative = text.startsWith("-");
        Matcher matcher = DURATION_PART.matcher(text);
        double nanos = 0;
        while (matcher.find()) {
            nanos += Double.parseDouble(part(matcher, 1))
                    * switch (part(matcher, 2)) {
                        case "ns" -> 1.0;
                        case "us", "µs", "μs" -> 1e3;
                        case "ms" -> 1e6;
                        case "s" -> 1e9;
                        case "m" -> 60e9;
                        default -> 3600e9;
                    };
        }
        return Duration.ofNanos(Math.round(negative ? -nanos : nanos));
    }

    private static String part(Matcher matcher, int group) {
        @Nullable String part = matcher.group(group);
        return part == null ? "" : part;
    }
}
