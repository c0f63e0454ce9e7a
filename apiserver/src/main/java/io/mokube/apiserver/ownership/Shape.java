package io.mokube.apiserver.ownership;

import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.schema.Schema.ListType;
import io.mokube.apiserver.schema.Schema.ObjectSchema;
import io.mokube.apiserver.schema.Schema.PatchStrategy;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Into what parts a value falls that may have different owners. */
enum Shape {
    /** None: a plain value, or an atomic list or object. */
    LEAF,
    /** Its fields, each by name. */
    FIELDS,
    /** Its items, each by its keys or its value. */
    ITEMS;

    /** Values that no schema describes: objects have fields, everything else is whole. */
    private static final Schema DEDUCED =
            new ObjectSchema("", null, true, Map.of(), Set.of(), true, false, false, PatchStrategy.MERGE);

    /** How a value of this schema falls apart. A null does as its schema says. */
    static Shape of(Schema schema, JsonNode value) {
        return switch (schema.resolved()) {
            case Schema.ObjectSchema object -> object.atomic() || !(value.isObject() || value.isNull()) ? LEAF : FIELDS;
            case Schema.MapSchema map -> map.atomic() || !(value.isObject() || value.isNull()) ? LEAF : FIELDS;
            case Schema.ListSchema list ->
                list.listType() == ListType.ATOMIC || !(value.isArray() || value.isNull()) ? LEAF : ITEMS;
            case Schema.ScalarSchema ignored -> LEAF;
            case Schema.AnySchema ignored -> LEAF;
            case Schema.Reference ignored -> LEAF;
        };
    }

    /** The schema of a field of a value with {@link #FIELDS}. */
    static Schema field(Schema schema, String name) {
        return switch (schema.resolved()) {
            case Schema.ObjectSchema object -> object.properties().getOrDefault(name, DEDUCED);
            case Schema.MapSchema map -> map.values();
            case Schema.ListSchema ignored -> DEDUCED;
            case Schema.ScalarSchema ignored -> DEDUCED;
            case Schema.AnySchema ignored -> DEDUCED;
            case Schema.Reference ignored -> DEDUCED;
        };
    }

    /** The schema of the items of a value with {@link #ITEMS}. */
    static Schema items(Schema schema) {
        return schema.resolved() instanceof Schema.ListSchema list ? list.items() : DEDUCED;
    }

    /** Whether the schema names this field, as it names none of a map's keys. */
    static boolean isNamed(Schema schema, String name) {
        return schema.resolved() instanceof ObjectSchema object
                && object.properties().containsKey(name);
    }

    /** Whether a value may have this field at all. Every object has a type, whatever its schema says. */
    static boolean isKnown(Schema schema, String name, boolean isRoot) {
        return !(schema.resolved() instanceof ObjectSchema object)
                || object.preserveUnknownFields()
                || object.properties().containsKey(name)
                || (isRoot && (name.equals("apiVersion") || name.equals("kind")));
    }
}
