package io.mokube.kubelet.runtime.docker;

import io.mokube.kubelet.runtime.ContainerConfig;
import io.mokube.kubelet.runtime.SandboxConfig;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How labels of Docker carry what it has no place for. Names and prefixes are those that Kubernetes' own Docker runtime
 * uses, as far as there are some.
 */
final class DockerLabels {

    /** What a container is: {@link #SANDBOX}, {@link #CONTAINER} or {@link #IMAGE_VOLUME}. */
    static final String TYPE = "io.kubernetes.docker.type";

    static final String SANDBOX = "podsandbox";
    static final String CONTAINER = "container";

    /** One that never runs, and keeps an image. */
    static final String IMAGE_VOLUME = "imagevolume";

    static final String SANDBOX_ID = "io.kubernetes.sandbox.id";
    static final String LOG_PATH = "io.kubernetes.container.logpath";
    static final String POD_NAME = "io.kubernetes.pod.name";
    static final String POD_NAMESPACE = "io.kubernetes.pod.namespace";
    static final String POD_UID = "io.kubernetes.pod.uid";
    static final String CONTAINER_NAME = "io.kubernetes.container.name";

    /** The network it was made for, which tells the clusters on one engine apart. */
    static final String NETWORK = "mokube.io/network";

    static final String ATTEMPT = "mokube.io/attempt";

    /** The address a sandbox was given. */
    static final String ADDRESS = "mokube.io/address";

    private static final String ANNOTATION = "annotation.";

    /** The name of the pause container where others have the container's. */
    private static final String PAUSE = "POD";

    private DockerLabels() {}

    static Map<String, String> of(SandboxConfig config, String network, String address) {
        Map<String, String> labels = common(config, network, config.labels(), config.annotations());
        labels.put(TYPE, SANDBOX);
        labels.put(CONTAINER_NAME, PAUSE);
        labels.put(ATTEMPT, Integer.toString(config.attempt()));
        labels.put(ADDRESS, address);
        return labels;
    }

    static Map<String, String> of(
            ContainerConfig config, SandboxConfig sandbox, String sandboxId, String network, String logPath) {
        Map<String, String> labels = common(sandbox, network, config.labels(), config.annotations());
        labels.put(TYPE, CONTAINER);
        labels.put(CONTAINER_NAME, config.name());
        labels.put(ATTEMPT, Integer.toString(config.attempt()));
        labels.put(SANDBOX_ID, sandboxId);
        labels.put(LOG_PATH, logPath);
        return labels;
    }

    private static Map<String, String> common(
            SandboxConfig sandbox, String network, Map<String, String> own, Map<String, String> annotations) {
        Map<String, String> labels = new HashMap<>(own);
        annotations.forEach((key, value) -> labels.put(ANNOTATION + key, value));
        labels.put(NETWORK, network);
        labels.put(POD_NAME, sandbox.name());
        labels.put(POD_NAMESPACE, sandbox.namespace());
        labels.put(POD_UID, sandbox.uid());
        return labels;
    }

    /** The labels as the agent gave them, without those that are annotations. */
    static Map<String, String> labels(Map<String, String> all) {
        return all.entrySet().stream()
                .filter(entry -> !entry.getKey().startsWith(ANNOTATION))
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    static Map<String, String> annotations(Map<String, String> all) {
        return all.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(ANNOTATION))
                .collect(Collectors.toUnmodifiableMap(
                        entry -> entry.getKey().substring(ANNOTATION.length()), Map.Entry::getValue));
    }

    static int attempt(Map<String, String> all) {
        return Integer.parseInt(all.getOrDefault(ATTEMPT, "0"));
    }

    /** A name that no other container of the engine has: whoever makes a container twice is refused. */
    static String sandboxName(SandboxConfig sandbox) {
        return name(PAUSE, sandbox, sandbox.attempt());
    }

    static String containerName(ContainerConfig container, SandboxConfig sandbox) {
        return name(container.name(), sandbox, container.attempt());
    }

    private static String name(String container, SandboxConfig sandbox, int attempt) {
        return String.join(
                "_", "k8s", container, sandbox.name(), sandbox.namespace(), sandbox.uid(), Integer.toString(attempt));
    }
}
