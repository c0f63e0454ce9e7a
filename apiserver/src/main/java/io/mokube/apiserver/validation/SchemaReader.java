package io.mokube.apiserver.validation;

import io.mokube.apiserver.schema.Schema;
import io.mokube.machinery.quantity.CanonicalQuantity;
import io.mokube.machinery.quantity.Quantity;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Holds a tree against its schema: refuses values of the wrong type, drops unknown fields and nulls, and brings times and
 * quantities into the form Kubernetes stores.
 */
final class SchemaReader {

    /** How many unknown fields are told; Kubernetes stops there too. */
    private static final int MAX_REPORTED = 100;

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss'Z'").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter MICRO_TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);
    private static final Pattern GO_DURATION =
            Pattern.compile("[+-]?(0|([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+");
    private static final BigInteger LONG_MIN = BigInteger.valueOf(Long.MIN_VALUE);
    private static final BigInteger LONG_MAX = BigInteger.valueOf(Long.MAX_VALUE);

    private final String kind;
    private final List<String> unknown;

    private SchemaReader(String kind, List<String> unknown) {
        this.kind = kind;
        this.unknown = unknown;
    }

    /**
     * Reads a whole object in place.
     *
     * @param unknown where unknown fields are added as {@code unknown field "spec.x"}
     * @throws MalformedInputException for a value of the wrong type
     */
    static void read(ObjectNode root, Schema schema, String kind, List<String> unknown) throws MalformedInputException {
        if (schema.resolved() instanceof Schema.ObjectSchema object) {
            if (object.structural()) {
                StructuralReader.read(root, object, kind, unknown);
            } else {
                new SchemaReader(kind, unknown).object(root, object, DocumentReader.Path.ROOT);
            }
        }
    }

    /** Reads a part of a custom resource whose shape is built in. */
    static @Nullable JsonNode part(
            JsonNode value, Schema schema, String kind, List<String> unknown, DocumentReader.Path path)
            throws MalformedInputException {
        return new SchemaReader(kind, unknown).value(value, schema, path);
    }

    static void tellUnknown(List<String> unknown, DocumentReader.Path path) {
        if (unknown.size() < MAX_REPORTED) {
            unknown.add("unknown field \"" + path + "\"");
        }
    }

    /** What to put in place of a value; null to drop it. */
    private @Nullable JsonNode value(JsonNode value, Schema given, DocumentReader.Path path)
            throws MalformedInputException {
        Schema schema = given.resolved();
        if (value.isNull()) {
            return given.nullable() || schema instanceof Schema.AnySchema ? value : null;
        }
        return switch (schema) {
            case Schema.ObjectSchema object -> {
                if (!(value instanceof ObjectNode node)) {
                    throw wrongType(value, path, "object");
                }
                object(node, object, path);
                yield node;
            }
            case Schema.MapSchema map -> {
                if (!(value instanceof ObjectNode node)) {
                    throw wrongType(value, path, "map[string]" + describe(map.values()));
                }
                map(node, map, path);
                yield node;
            }
            case Schema.ListSchema list -> {
                if (!(value instanceof ArrayNode node)) {
                    throw wrongType(value, path, "[]" + describe(list.items()));
                }
                list(node, list, path);
                yield node;
            }
            case Schema.ScalarSchema scalar -> scalar(value, scalar, path);
            case Schema.AnySchema ignored -> value;
            case Schema.Reference reference -> value(value, reference.resolved(), path);
        };
    }

