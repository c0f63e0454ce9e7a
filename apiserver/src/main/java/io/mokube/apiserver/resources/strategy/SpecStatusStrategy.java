package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.object.KubeObject;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * Desired state in the spec, observed state in the status: the status is written only through the {@code status}
 * subresource, which writes nothing else.
 */
public class SpecStatusStrategy implements ResourceStrategy {

    @Override
    public void prepareForCreate(KubeObject object) {
        object.root().remove("status");
    }

    @Override
    public void prepareForUpdate(KubeObject object, KubeObject old) {
        keep("status", object, old);
    }

    @Override
    public void prepareForSubresourceUpdate(String subresource, KubeObject object, KubeObject old) {
        if (subresource.equals("status")) {
            keepAllButStatus(object, old);
        }
    }

    /** Takes a field from the stored object, or removes it where that has none. */
    protected static void keep(String field, KubeObject object, KubeObject old) {
        JsonNode stored = old.root().get(field);
        if (stored == null) {
            object.root().remove(field);
        } else {
            object.root().set(field, stored.deepCopy());
        }
    }

    /**
     * Takes everything from the stored object but the status and, as Kubernetes does for most kinds, the metadata, whose
     * immutable fields are checked elsewhere. Labels and annotations may thus change through {@code status}.
     */
    protected static void keepAllButStatus(KubeObject object, KubeObject old) {
        JsonNode status = object.root().get("status");
        JsonNode metadata = object.metadata();
        object.root().removeAll();
        for (Map.Entry<String, JsonNode> field : old.root().properties()) {
            if (field.getKey().equals("metadata")) {
                object.root().set("metadata", metadata);
            } else if (!field.getKey().equals("status")) {
                object.root().set(field.getKey(), field.getValue().deepCopy());
            }
        }
        if (status != null) {
            object.root().set("status", status);
        }
    }
}
