package io.mokube.apiserver.discovery;

import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.resources.Subresource;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The paths of an OpenAPI document, with what clients look up there before they explain, apply or diff: the kind behind a
 * path, the patch types and parameters it takes.
 */
final class OpenApiPaths {

    private static final String ANYTHING = "*/*";
    private static final List<String> OBJECT_TYPES =
            List.of("application/json", "application/yaml", "application/vnd.kubernetes.protobuf");
    private static final List<String> LIST_TYPES = List.of(
            "application/json",
            "application/json;stream=watch",
            "application/vnd.kubernetes.protobuf",
            "application/vnd.kubernetes.protobuf;stream=watch",
            "application/yaml");
    private static final List<String> PATCH_TYPES =
            List.of("application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json");
    private static final String STRATEGIC_MERGE = "application/strategic-merge-patch+json";

    private final OpenApiDialect dialect;
    private final OpenApiDefinitions definitions;
    private final Map<String, ObjectNode> paths = new TreeMap<>();

    OpenApiPaths(OpenApiDialect dialect, OpenApiDefinitions definitions) {
        this.dialect = dialect;
        this.definitions = definitions;
    }

    /** Adds a resource's paths, and its kinds to the definitions. */
    void add(Served served) {
        new Resource(served).write();
    }

    /** All paths, in alphabetical order. */
    ObjectNode write() {
        ObjectNode node = Json.MAPPER.createObjectNode();
        paths.forEach(node::set);
        return node;
    }

    /** What an operation is called: in {@code x-kubernetes-action}, at the start of its id, in its description. */
    private enum Action {
        LIST("list", "list", "list or watch objects of kind %s"),
        CREATE("post", "create", "create %s"),
        DELETE_COLLECTION("deletecollection", "deleteCollection", "delete collection of %s"),
        READ("get", "read", "read %s"),
        REPLACE("put", "replace", "replace %s"),
        PATCH("patch", "patch", "partially update %s"),
        DELETE("delete", "delete", "delete %s"),
        CONNECT("connect", "connect", "connect %s");

        private final String action;
        private final String verb;
        private final String description;

        Action(String action, String verb, String description) {
            this.action = action;
            this.verb = verb;
            this.description = description;
        }
    }

    /** Writes the paths of one resource. */
    private final class Resource {

        private final Served served;
        private final ResourceDefinition definition;
        private final GroupVersionKind kind;
        private final OpenApiDefinitions.Names names;

        Resource(Served served) {
            this.served = served;
            this.definition = served.definition();
            this.kind = served.kind();
            this.names = definitions.add(served);
        }

        void write() {
            String root = served.resource().groupVersion().path() + "/";
            String collection = root + (definition.namespaced() ? "namespaces/{namespace}/" : "") + definition.plural();
            writeCollection(collection);
            if (definition.namespaced() && definition.verbs().contains("list")) {
                Path everywhere = new Path(root + definition.plural(), false, false);
                everywhere
                        .operation("get", Action.LIST, kind, "ForAllNamespaces")
                        .parameters(OpenApiParameter.OF_LISTS)
                        .answers(names.list(), LIST_TYPES, 200);
            }
            writeItem(collection + "/{name}");
            for (Subresource subresource : definition.subresources()) {
                Path path = new Path(collection + "/{name}/" + subresource.name(), definition.namespaced(), true);
                Optional<String> schema = definitions.add(served, names, subresource);
                if (schema.isPresent() && !subresource.name().equals("log")) {
                    writeSubresource(path, subresource, schema.get());
                } else {
                    writeConnection(path, subresource);
                }
            }
        }

        private void writeCollection(String address) {
            Path path = new Path(address, definition.namespaced(), false);
            if (definition.verbs().contains("list")) {
                path.operation("get", Action.LIST, kind, "")
                        .parameters(OpenApiParameter.OF_LISTS)
                        .answers(names.list(), LIST_TYPES, 200);
            }
            if (definition.verbs().contains("create")) {
                path.operation("post", Action.CREATE, kind, "")
                        .parameters(OpenApiParameter.OF_WRITES)
                        .body(names.object(), List.of(ANYTHING), true)
                        .answers(names.object(), OBJECT_TYPES, 200, 201, 202);
            }
            if (definition.verbs().contains("deletecollection")) {
                path.operation("delete", Action.DELETE_COLLECTION, kind, "")
                        .parameters(OpenApiParameter.OF_COLLECTION_DELETES)
                        .body(OpenApiDefinitions.DELETE_OPTIONS, List.of(ANYTHING), false)
                        .answers(OpenApiDefinitions.STATUS, OBJECT_TYPES, 200);
            }
        }

