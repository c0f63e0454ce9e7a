package io.mokube.machinery.error;

import io.mokube.machinery.object.Json;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A {@link Status} as the JSON object that goes over the wire, and back. */
public final class StatusJson {

    private StatusJson() {}

    /** The failure as a {@code v1} {@code Status} object. */
    public static ObjectNode write(Status status) {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("kind", "Status");
        root.put("apiVersion", "v1");
        putUnlessEmpty(root.putObject("metadata"), "continue", status.continueToken());
        root.put("status", "Failure");
        root.put("message", status.message());
        if (!status.reason().isEmpty()) {
            root.put("reason", status.reason());
        }
        Status.Details details = status.details();
        if (details != null) {
            ObjectNode node = root.putObject("details");
            putUnlessEmpty(node, "name", details.name());
            putUnlessEmpty(node, "group", details.group());
            putUnlessEmpty(node, "kind", details.kind());
            putUnlessEmpty(node, "uid", details.uid());
            if (!details.causes().isEmpty()) {
                ArrayNode causes = node.putArray("causes");
                for (Status.Cause cause : details.causes()) {
                    ObjectNode each = causes.addObject();
                    putUnlessEmpty(each, "reason", cause.reason());
                    putUnlessEmpty(each, "message", cause.message());
                    putUnlessEmpty(each, "field", cause.field());
                }
            }
            if (details.retryAfterSeconds() > 0) {
                node.put("retryAfterSeconds", details.retryAfterSeconds());
            }
        }
        root.put("code", status.code());
        return root;
    }

    /**
     * Reads what a server answered.
     *
     * @param httpCode used when the body carries no code of its own
     */
    public static Status read(JsonNode root, int httpCode) {
        JsonNode details = root.path("details");
        List<Status.Cause> causes = new ArrayList<>();
        for (JsonNode cause : details.path("causes")) {
            causes.add(new Status.Cause(
                    cause.path("reason").asString(""),
                    cause.path("message").asString(""),
                    cause.path("field").asString("")));
        }
        return new Status(
                root.path("code").asInt(httpCode),
                root.path("reason").asString(""),
                root.path("message").asString(""),
                details.isObject()
                        ? new Status.Details(
                                details.path("name").asString(""),
                                details.path("group").asString(""),
                                details.path("kind").asString(""),
                                details.path("uid").asString(""),
                                causes,
                                details.path("retryAfterSeconds").asInt(0))
                        : null,
                root.path("metadata").path("continue").asString(""));
    }

    private static void putUnlessEmpty(ObjectNode node, String field, String value) {
        if (!value.isEmpty()) {
            node.put(field, value);
        }
    }
}
