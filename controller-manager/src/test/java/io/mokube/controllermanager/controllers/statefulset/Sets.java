package io.mokube.controllermanager.controllers.statefulset;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.mokube.controllermanager.controllers.Pods;
import java.time.Instant;
import java.util.Map;
import java.util.function.Function;

/** StatefulSets and their pods as tests need them. */
final class Sets {

    static final Instant NOW = Instant.parse("2026-01-01T01:00:00Z");
    static final Revision OLD = new Revision("web-old", template("web:1"));
    static final Revision NEW = new Revision("web-new", template("web:2"));

    private Sets() {}

    static PodTemplateSpec template(String image) {
        return set(1, image).getSpec().getTemplate();
    }

    static StatefulSet set(int replicas) {
        return set(replicas, "web:2");
    }

    private static StatefulSet set(int replicas, String image) {
        return new StatefulSetBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("web")
                .withUid("uid-web")
                .withGeneration(1L)
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .withServiceName("service")
                .withRevisionHistoryLimit(10)
                .withPodManagementPolicy("OrderedReady")
                .withNewSelector()
                .addToMatchLabels("app", "web")
                .endSelector()
                .withNewUpdateStrategy()
                .withType("RollingUpdate")
                .withNewRollingUpdate()
                .withPartition(0)
                .endRollingUpdate()
                .endUpdateStrategy()
                .withNewTemplate()
                .withNewMetadata()
                .withLabels(Map.of("app", "web"))
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withImage(image)
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    static StatefulSet with(StatefulSet set, Function<StatefulSetBuilder, StatefulSetBuilder> change) {
        return change.apply(new StatefulSetBuilder(set)).build();
    }

    static StatefulSet parallel(StatefulSet set) {
        return with(
                set,
                builder ->
                        builder.editSpec().withPodManagementPolicy("Parallel").endSpec());
    }

    static StatefulSet from(StatefulSet set, int start) {
        return with(
                set,
                builder -> builder.editSpec()
                        .withNewOrdinals()
                        .withStart(start)
                        .endOrdinals()
                        .endSpec());
    }

    static StatefulSet onDelete(StatefulSet set) {
        return with(
                set,
                builder -> builder.editSpec()
                        .withNewUpdateStrategy()
                        .withType("OnDelete")
                        .endUpdateStrategy()
                        .endSpec());
    }

    static StatefulSet rolling(StatefulSet set, int partition, Object maxUnavailable) {
        return with(
                set,
                builder -> builder.editSpec()
                        .editUpdateStrategy()
                        .withNewRollingUpdate()
                        .withPartition(partition)
                        .withMaxUnavailable(new IntOrString(maxUnavailable))
                        .endRollingUpdate()
                        .endUpdateStrategy()
                        .endSpec());
    }

    static StatefulSet withClaims(StatefulSet set, String whenScaled, String whenDeleted) {
        return with(
                set,
                builder -> builder.editSpec()
                        .withNewPersistentVolumeClaimRetentionPolicy(whenDeleted, whenScaled)
                        .addNewVolumeClaimTemplate()
                        .withNewMetadata()
                        .withName("data")
                        .addToLabels("mine", "yes")
                        .endMetadata()
                        .withNewSpec()
                        .withAccessModes("ReadWriteOnce")
                        .endSpec()
                        .endVolumeClaimTemplate()
                        .endSpec());
    }

    /** A pod of an ordinal that is ready for long. */
    static Pod ready(StatefulSet set, int ordinal, Revision revision) {
        return Pods.ready(pending(set, ordinal, revision), NOW.minusSeconds(600));
    }

    static Pod pending(StatefulSet set, int ordinal, Revision revision) {
        Pod pod = Members.pod(set, revision, ordinal);
        return new PodBuilder(pod)
                .editMetadata()
                .withUid("uid-" + pod.getMetadata().getName())
                .withResourceVersion("1")
                .endMetadata()
                .withNewStatus()
                .withPhase("Pending")
                .endStatus()
                .build();
    }
}
