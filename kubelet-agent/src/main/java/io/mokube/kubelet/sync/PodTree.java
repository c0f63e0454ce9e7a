package io.mokube.kubelet.sync;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.kubelet.pods.PodFacts;
import java.nio.file.Path;

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

    /** The folder of a pod's container logs. */
    public Path logs(String namespace, String name, String uid) {
        return root.resolve("logs").resolve(namespace + "_" + name + "_" + uid);
    }

    /** The folder of the pod's container logs. */
    public Path logs(Pod pod) {
        return logs(pod.getMetadata().getNamespace(), pod.getMetadata().getName(), PodFacts.uid(pod));
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
