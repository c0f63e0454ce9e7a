package io.mokube.apiserver.discovery;

import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.resources.ServedVersion;
import io.mokube.apiserver.resources.Subresource;
import io.mokube.apiserver.schema.BuiltInSchemas;
import io.mokube.apiserver.schema.Schema;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The definitions of an OpenAPI document: those of the served kinds, with all they refer to. */
final class OpenApiDefinitions {

    private static final String META = BuiltInSchemas.metaPackage() + ".";

    static final String DELETE_OPTIONS = META + "DeleteOptions";
    static final String PATCH = META + "Patch";
    static final String STATUS = META + "Status";

    private static final String OBJECT_META = META + "ObjectMeta";
    private static final String WATCH_EVENT = META + "WatchEvent";

    private final BuiltInSchemas schemas = BuiltInSchemas.described();
    private final OpenApiSchemas written;

    OpenApiDefinitions(OpenApiDialect dialect) {
        this.written = new OpenApiSchemas(dialect);
        written.add(STATUS, status());
        written.add(
                PATCH, new Schema.AnySchema("A change of an object; its media type says of what kind.", null, false));
    }

    /**
     * The names of a resource's definitions.
     *
     * @param list of lists, {@code ""} for a resource that can't be listed
     */
    record Names(String object, String list) {}

    /** Adds the kinds that every group version has. */
    void addShared(GroupVersion groupVersion) {
        for (String name : List.of(DELETE_OPTIONS, WATCH_EVENT)) {
            String kind = name.substring(name.lastIndexOf('.') + 1);
            mark(
                    written.add(name, schemas.find(name).orElseThrow()),
                    new GroupVersionKind(groupVersion.group(), groupVersion.version(), kind));
        }
    }

    /** Adds a resource's kind and the kind of its lists. */
    Names add(Served served) {
        GroupVersionKind kind = served.kind();
        String name = BuiltInSchemas.definitionName(kind);
        ServedVersion.Custom custom = served.version().custom();
        if (custom == null) {
            mark(written.add(name, schemas.find(name).orElseThrow()), kind);
        } else {
            name = customName(kind);
            written.add(OBJECT_META, schemas.find(OBJECT_META).orElseThrow());
            mark(written.addDocument(name, custom.openApi().get()), kind);
        }
        if (!served.definition().verbs().contains("list")) {
            return new Names(name, "");
        }
        GroupVersionKind listKind = new GroupVersionKind(
                kind.group(), kind.version(), served.definition().listKind());
        String list = name.substring(0, name.lastIndexOf('.') + 1) + listKind.kind();
        mark(written.add(list, listSchema(served, listKind, name)), listKind);
        return new Names(name, list);
    }

    /** Adds the kind that a subresource is read and written as; nothing when it is a connection. */
    Optional<String> add(Served served, Names names, Subresource subresource) {
        if (subresource.kind().equals(served.kind())) {
            return Optional.of(names.object());
        }
        String name = BuiltInSchemas.definitionName(subresource.kind());
        Optional<Schema> schema = schemas.find(name);
        schema.ifPresent(present -> mark(written.add(name, present), subresource.kind()));
        return schema.map(present -> name);
    }

    boolean isBuiltIn(GroupVersionKind kind) {
        return schemas.find(BuiltInSchemas.definitionName(kind)).isPresent();
    }

    /** All definitions, by name. */
    ObjectNode write() {
        ObjectNode node = Json.MAPPER.createObjectNode();
        written.written().forEach(node::set);
        return node;
    }

    static ObjectNode kindNode(GroupVersionKind kind) {
        ObjectNode node = Json.MAPPER.createObjectNode();
        node.put("group", kind.group());
        node.put("kind", kind.kind());
        node.put("version", kind.version());
        return node;
    }

    /** Lets clients find a definition by the kind it describes. */
    private static void mark(ObjectNode definition, GroupVersionKind kind) {
        ArrayNode kinds = definition.get("x-kubernetes-group-version-kind") instanceof ArrayNode array
                ? array
                : definition.putArray("x-kubernetes-group-version-kind");
        ObjectNode added = kindNode(kind);
        if (kinds.valueStream().noneMatch(added::equals)) {
            kinds.add(added);
        }
    }

    /** Custom resources have names of the same make: the group's words backwards, version, kind. */
    private static String customName(GroupVersionKind kind) {
        List<String> words = new ArrayList<>(Arrays.asList(kind.group().split("\\.")));
        Collections.reverse(words);
        return String.join(".", words) + "." + kind.version() + "." + kind.kind();
    }

    private Schema.ObjectSchema status() {
        return (Schema.ObjectSchema) schemas.find(STATUS).orElseThrow();
    }

    private Schema listSchema(Served served, GroupVersionKind listKind, String itemName) {
        return schemas.find(BuiltInSchemas.definitionName(listKind)).orElseGet(() -> {
            String listMeta = META + "ListMeta";
            Schema listMetaSchema = schemas.find(listMeta).orElseThrow();
            Map<String, Schema> properties = new TreeMap<>();
            for (String field : List.of("apiVersion", "kind")) {
                // Every kind has them, described alike.
                properties.put(
                        field, Objects.requireNonNull(status().properties().get(field)));
            }
            properties.put("metadata", new Schema.Reference("", null, false, listMeta, () -> listMetaSchema));
            properties.put(
                    "items",
                    new Schema.ListSchema(
                            "List of " + served.definition().plural() + ".",
                            null,
                            false,
                            new Schema.Reference(
                                    "", null, false, itemName, served.version().schema()),
                            Schema.ListType.ATOMIC,
                            List.of(),
                            Schema.PatchStrategy.REPLACE,
                            ""));
            return new Schema.ObjectSchema(
                    listKind.kind() + " is a list of " + served.definition().kind(),
                    null,
                    false,
                    properties,
                    Set.of("items"),
                    false,
                    false,
                    false,
                    Schema.PatchStrategy.MERGE);
        });
    }
}
