package io.mokube.apiserver.patch;

import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** JSON merge patch, RFC 7386. */
public final class MergePatch {

    private MergePatch() {}

    /**
     * The patched tree. The target is changed and shared with the result; the patch is neither.
     *
     * @param target the tree to change
     * @param patch what to change: objects merge, null removes, everything else replaces
     */
    public static JsonNode apply(JsonNode target, JsonNode patch) {
        if (!(patch instanceof ObjectNode changes)) {
            return patch.deepCopy();
        }
        ObjectNode merged = target instanceof ObjectNode object ? object : JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> change : changes.properties()) {
            String field = change.getKey();
            if (change.getValue().isNull()) {
                merged.remove(field);
            } else {
                merged.set(field, apply(merged.path(field), change.getValue()));
            }
        }
        return merged;
    }
}
