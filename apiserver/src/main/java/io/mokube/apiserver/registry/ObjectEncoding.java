package io.mokube.apiserver.registry;

import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** How an object is laid out in the store: kind, apiVersion and metadata first, no resourceVersion. */
public final class ObjectEncoding {

    private ObjectEncoding() {}

    /** The bytes to store. The object is not changed. */
    public static byte[] encode(KubeObject object) {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("kind", object.kind());
        root.put("apiVersion", object.apiVersion());
        ObjectNode metadata = root.putObject("metadata");
        for (Map.Entry<String, JsonNode> field : object.metadata().properties()) {
            switch (field.getKey()) {
                // The first is the revision of the write, the second nobody sets any more.
                case "resourceVersion", "selfLink" -> {}
                default -> metadata.set(field.getKey(), field.getValue());
            }
        }
        for (Map.Entry<String, JsonNode> field : object.root().properties()) {
            switch (field.getKey()) {
                case "kind", "apiVersion", "metadata" -> {}
                default -> root.set(field.getKey(), field.getValue());
            }
        }
        return Json.MAPPER.writeValueAsBytes(root);
    }
}
