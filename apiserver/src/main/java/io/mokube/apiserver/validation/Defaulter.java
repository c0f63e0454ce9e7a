package io.mokube.apiserver.validation;

import io.mokube.apiserver.schema.Schema;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Fills in the defaults a schema names, outside in, so that a default may itself receive defaults. */
public final class Defaulter {

    private Defaulter() {}

    /** Sets every missing field with a default, in place; returns whether that changed anything. */
    public static boolean apply(JsonNode tree, Schema given) {
        boolean changed = false;
        switch (given.resolved()) {
            case Schema.ObjectSchema schema
            when tree instanceof ObjectNode object -> {
                for (Map.Entry<String, Schema> property : schema.properties().entrySet()) {
                    String name = property.getKey();
                    JsonNode value = object.get(name);
                    JsonNode defaultValue = defaultOf(property.getValue());
                    if (defaultValue != null
                            && (value == null
                                    || (value.isNull() && !property.getValue().nullable()))) {
                        value = defaultValue.deepCopy();
                        object.set(name, value);
                        changed = true;
                    }
                    if (value != null && value.isContainer()) {
                        changed |= apply(value, property.getValue());
                    }
                }
            }
            case Schema.MapSchema schema
            when tree instanceof ObjectNode object -> {
                for (JsonNode value : object) {
                    if (value.isContainer()) {
                        changed |= apply(value, schema.values());
                    }
                }
            }
            case Schema.ListSchema schema
            when tree instanceof ArrayNode array -> {
                for (JsonNode item : array) {
                    if (item.isContainer()) {
                        changed |= apply(item, schema.items());
                    }
                }
            }
            case Schema.ObjectSchema ignored -> {}
            case Schema.MapSchema ignored -> {}
            case Schema.ListSchema ignored -> {}
            case Schema.ScalarSchema ignored -> {}
            case Schema.AnySchema ignored -> {}
            case Schema.Reference ignored -> {}
        }
        return changed;
    }

    /** A reference's own default, or else that of what it refers to. */
    private static @Nullable JsonNode defaultOf(Schema schema) {
        JsonNode own = schema.defaultValue();
        return own == null ? schema.resolved().defaultValue() : own;
    }
}
