package io.mokube.apiserver.validation;

import io.mokube.apiserver.schema.Schema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Holds a custom resource against its schema: drops unknown fields and leaves everything else, values of wrong types
 * included, for validation to judge. Parts whose shape is built in, the metadata, are read as strictly as everywhere.
 */
public final class StructuralReader {

    /** Go writes whole numbers up to here without an exponent, so they come back as integers. */
    private static final double LARGEST_PLAIN = 1e18;

    private final String kind;
    private final List<String> unknown;
    private final boolean readsParts;

    private StructuralReader(String kind, List<String> unknown, boolean readsParts) {
        this.kind = kind;
        this.unknown = unknown;
        this.readsParts = readsParts;
    }

    /** Drops unknown fields in silence, for instance after a conversion. Metadata is left alone. */
    public static void prune(ObjectNode root, Schema.ObjectSchema schema) {
        try {
            new StructuralReader("", new ArrayList<>(), false).object(root, schema, DocumentReader.Path.ROOT);
        } catch (MalformedInputException e) {
            throw new IllegalStateException("only the parts that are not read here can be refused", e);
        }
    }

    static void read(ObjectNode root, Schema.ObjectSchema schema, String kind, List<String> unknown)
            throws MalformedInputException {
        new StructuralReader(kind, unknown, true).object(root, schema, DocumentReader.Path.ROOT);
    }

    private @Nullable JsonNode value(JsonNode value, Schema given, DocumentReader.Path path)
            throws MalformedInputException {
        if (given instanceof Schema.Reference) {
            return readsParts ? SchemaReader.part(value, given, kind, unknown, path) : value;
        }
        switch (given) {
            case Schema.ObjectSchema schema when value instanceof ObjectNode object -> object(object, schema, path);
            case Schema.MapSchema schema
            when value instanceof ObjectNode object -> {
                for (Map.Entry<String, JsonNode> field : object.properties()) {
                    JsonNode read = value(field.getValue(), schema.values(), path.field(field.getKey()));
                    if (read != null) {
                        field.setValue(read);
                    }
                }
            }
            case Schema.ListSchema schema
            when value instanceof ArrayNode array -> {
                for (int i = 0; i < array.size(); i++) {
                    JsonNode read = value(array.get(i), schema.items(), path.item(i));
                    if (read != null) {
                        array.set(i, read);
                    }
                }
            }
            case Schema.ScalarSchema ignored -> {
                return number(value);
            }
            case Schema.ObjectSchema ignored -> {}
            case Schema.MapSchema ignored -> {}
            case Schema.ListSchema ignored -> {}
            case Schema.AnySchema ignored -> {}
            case Schema.Reference ignored -> {}
        }
        return value;
    }

    private void object(ObjectNode node, Schema.ObjectSchema schema, DocumentReader.Path path)
            throws MalformedInputException {
        boolean hasType = path.parent() == null || schema.embeddedResource();
        List<String> dropped = new ArrayList<>(0);
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            String name = field.getKey();
            Schema property = schema.properties().get(name);
            if (property != null) {
                JsonNode read = value(field.getValue(), property, path.field(name));
                if (read == null) {
                    dropped.add(name);
                } else {
                    field.setValue(read);
                }
            } else if (!schema.preserveUnknownFields()
                    && !(hasType && (name.equals("kind") || name.equals("apiVersion")))) {
                dropped.add(name);
                SchemaReader.tellUnknown(unknown, path.field(name));
            }
        }
        node.remove(dropped);
    }

    /** Equal numbers must be equal nodes, as they are once read back from the store. */
    private static JsonNode number(JsonNode value) {
        if (!value.isNumber() || value.isIntegralNumber()) {
            return value;
        }
        double number = value.doubleValue();
        if (number != Math.rint(number) || Math.abs(number) >= LARGEST_PLAIN) {
            return value;
        }
        long whole = (long) number;
        return whole == (int) whole
                ? JsonNodeFactory.instance.numberNode((int) whole)
                : JsonNodeFactory.instance.numberNode(whole);
    }
}
