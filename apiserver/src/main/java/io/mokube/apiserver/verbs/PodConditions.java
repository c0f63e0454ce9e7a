package io.mokube.apiserver.verbs;

import io.mokube.machinery.object.KubeObject;
import java.time.Instant;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The conditions in a pod's status that the server itself reads and sets. Pure functions over trees. */
final class PodConditions {

    private PodConditions() {}

    /** Whether a condition is true. */
    static boolean isTrue(KubeObject pod, String type) {
        return find(pod, type)
                .filter(condition -> condition.path("status").asString("").equals("True"))
                .isPresent();
    }

    /**
     * Makes a condition true, unless it is true for this reason already.
     *
     * @param reason {@code ""} for none
     * @param message {@code ""} for none
     * @return whether that changed the pod
     */
    static boolean set(KubeObject pod, String type, String reason, String message, Instant now) {
        Optional<JsonNode> old = find(pod, type);
        boolean isTrue = isTrue(pod, type);
        if (isTrue && old.orElseThrow().path("reason").asString("").equals(reason)) {
            return false;
        }
        ObjectNode condition = conditions(pod).addObject();
        condition.put("type", type);
        condition.put("status", "True");
        if (!reason.isEmpty()) {
            condition.put("reason", reason);
        }
        if (!message.isEmpty()) {
            condition.put("message", message);
        }
        condition.put(
                "lastTransitionTime",
                isTrue ? old.orElseThrow().path("lastTransitionTime").asString("") : Lifecycle.timestamp(now));
        if (pod.generation() > 0) {
            condition.put("observedGeneration", pod.generation());
        }
        old.ifPresent(before -> remove(conditions(pod), before));
        return true;
    }

    private static Optional<JsonNode> find(KubeObject pod, String type) {
        for (JsonNode condition : pod.at("status", "conditions")) {
            if (condition.path("type").asString("").equals(type)) {
                return Optional.of(condition);
            }
        }
        return Optional.empty();
    }

    private static void remove(ArrayNode conditions, JsonNode condition) {
        for (int i = 0; i < conditions.size(); i++) {
            if (conditions.get(i) == condition) {
                conditions.remove(i);
                return;
            }
        }
    }

    private static ArrayNode conditions(KubeObject pod) {
        return pod.root().withObjectProperty("status").withArrayProperty("conditions");
    }
}
