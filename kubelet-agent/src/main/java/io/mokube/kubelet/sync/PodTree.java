package io.mokube.kubelet.sync;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.sync.RuntimeObserver.Trace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Where the agent keeps things on disk.
 *
 * @param root the agent's folder
 */
public record PodTree(Path root) {

    /** One folder per pod, named by UID. */
    public Path pods() {
        return root.resolve("pods");
    }

    Path pod(String uid) {
        return pods().resolve(uid);
    }

    /** The pods that have a folder, with what their logs tell of them. */
    List<Trace> left() throws IOException {
        Map<String, Trace> logged = new HashMap<>();
        for (String folder : children(root.resolve("logs"))) {
            String[] parts = folder.split("_", 3);
            if (parts.length == 3) {
                logged.put(parts[2], new Trace(parts[2], parts[0], parts[1], 0, Set.of()));
            }
        }
        return children(pods()).stream()
                .map(uid -> logged.getOrDefault(uid, new Trace(uid, "", "", 0, Set.of())))
                .toList();
    }

    private static List<String> children(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(folder)) {
            return children.map(child -> child.getFileName().toString()).toList();
        }
    }

    /** The folder of a pod's container logs. */
    public Path logs(String namespace, String name, String uid) {
        return root.resolve("logs").resolve(namespace + "_" + name + "_" + uid);
    }

    /** The folder of the pod's container logs. */
    public Path logs(Pod pod) {
        return logs(pod.getMetadata().getNamespace(), pod.getMetadata().getName(), PodFacts.uid(pod));
    }

    /** Removes the log of one container of the pod, with what was moved aside, and its last words. */
    void removeLog(Pod pod, String container, int attempt) throws IOException {
        Path folder = logs(pod).resolve(container);
        for (String file : children(folder)) {
            if (file.startsWith(attempt + ".log")) {
                Files.deleteIfExists(folder.resolve(file));
            }
        }
        Files.deleteIfExists(terminationMessage(PodFacts.uid(pod), container, attempt));
    }

    /** The folder of an emptyDir volume. */
    public Path emptyDir(Pod pod, String volume) {
        return pod(PodFacts.uid(pod))
                .resolve("volumes")
                .resolve("kubernetes.io~empty-dir")
                .resolve(volume);
    }

    /** Where a container leaves its last words. */
    Path terminationMessage(String uid, String container, int attempt) {
        return pod(uid).resolve("containers").resolve(container).resolve(Integer.toString(attempt));
    }

    Path hostsFile(String uid) {
        return pod(uid).resolve("etc-hosts");
    }
}
