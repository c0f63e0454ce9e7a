package io.mokube.apiserver.discovery;

import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.resources.Subresource;
import io.mokube.apiserver.schema.BuiltInSchemas;
import io.mokube.apiserver.schema.Schema;
import io.mokube.machinery.component.Release;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes the OpenAPI 3 document of one group version: its kinds with all they refer to, and its paths with what kubectl
 * looks up there before it explains, applies or diffs (the kind behind a path, the patch types and parameters it takes).
 */
final class OpenApiV3 {

    private static final String META = BuiltInSchemas.metaPackage() + ".";
    private static final String DELETE_OPTIONS = META + "DeleteOptions";
    private static final String PATCH = META + "Patch";
    private static final String STATUS = META + "Status";
    private static final String WATCH_EVENT = META + "WatchEvent";

    private final GroupVersion groupVersion;
    private final List<Served> resources;
    private final BuiltInSchemas schemas = BuiltInSchemas.described();
    private final OpenApiSchemas components = new OpenApiSchemas();
    private final Map<String, ObjectNode> paths = new TreeMap<>();

    OpenApiV3(ResourceRegistry registry, GroupVersion groupVersion) {
        this.groupVersion = groupVersion;
        this.resources = registry.inGroupVersion(groupVersion);
    }

    ObjectNode write() {
        addShared();
        for (Served served : resources) {
            new ResourceWriter(served).write();
        }
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("openapi", "3.0.0");
        root.putObject("info").put("title", "Kubernetes").put("version", Release.GIT_VERSION);
        ObjectNode pathNode = root.putObject("paths");
        paths.forEach(pathNode::set);
        ObjectNode schemaNode = root.putObject("components").putObject("schemas");
        components.written().forEach(schemaNode::set);
        return root;
    }

    private void addShared() {
        for (String name : List.of(DELETE_OPTIONS, WATCH_EVENT)) {
            addKind(
                    components.add(name, schemas.find(name).orElseThrow()),
                    new GroupVersionKind(
                            groupVersion.group(), groupVersion.version(), name.substring(name.lastIndexOf('.') + 1)));
        }
        components.add(STATUS, schemas.find(STATUS).orElseThrow());
        components.add(
                PATCH, new Schema.AnySchema("A change of an object; its media type says of what kind.", null, false));
    }

    /** Lets clients find a definition by the kind it describes. */
    private static void addKind(ObjectNode definition, GroupVersionKind kind) {
        ArrayNode kinds = definition.get("x-kubernetes-group-version-kind") instanceof ArrayNode array
                ? array
                : definition.putArray("x-kubernetes-group-version-kind");
        ObjectNode added = kindNode(kind);
        if (kinds.valueStream().noneMatch(added::equals)) {
            kinds.add(added);
        }
    }

    private static ObjectNode kindNode(GroupVersionKind kind) {
        ObjectNode node = Json.MAPPER.createObjectNode();
        node.put("group", kind.group());
        node.put("kind", kind.kind());
        node.put("version", kind.version());
        return node;
    }

    /** Custom resources have names of the same make: the group's words backwards, version, kind. */
    private static String customDefinitionName(GroupVersionKind kind) {
        List<String> words = new ArrayList<>(Arrays.asList(kind.group().split("\\.")));
        Collections.reverse(words);
        return String.join(".", words) + "." + kind.version() + "." + kind.kind();
    }

    /** Writes one resource's paths and kinds. */
    private final class ResourceWriter {

        private final ResourceDefinition definition;
        private final GroupVersionKind kind;
        private final boolean builtIn;
        private final String definitionName;
        private final String listName;

        ResourceWriter(Served served) {
            definition = served.definition();
            kind = served.kind();
            String name = BuiltInSchemas.definitionName(kind);
            Optional<Schema> described = schemas.find(name);
            builtIn = described.isPresent();
            definitionName = builtIn ? name : customDefinitionName(kind);
            Schema schema = described.orElseGet(served.version().schema());
            addKind(components.add(definitionName, schema), kind);
            listName = definitionName.substring(0, definitionName.lastIndexOf('.') + 1) + definition.listKind();
            if (definition.verbs().contains("list")) {
                GroupVersionKind listKind = new GroupVersionKind(kind.group(), kind.version(), definition.listKind());
                addKind(components.add(listName, listSchema(listKind)), listKind);
            }
        }

        private Schema listSchema(GroupVersionKind listKind) {
            return schemas.find(BuiltInSchemas.definitionName(listKind)).orElseGet(() -> {
                Schema string = new Schema.ScalarSchema("", null, false, Schema.ScalarType.STRING, "", List.of());
                String listMeta = META + "ListMeta";
                Schema items = new Schema.ListSchema(
                        "List of " + definition.plural() + ".",
                        null,
                        false,
                        new Schema.Reference("", null, false, definitionName, () -> string),
                        Schema.ListType.ATOMIC,
                        List.of(),
                        Schema.PatchStrategy.REPLACE,
                        "");
                Schema metadata = new Schema.Reference(
                        "", null, false, listMeta, () -> schemas.find(listMeta).orElseThrow());
                return new Schema.ObjectSchema(
                        listKind.kind() + " is a list of " + kind.kind(),
                        null,
                        false,
                        new TreeMap<>(
                                Map.of("apiVersion", string, "kind", string, "metadata", metadata, "items", items)),
                        Set.of("items"),
                        false,
                        false,
                        false,
                        Schema.PatchStrategy.MERGE);
            });
        }

