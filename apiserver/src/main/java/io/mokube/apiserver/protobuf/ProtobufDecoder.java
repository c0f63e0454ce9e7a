package io.mokube.apiserver.protobuf;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import io.mokube.apiserver.protobuf.MessagePlan.FieldPlan;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Decodes {@code application/vnd.kubernetes.protobuf} bodies: four magic bytes, then an envelope that names the kind and
 * holds the object's message. The result is the JSON tree that the same client would have sent as JSON, see
 * {@link ZeroValues} for what that means of zeros.
 *
 * <p>Works from descriptors and schemas alone; only types whose JSON form is not an object (quantities, times, JSON
 * inside JSON and the like) are known by name. Fields unknown to the descriptors are skipped. Reads the wire format
 * itself instead of building messages first, so that memory stays in proportion to the body: nesting and the number of
 * values are bounded.
 */
public final class ProtobufDecoder {

    /** What a body begins with. */
    private static final byte[] MAGIC = {'k', '8', 's', 0};

    private static final int MAX_DEPTH = 100;

    // Tags: field number and "length-delimited".
    private static final int EMBEDDED_RAW = 1 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
    private static final int TYPE_META = 1 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
    private static final int TYPE_META_API_VERSION = 1 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
    private static final int TYPE_META_KIND = 2 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
    private static final int RAW = 2 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;
    private static final int CONTENT_ENCODING = 3 << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;

    /** A value can be two bytes on the wire and a hundred in memory. */
    private static final int MAX_VALUES = 500_000;

    private static final String META = "io.k8s.apimachinery.pkg.apis.meta.v1.";
    private static final String EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.";

    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss'Z'").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter MICROSECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    private final JsonNodeFactory factory = Json.MAPPER.getNodeFactory();
    private int values;

    private ProtobufDecoder() {}

    /** Whether these bytes claim to be such a body. */
    public static boolean hasMagic(byte[] body) {
        return body.length >= MAGIC.length && Arrays.equals(body, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
    }

    /**
     * Decodes a body.
     *
     * @param expected the kind to assume when the body names none, or null
     * @throws IllegalArgumentException when this is no such body, saying why
     */
    public static ObjectNode decode(byte[] body, @Nullable GroupVersionKind expected) {
        return new ProtobufDecoder().envelope(body, expected, 0);
    }

    private ObjectNode envelope(byte[] body, @Nullable GroupVersionKind expected, int depth) {
        if (!hasMagic(body)) {
            throw new IllegalArgumentException(
                    "provided data does not appear to be a protobuf message, expected prefix" + " [107 56 115 0]");
        }
        try {
            Envelope envelope = Envelope.read(body);
            if (!envelope.contentEncoding().isEmpty()) {
                throw new IllegalArgumentException("unsupported content encoding " + envelope.contentEncoding());
            }
            GroupVersionKind kind = GroupVersionKind.of(envelope.apiVersion(), envelope.kind());
            if (envelope.apiVersion().isEmpty() && envelope.kind().isEmpty() && expected != null) {
                kind = expected;
            }
            Descriptor message = kindMessage(kind);
            ObjectNode root = factory.objectNode();
            root.put("kind", kind.kind());
            root.put("apiVersion", kind.groupVersion().apiVersion());
            fill(root, MessagePlan.of(message), envelope.raw(), depth + 1);
            return root;
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("malformed protobuf: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new IllegalArgumentException("malformed protobuf", e);
        }
    }

    /** The envelope's fields; read by hand, because the published classes parse in a way that wastes memory. */
    private record Envelope(String apiVersion, String kind, String contentEncoding, CodedInputStream raw) {

        static Envelope read(byte[] body) throws IOException {
            CodedInputStream input = CodedInputStream.newInstance(body, MAGIC.length, body.length - MAGIC.length);
            String apiVersion = "";
            String kind = "";
            String contentEncoding = "";
            ByteBuffer raw = ByteBuffer.allocate(0);
            input.enableAliasing(true);
            for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
                switch (tag) {
                    case TYPE_META -> {
                        int limit = input.pushLimit(input.readRawVarint32());
                        for (int inner = input.readTag(); inner != 0; inner = input.readTag()) {
                            switch (inner) {
                                case TYPE_META_API_VERSION -> apiVersion = input.readStringRequireUtf8();
                                case TYPE_META_KIND -> kind = input.readStringRequireUtf8();
                                default -> skip(input, inner);
                            }
                        }
                        input.popLimit(limit);
                    }
                    case RAW -> raw = input.readByteBuffer();
                    case CONTENT_ENCODING -> contentEncoding = input.readStringRequireUtf8();
                    default -> skip(input, tag);
                }
            }
            return new Envelope(apiVersion, kind, contentEncoding, CodedInputStream.newInstance(raw));
        }
    }

    private static Descriptor kindMessage(GroupVersionKind kind) {
        if (kind.kind().isEmpty() || kind.version().isEmpty()) {
            throw new IllegalArgumentException("Object 'Kind' or 'apiVersion' is missing in the protobuf body");
        }
        return Messages.find(kind)
                .orElseThrow(() -> new IllegalArgumentException("no kind \"" + kind.kind()
                        + "\" is registered for version \"" + kind.groupVersion() + "\" in protobuf"));
    }

    /** Reads a message's fields into an object until the input ends. */
    private void fill(ObjectNode object, MessagePlan plan, CodedInputStream input, int depth) throws IOException {
        if (depth > MAX_DEPTH) {
            throw new IllegalArgumentException("protobuf message is nested too deeply");
        }
        for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
            FieldPlan field = plan.fields().get(WireFormat.getTagFieldNumber(tag));
            if (field == null) {
                skip(input, tag);
                continue;
            }
            if (++values > MAX_VALUES) {
                throw new IllegalArgumentException("protobuf message has more than " + MAX_VALUES + " values");
            }
            read(object, field, input, tag, depth);
        }
    }