        private void writeItem(String address) {
            Path path = new Path(address, definition.namespaced(), true);
            if (definition.verbs().contains("get")) {
                path.operation("get", Action.READ, kind, "").answers(names.object(), OBJECT_TYPES, 200);
            }
            if (definition.verbs().contains("update")) {
                replace(path, kind, names.object(), "");
            }
            if (definition.verbs().contains("patch")) {
                patch(path, kind, names.object(), "");
            }
            if (definition.verbs().contains("delete")) {
                path.operation("delete", Action.DELETE, kind, "")
                        .parameters(OpenApiParameter.OF_DELETES)
                        .body(OpenApiDefinitions.DELETE_OPTIONS, List.of(ANYTHING), false)
                        .answers(OpenApiDefinitions.STATUS, OBJECT_TYPES, 200, 202);
            }
        }

        private void writeSubresource(Path path, Subresource subresource, String schema) {
            GroupVersionKind own = subresource.kind();
            String suffix = capitalized(subresource.name());
            if (subresource.verbs().contains("get")) {
                path.operation("get", Action.READ, own, suffix).answers(schema, OBJECT_TYPES, 200);
            }
            if (subresource.verbs().contains("create")) {
                path.operation("post", Action.CREATE, own, suffix)
                        .parameters(OpenApiParameter.OF_WRITES)
                        .body(schema, List.of(ANYTHING), true)
                        .answers(schema, OBJECT_TYPES, 200, 201, 202);
            }
            if (subresource.verbs().contains("update")) {
                replace(path, own, schema, suffix);
            }
            if (subresource.verbs().contains("patch")) {
                patch(path, own, schema, suffix);
            }
        }

        /** Options of connections travel as parameters; what comes back is a stream. */
        private void writeConnection(Path path, Subresource subresource) {
            String suffix = capitalized(subresource.name());
            for (String verb : List.of("get", "create", "update", "patch", "delete")) {
                if (subresource.verbs().contains(verb)) {
                    String method =
                            switch (verb) {
                                case "create" -> "post";
                                case "update" -> "put";
                                default -> verb;
                            };
                    Action action = subresource.name().equals("log") ? Action.READ : Action.CONNECT;
                    path.operation(method, action, subresource.kind(), suffix)
                            .parameters(OpenApiParameter.ofConnection(subresource.name()))
                            .answers("", List.of(ANYTHING), 200);
                }
            }
        }

        private void replace(Path path, GroupVersionKind own, String schema, String suffix) {
            path.operation("put", Action.REPLACE, own, suffix)
                    .parameters(OpenApiParameter.OF_WRITES)
                    .body(schema, List.of(ANYTHING), true)
                    .answers(schema, OBJECT_TYPES, 200, 201);
        }

        private void patch(Path path, GroupVersionKind own, String schema, String suffix) {
            List<String> types = new ArrayList<>(PATCH_TYPES);
            if (definitions.isBuiltIn(kind)) {
                types.add(STRATEGIC_MERGE);
            }
            path.operation("patch", Action.PATCH, own, suffix)
                    .parameters(OpenApiParameter.OF_PATCHES)
                    .body(OpenApiDefinitions.PATCH, types, true)
                    .answers(schema, OBJECT_TYPES, 200, 201);
        }

        /** One path with its operations; it gets into the document with the first of them. */
        private final class Path {

            private final String address;
            private final ObjectNode node = Json.MAPPER.createObjectNode();

