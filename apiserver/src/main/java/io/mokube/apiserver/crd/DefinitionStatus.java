package io.mokube.apiserver.crd;

import io.mokube.machinery.object.KubeObject;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads and writes the conditions of a CustomResourceDefinition. */
final class DefinitionStatus {

    static final String NAMES_ACCEPTED = "NamesAccepted";
    static final String ESTABLISHED = "Established";
    static final String TERMINATING = "Terminating";

    /** A condition without its time. */
    record Condition(String type, boolean status, String reason, String message) {}

    private DefinitionStatus() {}

    static boolean isTrue(KubeObject definition, String type) {
        for (JsonNode condition : definition.at("status", "conditions")) {
            if (condition.path("type").asString("").equals(type)) {
                return condition.path("status").asString("").equals("True");
            }
        }
        return false;
    }

    static ObjectNode status(KubeObject definition) {
        return definition.root().get("status") instanceof ObjectNode status
                ? status
                : definition.root().putObject("status");
    }

    /** Sets a condition; its time moves only when its status does. */
    static void set(KubeObject definition, Condition condition, Instant now) {
        ObjectNode status = status(definition);
        ArrayNode conditions =
                status.get("conditions") instanceof ArrayNode present ? present : status.putArray("conditions");
        String value = condition.status() ? "True" : "False";
        for (JsonNode each : conditions) {
            if (each instanceof ObjectNode present
                    && present.path("type").asString("").equals(condition.type())) {
                if (!present.path("status").asString("").equals(value)) {
                    present.put("status", value);
                    present.put("lastTransitionTime", timestamp(now));
                }
                present.put("reason", condition.reason());
                present.put("message", condition.message());
                return;
            }
        }
        ObjectNode added = conditions.addObject();
        added.put("lastTransitionTime", timestamp(now));
        added.put("message", condition.message());
        added.put("reason", condition.reason());
        added.put("status", value);
        added.put("type", condition.type());
    }

    private static String timestamp(Instant now) {
        return now.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
