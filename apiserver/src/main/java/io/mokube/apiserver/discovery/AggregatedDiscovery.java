package io.mokube.apiserver.discovery;

import io.mokube.apiserver.discovery.DiscoveryDocuments.AggregatedVersion;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.resources.Subresource;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.Json;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The newer form of discovery: everything in one document for the core group and one for all others. */
final class AggregatedDiscovery {

    private AggregatedDiscovery() {}

    static ObjectNode write(ResourceRegistry registry, AggregatedVersion version, boolean core) {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("kind", "APIGroupDiscoveryList");
        root.put("apiVersion", "apidiscovery.k8s.io/" + version.text());
        root.putObject("metadata");
        ArrayNode items = root.putArray("items");
        for (String group : core ? Set.of("") : ResourceLists.groupNames(registry)) {
            ObjectNode item = items.addObject();
            ObjectNode metadata = item.putObject("metadata");
            if (!group.isEmpty()) {
                metadata.put("name", group);
            }
            ArrayNode versions = item.putArray("versions");
            for (String each : ResourceLists.versions(registry, group)) {
                fillVersion(versions.addObject(), registry, new GroupVersion(group, each));
            }
        }
        return root;
    }

    private static void fillVersion(ObjectNode node, ResourceRegistry registry, GroupVersion groupVersion) {
        node.put("version", groupVersion.version());
        ArrayNode resources = node.putArray("resources");
        for (Served served : ResourceLists.sorted(registry.inGroupVersion(groupVersion))) {
            fillResource(resources.addObject(), served);
        }
        node.put("freshness", "Current");
    }

    private static void fillResource(ObjectNode node, Served served) {
        ResourceDefinition definition = served.definition();
        node.put("resource", definition.plural());
        fillKind(node, served.kind(), served);
        node.put("scope", definition.namespaced() ? "Namespaced" : "Cluster");
        node.put("singularResource", definition.singular());
        ResourceLists.strings(node, "verbs", new TreeSet<>(definition.verbs()));
        if (!definition.shortNames().isEmpty()) {
            ResourceLists.strings(node, "shortNames", definition.shortNames());
        }
        if (!definition.categories().isEmpty()) {
            ResourceLists.strings(node, "categories", definition.categories());
        }
        if (!definition.subresources().isEmpty()) {
            ArrayNode subresources = node.putArray("subresources");
            for (Subresource subresource : ResourceLists.sortedSubresources(definition)) {
                ObjectNode below = subresources.addObject();
                below.put("subresource", subresource.name());
                fillKind(below, subresource.kind(), served);
                ResourceLists.strings(below, "verbs", new TreeSet<>(subresource.verbs()));
            }
        }
    }

    /** Group and version are only named where they are others than those the resource is listed under. */
    private static void fillKind(ObjectNode node, GroupVersionKind kind, Served served) {
        boolean own = kind.groupVersion().equals(served.kind().groupVersion());
        ObjectNode responseKind = node.putObject("responseKind");
        responseKind.put("group", own ? "" : kind.group());
        responseKind.put("version", own ? "" : kind.version());
        responseKind.put("kind", kind.kind());
    }
}