        void write() {
            String root = groupVersion.path() + "/";
            String collection = root + (definition.namespaced() ? "namespaces/{namespace}/" : "") + definition.plural();
            writeCollection(collection);
            if (definition.namespaced() && definition.verbs().contains("list")) {
                ObjectNode everywhere = path(root + definition.plural(), false, false);
                operation(everywhere, "get", "list", "list", kind, listName, "ForAllNamespaces")
                        .set("parameters", parameters(LIST_PARAMETERS));
            }
            writeItem(collection + "/{name}");
            for (Subresource subresource : definition.subresources()) {
                writeSubresource(collection + "/{name}/" + subresource.name(), subresource);
            }
        }

        private void writeCollection(String path) {
            ObjectNode node = path(path, definition.namespaced(), false);
            if (definition.verbs().contains("list")) {
                operation(node, "get", "list", "list", kind, listName, "")
                        .set("parameters", parameters(LIST_PARAMETERS));
            }
            if (definition.verbs().contains("create")) {
                ObjectNode post = operation(node, "post", "post", "create", kind, definitionName, "");
                post.set("parameters", parameters(WRITE_PARAMETERS));
                body(post, definitionName, "*/*");
            }
            if (definition.verbs().contains("deletecollection")) {
                ObjectNode delete = operation(node, "delete", "deletecollection", "deleteCollection", kind, STATUS, "");
                delete.set("parameters", parameters(DELETE_PARAMETERS));
                body(delete, DELETE_OPTIONS, "*/*");
            }
            drop(path, node);
        }

        private void writeItem(String path) {
            ObjectNode node = path(path, definition.namespaced(), true);
            if (definition.verbs().contains("get")) {
                operation(node, "get", "get", "read", kind, definitionName, "");
            }
            if (definition.verbs().contains("update")) {
                ObjectNode put = operation(node, "put", "put", "replace", kind, definitionName, "");
                put.set("parameters", parameters(WRITE_PARAMETERS));
                body(put, definitionName, "*/*");
            }
            if (definition.verbs().contains("patch")) {
                patch(node, kind, definitionName, "");
            }
            if (definition.verbs().contains("delete")) {
                ObjectNode delete = operation(node, "delete", "delete", "delete", kind, STATUS, "");
                delete.set("parameters", parameters(DELETE_PARAMETERS));
                body(delete, DELETE_OPTIONS, "*/*");
            }
            drop(path, node);
        }

        private void writeSubresource(String path, Subresource subresource) {
            ObjectNode node = path(path, definition.namespaced(), true);
            GroupVersionKind own = subresource.kind();
            String suffix = capitalized(subresource.name());
            String name = BuiltInSchemas.definitionName(own);
            Optional<Schema> schema = schemas.find(name);
            if (own.equals(kind)) {
                name = definitionName;
            } else if (schema.isEmpty()) {
                // Options of connections travel as parameters; what comes back is a stream.
                name = "";
            } else {
                addKind(components.add(name, schema.get()), own);
            }
            if (subresource.verbs().contains("get")) {
                operation(node, "get", name.isEmpty() ? "connect" : "get", "read", own, name, suffix);
            }
            if (subresource.verbs().contains("create")) {
                ObjectNode post =
                        operation(node, "post", name.isEmpty() ? "connect" : "post", "create", own, name, suffix);
                post.set("parameters", parameters(WRITE_PARAMETERS));
                if (!name.isEmpty()) {
                    body(post, name, "*/*");
                }
            }
            if (!name.isEmpty() && subresource.verbs().contains("update")) {
                ObjectNode put = operation(node, "put", "put", "replace", own, name, suffix);
                put.set("parameters", parameters(WRITE_PARAMETERS));
                body(put, name, "*/*");
            }
            if (!name.isEmpty() && subresource.verbs().contains("patch")) {
                patch(node, own, name, suffix);
            }
        }

        private void patch(ObjectNode node, GroupVersionKind own, String answer, String suffix) {
            ObjectNode patch = operation(node, "patch", "patch", "patch", own, answer, suffix);
            patch.set("parameters", parameters(PATCH_PARAMETERS));
            if (builtIn) {
                body(
                        patch,
                        PATCH,
                        "application/apply-patch+yaml",
                        "application/json-patch+json",
                        "application/merge-patch+json",
                        "application/strategic-merge-patch+json");
            } else {
                body(
                        patch,
                        PATCH,
                        "application/apply-patch+yaml",
                        "application/json-patch+json",
                        "application/merge-patch+json");
            }
        }

