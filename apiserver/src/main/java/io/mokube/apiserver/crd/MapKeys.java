package io.mokube.apiserver.crd;

import io.mokube.machinery.object.Json;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/** The keys by which the items of a list that is a map are told apart. */
final class MapKeys {

    private MapKeys() {}

    static List<JsonNode> of(ObjectNode item, StructuralSchema list) {
        List<JsonNode> keys = new ArrayList<>(list.mapKeys().size());
        for (String name : list.mapKeys()) {
            JsonNode value = item.get(name);
            keys.add(value == null ? MissingNode.getInstance() : value);
        }
        return keys;
    }

    /** The keys with their values, for messages. */
    static JsonNode show(ObjectNode item, StructuralSchema list) {
        ObjectNode shown = Json.MAPPER.createObjectNode();
        for (String name : list.mapKeys()) {
            JsonNode value = item.get(name);
            if (value != null) {
                shown.set(name, value);
            }
        }
        return shown;
    }
}
