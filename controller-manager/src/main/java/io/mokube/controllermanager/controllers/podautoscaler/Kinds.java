package io.mokube.controllermanager.controllers.podautoscaler;

import io.fabric8.kubernetes.api.model.autoscaling.v2.CrossVersionObjectReference;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.names.GroupVersionResource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import tools.jackson.databind.JsonNode;

/** Finds the resources of kinds by discovery, and remembers them. Safe for use by many threads. */
final class Kinds {

    private final ApiClient client;
    private final Map<GroupVersionKind, GroupVersionResource> known = new ConcurrentHashMap<>();

    Kinds(ApiClient client) {
        this.client = client;
    }

    /**
     * The resource that a reference means.
     *
     * @throws MetricUnavailableException when no such kind is served, or nobody can tell now
     */
    GroupVersionResource resource(CrossVersionObjectReference reference) throws MetricUnavailableException {
        GroupVersionKind kind = kind(reference);
        GroupVersionResource resource = known.get(kind);
        if (resource == null) {
            resource = ask(kind);
            known.put(kind, resource);
        }
        return resource;
    }

    /** To be asked again: what was known of the kind did not lead anywhere. */
    void forget(CrossVersionObjectReference reference) throws MetricUnavailableException {
        known.remove(kind(reference));
    }

    private static GroupVersionKind kind(CrossVersionObjectReference reference) throws MetricUnavailableException {
        String apiVersion = reference.getApiVersion();
        if (apiVersion == null || apiVersion.isEmpty()) {
            return GroupVersionKind.of("v1", reference.getKind());
        }
        if (apiVersion.indexOf('/') != apiVersion.lastIndexOf('/')) {
            throw new MetricUnavailableException("unexpected GroupVersion string: " + apiVersion);
        }
        return GroupVersionKind.of(apiVersion, reference.getKind());
    }

    private GroupVersionResource ask(GroupVersionKind kind) throws MetricUnavailableException {
        GroupVersion groupVersion = new GroupVersion(kind.group(), kind.version());
        try {
            for (JsonNode resource : client.get(groupVersion.path()).path("resources")) {
                String name = resource.path("name").asString("");
                if (resource.path("kind").asString("").equals(kind.kind()) && !name.contains("/")) {
                    return new GroupVersionResource(kind.group(), kind.version(), name);
                }
            }
        } catch (ApiException e) {
            if (!e.isNotFound()) {
                throw new MetricUnavailableException(String.valueOf(e.getMessage()));
            }
        } catch (ConnectionException e) {
            throw new MetricUnavailableException(String.valueOf(e.getMessage()));
        }
        throw new MetricUnavailableException(
                "no matches for kind \"" + kind.kind() + "\" in group \"" + kind.group() + "\"");
    }
}
