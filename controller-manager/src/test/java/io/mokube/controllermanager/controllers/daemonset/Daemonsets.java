package io.mokube.controllermanager.controllers.daemonset;

import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetBuilder;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.Times;
import java.time.Instant;
import java.util.Map;
import java.util.function.Function;

/** DaemonSets, their nodes and pods as tests need them. */
final class Daemonsets {

    static final Instant NOW = Instant.parse("2026-01-01T01:00:00Z");

    private Daemonsets() {}

    static DaemonSet set() {
        return new DaemonSetBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("log")
                .withUid("uid-log")
                .withGeneration(1L)
                .endMetadata()
                .withNewSpec()
                .withRevisionHistoryLimit(10)
                .withNewSelector()
                .addToMatchLabels("app", "log")
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .withLabels(Map.of("app", "log"))
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("c")
                .withImage("log:1")
                .endContainer()
                .endSpec()
                .endTemplate()
                .endSpec()
                .build();
    }

    static DaemonSet with(DaemonSet set, Function<DaemonSetBuilder, DaemonSetBuilder> change) {
        return change.apply(new DaemonSetBuilder(set)).build();
    }

    static DaemonSet withImage(DaemonSet set, String image) {
        return with(
                set,
                builder -> builder.editSpec()
                        .editTemplate()
                        .editSpec()
                        .editFirstContainer()
                        .withImage(image)
                        .endContainer()
                        .endSpec()
                        .endTemplate()
                        .endSpec());
    }

    static DaemonSet rolling(DaemonSet set, Object maxUnavailable, Object maxSurge) {
        return with(
                set,
                builder -> builder.editSpec()
                        .withNewUpdateStrategy()
                        .withType("RollingUpdate")
                        .withNewRollingUpdate()
                        .withMaxUnavailable(new IntOrString(maxUnavailable))
                        .withMaxSurge(new IntOrString(maxSurge))
                        .endRollingUpdate()
                        .endUpdateStrategy()
                        .endSpec());
    }

    static Node node(String name) {
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .addToLabels("kubernetes.io/hostname", name)
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .build();
    }

    static Node tainted(Node node, String key, String effect) {
        return new NodeBuilder(node)
                .editSpec()
                .addNewTaint()
                .withKey(key)
                .withEffect(effect)
                .endTaint()
                .endSpec()
                .build();
    }

    /** A daemon that is on its node and ready for long. */
    static Pod ready(DaemonSet set, String node, String hash) {
        return Pods.ready(pending(set, node, hash), NOW.minusSeconds(600));
    }

    /** A daemon that is bound and has not started. */
    static Pod pending(DaemonSet set, String node, String hash) {
        return new PodBuilder(unbound(set, node, hash))
                .editSpec()
                .withNodeName(node)
                .endSpec()
                .build();
    }

    static Pod unbound(DaemonSet set, String node, String hash) {
        PodTemplateSpec template = DaemonTemplate.of(set, hash, node);
        String name = "log-" + node + "-" + hash;
        return new PodBuilder()
                .withMetadata(template.getMetadata())
                .editMetadata()
                .withNamespace("default")
                .withName(name)
                .withUid("uid-" + name)
                .withResourceVersion("1")
                .withCreationTimestamp(Times.format(NOW.minusSeconds(hash.equals("new") ? 100 : 1000)))
                .withOwnerReferences(Ownership.controllerReference(set))
                .endMetadata()
                .withSpec(template.getSpec())
                .withNewStatus()
                .withPhase("Pending")
                .endStatus()
                .build();
    }
}