    private static void skip(CodedInputStream input, int tag) throws IOException {
        if (!input.skipField(tag)) {
            throw new InvalidProtocolBufferException("a group ends that never began");
        }
    }

    private void read(ObjectNode object, FieldPlan field, CodedInputStream input, int tag, int depth)
            throws IOException {
        FieldDescriptor descriptor = field.descriptor();
        int wireType = WireFormat.getTagWireType(tag);
        if (descriptor.isMapField()) {
            if (wireType == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
                readEntry(map(object, field.name()), descriptor.getMessageType(), input, depth);
            } else {
                skip(input, tag);
            }
        } else if (descriptor.isRepeated()
                && descriptor.isPackable()
                && wireType == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
            int limit = input.pushLimit(input.readRawVarint32());
            while (input.getBytesUntilLimit() > 0) {
                if (++values > MAX_VALUES) {
                    throw new IllegalArgumentException("protobuf message has more than " + MAX_VALUES + " values");
                }
                list(object, field.name()).add(scalar(descriptor, input));
            }
            input.popLimit(limit);
        } else if (wireType != descriptor.getLiteType().getWireType()) {
            skip(input, tag);
        } else if (descriptor.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
            JsonNode value = scalar(descriptor, input);
            if (descriptor.isRepeated()) {
                list(object, field.name()).add(value);
            } else if (field.keepsZero() || !isZero(value)) {
                object.set(field.name(), value);
            } else {
                // The last occurrence counts, also when it says nothing.
                object.remove(field.name());
            }
        } else if (field.inlined() != null) {
            int limit = input.pushLimit(input.readRawVarint32());
            fill(object, field.inlined(), input, depth + 1);
            input.popLimit(limit);
        } else {
            JsonNode known = descriptor.isRepeated() ? null : object.get(field.name());
            JsonNode value = message(descriptor.getMessageType(), input, depth, known);
            if (descriptor.isRepeated()) {
                list(object, field.name()).add(value == null ? factory.nullNode() : value);
            } else if (value != null) {
                object.set(field.name(), value);
            }
        }
    }

