package io.mokube.apiserver.discovery;

import io.mokube.apiserver.resources.BuiltInResources;
import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.resources.ResourceRegistry;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.resources.Subresource;
import io.mokube.apiserver.resources.VersionOrder;
import io.mokube.machinery.digest.Sha256;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.names.GroupVersionKind;
import io.mokube.machinery.object.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The oldest form of discovery: lists of versions, groups and resources, one document each. */
final class ResourceLists {

    private ResourceLists() {}

    static ObjectNode coreVersions(ResourceRegistry registry, String serverAddress) {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("kind", "APIVersions");
        strings(root, "versions", versions(registry, ""));
        root.putArray("serverAddressByClientCIDRs")
                .addObject()
                .put("clientCIDR", "0.0.0.0/0")
                .put("serverAddress", serverAddress);
        return root;
    }

    static ObjectNode groups(ResourceRegistry registry) {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("kind", "APIGroupList");
        root.put("apiVersion", "v1");
        ArrayNode groups = root.putArray("groups");
        for (String group : groupNames(registry)) {
            fillGroup(groups.addObject(), registry, group);
        }
        return root;
    }

    static ObjectNode group(ResourceRegistry registry, String group) {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("kind", "APIGroup");
        root.put("apiVersion", "v1");
        fillGroup(root, registry, group);
        return root;
    }

    static ObjectNode resources(ResourceRegistry registry, GroupVersion groupVersion) {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("kind", "APIResourceList");
        root.put("apiVersion", "v1");
        root.put("groupVersion", groupVersion.apiVersion());
        ArrayNode resources = root.putArray("resources");
        for (Served served : sorted(registry.inGroupVersion(groupVersion))) {
            ResourceDefinition definition = served.definition();
            ObjectNode entry = resources.addObject();
            entry.put("name", definition.plural());
            entry.put("singularName", definition.singular());
            entry.put("namespaced", definition.namespaced());
            entry.put("kind", definition.kind());
            strings(entry, "verbs", new TreeSet<>(definition.verbs()));
            if (!definition.shortNames().isEmpty()) {
                strings(entry, "shortNames", definition.shortNames());
            }
            if (!definition.categories().isEmpty()) {
                strings(entry, "categories", definition.categories());
            }
            if (definition.verbs().contains("watch")) {
                entry.put("storageVersionHash", storageVersionHash(definition.storageKind()));
            }
            for (Subresource subresource : sortedSubresources(definition)) {
                GroupVersion own = subresource.kind().groupVersion();
                ObjectNode below = resources.addObject();
                below.put("name", definition.plural() + "/" + subresource.name());
                below.put("singularName", "");
                below.put("namespaced", definition.namespaced());
                if (!own.group().equals(groupVersion.group())) {
                    below.put("group", own.group());
                    below.put("version", own.version());
                }
                below.put("kind", subresource.kind().kind());
                strings(below, "verbs", new TreeSet<>(subresource.verbs()));
            }
        }
        return root;
    }

    /** Changes when objects are stored in another version; the same on every API server. */
    private static String storageVersionHash(GroupVersionKind kind) {
        String text = kind.group() + "/" + kind.version() + "/" + kind.kind();
        return Base64.getEncoder().encodeToString(Arrays.copyOf(Sha256.of(text), 8));
    }

    /** The groups with paths below {@code /apis}, most important first: the built-in ones, then the others by name. */
    static Set<String> groupNames(ResourceRegistry registry) {
        Set<String> builtIn = new LinkedHashSet<>();
        BuiltInResources.all().forEach(each -> builtIn.add(each.group()));
        Set<String> served = new LinkedHashSet<>();
        registry.groupVersions().forEach(each -> served.add(each.group()));
        served.remove("");
        Set<String> names = new LinkedHashSet<>(builtIn);
        names.retainAll(served);
        names.addAll(new TreeSet<>(served));
        return names;
    }

    /** The versions of a group, preferred first, whichever of its resources came first. */
    static List<String> versions(ResourceRegistry registry, String group) {
        List<String> versions = new ArrayList<>();
        for (GroupVersion each : registry.groupVersions()) {
            if (each.group().equals(group)) {
                versions.add(each.version());
            }
        }
        versions.sort(VersionOrder.PREFERRED_FIRST);
        return versions;
    }

    static List<Served> sorted(List<Served> served) {
        return served.stream()
                .sorted(Comparator.comparing(each -> each.definition().plural()))
                .toList();
    }

    static List<Subresource> sortedSubresources(ResourceDefinition definition) {
        return definition.subresources().stream()
                .sorted(Comparator.comparing(Subresource::name))
                .toList();
    }

    static void strings(ObjectNode node, String field, Collection<String> values) {
        ArrayNode array = node.putArray(field);
        values.forEach(array::add);
    }

    private static void fillGroup(ObjectNode node, ResourceRegistry registry, String group) {
        node.put("name", group);
        ArrayNode versions = node.putArray("versions");
        List<String> names = versions(registry, group);
        names.forEach(version -> fillVersion(versions.addObject(), group, version));
        fillVersion(node.putObject("preferredVersion"), group, names.getFirst());
    }

    private static void fillVersion(ObjectNode node, String group, String version) {
        node.put("groupVersion", new GroupVersion(group, version).apiVersion());
        node.put("version", version);
    }
}
