package io.mokube.apiserver.discovery;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/**
 * Writes an OpenAPI 2 document in the protobuf form that kubectl reads: the messages of the package {@code openapi.v2},
 * as gnostic defined them. Their field numbers are what the numbers below are. Maps are lists of names with values, kept
 * in their order; values of any type and extensions travel as YAML, of which JSON is a part.
 */
final class SwaggerProtobuf {

    private SwaggerProtobuf() {}

    static byte[] write(JsonNode document) {
        Message message = new Message();
        message.text(1, document.path("swagger"));
        JsonNode info = document.path("info");
        message.message(2, new Message().text(1, info.path("title")).text(2, info.path("version")));
        message.message(8, named(2, document.path("paths"), SwaggerProtobuf::path));
        message.message(9, named(1, document.path("definitions"), SwaggerProtobuf::schema));
        for (JsonNode requirement : document.path("security")) {
            message.message(12, named(1, requirement, scopes -> new Message().texts(1, scopes)));
        }
        message.message(13, named(1, document.path("securityDefinitions"), SwaggerProtobuf::apiKey));
        return message.bytes().toByteArray();
    }

    private static Message path(JsonNode path) {
        Message message = new Message();
        message.messageOrNone(2, path.path("get"), SwaggerProtobuf::operation);
        message.messageOrNone(3, path.path("put"), SwaggerProtobuf::operation);
        message.messageOrNone(4, path.path("post"), SwaggerProtobuf::operation);
        message.messageOrNone(5, path.path("delete"), SwaggerProtobuf::operation);
        message.messageOrNone(8, path.path("patch"), SwaggerProtobuf::operation);
        message.messages(9, path.path("parameters"), SwaggerProtobuf::parameter);
        return message.extensions(10, path);
    }

    private static Message operation(JsonNode operation) {
        Message message = new Message();
        message.texts(1, operation.path("tags"));
        message.text(3, operation.path("description"));
        message.text(5, operation.path("operationId"));
        message.texts(6, operation.path("produces"));
        message.texts(7, operation.path("consumes"));
        message.messages(8, operation.path("parameters"), SwaggerProtobuf::parameter);
        message.message(9, named(1, operation.path("responses"), SwaggerProtobuf::response));
        message.texts(10, operation.path("schemes"));
        return message.extensions(13, operation);
    }

    /** A parameter is one of: a body, or one of four others; a list of parameters may also hold references. */
    private static Message parameter(JsonNode parameter) {
        Message inner =
                switch (parameter.path("in").asString("")) {
                    case "body" -> new Message().message(1, bodyParameter(parameter));
                    case "path" -> new Message().message(2, new Message().message(4, pathParameter(parameter)));
                    default -> new Message().message(2, new Message().message(3, queryParameter(parameter)));
                };
        return new Message().message(1, inner);
    }

    private static Message bodyParameter(JsonNode parameter) {
        return new Message()
                .text(2, parameter.path("name"))
                .text(3, parameter.path("in"))
                .flag(4, parameter.path("required"))
                .message(5, schema(parameter.path("schema")));
    }

    private static Message pathParameter(JsonNode parameter) {
        return commonParameter(parameter).text(5, parameter.path("type")).flag(19, parameter.path("uniqueItems"));
    }

    private static Message queryParameter(JsonNode parameter) {
        return commonParameter(parameter).text(6, parameter.path("type")).flag(20, parameter.path("uniqueItems"));
    }

    private static Message commonParameter(JsonNode parameter) {
        return new Message()
                .flag(1, parameter.path("required"))
                .text(2, parameter.path("in"))
                .text(3, parameter.path("description"))
                .text(4, parameter.path("name"));
    }

    /** A response value is a response or a reference; its schema is one of objects or one of files. */
    private static Message response(JsonNode response) {
        Message message = new Message().text(1, response.path("description"));
        message.messageOrNone(2, response.path("schema"), schema -> new Message().message(1, schema(schema)));
        return new Message().message(1, message);
    }

