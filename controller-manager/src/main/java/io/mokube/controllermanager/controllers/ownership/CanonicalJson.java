package io.mokube.controllermanager.controllers.ownership;

import io.mokube.machinery.object.Json;
import java.nio.charset.StandardCharsets;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** JSON with the fields of every object in alphabetical order, so that what is equal has the same text. Pure. */
public final class CanonicalJson {

    private static final int FNV_OFFSET = 0x811c9dc5;
    private static final int FNV_PRIME = 0x01000193;

    private CanonicalJson() {}

    /** The same JSON in order. */
    public static JsonNode sorted(JsonNode node) {
        return switch (node) {
            case ObjectNode object -> {
                TreeMap<String, JsonNode> fields = new TreeMap<>();
                object.properties().forEach(field -> fields.put(field.getKey(), sorted(field.getValue())));
                ObjectNode sorted = Json.MAPPER.createObjectNode();
                fields.forEach(sorted::set);
                yield sorted;
            }
            case ArrayNode array -> {
                ArrayNode sorted = Json.MAPPER.createArrayNode();
                array.forEach(element -> sorted.add(sorted(element)));
                yield sorted;
            }
            default -> node;
        };
    }

    /**
     * A suffix for names that tells values apart: 32-bit FNV-1a over the value's text in order, then over the number of
     * collisions met so far. It is not the suffix Kubernetes gives, which depends on the layout of Go's structs.
     */
    public static String hash(JsonNode value, int collisions) {
        int hash = FNV_OFFSET;
        for (byte octet : sorted(value).toString().getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (octet & 0xff)) * FNV_PRIME;
        }
        if (collisions > 0) {
            for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
                hash = (hash ^ (collisions >>> shift & 0xff)) * FNV_PRIME;
            }
        }
        return NameSuffix.encode(hash);
    }
}
