package io.mokube.apiserver.verbs;

import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.time.Instant;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The conditions in a pod's status that the server itself reads and sets. Pure functions over trees. */
final class PodConditions {

    private PodConditions() {}

    /** Whether a condition is true. */
    static boolean isTrue(KubeObject pod, String type) {
        JsonNode conditions = pod.at("status", "conditions");
        return conditions
                .path(indexOf(conditions, type))
                .path("status")
                .asString("")
                .equals("True");
    }

    /**
     * Makes a condition true, unless it is true for this reason already.
     *
     * @param reason {@code ""} for none
     * @param message {@code ""} for none
     * @return whether that changed the pod
     */
    static boolean set(KubeObject pod, String type, String reason, String message, Instant now) {
        ArrayNode conditions = pod.root().withObjectProperty("status").withArrayProperty("conditions");
        int index = indexOf(conditions, type);
        JsonNode old = conditions.path(index);
        boolean isTrue = isTrue(pod, type);
        if (isTrue && old.path("reason").asString("").equals(reason)) {
            return false;
        }
        ObjectNode condition = Json.MAPPER.createObjectNode();
        condition.put("type", type);
        condition.put("status", "True");
        if (!reason.isEmpty()) {
            condition.put("reason", reason);
        }
        if (!message.isEmpty()) {
            condition.put("message", message);
        }
        condition.put(
                "lastTransitionTime", isTrue ? old.path("lastTransitionTime").asString("") : Lifecycle.timestamp(now));
        if (pod.generation() > 0) {
            condition.put("observedGeneration", pod.generation());
        }
        if (index < 0) {
            conditions.add(condition);
        } else {
            conditions.set(index, condition);
        }
        return true;
    }

    private static int indexOf(JsonNode conditions, String type) {
        for (int i = 0; i < conditions.size(); i++) {
            if (conditions.path(i).path("type").asString("").equals(type)) {
                return i;
            }
        }
        return -1;
    }
}
