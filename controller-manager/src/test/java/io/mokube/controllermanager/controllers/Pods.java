package io.mokube.controllermanager.controllers;

import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.mokube.controllermanager.controllers.ownership.Times;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Pods as tests need them; every change gives a new pod. */
public final class Pods {

    private Pods() {}

    public static Pod pending(String name) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .withUid("uid-" + name)
                .withCreationTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .withPhase("Pending")
                .endStatus()
                .build();
    }

    public static Pod ready(String name, Instant since) {
        return ready(pending(name), since);
    }

    public static Pod ready(Pod pod, Instant since) {
        return withReady(pod, "True", since);
    }

    public static Pod notReady(Pod pod, Instant since) {
        return withReady(pod, "False", since);
    }

    private static Pod withReady(Pod pod, String status, Instant since) {
        return new PodBuilder(pod)
                .editOrNewSpec()
                .withNodeName(
                        pod.getSpec().getNodeName() == null
                                ? "node-1"
                                : pod.getSpec().getNodeName())
                .endSpec()
                .editOrNewStatus()
                .withPhase("Running")
                .withConditions(new PodConditionBuilder()
                        .withType("Ready")
                        .withStatus(status)
                        .withLastTransitionTime(Times.format(since))
                        .build())
                .endStatus()
                .build();
    }

    public static Pod finished(Pod pod, String phase) {
        return new PodBuilder(pod)
                .editOrNewStatus()
                .withPhase(phase)
                .endStatus()
                .build();
    }

    /** The pod after its only container has ended. */
    public static Pod exited(Pod pod, int code, Instant at) {
        return new PodBuilder(finished(pod, code == 0 ? "Succeeded" : "Failed"))
                .editStatus()
                .withConditions(new PodConditionBuilder()
                        .withType("Ready")
                        .withStatus("False")
                        .withLastTransitionTime(Times.format(at))
                        .build())
                .withContainerStatuses(new ContainerStatusBuilder()
                        .withName(
                                pod.getSpec().getContainers().isEmpty()
                                        ? "main"
                                        : pod.getSpec()
                                                .getContainers()
                                                .getFirst()
                                                .getName())
                        .withNewState()
                        .withNewTerminated()
                        .withExitCode(code)
                        .withFinishedAt(Times.format(at))
                        .endTerminated()
                        .endState()
                        .build())
                .endStatus()
                .build();
    }

    public static Pod onNode(Pod pod, @Nullable String node) {
        return new PodBuilder(pod).editSpec().withNodeName(node).endSpec().build();
    }

    public static Pod atRevision(Pod pod, long revision) {
        return new PodBuilder(pod)
                .editMetadata()
                .withResourceVersion(Long.toString(revision))
                .endMetadata()
                .build();
    }

    public static Pod deleting(Pod pod, Instant time) {
        return new PodBuilder(pod)
                .editMetadata()
                .withDeletionTimestamp(Times.format(time))
                .endMetadata()
                .build();
    }
}
