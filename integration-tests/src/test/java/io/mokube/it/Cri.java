package io.mokube.it;

import io.mokube.kubelet.runtime.ContainerStatus;
import io.mokube.kubelet.runtime.ContainerSummary;
import io.mokube.kubelet.runtime.cri.CriRuntime;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the runtimes of some nodes show: the truth that the API server's answers are held against. */
record Cri(List<Path> sockets) {

    private static final String POD_NAMESPACE = "io.kubernetes.pod.namespace";

    /** The running containers of a namespace's pods, by container ID, with their start times. */
    Map<String, Instant> running(String namespace) {
        Map<String, Instant> found = new TreeMap<>();
        for (Path socket : sockets) {
            try (CriRuntime runtime = new CriRuntime(socket)) {
                for (ContainerSummary container : runtime.listContainers(Map.of())) {
                    if (container.state() == ContainerStatus.State.RUNNING
                            && container
                                    .labels()
                                    .getOrDefault(POD_NAMESPACE, "")
                                    .equals(namespace)) {
                        runtime.containerStatus(container.id())
                                .map(ContainerStatus::startedAt)
                                .ifPresent(startedAt -> found.put(container.id(), startedAt));
                    }
                }
            }
        }
        return found;
    }

    /** Kills a container's process as the kernel would, behind everybody's back. */
    void kill(String containerId) {
        boolean killed = sockets.stream()
                .anyMatch(socket -> Commands.run(
                                        List.of(
                                                "ctr",
                                                "--address",
                                                socket.toString(),
                                                "--namespace",
                                                "k8s.io",
                                                "tasks",
                                                "kill",
                                                "--signal",
                                                "SIGKILL",
                                                containerId),
                                        Map.of(),
                                        Duration.ofSeconds(10))
                                .code()
                        == 0);
        if (!killed) {
            throw new AssertionError("no node runs container " + containerId);
        }
    }
}
