package io.mokube.controllermanager.controllers.deployment;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.mokube.controllermanager.controllers.ownership.NameSuffix;
import io.mokube.machinery.object.Json;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Compares pod templates and names them. Pure. */
final class PodTemplates {

    /** The label that keeps the pods of a Deployment's ReplicaSets apart. */
    static final String HASH_LABEL = "pod-template-hash";

    private static final int FNV_OFFSET = 0x811c9dc5;
    private static final int FNV_PRIME = 0x01000193;

    private PodTemplates() {}

    /** Whether two templates make the same pods; the hash label doesn't count. */
    static boolean same(PodTemplateSpec one, PodTemplateSpec other) {
        return Objects.equals(one.getSpec(), other.getSpec())
                && withoutHash(one.getMetadata()).equals(withoutHash(other.getMetadata()));
    }

    /**
     * The suffix for the name of the template's ReplicaSet: 32-bit FNV-1a over its JSON with sorted fields, then over
     * the number of collisions met so far. It differs from the suffix Kubernetes gives the same template, which depends
     * on the layout of Go's structs; nothing compares the two, because a ReplicaSet is found by its template.
     */
    static String hash(PodTemplateSpec template, int collisions) {
        int hash = FNV_OFFSET;
        for (byte octet : canonical(Json.MAPPER.valueToTree(template)).getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (octet & 0xff)) * FNV_PRIME;
        }
        if (collisions > 0) {
            for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
                hash = (hash ^ (collisions >>> shift & 0xff)) * FNV_PRIME;
            }
        }
        return NameSuffix.encode(hash);
    }

    private static ObjectMeta withoutHash(@Nullable ObjectMeta metadata) {
        if (metadata == null) {
            return new ObjectMeta();
        }
        @Nullable Map<String, String> labels = metadata.getLabels();
        Map<String, String> others = labels == null ? new LinkedHashMap<>() : new LinkedHashMap<>(labels);
        others.remove(HASH_LABEL);
        return new ObjectMetaBuilder(metadata).withLabels(others).build();
    }

    private static String canonical(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT -> {
                TreeMap<String, String> fields = new TreeMap<>();
                node.properties().forEach(field -> fields.put(field.getKey(), canonical(field.getValue())));
                StringBuilder text = new StringBuilder("{");
                fields.forEach((name, value) ->
                        text.append(name).append(':').append(value).append(','));
                yield text.append('}').toString();
            }
            case ARRAY -> {
                StringBuilder text = new StringBuilder("[");
                node.forEach(element -> text.append(canonical(element)).append(','));
                yield text.append(']').toString();
            }
            case STRING, NUMBER, BOOLEAN, NULL, BINARY, MISSING, POJO -> node.toString();
        };
    }
}
