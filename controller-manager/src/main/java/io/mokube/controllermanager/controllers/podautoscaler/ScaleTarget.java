package io.mokube.controllermanager.controllers.podautoscaler;

import io.fabric8.kubernetes.api.model.autoscaling.v2.CrossVersionObjectReference;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.ResourceType;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What is scaled, as its subresource {@code scale} showed it when it was asked.
 *
 * @param selector of its pods, {@code ""} when it does not say
 */
record ScaleTarget(
        GroupVersionResource resource,
        ObjectKey key,
        ObjectNode scale,
        int specReplicas,
        int statusReplicas,
        String selector) {

    /**
     * Asks for a target's scale.
     *
     * @throws MetricUnavailableException when there is none
     */
    static ScaleTarget find(ApiClient client, Kinds kinds, String namespace, CrossVersionObjectReference reference)
            throws MetricUnavailableException {
        GroupVersionResource resource = kinds.resource(reference);
        ObjectKey key = new ObjectKey(namespace, reference.getName());
        try {
            JsonNode scale = client.get(resource.groupVersion().path() + "/namespaces/" + namespace + "/"
                    + resource.resource() + "/" + key.name() + "/scale");
            return of(resource, key, scale);
        } catch (ApiException e) {
            if (e.isNotFound()) {
                kinds.forget(reference);
            }
            throw new MetricUnavailableException(String.valueOf(e.getMessage()));
        } catch (ConnectionException e) {
            throw new MetricUnavailableException(String.valueOf(e.getMessage()));
        }
    }

    private static ScaleTarget of(GroupVersionResource resource, ObjectKey key, JsonNode scale) {
        return new ScaleTarget(
                resource,
                key,
                scale instanceof ObjectNode object ? object : Json.MAPPER.createObjectNode(),
                scale.path("spec").path("replicas").asInt(0),
                scale.path("status").path("replicas").asInt(0),
                scale.path("status").path("selector").asString(""));
    }

    /**
     * Asks for another number of replicas, of the target as it was seen.
     *
     * @throws ApiException when it changed meanwhile, or may not be changed
     */
    void scaleTo(int replicas, ApiClient client) {
        ObjectNode wanted = scale.deepCopy();
        wanted.withObjectProperty("spec").put("replicas", replicas);
        client.resource(ResourceType.dynamic(resource, "Scale", true)).updateSubresource(key, "scale", wanted);
    }
}
