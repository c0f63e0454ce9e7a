package io.mokube.controllermanager.controllers.deployment;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.mokube.controllermanager.controllers.ownership.CanonicalJson;
import io.mokube.machinery.object.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Compares pod templates and names them. Pure. */
final class PodTemplates {

    /** The label that keeps the pods of a Deployment's ReplicaSets apart. */
    static final String HASH_LABEL = "pod-template-hash";

    private PodTemplates() {}

    /** Whether two templates make the same pods; the hash label doesn't count. */
    static boolean same(PodTemplateSpec one, PodTemplateSpec other) {
        return Objects.equals(one.getSpec(), other.getSpec())
                && withoutHash(one.getMetadata()).equals(withoutHash(other.getMetadata()));
    }

    /** The suffix for the name of the template's ReplicaSet; one is found by its template, never by this. */
    static String hash(PodTemplateSpec template, int collisions) {
        return CanonicalJson.hash(Json.MAPPER.valueToTree(template), collisions);
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
}
