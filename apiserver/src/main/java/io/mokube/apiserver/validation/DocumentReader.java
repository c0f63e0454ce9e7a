package io.mokube.apiserver.validation;

import io.mokube.machinery.object.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLParser;

/**
 * Reads JSON or YAML into a tree and notices fields that are given twice, of which the last counts.
 *
 * <p>Memory stays within a small multiple of the document's size: nesting is bounded and YAML aliases may not multiply what
 * they stand for.
 */
public final class DocumentReader {

    /** How many duplicate fields are told; Kubernetes stops there too. */
    static final int MAX_REPORTED = 100;

    /** How many more values than bytes a document may hold, which only aliases can bring about. */
    private static final int SPARE_VALUES = 10_000;

    private static final YAMLMapper YAML = YAMLMapper.builder(YAMLFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(Json.MAX_NESTING_DEPTH)
                            .maxNumberLength(400)
                            .maxStringLength(8 * 1024 * 1024)
                            .build())
                    .build())
            .build();

    private final JsonParser parser;
    private final List<String> duplicates = new ArrayList<>();
    private final Map<String, JsonNode> anchors = new HashMap<>();
    private long valuesLeft;

    private DocumentReader(JsonParser parser, int size) {
        this.parser = parser;
        this.valuesLeft = (long) size + SPARE_VALUES;
    }

    /**
     * A document.
     *
     * @param duplicates the paths of fields given more than once, such as {@code spec.x}
     */
    public record Document(JsonNode tree, List<String> duplicates) {}

    /**
     * Reads the one value a body holds.
     *
     * @throws MalformedInputException naming what is wrong and where
     */
    public static Document read(byte[] body, DocumentSyntax syntax) throws MalformedInputException {
        if (body.length == 0) {
            throw new MalformedInputException("unexpected end of JSON input");
        }
        try (JsonParser parser =
                syntax == DocumentSyntax.JSON ? Json.MAPPER.createParser(body) : YAML.createParser(body)) {
            DocumentReader reader = new DocumentReader(parser, body.length);
            JsonToken first = parser.nextToken();
            if (first == null) {
                throw new MalformedInputException("unexpected end of JSON input");
            }
            JsonNode tree = reader.value(first, Path.ROOT);
            if (parser.nextToken() != null) {
                throw new MalformedInputException("invalid data after top-level value");
            }
            return new Document(tree, reader.duplicates);
        } catch (JacksonException e) {
            TokenStreamLocation location = e.getLocation();
            throw new MalformedInputException(e.getOriginalMessage()
                    + (location == null
                            ? ""
                            : " (line " + location.getLineNr() + ", column " + location.getColumnNr() + ")"));
        }
    }

    /** The way to a value, turned into text only when something is told of it. */
    record Path(@Nullable Path parent, String step, int index) {

        static final Path ROOT = new Path(null, "", -1);

        Path field(String name) {
            return new Path(this, name, -1);
        }

        Path item(int position) {
            return new Path(this, "", position);
        }

        @Override
        public String toString() {
            StringBuilder text = new StringBuilder();
            write(text);
            return text.toString();
        }

        private void write(StringBuilder text) {
            if (parent == null) {
                return;
            }
            parent.write(text);
            if (index >= 0) {
                text.append('[').append(index).append(']');
            } else {
                text.append(text.isEmpty() ? "" : ".").append(step);
            }
        }
    }

    private JsonNode value(JsonToken token, Path path) throws MalformedInputException {
        spend(1);
        if (parser instanceof YAMLParser yaml && yaml.isCurrentAlias()) {
            return alias(parser.getString());
        }
        Object anchor = parser.getObjectId();
        JsonNode value =
                switch (token) {
                    case START_OBJECT -> object(path);
                    case START_ARRAY -> array(path);
                    case VALUE_STRING -> JsonNodeFactory.instance.stringNode(parser.getString());
                    case VALUE_NUMBER_INT -> integer();
                    case VALUE_NUMBER_FLOAT -> JsonNodeFactory.instance.numberNode(parser.getDoubleValue());
                    case VALUE_TRUE -> JsonNodeFactory.instance.booleanNode(true);
                    case VALUE_FALSE -> JsonNodeFactory.instance.booleanNode(false);
                    case VALUE_NULL -> JsonNodeFactory.instance.nullNode();
                    case END_OBJECT, END_ARRAY, PROPERTY_NAME, VALUE_EMBEDDED_OBJECT, NOT_AVAILABLE ->
                        throw new MalformedInputException("unexpected " + token);
                };
        if (anchor != null) {
            anchors.put(anchor.toString(), value);
        }
        return value;
    }

    private ObjectNode object(Path path) throws MalformedInputException {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        for (String name = parser.nextName(); name != null; name = parser.nextName()) {
            Path field = path.field(name);
            if (object.replace(name, value(next(), field)) != null && duplicates.size() < MAX_REPORTED) {
                duplicates.add(field.toString());
            }
        }
        return object;
    }

    private ArrayNode array(Path path) throws MalformedInputException {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        for (JsonToken token = next(); token != JsonToken.END_ARRAY; token = next()) {
            array.add(value(token, path.item(array.size())));
        }
        return array;
    }

    private JsonNode integer() throws MalformedInputException {
        return switch (parser.getNumberType()) {
            case INT -> JsonNodeFactory.instance.numberNode(parser.getIntValue());
            case LONG -> JsonNodeFactory.instance.numberNode(parser.getLongValue());
            case BIG_INTEGER -> JsonNodeFactory.instance.numberNode(parser.getBigIntegerValue());
            case FLOAT, DOUBLE, BIG_DECIMAL -> throw new MalformedInputException("unexpected number");
        };
    }

    private JsonNode alias(String name) throws MalformedInputException {
        JsonNode value = anchors.get(name);
        if (value == null) {
            throw new MalformedInputException("yaml: unknown anchor '" + name + "' referenced");
        }
        spend(size(value));
        return value.deepCopy();
    }

    /** The number of values in a tree, as far as it still matters; a long text counts as many. */
    private long size(JsonNode value) {
        long size = 1L + (value.isString() ? value.stringValue().length() / 4 : 0);
        for (JsonNode child : value) {
            size += size(child);
            if (size > valuesLeft) {
                break;
            }
        }
        return size;
    }

    private void spend(long values) throws MalformedInputException {
        valuesLeft -= values;
        if (valuesLeft < 0) {
            throw new MalformedInputException("yaml: document contains excessive aliasing");
        }
    }

    private JsonToken next() throws MalformedInputException {
        JsonToken token = parser.nextToken();
        if (token == null) {
            throw new MalformedInputException("unexpected end of JSON input");
        }
        return token;
    }
}
