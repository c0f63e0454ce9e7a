package io.mokube.apiserver.discovery;

import io.mokube.apiserver.schema.BuiltInSchemas;
import io.mokube.apiserver.schema.Schema;
import io.mokube.apiserver.schema.Schema.AnySchema;
import io.mokube.apiserver.schema.Schema.ListSchema;
import io.mokube.apiserver.schema.Schema.ListType;
import io.mokube.apiserver.schema.Schema.MapSchema;
import io.mokube.apiserver.schema.Schema.ObjectSchema;
import io.mokube.apiserver.schema.Schema.PatchStrategy;
import io.mokube.apiserver.schema.Schema.Reference;
import io.mokube.apiserver.schema.Schema.ScalarSchema;
import io.mokube.machinery.object.Json;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes schemas as OpenAPI definitions, and with each schema those it refers to. Kubernetes' extensions carry what
 * OpenAPI has no words for: list types, merge keys, patch strategies.
 */
final class OpenApiSchemas {

    static final String QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity";
    static final String INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
    static final String TIME = "io.k8s.apimachinery.pkg.apis.meta.v1.Time";
    static final String MICRO_TIME = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime";

    /** JSON schemas nest values of any type; everywhere else what is free is an object. */
    private static final String ANY_VALUE_PACKAGE = "io.k8s.apiextensions-apiserver.";

    private final OpenApiDialect dialect;
    private final Map<String, ObjectNode> written = new TreeMap<>();
    private final Map<String, Reference> seen = new HashMap<>();
    private final Deque<Reference> waiting = new ArrayDeque<>();
    private final Set<String> scalars = new HashSet<>();
    private String current = "";

    OpenApiSchemas(OpenApiDialect dialect) {
        this.dialect = dialect;
    }

    /** Adds a definition under a name, with everything it refers to; returns it for additions. */
    ObjectNode add(String name, Schema schema) {
        ObjectNode known = written.get(name);
        if (known != null) {
            return known;
        }
        ObjectNode node = define(name, schema);
        while (!waiting.isEmpty()) {
            Reference next = waiting.remove();
            if (!written.containsKey(next.name())) {
                define(next.name(), next.resolved());
            }
        }
        return node;
    }

    /** Adds a definition that is written already, for version 3; what it refers to must be added too. */
    ObjectNode addDocument(String name, ObjectNode document) {
        return written.computeIfAbsent(
                name, ignored -> dialect == OpenApiDialect.V2 ? PlainerSchema.of(document) : document);
    }

    /** All definitions added, in alphabetical order. */
    Map<String, ObjectNode> written() {
        for (String name : scalars) {
            written.computeIfAbsent(name, this::scalarDefinition);
        }
        return written;
    }

    private ObjectNode define(String name, Schema schema) {
        current = name;
        ObjectNode node = write(schema);
        written.put(name, node);
        return node;
    }

    private ObjectNode write(Schema schema) {
        ObjectNode node = Json.MAPPER.createObjectNode();
        if (!schema.description().isEmpty()) {
            node.put("description", schema.description());
        }
        if (schema.defaultValue() != null) {
            node.set("default", schema.defaultValue());
        }
        if (schema.nullable()) {
            if (dialect == OpenApiDialect.V2) {
                // Version 2 can't say that null is fine: only a value of any type lets it pass.
                return node;
            }
            node.put("nullable", true);
        }
        switch (schema) {
            case ObjectSchema object -> fillObject(node, object);
            case MapSchema map -> {
                node.put("type", "object");
                node.set("additionalProperties", write(map.values()));
                if (map.atomic()) {
                    node.put("x-kubernetes-map-type", "atomic");
                }
            }
            case ListSchema list -> fillList(node, list);
            case ScalarSchema scalar -> fillScalar(node, scalar);
            case AnySchema any -> {
                if (!current.startsWith(ANY_VALUE_PACKAGE)) {
                    node.put("type", "object");
                }
            }
            case Reference reference -> fillReference(node, reference);
        }
        return node;
    }

    private void fillObject(ObjectNode node, ObjectSchema object) {
        node.put("type", "object");
        if (!object.required().isEmpty()) {
            ArrayNode required = node.putArray("required");
            object.required().forEach(required::add);
        }
        if (!object.properties().isEmpty()) {
            ObjectNode properties = node.putObject("properties");
            object.properties().forEach((name, property) -> properties.set(name, write(described(property))));
        }
        if (object.preserveUnknownFields()) {
            node.put("x-kubernetes-preserve-unknown-fields", true);
        }
        if (object.embeddedResource()) {
            node.put("x-kubernetes-embedded-resource", true);
        }
        if (object.atomic()) {
            node.put("x-kubernetes-map-type", "atomic");
        }
    }

    /** A field without words of its own gets those of its definition. */
    private static Schema described(Schema property) {
        return property instanceof Reference reference
                        && reference.description().isEmpty()
                ? new Reference(
                        reference.resolved().description(),
                        reference.defaultValue(),
                        reference.nullable(),
                        reference.name(),
                        reference.target())
                : property;
    }