        private ObjectNode operation(
                ObjectNode path,
                String method,
                String action,
                String verb,
                GroupVersionKind own,
                String answer,
                String suffix) {
            ObjectNode node = path.putObject(method);
            String group = kind.group().isEmpty() ? "core" : kind.group();
            String words = group.replace(".k8s.io", "").replace(".authorization", "Authorization");
            node.putArray("tags").add(words + "_" + kind.version());
            node.put(
                    "operationId",
                    verb
                            + capitalized(words.replace(".", ""))
                            + capitalized(kind.version())
                            + (definition.namespaced() && !suffix.equals("ForAllNamespaces") ? "Namespaced" : "")
                            + kind.kind()
                            + suffix);
            ObjectNode ok = node.putObject("responses").putObject("200").put("description", "OK");
            if (!answer.isEmpty()) {
                ObjectNode content = ok.putObject("content");
                for (String type : List.of("application/json", "application/yaml")) {
                    content.putObject(type).set("schema", OpenApiSchemas.reference(answer));
                }
            }
            node.put("x-kubernetes-action", action);
            node.set("x-kubernetes-group-version-kind", kindNode(own));
            return node;
        }

        private void body(ObjectNode operation, String schema, String... mediaTypes) {
            ObjectNode content = operation.putObject("requestBody").putObject("content");
            for (String type : mediaTypes) {
                content.putObject(type).set("schema", OpenApiSchemas.reference(schema));
            }
        }

        private ObjectNode path(String path, boolean inNamespace, boolean named) {
            ObjectNode node = Json.MAPPER.createObjectNode();
            paths.put(path, node);
            ArrayNode parameters = node.putArray("parameters");
            if (named) {
                pathParameter(parameters, "name", "name of the " + kind.kind());
            }
            if (inNamespace) {
                pathParameter(parameters, "namespace", "namespace the object is in");
            }
            parameters.add(parameter(new Parameter("pretty", "string", "\"true\" indents the answer.")));
            return node;
        }

        /** Forgets a path without operations. */
        private void drop(String path, ObjectNode node) {
            if (node.size() == 1) {
                paths.remove(path);
            }
        }

        private static void pathParameter(ArrayNode parameters, String name, String description) {
            parameters
                    .addObject()
                    .put("name", name)
                    .put("in", "path")
                    .put("description", description)
                    .put("required", true)
                    .putObject("schema")
                    .put("type", "string")
                    .put("uniqueItems", true);
        }
    }

    private static String capitalized(String word) {
        return word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1);
    }

    private record Parameter(String name, String type, String description) {}

    private static final Parameter DRY_RUN =
            new Parameter("dryRun", "string", "\"All\" runs every check and stores nothing.");
    private static final Parameter FIELD_MANAGER =
            new Parameter("fieldManager", "string", "Who makes the change, as the managed fields name it.");
    private static final Parameter FIELD_VALIDATION = new Parameter(
            "fieldValidation",
            "string",
            "What happens to unknown and duplicate fields: Strict refuses them, Warn (the default) warns, Ignore drops them.");

    private static final List<Parameter> WRITE_PARAMETERS = List.of(DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION);

    private static final List<Parameter> PATCH_PARAMETERS = List.of(
            DRY_RUN,
            FIELD_MANAGER,
            FIELD_VALIDATION,
            new Parameter("force", "boolean", "Takes over fields of other managers; for apply patches only."));

    private static final List<Parameter> DELETE_PARAMETERS = List.of(
            DRY_RUN,
            new Parameter("gracePeriodSeconds", "integer", "How long the object may take to end; 0 ends it at once."),
            new Parameter("orphanDependents", "boolean", "Deprecated: use propagationPolicy."),
            new Parameter(
                    "propagationPolicy",
                    "string",
                    "What happens to dependents: Orphan, Background or Foreground deletion."));

    private static final List<Parameter> LIST_PARAMETERS = List.of(
            new Parameter("allowWatchBookmarks", "boolean", "Whether a watch may send events of type BOOKMARK."),
            new Parameter("continue", "string", "Where the previous page ended."),
            new Parameter("fieldSelector", "string", "Selects by fields."),
            new Parameter("labelSelector", "string", "Selects by labels."),
            new Parameter("limit", "integer", "The most items in one answer."),
            new Parameter("resourceVersion", "string", "Which version to read."),
            new Parameter("resourceVersionMatch", "string", "How resourceVersion is understood."),
            new Parameter("sendInitialEvents", "boolean", "Whether a watch begins with all objects."),
            new Parameter("timeoutSeconds", "integer", "When the call ends."),
            new Parameter("watch", "boolean", "Sends changes as they happen."));

    private static ArrayNode parameters(List<Parameter> parameters) {
        ArrayNode array = Json.MAPPER.createArrayNode();
        parameters.forEach(each -> array.add(parameter(each)));
        return array;
    }

    private static ObjectNode parameter(Parameter parameter) {
        ObjectNode node = Json.MAPPER.createObjectNode();
        node.put("name", parameter.name());
        node.put("in", "query");
        node.put("description", parameter.description());
        node.putObject("schema").put("type", parameter.type()).put("uniqueItems", true);
        return node;
    }
}