    private static Message schema(JsonNode schema) {
        Message message = new Message();
        message.text(1, schema.path("$ref"));
        message.text(2, schema.path("format"));
        message.text(4, schema.path("description"));
        message.anyOrNone(5, schema.path("default"));
        message.texts(19, schema.path("required"));
        for (JsonNode value : schema.path("enum")) {
            message.anyOrNone(20, value);
        }
        message.messageOrNone(
                21, schema.path("additionalProperties"), values -> new Message().message(1, schema(values)));
        message.messageOrNone(22, schema.path("type"), type -> new Message().text(1, type));
        message.messageOrNone(23, schema.path("items"), items -> new Message().message(1, schema(items)));
        message.messageOrNone(25, schema.path("properties"), fields -> named(1, fields, SwaggerProtobuf::schema));
        return message.extensions(31, schema);
    }

    /** The one security definition there is: a key in a header. */
    private static Message apiKey(JsonNode key) {
        Message message = new Message();
        message.text(1, key.path("type"));
        message.text(2, key.path("name"));
        message.text(3, key.path("in"));
        message.text(4, key.path("description"));
        return new Message().message(2, message);
    }

    /** A map, as a message with one repeated field of names with values. */
    private static Message named(int field, JsonNode map, Function<JsonNode, Message> value) {
        Message message = new Message();
        for (Map.Entry<String, JsonNode> entry : map.properties()) {
            message.message(field, new Message().text(1, entry.getKey()).message(2, value.apply(entry.getValue())));
        }
        return message;
    }

    private static Message any(JsonNode value) {
        return new Message().text(2, Json.MAPPER.writeValueAsString(value));
    }

    /** A message that is being written; what is absent or empty is left out, as protobuf does. */
    private static final class Message {

        private final ByteString.Output bytes = ByteString.newOutput(256);
        private final CodedOutputStream out = CodedOutputStream.newInstance(bytes, 256);

        Message text(int field, JsonNode value) {
            return text(field, value.asString(""));
        }

        Message text(int field, String value) {
            return value.isEmpty() ? this : writing(stream -> stream.writeString(field, value));
        }

        Message texts(int field, JsonNode values) {
            for (JsonNode value : values) {
                writing(stream -> stream.writeString(field, value.asString("")));
            }
            return this;
        }

        Message flag(int field, JsonNode value) {
            return value.asBoolean(false) ? writing(stream -> stream.writeBool(field, true)) : this;
        }

        Message message(int field, Message inner) {
            ByteString content = inner.bytes();
            return writing(stream -> stream.writeBytes(field, content));
        }

        void messages(int field, JsonNode values, Function<JsonNode, Message> write) {
            for (JsonNode value : values) {
                message(field, write.apply(value));
            }
        }

        void messageOrNone(int field, JsonNode value, Function<JsonNode, Message> write) {
            if (!value.isMissingNode()) {
                message(field, write.apply(value));
            }
        }

        void anyOrNone(int field, JsonNode value) {
            messageOrNone(field, value, SwaggerProtobuf::any);
        }

        /** Everything whose name begins with {@code x-}. */
        Message extensions(int field, JsonNode node) {
            for (Map.Entry<String, JsonNode> entry : node.properties()) {
                if (entry.getKey().startsWith("x-")) {
                    message(field, new Message().text(1, entry.getKey()).message(2, any(entry.getValue())));
                }
            }
            return this;
        }

        ByteString bytes() {
            writing(CodedOutputStream::flush);
            return bytes.toByteString();
        }

        private Message writing(Writing writing) {
            try {
                writing.to(out);
                return this;
            } catch (IOException e) {
                throw new UncheckedIOException("memory can always be written", e);
            }
        }

        @FunctionalInterface
        private interface Writing {
            void to(CodedOutputStream stream) throws IOException;
        }
    }
}