            Path(String address, boolean inNamespace, boolean named) {
                this.address = address;
                ArrayNode parameters = node.putArray("parameters");
                if (named) {
                    OpenApiParameter.addOfPath(parameters, "name", "name of the " + kind.kind(), dialect);
                }
                if (inNamespace) {
                    OpenApiParameter.addOfPath(parameters, "namespace", "namespace the object is in", dialect);
                }
                parameters.addAll(OpenApiParameter.write(List.of(OpenApiParameter.PRETTY), dialect));
            }

            Operation operation(String method, Action action, GroupVersionKind own, String suffix) {
                paths.put(address, node);
                return new Operation(node.putObject(method), method, action, own, suffix);
            }
        }

        /** One operation of a path. */
        private final class Operation {

            private final ObjectNode node;

            Operation(ObjectNode node, String method, Action action, GroupVersionKind own, String suffix) {
                this.node = node;
                String group = kind.group().isEmpty() ? "core" : kind.group();
                String words = group.replace(".k8s.io", "").replace(".authorization", "Authorization");
                boolean inNamespace = definition.namespaced() && !suffix.equals("ForAllNamespaces");
                String verb = action == Action.CONNECT ? "connect" + capitalized(method) : action.verb;
                node.put("description", description(action, suffix));
                node.put(
                        "operationId",
                        verb
                                + capitalized(words.replace(".", ""))
                                + capitalized(kind.version())
                                + (inNamespace ? "Namespaced" : "")
                                + kind.kind()
                                + suffix);
                node.putArray("tags").add(words + "_" + kind.version());
                node.put("x-kubernetes-action", action.action);
                node.set("x-kubernetes-group-version-kind", OpenApiDefinitions.kindNode(own));
                if (dialect == OpenApiDialect.V2) {
                    node.putArray("schemes").add("https");
                }
            }

            private String description(Action action, String suffix) {
                boolean whole = suffix.isEmpty() || suffix.equals("ForAllNamespaces");
                String name = whole ? kind.kind() : suffix.toLowerCase(Locale.ROOT) + " of " + kind.kind();
                return action.description.formatted(name);
            }

            Operation parameters(List<OpenApiParameter> parameters) {
                if (!parameters.isEmpty()) {
                    node.set("parameters", OpenApiParameter.write(parameters, dialect));
                }
                return this;
            }

            Operation body(String schema, List<String> mediaTypes, boolean required) {
                switch (dialect) {
                    case V2 -> {
                        strings(node.putArray("consumes"), mediaTypes);
                        ObjectNode body = node.withArrayProperty("parameters").insertObject(0);
                        body.put("name", "body");
                        body.put("in", "body");
                        if (required) {
                            body.put("required", true);
                        }
                        body.set("schema", reference(schema));
                    }
                    case V3 -> {
                        ObjectNode body = node.putObject("requestBody");
                        if (required) {
                            body.put("required", true);
                        }
                        ObjectNode content = body.putObject("content");
                        mediaTypes.forEach(type -> content.putObject(type).set("schema", reference(schema)));
                    }
                }
                return this;
            }

            /** @param schema what comes back, {@code ""} for a stream */
            void answers(String schema, List<String> mediaTypes, int... codes) {
                if (dialect == OpenApiDialect.V2) {
                    strings(node.putArray("produces"), mediaTypes);
                }
                ObjectNode responses = node.putObject("responses");
                for (int code : codes) {
                    ObjectNode response = responses.putObject(Integer.toString(code));
                    response.put(
                            "description",
                            switch (code) {
                                case 201 -> "Created";
                                case 202 -> "Accepted";
                                default -> "OK";
                            });
                    if (schema.isEmpty()) {
                        continue;
                    }
                    switch (dialect) {
                        case V2 -> response.set("schema", reference(schema));
                        case V3 -> {
                            ObjectNode content = response.putObject("content");
                            mediaTypes.forEach(type -> content.putObject(type).set("schema", reference(schema)));
                        }
                    }
                }
                responses.putObject("401").put("description", "Unauthorized");
            }
        }
    }

    private ObjectNode reference(String name) {
        return Json.MAPPER.createObjectNode().put("$ref", dialect.definitions() + name);
    }

    private static void strings(ArrayNode array, List<String> values) {
        values.forEach(array::add);
    }

    private static String capitalized(String word) {
        return word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1);
    }
}
