package io.mokube.apiserver.ownership;

import io.mokube.machinery.object.Json;
import tools.jackson.databind.node.ObjectNode;

/**
 * Who changes an object, and how: what tells one entry of {@code managedFields} from another.
 *
 * @param name the manager, such as {@code kubectl}
 * @param applies whether by server-side apply
 * @param apiVersion the version it writes
 * @param subresource through which subresource, {@code ""} for none
 */
public record FieldManager(String name, boolean applies, String apiVersion, String subresource) {

    /** One who applies is the same in every version. */
    FieldManager identity() {
        return applies ? new FieldManager(name, true, "", subresource) : this;
    }

    /** As error messages name it: {@code "kubectl" using apps/v1}. */
    String display() {
        String text = Json.MAPPER.writeValueAsString(name);
        if (!subresource.isEmpty()) {
            text += " with subresource " + Json.MAPPER.writeValueAsString(subresource);
        }
        return applies ? text : text + " using " + apiVersion;
    }

    String operation() {
        return applies ? "Apply" : "Update";
    }

    /** The text Kubernetes tells managers apart by; where the order of managers matters, it is that of these texts. */
    String sortKey() {
        ObjectNode key = Json.MAPPER.createObjectNode();
        key.put("manager", name);
        key.put("operation", operation());
        if (!applies) {
            key.put("apiVersion", apiVersion);
        }
        if (!subresource.isEmpty()) {
            key.put("subresource", subresource);
        }
        return key.toString();
    }
}