    private void fillList(ObjectNode node, ListSchema list) {
        node.put("type", "array");
        node.set("items", write(list.items()));
        node.put(
                "x-kubernetes-list-type",
                switch (list.listType()) {
                    case ATOMIC -> "atomic";
                    case SET -> "set";
                    case MAP -> "map";
                });
        if (list.listType() == ListType.MAP) {
            ArrayNode keys = node.putArray("x-kubernetes-list-map-keys");
            list.mapKeys().forEach(keys::add);
        }
        fillPatchStrategy(node, list.patchStrategy());
        if (!list.patchMergeKey().isEmpty()) {
            node.put("x-kubernetes-patch-merge-key", list.patchMergeKey());
        }
    }

    private static void fillPatchStrategy(ObjectNode node, PatchStrategy strategy) {
        switch (strategy) {
            case REPLACE -> {}
            case MERGE -> node.put("x-kubernetes-patch-strategy", "merge");
            case RETAIN_KEYS -> node.put("x-kubernetes-patch-strategy", "retainKeys");
            case MERGE_RETAIN_KEYS -> node.put("x-kubernetes-patch-strategy", "merge,retainKeys");
        }
    }

    private void fillScalar(ObjectNode node, ScalarSchema scalar) {
        switch (scalar.type()) {
            case STRING, DURATION -> typed(node, "string", scalar.format());
            case INTEGER -> typed(node, "integer", scalar.format());
            case NUMBER -> typed(node, "number", scalar.format());
            case BOOLEAN -> typed(node, "boolean", "");
            case BYTES -> typed(node, "string", "byte");
            case QUANTITY -> shared(node, QUANTITY);
            case INT_OR_STRING -> shared(node, INT_OR_STRING);
            case TIME -> shared(node, TIME);
            case MICRO_TIME -> shared(node, MICRO_TIME);
        }
        if (!scalar.allowed().isEmpty()) {
            ArrayNode values = node.putArray("enum");
            scalar.allowed().forEach(values::add);
        }
    }

    private static void typed(ObjectNode node, String type, String format) {
        node.put("type", type);
        if (!format.isEmpty()) {
            node.put("format", format);
        }
    }

    private void shared(ObjectNode node, String name) {
        scalars.add(name);
        refer(node, name);
    }

    private void fillReference(ObjectNode node, Reference reference) {
        if (seen.putIfAbsent(reference.name(), reference) == null) {
            waiting.add(reference);
        }
        if (reference.resolved() instanceof ObjectSchema object) {
            if (object.patchStrategy() == PatchStrategy.RETAIN_KEYS) {
                node.put("x-kubernetes-patch-strategy", "retainKeys");
            } else if (object.patchStrategy() == PatchStrategy.REPLACE) {
                node.put("x-kubernetes-patch-strategy", "replace");
            }
            if (!object.atomic() && isAtomicElsewhere(reference.name())) {
                node.put("x-kubernetes-map-type", "granular");
            }
        }
        refer(node, reference.name());
    }

    private static boolean isAtomicElsewhere(String name) {
        return BuiltInSchemas.lean().find(name).orElse(null) instanceof ObjectSchema object && object.atomic();
    }

    /** In version 3 a reference next to other words must stand in {@code allOf}; kubectl expects a default there. */
    private void refer(ObjectNode node, String name) {
        String reference = dialect.definitions() + name;
        if (node.isEmpty() || dialect == OpenApiDialect.V2) {
            node.put("$ref", reference);
        } else {
            node.putArray("allOf").addObject().put("$ref", reference);
        }
    }

    private ObjectNode scalarDefinition(String name) {
        ObjectNode node = Json.MAPPER.createObjectNode();
        switch (name) {
            case QUANTITY -> {
                node.put(
                        "description",
                        "An amount of a resource: a number, then optionally a suffix. Binary suffixes are Ki, Mi, Gi, Ti, Pi"
                                + " and Ei, decimal ones n, u, m, k, M, G, T, P and E; exponents such as 1e3 are read too.");
                either(node, "string", "number");
            }
            case INT_OR_STRING -> {
                node.put("description", "A whole number or a text, such as a port's number or its name.");
                node.put("format", "int-or-string");
                either(node, "integer", "string");
            }
            case TIME -> {
                node.put("description", "A point in time with seconds, as RFC 3339 writes it.");
                typed(node, "string", "date-time");
            }
            case MICRO_TIME -> {
                node.put("description", "A point in time with microseconds, as RFC 3339 writes it.");
                typed(node, "string", "date-time");
            }
            default -> throw new IllegalArgumentException(name);
        }
        return node;
    }

    /** Version 2 knows no alternatives: everything that may be a text is one there. */
    private void either(ObjectNode node, String first, String second) {
        if (dialect == OpenApiDialect.V2) {
            node.put("type", "string");
            return;
        }
        ArrayNode types = node.putArray("oneOf");
        types.addObject().put("type", first);
        types.addObject().put("type", second);
    }
}
