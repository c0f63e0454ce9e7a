package io.mokube.kubelet.pods;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
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
        MAIN
    }

    public String name() {
        return spec.getName();
    }

    /** The part of the pod that an event about this container names. */
    public String fieldPath() {
        return (kind == Kind.MAIN ? "spec.containers{" : "spec.initContainers{") + name() + "}";
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

    /** All containers: the init containers first. */
    public static List<PodContainer> all(Pod pod) {
        List<PodContainer> all = new ArrayList<>(initContainers(pod));
        all.addAll(mainContainers(pod));
        return all;
    }

    /** The container of that name. */
    public static Optional<PodContainer> find(Pod pod, String name) {
        return all(pod).stream()
                .filter(container -> container.name().equals(name))
                .findFirst();
    }
}
