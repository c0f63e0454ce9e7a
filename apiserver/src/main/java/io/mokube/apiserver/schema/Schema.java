package io.mokube.apiserver.schema;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What one value may look like. Built-in kinds and custom resources share this form. Immutable; recursion goes through
 * {@link Reference}.
 */
public sealed interface Schema {

    /** For {@code kubectl explain}; {@code ""} for none. */
    String description();

    /** The default, or null. Never changed: copy it before use. */
    @Nullable
    JsonNode defaultValue();

    /** Whether an explicit null is kept instead of being dropped. */
    boolean nullable();

    /**
     * An object with named fields.
     *
     * @param structural whether this is the root of a custom resource: wrong types are not refused while decoding but
     *     told by validation, and nulls stay
     */
    record ObjectSchema(
            String description,
            @Nullable JsonNode defaultValue,
            boolean nullable,
            Map<String, Schema> properties,
            Set<String> required,
            boolean preserveUnknownFields,
            boolean embeddedResource,
            boolean atomic,
            PatchStrategy patchStrategy,
            boolean structural)
            implements Schema {

        public ObjectSchema(
                String description,
                @Nullable JsonNode defaultValue,
                boolean nullable,
                Map<String, Schema> properties,
                Set<String> required,
                boolean preserveUnknownFields,
                boolean embeddedResource,
                boolean atomic,
                PatchStrategy patchStrategy) {
            this(
                    description,
                    defaultValue,
                    nullable,
                    properties,
                    required,
                    preserveUnknownFields,
                    embeddedResource,
                    atomic,
                    patchStrategy,
                    false);
        }
    }

    /** An object with free keys. */
    record MapSchema(
            String description, @Nullable JsonNode defaultValue, boolean nullable, Schema values, boolean atomic)
            implements Schema {}

    /**
     * A list.
     *
     * @param listType how server-side apply sees it
     * @param mapKeys the keys of a {@code MAP} list
     * @param patchStrategy how strategic merge sees it
     * @param patchMergeKey the key strategic merge finds items by, {@code ""} for none
     */
    record ListSchema(
            String description,
            @Nullable JsonNode defaultValue,
            boolean nullable,
            Schema items,
            ListType listType,
            List<String> mapKeys,
            PatchStrategy patchStrategy,
            String patchMergeKey)
            implements Schema {}

    /**
     * A plain value.
     *
     * @param allowed the values an enumeration allows, empty for any
     */
    record ScalarSchema(
            String description,
            @Nullable JsonNode defaultValue,
            boolean nullable,
            ScalarType type,
            String format,
            List<String> allowed)
            implements Schema {}

    /** Anything at all: a raw extension, JSON inside JSON. */
    record AnySchema(String description, @Nullable JsonNode defaultValue, boolean nullable) implements Schema {}

    /** A schema defined elsewhere by name, such as {@code io.k8s.api.core.v1.PodSpec}; its own description wins. */
    record Reference(
            String description, @Nullable JsonNode defaultValue, boolean nullable, String name, Supplier<Schema> target)
            implements Schema {

        /** The target is looked up once, when it is first needed: definitions may refer to each other in a circle. */
        public Reference {
            target = new Once(target);
        }

        /** What a supplier gives, kept. Several threads may ask it at the same time, and any answer of theirs will do. */
        private static final class Once implements Supplier<Schema> {
            private final Supplier<Schema> source;
            private @Nullable Schema found;

            Once(Supplier<Schema> source) {
                this.source = source;
            }

            @Override
            public Schema get() {
                Schema schema = found;
                if (schema == null) {
                    schema = source.get();
                    found = schema;
                }
                return schema;
            }
        }
    }

    /** The types of plain values. */
    enum ScalarType {
        STRING,
        INTEGER,
        NUMBER,
        BOOLEAN,
        INT_OR_STRING,
        QUANTITY,
        TIME,
        MICRO_TIME,
        BYTES,
        DURATION
    }

    /** How server-side apply sees a list. */
    enum ListType {
        ATOMIC,
        SET,
        MAP
    }

    /** How strategic merge sees a field. */
    enum PatchStrategy {
        REPLACE,
        MERGE,
        RETAIN_KEYS,
        MERGE_RETAIN_KEYS
    }

    /** Follows references to the schema itself. */
    default Schema resolved() {
        Schema schema = this;
        while (schema instanceof Reference reference) {
            schema = reference.target().get();
        }
        return schema;
    }
}
