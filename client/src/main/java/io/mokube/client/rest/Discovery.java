package io.mokube.client.rest;

import io.fabric8.kubernetes.api.model.PartialObjectMetadata;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.names.GroupVersionResource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * What a server serves. Each resource is named once, in the version that the server prefers among those that have it.
 *
 * @param resources the resources themselves, without their subresources
 * @param failed the group versions whose resources the server could not tell
 */
public record Discovery(List<Served> resources, List<GroupVersion> failed) {

    private static final String AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    public Discovery {
        resources = List.copyOf(resources);
        failed = List.copyOf(failed);
    }

    /** A resource that is served. */
    public record Served(GroupVersionResource resource, String kind, boolean namespaced, Set<String> verbs) {

        public Served {
            verbs = Set.copyOf(verbs);
        }

        /** The resource with its objects' metadata alone. */
        public ResourceType<PartialObjectMetadata> metadataType() {
            return ResourceType.metadata(resource, kind, namespaced);
        }
    }

    /** Asks the server, in two requests where it aggregates, in one for each group version otherwise. */
    public static Discovery of(ApiClient client) {
        Builder builder = new Builder(client);
        JsonNode core = client.get("/api", AGGREGATED + ",application/json");
        JsonNode groups = client.get("/apis", AGGREGATED + ",application/json");
        if (core.path("kind").asString("").equals("APIGroupDiscoveryList")) {
            builder.addAggregated(core);
            builder.addAggregated(groups);
        } else {
            for (JsonNode version : core.path("versions")) {
                builder.addLegacy(new GroupVersion("", version.asString("")));
            }
            for (JsonNode group : groups.path("groups")) {
                builder.addLegacyGroup(group);
            }
        }
        return new Discovery(List.copyOf(builder.found.values()), List.copyOf(builder.failed));
    }

    private static final class Builder {

        private final ApiClient client;
        private final Map<GroupResource, Served> found = new LinkedHashMap<>();
        private final Set<GroupVersion> failed = new LinkedHashSet<>();

        Builder(ApiClient client) {
            this.client = client;
        }

        void addAggregated(JsonNode list) {
            for (JsonNode group : list.path("items")) {
                String name = group.path("metadata").path("name").asString("");
                for (JsonNode version : group.path("versions")) {
                    GroupVersion groupVersion =
                            new GroupVersion(name, version.path("version").asString(""));
                    if (version.path("freshness").asString("").equals("Stale")) {
                        failed.add(groupVersion);
                    }
                    for (JsonNode resource : version.path("resources")) {
                        add(
                                groupVersion,
                                resource.path("resource").asString(""),
                                resource.path("responseKind").path("kind").asString(""),
                                resource.path("scope").asString("").equals("Namespaced"),
                                resource.path("verbs"));
                    }
                }
            }
        }

        void addLegacyGroup(JsonNode group) {
            List<GroupVersion> versions = new ArrayList<>();
            versions.add(GroupVersion.parse(
                    group.path("preferredVersion").path("groupVersion").asString("")));
            for (JsonNode version : group.path("versions")) {
                GroupVersion each =
                        GroupVersion.parse(version.path("groupVersion").asString(""));
                if (!versions.contains(each)) {
                    versions.add(each);
                }
            }
            versions.forEach(this::addLegacy);
        }

        void addLegacy(GroupVersion groupVersion) {
            JsonNode list;
            try {
                list = client.get(groupVersion.path());
            } catch (ApiException e) {
                failed.add(groupVersion);
                return;
            }
            for (JsonNode resource : list.path("resources")) {
                add(
                        groupVersion,
                        resource.path("name").asString(""),
                        resource.path("kind").asString(""),
                        resource.path("namespaced").asBoolean(false),
                        resource.path("verbs"));
            }
        }

        private void add(GroupVersion groupVersion, String name, String kind, boolean namespaced, JsonNode verbs) {
            if (name.contains("/")) {
                return;
            }
            Set<String> words = new LinkedHashSet<>();
            verbs.forEach(verb -> words.add(verb.asString("")));
            GroupVersionResource resource =
                    new GroupVersionResource(groupVersion.group(), groupVersion.version(), name);
            found.putIfAbsent(resource.groupResource(), new Served(resource, kind, namespaced, words));
        }
    }
}