    private void readEntry(ObjectNode map, Descriptor entry, CodedInputStream input, int depth) throws IOException {
        FieldDescriptor valueField = entry.findFieldByNumber(2);
        int limit = input.pushLimit(input.readRawVarint32());
        String key = "";
        JsonNode value = null;
        for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
            int number = WireFormat.getTagFieldNumber(tag);
            if (number == 1 && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
                key = input.readStringRequireUtf8();
            } else if (number == 2
                    && WireFormat.getTagWireType(tag)
                            == valueField.getLiteType().getWireType()) {
                value = valueField.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                        ? message(valueField.getMessageType(), input, depth, null)
                        : scalar(valueField, input);
            } else {
                skip(input, tag);
            }
        }
        input.popLimit(limit);
        if (value == null) {
            value = valueField.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                    ? message(valueField.getMessageType(), CodedInputStream.newInstance(new byte[] {0}), depth, null)
                    : factory.stringNode("");
        }
        map.set(key, value == null ? factory.nullNode() : value);
    }

    private JsonNode scalar(FieldDescriptor field, CodedInputStream input) throws IOException {
        return switch (field.getType()) {
            case STRING -> factory.stringNode(input.readStringRequireUtf8());
            case BYTES -> factory.stringNode(Base64.getEncoder().encodeToString(input.readByteArray()));
            case BOOL -> factory.booleanNode(input.readBool());
            case INT32 -> factory.numberNode(input.readInt32());
            case INT64 -> factory.numberNode(input.readInt64());
            case UINT32 -> factory.numberNode(Integer.toUnsignedLong(input.readUInt32()));
            case UINT64 -> factory.numberNode(input.readUInt64());
            case DOUBLE -> factory.numberNode(input.readDouble());
            case FLOAT -> factory.numberNode(input.readFloat());
            case ENUM, FIXED32, FIXED64, SFIXED32, SFIXED64, SINT32, SINT64, GROUP, MESSAGE ->
                throw new IllegalStateException("Kubernetes uses no " + field.getType() + ", but " + field + " does");
        };
    }

    private static boolean isZero(JsonNode value) {
        return switch (value.getNodeType()) {
            case NUMBER -> value.doubleValue() == 0;
            case BOOLEAN -> !value.booleanValue();
            case STRING -> value.stringValue().isEmpty();
            case ARRAY, BINARY, MISSING, NULL, OBJECT, POJO -> false;
        };
    }

    /** Reads a message that is a value of its own; null when its JSON form is null. */
    private @Nullable JsonNode message(Descriptor type, CodedInputStream input, int depth, @Nullable JsonNode known)
            throws IOException {
        int length = input.readRawVarint32();
        int limit = input.pushLimit(length);
        // A message that comes in two pieces is one message.
        ObjectNode object = known instanceof ObjectNode earlier ? earlier : factory.objectNode();
        String name = Messages.definitionName(type);
        JsonNode value =
                switch (name) {
                    case "io.k8s.apimachinery.pkg.api.resource.Quantity" -> quantity(plain(type, input, depth));
                    case "io.k8s.apimachinery.pkg.util.intstr.IntOrString" -> intOrString(plain(type, input, depth));
                    case META + "Time" -> time(plain(type, input, depth), SECONDS);
                    case META + "MicroTime" -> time(plain(type, input, depth), MICROSECONDS);
                    case META + "Verbs",
                            "io.k8s.api.authentication.v1.ExtraValue",
                            "io.k8s.api.authorization.v1.ExtraValue",
                            "io.k8s.api.certificates.v1.ExtraValue" ->
                        plain(type, input, depth).withArray("items");
                    case "io.k8s.apimachinery.pkg.runtime.RawExtension", META + "FieldsV1", EXTENSIONS + "JSON" ->
                        embedded(type, input, depth);
                    case EXTENSIONS + "JSONSchemaPropsOrBool" -> schemaOr(plain(type, input, depth), "allows");
                    case EXTENSIONS + "JSONSchemaPropsOrArray" -> schemaOr(plain(type, input, depth), "jSONSchemas");
                    case EXTENSIONS + "JSONSchemaPropsOrStringArray" -> schemaOr(plain(type, input, depth), "property");
                    default -> {
                        fill(object, MessagePlan.of(type), input, depth + 1);
                        yield object;
                    }
                };
        input.popLimit(limit);
        return value;
    }

    /** The message's own fields, of a type whose JSON form is made from them. */
    private ObjectNode plain(Descriptor type, CodedInputStream input, int depth) throws IOException {
        ObjectNode fields = factory.objectNode();
        fill(fields, MessagePlan.of(type), input, depth + 1);
        return fields;
    }

    private JsonNode quantity(ObjectNode fields) {
        String text = fields.path("string").asString("");
        return factory.stringNode(text.isEmpty() ? "0" : text);
    }

    private JsonNode intOrString(ObjectNode fields) {
        return fields.path("type").asLong(0) == 0
                ? factory.numberNode(fields.path("intVal").asInt(0))
                : factory.stringNode(fields.path("strVal").asString(""));
    }

    /** Go writes its zero time as an empty message, and reads second zero as no time. */
    private @Nullable JsonNode time(ObjectNode fields, DateTimeFormatter format) {
        long seconds = fields.path("seconds").asLong(0);
        int nanos = fields.path("nanos").asInt(0);
        if (seconds == 0 && nanos == 0) {
            return null;
        }
        // The years 1 to 9999, which are all that RFC 3339 can write.
        if (seconds < -62_135_596_800L || seconds > 253_402_300_799L || nanos < 0 || nanos > 999_999_999) {
            throw new IllegalArgumentException("time out of range");
        }
        return factory.stringNode(format.format(Instant.ofEpochSecond(seconds, nanos)));
    }

    /** JSON inside the message, or, from clients that nest one typed object in another, a whole body. */
    private @Nullable JsonNode embedded(Descriptor type, CodedInputStream input, int depth) throws IOException {
        byte[] raw = {};
        for (int tag = input.readTag(); tag != 0; tag = input.readTag()) {
            if (tag == EMBEDDED_RAW) {
                raw = input.readByteArray();
            } else {
                skip(input, tag);
            }
        }
        if (raw.length == 0) {
            return null;
        }
        if (depth > MAX_DEPTH) {
            throw new IllegalArgumentException("protobuf message is nested too deeply");
        }
        if (hasMagic(raw)) {
            return envelope(raw, null, depth + 1);
        }
        try {
            JsonNode tree = Json.MAPPER.readTree(raw);
            return tree.isNull() ? null : tree;
        } catch (JacksonException e) {
            throw new IllegalArgumentException(type.getName() + " holds no JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** A schema, or else the other thing that may stand in its place. */
    private @Nullable JsonNode schemaOr(ObjectNode fields, String other) {
        JsonNode schema = fields.get("schema");
        return schema != null ? schema : fields.get(other);
    }

    private static ArrayNode list(ObjectNode object, String name) {
        return object.get(name) instanceof ArrayNode list ? list : object.putArray(name);
    }

    private static ObjectNode map(ObjectNode object, String name) {
        return object.get(name) instanceof ObjectNode map ? map : object.putObject(name);
    }
}
