package io.mokube.apiserver.discovery;

import io.mokube.machinery.object.Json;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A query parameter as OpenAPI describes it.
 *
 * @param type {@code string}, {@code integer} or {@code boolean}
 */
record OpenApiParameter(String name, String type, String description) {

    static final OpenApiParameter PRETTY = text("pretty", "\"true\" indents the answer.");

    private static final OpenApiParameter DRY_RUN = text("dryRun", "\"All\" runs every check and stores nothing.");
    private static final OpenApiParameter FIELD_MANAGER =
            text("fieldManager", "Who makes the change, as the managed fields name it.");
    private static final OpenApiParameter FIELD_VALIDATION = text(
            "fieldValidation",
            "What happens to unknown and duplicate fields: Strict refuses them, Warn (the default) warns, Ignore drops"
                    + " them.");

    static final List<OpenApiParameter> OF_WRITES = List.of(DRY_RUN, FIELD_MANAGER, FIELD_VALIDATION);

    static final List<OpenApiParameter> OF_PATCHES = List.of(
            DRY_RUN,
            FIELD_MANAGER,
            FIELD_VALIDATION,
            flag("force", "Takes over fields of other managers; for apply patches only."));

    static final List<OpenApiParameter> OF_DELETES = List.of(
            DRY_RUN,
            number("gracePeriodSeconds", "How long the object may take to end; 0 ends it at once."),
            flag(
                    "ignoreStoreReadErrorWithClusterBreakingPotential",
                    "Deletes an object that can't be read any more, without looking at what it holds."),
            flag("orphanDependents", "Deprecated: use propagationPolicy."),
            text("propagationPolicy", "What happens to dependents: Orphan, Background or Foreground deletion."));

    static final List<OpenApiParameter> OF_LISTS = List.of(
            flag("allowWatchBookmarks", "Whether a watch may send events of type BOOKMARK."),
            text("continue", "Where the previous page ended."),
            text("fieldSelector", "Selects by fields."),
            text("labelSelector", "Selects by labels."),
            number("limit", "The most items in one answer."),
            text("resourceVersion", "Which version to read."),
            text("resourceVersionMatch", "How resourceVersion is understood."),
            flag("sendInitialEvents", "Whether a watch begins with all objects."),
            number("timeoutSeconds", "When the call ends."),
            flag("watch", "Sends changes as they happen."));

    static final List<OpenApiParameter> OF_COLLECTION_DELETES = deletesOfCollections();

    private static final OpenApiParameter CONTAINER =
            text("container", "Which container; may be left out when there is only one.");
    private static final List<OpenApiParameter> STREAMS = List.of(
            flag("stdin", "Whether input is sent."),
            flag("stdout", "Whether output comes back."),
            flag("stderr", "Whether error output comes back."),
            flag("tty", "Whether the program has a terminal."));

    private static OpenApiParameter text(String name, String description) {
        return new OpenApiParameter(name, "string", description);
    }

    private static OpenApiParameter number(String name, String description) {
        return new OpenApiParameter(name, "integer", description);
    }

    private static OpenApiParameter flag(String name, String description) {
        return new OpenApiParameter(name, "boolean", description);
    }

    private static List<OpenApiParameter> deletesOfCollections() {
        List<OpenApiParameter> all = new ArrayList<>(OF_LISTS);
        all.removeIf(each -> each.name().equals("watch") || each.name().equals("allowWatchBookmarks"));
        all.addAll(OF_DELETES);
        return List.copyOf(all);
    }

    /** What a connection to a pod, a service or a node is told; such options have no kind of their own in OpenAPI. */
    static List<OpenApiParameter> ofConnection(String subresource) {
        List<OpenApiParameter> parameters = new ArrayList<>();
        switch (subresource) {
            case "attach" -> {
                parameters.add(CONTAINER);
                parameters.addAll(STREAMS);
            }
            case "exec" -> {
                parameters.add(text("command", "The program and its arguments, one parameter each."));
                parameters.add(CONTAINER);
                parameters.addAll(STREAMS);
            }
            case "log" -> {
                parameters.add(CONTAINER);
                parameters.add(flag("follow", "Goes on with what is logged from now on."));
                parameters.add(flag(
                        "insecureSkipTLSVerifyBackend",
                        "Doesn't verify the certificate of the node that has the log."));
                parameters.add(number("limitBytes", "The most bytes to send."));
                parameters.add(flag("previous", "The log of the container that ran before this one."));
                parameters.add(number("sinceSeconds", "Only lines younger than this."));
                parameters.add(text("sinceTime", "Only lines later than this, as RFC 3339 writes it."));
                parameters.add(text("stream", "Which of the container's outputs: All, Stdout or Stderr."));
                parameters.add(number("tailLines", "How many lines from the end."));
                parameters.add(flag("timestamps", "Begins each line with its time."));
            }
            case "portforward" -> parameters.add(number("ports", "Ports to forward."));
            case "proxy" -> parameters.add(text("path", "The part of the address that is asked for."));
            default -> {}
        }
        return parameters;
    }

    /** Writes parameters as an operation lists them. */
    static ArrayNode write(List<OpenApiParameter> parameters, OpenApiDialect dialect) {
        ArrayNode array = Json.MAPPER.createArrayNode();
        for (OpenApiParameter parameter : parameters) {
            ObjectNode node = array.addObject();
            node.put("name", parameter.name());
            node.put("in", "query");
            node.put("description", parameter.description());
            typed(node, parameter.type(), dialect);
        }
        return array;
    }

    /** Adds a part of the path to the parameters. */
    static void addOfPath(ArrayNode parameters, String name, String description, OpenApiDialect dialect) {
        ObjectNode node = parameters.addObject();
        node.put("name", name);
        node.put("in", "path");
        node.put("description", description);
        node.put("required", true);
        typed(node, "string", dialect);
    }

    private static void typed(ObjectNode node, String type, OpenApiDialect dialect) {
        ObjectNode schema =
                switch (dialect) {
                    case V2 -> node;
                    case V3 -> node.putObject("schema");
                };
        schema.put("type", type);
        schema.put("uniqueItems", true);
    }
}