    private void object(ObjectNode node, Schema.ObjectSchema schema, DocumentReader.Path path)
            throws MalformedInputException {
        List<String> dropped = new ArrayList<>(0);
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            String name = field.getKey();
            Schema property = schema.properties().get(name);
            if (property == null) {
                boolean isType = path.parent() == null && (name.equals("kind") || name.equals("apiVersion"));
                if (!schema.preserveUnknownFields() && !isType) {
                    dropped.add(name);
                    tellUnknown(unknown, path.field(name));
                }
                continue;
            }
            JsonNode read = value(field.getValue(), property, path.field(name));
            if (read == null) {
                dropped.add(name);
            } else {
                field.setValue(read);
            }
        }
        node.remove(dropped);
    }

    private void map(ObjectNode node, Schema.MapSchema schema, DocumentReader.Path path)
            throws MalformedInputException {
        List<String> dropped = new ArrayList<>(0);
        boolean quantities = schema.values().resolved() instanceof Schema.ScalarSchema scalar
                && scalar.type() == Schema.ScalarType.QUANTITY;
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            JsonNode given = field.getValue().isNull() ? zero(schema.values().resolved()) : field.getValue();
            JsonNode read = given == null ? null : value(given, schema.values(), path.field(field.getKey()));
            if (read == null) {
                dropped.add(field.getKey());
            } else if (quantities) {
                field.setValue(JsonNodeFactory.instance.stringNode(CanonicalQuantity.of(read.stringValue())));
            } else {
                field.setValue(read);
            }
        }
        node.remove(dropped);
    }

    private void list(ArrayNode node, Schema.ListSchema schema, DocumentReader.Path path)
            throws MalformedInputException {
        for (int i = 0; i < node.size(); i++) {
            JsonNode item = node.get(i);
            JsonNode given = item.isNull() ? zero(schema.items().resolved()) : item;
            JsonNode read = given == null ? null : value(given, schema.items(), path.item(i));
            if (read != null) {
                node.set(i, read);
            }
        }
    }

    /** What Kubernetes reads a null in a list or map as; null where it stays. */
    private static @Nullable JsonNode zero(Schema schema) {
        return switch (schema) {
            case Schema.ObjectSchema ignored -> JsonNodeFactory.instance.objectNode();
            case Schema.ScalarSchema scalar
            when scalar.type() == Schema.ScalarType.STRING -> JsonNodeFactory.instance.stringNode("");
            case Schema.ScalarSchema scalar
            when scalar.type() == Schema.ScalarType.QUANTITY -> JsonNodeFactory.instance.stringNode("0");
            case Schema.ScalarSchema ignored -> null;
            case Schema.MapSchema ignored -> null;
            case Schema.ListSchema ignored -> null;
            case Schema.AnySchema ignored -> null;
            case Schema.Reference ignored -> null;
        };
    }

    private JsonNode scalar(JsonNode value, Schema.ScalarSchema schema, DocumentReader.Path path)
            throws MalformedInputException {
        switch (schema.type()) {
            case STRING -> requireString(value, path, "string");
            case BOOLEAN -> {
                if (!value.isBoolean()) {
                    throw wrongType(value, path, "bool");
                }
            }
            case NUMBER -> {
                if (!value.isNumber()) {
                    throw wrongType(value, path, "float64");
                }
            }
            case INTEGER -> {
                requireInteger(value, path, schema.format().equals("int32") ? 32 : 64);
                // Equal numbers must be equal nodes, as they are once read back from the store.
                return value.canConvertToInt() ? JsonNodeFactory.instance.numberNode(value.intValue()) : value;
            }
            case INT_OR_STRING -> {
                if (!value.isString()) {
                    requireInteger(value, path, 32);
                }
            }
            case QUANTITY -> {
                return quantity(value, path);
            }
            case TIME -> {
                return time(value, path, TIME);
            }
            case MICRO_TIME -> {
                return time(value, path, MICRO_TIME);
            }
            case BYTES -> requireBase64(value, path);
            case DURATION -> {
                requireString(value, path, "v1.Duration");
                if (!GO_DURATION.matcher(value.stringValue()).matches()) {
                    throw new MalformedInputException(
                            path + ": time: invalid duration \"" + value.stringValue() + "\"");
                }
            }
        }
        return value;
    }

    private void requireString(JsonNode value, DocumentReader.Path path, String type) throws MalformedInputException {
        if (!value.isString()) {
            throw wrongType(value, path, type);
        }
    }

    private void requireInteger(JsonNode value, DocumentReader.Path path, int bits) throws MalformedInputException {
        if (!value.isNumber()) {
            throw wrongType(value, path, "int" + bits);
        }
        boolean fits =
                value.isIntegralNumber() && (bits == 32 ? value.canConvertToInt() : fitsLong(value.bigIntegerValue()));
        if (!fits) {
            throw wrongType(value, path, "int" + bits);
        }
    }

    private static boolean fitsLong(BigInteger value) {
        return value.compareTo(LONG_MIN) >= 0 && value.compareTo(LONG_MAX) <= 0;
    }

    private JsonNode quantity(JsonNode value, DocumentReader.Path path) throws MalformedInputException {
        String text;
        if (value.isString()) {
            text = value.stringValue().strip();
        } else if (value.isNumber()) {
            text = value.asString();
        } else {
            throw wrongType(value, path, "resource.Quantity");
        }
        try {
            Quantity.parse(text);
        } catch (IllegalArgumentException e) {
            throw new MalformedInputException(
                    Quantity.FORMAT_MESSAGE + ", found \"" + abbreviate(text) + "\" at " + path);
        }
        return value.isString() && text.equals(value.stringValue()) ? value : JsonNodeFactory.instance.stringNode(text);
    }

    private JsonNode time(JsonNode value, DocumentReader.Path path, DateTimeFormatter format)
            throws MalformedInputException {
        requireString(value, path, "v1.Time");
        String text = value.stringValue();
        if (format == TIME && isPlainTime(text)) {
            return value;
        }
        try {
            Instant instant = OffsetDateTime.parse(text).toInstant();
            String canonical = format.format(instant);
            return canonical.equals(text) ? value : JsonNodeFactory.instance.stringNode(canonical);
        } catch (DateTimeException e) {
            throw new MalformedInputException("parsing time \"" + abbreviate(text)
                    + "\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"" + abbreviate(text) + "\" at " + path);
        }
    }

    /**
     * Whether this is a time as Kubernetes writes it, to the second and in UTC, as nearly all are; they need not be taken
     * apart and put together again. The last days of a month are left to who knows the calendar.
     */
    private static boolean isPlainTime(String text) {
        return text.length() == 20
                && text.charAt(4) == '-'
                && text.charAt(7) == '-'
                && text.charAt(10) == 'T'
                && text.charAt(13) == ':'
                && text.charAt(16) == ':'
                && text.charAt(19) == 'Z'
                && isWithin(text, 0, 4, 0, 9999)
                && isWithin(text, 5, 7, 1, 12)
                && isWithin(text, 8, 10, 1, 28)
                && isWithin(text, 11, 13, 0, 23)
                && isWithin(text, 14, 16, 0, 59)
                && isWithin(text, 17, 19, 0, 59);
    }

    private static boolean isWithin(String text, int from, int to, int least, int most) {
        int number = 0;
        for (int i = from; i < to; i++) {
            char digit = text.charAt(i);
            if (digit < '0' || digit > '9') {
                return false;
            }
            number = 10 * number + digit - '0';
        }
        return least <= number && number <= most;
    }

    private void requireBase64(JsonNode value, DocumentReader.Path path) throws MalformedInputException {
        requireString(value, path, "[]uint8");
        try {
            Base64.getDecoder().decode(value.stringValue().replace("\n", "").replace("\r", ""));
        } catch (IllegalArgumentException e) {
            throw new MalformedInputException("illegal base64 data at " + path + ": " + e.getMessage());
        }
    }

    private MalformedInputException wrongType(JsonNode value, DocumentReader.Path path, String expected) {
        String given = value.isNumber() ? "number " + abbreviate(value.asString()) : typeName(value);
        return new MalformedInputException("json: cannot unmarshal " + given + " into Go struct field " + kind + "."
                + path + " of type " + expected);
    }

    private static String describe(Schema schema) {
        return switch (schema.resolved()) {
            case Schema.ObjectSchema ignored -> "object";
            case Schema.MapSchema ignored -> "map";
            case Schema.ListSchema ignored -> "list";
            case Schema.ScalarSchema scalar ->
                switch (scalar.type()) {
                    case STRING, TIME, MICRO_TIME, DURATION -> "string";
                    case INTEGER -> scalar.format().equals("int32") ? "int32" : "int64";
                    case NUMBER -> "float64";
                    case BOOLEAN -> "bool";
                    case INT_OR_STRING -> "intstr.IntOrString";
                    case QUANTITY -> "resource.Quantity";
                    case BYTES -> "[]uint8";
                };
            case Schema.AnySchema ignored -> "any";
            case Schema.Reference ignored -> "any";
        };
    }

    /** The type of a value in the words of Go's JSON errors. */
    static String typeName(JsonNode value) {
        return switch (value.getNodeType()) {
            case ARRAY -> "array";
            case OBJECT, POJO -> "object";
            case STRING, BINARY -> "string";
            case BOOLEAN -> "bool";
            case NUMBER -> "number";
            case NULL, MISSING -> "null";
        };
    }

    private static String abbreviate(String text) {
        return text.length() <= 60 ? text : text.substring(0, 60) + "...";
    }
}
