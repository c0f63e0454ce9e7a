package io.mokube.kubelet.pods;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EphemeralContainer;
import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.machinery.object.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** A container of a pod's specification, and what part it plays. */
public record PodContainer(Container spec, Kind kind) {

    /** The part that a container plays in its pod's life. */
    public enum Kind {
        /** Runs to its end before the next container. */
        INIT,
        /** An init container with restart policy Always: starts in their order, then runs beside the main ones. */
        SIDECAR,
        /** What the pod is for. */
        MAIN,
        /** Added to a running pod to look at it; runs once. */
        EPHEMERAL
    }

    public String name() {
        return spec.getName();
    }

    /** The part of the pod that an event about this container names. */
    public String fieldPath() {
        String list =
                switch (kind) {
                    case INIT, SIDECAR -> "initContainers";
                    case MAIN -> "containers";
                    case EPHEMERAL -> "ephemeralContainers";
                };
        return "spec." + list + "{" + name() + "}";
    }

    /** Init containers in their order, sidecars among them. */
    public static List<PodContainer> initContainers(Pod pod) {
        List<PodContainer> all = new ArrayList<>();
        for (Container container : pod.getSpec().getInitContainers()) {
            all.add(new PodContainer(
                    container, Objects.equals(container.getRestartPolicy(), "Always") ? Kind.SIDECAR : Kind.INIT));
        }
        return all;
    }

    /** Main containers in their order. */
    public static List<PodContainer> mainContainers(Pod pod) {
        return pod.getSpec().getContainers().stream()
                .map(container -> new PodContainer(container, Kind.MAIN))
                .toList();
    }

    /** Ephemeral containers in the order in which they were added. */
    public static List<PodContainer> ephemeralContainers(Pod pod) {
        return pod.getSpec().getEphemeralContainers().stream()
                // They have the fields of other containers, and only these.
                .map(container ->
                        new PodContainer(Json.MAPPER.convertValue(container, Container.class), Kind.EPHEMERAL))
                .toList();
    }

    /** The container whose processes an ephemeral container sees; empty when it sees its own. */
    public static Optional<String> target(Pod pod, String ephemeral) {
        return pod.getSpec().getEphemeralContainers().stream()
                .filter(container -> ephemeral.equals(container.getName()))
                .map(EphemeralContainer::getTargetContainerName)
                .filter(target -> target != null && !target.isEmpty())
                .findFirst();
    }

    /** All containers: the init containers first, the ephemeral ones last. */
    public static List<PodContainer> all(Pod pod) {
        List<PodContainer> all = new ArrayList<>(initContainers(pod));
        all.addAll(mainContainers(pod));
        all.addAll(ephemeralContainers(pod));
        return all;
    }

    /** The container of that name. */
    public static Optional<PodContainer> find(Pod pod, String name) {
        return all(pod).stream()
                .filter(container -> container.name().equals(name))
                .findFirst();
    }
}
