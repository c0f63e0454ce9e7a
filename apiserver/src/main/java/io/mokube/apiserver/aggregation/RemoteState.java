package io.mokube.apiserver.aggregation;

import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What was seen of a group version when it was looked at last.
 *
 * @param known what it has; nothing when it does not answer
 */
record RemoteState(RemoteVersion version, Availability availability, Known known) {

    private static final Known NOTHING = new Known(Json.MAPPER.createArrayNode(), "");

    /**
     * What a group version has.
     *
     * @param resources in the form of aggregated discovery
     * @param openApi the address of its OpenAPI 3 document, {@code ""} when there is none
     */
    record Known(JsonNode resources, String openApi) {}

    /** Looks; takes some seconds when nobody answers. */
    static RemoteState look(RemoteVersion version, ClusterReader cluster, RemoteCalls calls) {
        Optional<Availability> wrong = Availability.ofService(version, cluster);
        if (wrong.isPresent()) {
            return new RemoteState(version, wrong.get(), NOTHING);
        }
        try {
            JsonNode list = calls.get(version, version.groupVersion().path());
            return new RemoteState(version, Availability.PASSED, new Known(resources(list), openApi(version, calls)));
        } catch (IOException e) {
            return new RemoteState(version, Availability.failed(String.valueOf(e.getMessage())), NOTHING);
        }
    }

    private static String openApi(RemoteVersion version, RemoteCalls calls) {
        try {
            String path = version.groupVersion().path().substring(1);
            return calls.get(version, "/openapi/v3")
                    .path("paths")
                    .path(path)
                    .path("serverRelativeURL")
                    .asString("");
        } catch (IOException e) {
            // Not every server has one.
            return "";
        }
    }

    /** An {@code APIResourceList} in the form of aggregated discovery. */
    static ArrayNode resources(JsonNode list) {
        Map<String, ObjectNode> byName = new LinkedHashMap<>();
        for (JsonNode each : list.path("resources")) {
            String name = each.path("name").asString("");
            if (!name.contains("/")) {
                ObjectNode resource = Json.MAPPER.createObjectNode();
                resource.put("resource", name);
                resource.set("responseKind", kind(each));
                resource.put("scope", each.path("namespaced").asBoolean(false) ? "Namespaced" : "Cluster");
                resource.put("singularResource", each.path("singularName").asString(""));
                resource.set("verbs", strings(each.path("verbs")));
                for (String field : new String[] {"shortNames", "categories"}) {
                    if (!each.path(field).isEmpty()) {
                        resource.set(field, strings(each.path(field)));
                    }
                }
                byName.put(name, resource);
            }
        }
        for (JsonNode each : list.path("resources")) {
            String[] parts = each.path("name").asString("").split("/", 2);
            ObjectNode parent = byName.get(parts[0]);
            if (parts.length == 2 && parent != null) {
                ObjectNode below = parent.withArrayProperty("subresources").addObject();
                below.put("subresource", parts[1]);
                below.set("responseKind", kind(each));
                below.set("verbs", strings(each.path("verbs")));
            }
        }
        ArrayNode resources = Json.MAPPER.createArrayNode();
        byName.values().forEach(resources::add);
        return resources;
    }

    private static ObjectNode kind(JsonNode resource) {
        return Json.MAPPER
                .createObjectNode()
                .put("group", resource.path("group").asString(""))
                .put("version", resource.path("version").asString(""))
                .put("kind", resource.path("kind").asString(""));
    }

    private static ArrayNode strings(JsonNode list) {
        ArrayNode copy = Json.MAPPER.createArrayNode();
        list.forEach(each -> copy.add(each.asString("")));
        return copy;
    }
}
