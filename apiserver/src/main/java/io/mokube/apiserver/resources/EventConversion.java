package io.mokube.apiserver.resources;

import io.mokube.machinery.object.KubeObject;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code events.k8s.io/v1} and the core group's events are the same objects under other field names; stored are the core
 * group's.
 */
final class EventConversion implements Conversion {

    static final Conversion INSTANCE = new EventConversion();

    /** Names in {@code events.k8s.io/v1} and in {@code v1}; all other fields have one name. */
    private static final Map<String, String> NAMES = Map.of(
            "regarding", "involvedObject",
            "note", "message",
            "reportingController", "reportingComponent",
            "deprecatedSource", "source",
            "deprecatedFirstTimestamp", "firstTimestamp",
            "deprecatedLastTimestamp", "lastTimestamp",
            "deprecatedCount", "count");

    private EventConversion() {}

    @Override
    public void toStorage(KubeObject object) {
        object.root().put("apiVersion", "v1");
        NAMES.forEach((served, stored) -> rename(object.root(), served, stored));
    }

    @Override
    public void fromStorage(KubeObject object) {
        object.root().put("apiVersion", "events.k8s.io/v1");
        NAMES.forEach((served, stored) -> rename(object.root(), stored, served));
    }

    private static void rename(ObjectNode node, String from, String to) {
        JsonNode value = node.remove(from);
        if (value != null) {
            node.set(to, value);
        }
    }
}
