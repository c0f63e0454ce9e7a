package io.mokube.apiserver.discovery;

import io.mokube.apiserver.discovery.OtherGroups.OtherVersion;
import io.mokube.machinery.object.Json;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Puts the groups of others among this server's own, by their priorities; their versions replace own ones. */
final class GroupMerging {

    private final OtherGroups others;

    GroupMerging(OtherGroups others) {
        this.others = others;
    }

    /** Into an {@code APIGroupList}. */
    ObjectNode groups(ObjectNode own) {
        Map<String, List<OtherVersion>> byGroup = byGroup();
        Map<String, ObjectNode> groups = named(own.path("groups"), "");
        byGroup.forEach((group, versions) -> {
            ObjectNode node = groups.computeIfAbsent(group, name -> {
                ObjectNode made = Json.MAPPER.createObjectNode().put("name", name);
                made.putArray("versions");
                return made;
            });
            Map<String, ObjectNode> all = new LinkedHashMap<>();
            for (OtherVersion other : versions) {
                all.put(
                        other.groupVersion().version(),
                        Json.MAPPER
                                .createObjectNode()
                                .put("groupVersion", other.groupVersion().apiVersion())
                                .put("version", other.groupVersion().version()));
            }
            entries(node.path("versions"), "version").forEach(all::putIfAbsent);
            ArrayNode merged = node.putArray("versions");
            all.values().forEach(merged::add);
            node.set("preferredVersion", merged.path(0).deepCopy());
        });
        own.set("groups", sorted(groups));
        return own;
    }

    /** Into an {@code APIGroupDiscoveryList}. */
    ObjectNode aggregated(ObjectNode own) {
        Map<String, ObjectNode> groups = named(own.path("items"), "metadata");
        byGroup().forEach((group, versions) -> {
            ObjectNode node = groups.computeIfAbsent(group, name -> {
                ObjectNode made = Json.MAPPER.createObjectNode();
                made.putObject("metadata").put("name", name);
                made.putArray("versions");
                return made;
            });
            Map<String, ObjectNode> all = new LinkedHashMap<>();
            for (OtherVersion other : versions) {
                ObjectNode version = Json.MAPPER
                        .createObjectNode()
                        .put("version", other.groupVersion().version());
                Optional<JsonNode> resources = other.resources();
                resources.ifPresent(list -> version.set("resources", list));
                all.put(
                        other.groupVersion().version(),
                        version.put("freshness", resources.isPresent() ? "Current" : "Stale"));
            }
            entries(node.path("versions"), "version").forEach(all::putIfAbsent);
            ArrayNode merged = node.putArray("versions");
            all.values().forEach(merged::add);
        });
        own.set("items", sorted(groups));
        return own;
    }

    private Map<String, List<OtherVersion>> byGroup() {
        Map<String, List<OtherVersion>> byGroup = new LinkedHashMap<>();
        for (OtherVersion version : others.versions()) {
            byGroup.computeIfAbsent(version.groupVersion().group(), group -> new ArrayList<>())
                    .add(version);
        }
        return byGroup;
    }

    private static Map<String, ObjectNode> named(JsonNode list, String parent) {
        Map<String, ObjectNode> named = new LinkedHashMap<>();
        for (JsonNode each : list) {
            if (each instanceof ObjectNode node) {
                JsonNode holder = parent.isEmpty() ? node : node.path(parent);
                named.put(holder.path("name").asString(""), node);
            }
        }
        return named;
    }

    private static Map<String, ObjectNode> entries(JsonNode list, String field) {
        Map<String, ObjectNode> entries = new LinkedHashMap<>();
        for (JsonNode each : list) {
            if (each instanceof ObjectNode node) {
                entries.put(node.path(field).asString(""), node);
            }
        }
        return entries;
    }

    /** Groups of one priority stay in their order. */
    private ArrayNode sorted(Map<String, ObjectNode> groups) {
        ArrayNode sorted = Json.MAPPER.createArrayNode();
        List<String> names = new ArrayList<>(groups.keySet());
        if (!others.versions().isEmpty()) {
            names.sort(Comparator.comparing(others::priority, Comparator.reverseOrder()));
        }
        names.forEach(name -> sorted.add(groups.get(name)));
        return sorted;
    }
}
