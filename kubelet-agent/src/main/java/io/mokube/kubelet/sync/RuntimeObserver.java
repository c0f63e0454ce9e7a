package io.mokube.kubelet.sync;

import io.mokube.kubelet.lifecycle.RuntimeView;
import io.mokube.kubelet.lifecycle.RuntimeView.ObservedContainer;
import io.mokube.kubelet.lifecycle.RuntimeView.ObservedSandbox;
import io.mokube.kubelet.log.ContainerLog;
import io.mokube.kubelet.network.PodAddresses;
import io.mokube.kubelet.pods.RuntimeLabels;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.ContainerStatus;
import io.mokube.kubelet.runtime.ContainerStatus.State;
import io.mokube.kubelet.runtime.ContainerSummary;
import io.mokube.kubelet.runtime.Sandbox;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Looks at the runtime: at one pod in full, and at all of the node's pods for what changed. Sees only its own node's. */
final class RuntimeObserver {

    private static final int MOST_LAST_WORDS = 4096;
    private static final int MOST_LOG_WORDS = 2048;
    private static final int MOST_LOG_LINES = 80;

    private final ContainerRuntime runtime;
    private final String node;
    private final String nodeAddress;
    private final PodTree tree;
    private final Clock clock;
    private final String runtimeName;

    /**
     * @param runtimeName what the runtime calls itself; it is not asked, for it may be dead by now
     * @param nodeAddress the node's main address, whose family comes first among those of pods
     */
    RuntimeObserver(
            ContainerRuntime runtime, String runtimeName, String node, String nodeAddress, PodTree tree, Clock clock) {
        this.runtime = runtime;
        this.node = node;
        this.nodeAddress = nodeAddress;
        this.tree = tree;
        this.clock = clock;
        this.runtimeName = runtimeName;
    }

    /** Everything the runtime has of one pod. */
    RuntimeView observe(String uid) {
        Map<String, String> labels = Map.of(RuntimeLabels.NODE, node, RuntimeLabels.POD_UID, uid);
        List<ObservedSandbox> sandboxes = new ArrayList<>();
        for (Sandbox sandbox : runtime.listSandboxes(labels)) {
            List<String> addresses = sandbox.ready()
                    ? runtime.sandboxStatus(sandbox.id())
                            .map(status -> PodAddresses.ordered(status.addresses(), nodeAddress))
                            .orElse(List.of())
                    : List.of();
            sandboxes.add(new ObservedSandbox(
                    sandbox.id(), sandbox.attempt(), sandbox.ready(), sandbox.createdAt(), addresses));
        }
        List<ObservedContainer> containers = new ArrayList<>();
        for (ContainerSummary summary : runtime.listContainers(labels)) {
            runtime.containerStatus(summary.id())
                    .ifPresent(status -> containers.add(observed(uid, summary.sandboxId(), status)));
        }
        return new RuntimeView(runtimeName, List.copyOf(sandboxes), List.copyOf(containers));
    }

    private ObservedContainer observed(String uid, String sandboxId, ContainerStatus status) {
        String count = status.annotations().getOrDefault(RuntimeLabels.RESTART_COUNT, "");
        int attempt = count.isEmpty() ? status.attempt() : Integer.parseInt(count);
        return new ObservedContainer(
                status.id(),
                status.name(),
                attempt,
                sandboxId,
                status.state(),
                status.createdAt(),
                status.startedAt(),
                status.finishedAt(),
                status.exitCode(),
                status.image(),
                status.imageId(),
                status.annotations().getOrDefault(RuntimeLabels.CONTAINER_HASH, ""),
                status.reason(),
                lastWords(uid, status, attempt));
    }

    private String lastWords(String uid, ContainerStatus status, int attempt) {
        if (status.state() != State.EXITED) {
            return status.message();
        }
        String words = tail(tree.terminationMessage(uid, status.name(), attempt));
        boolean fallBack = status.annotations()
                .getOrDefault(RuntimeLabels.TERMINATION_MESSAGE_POLICY, "")
                .equals("FallbackToLogsOnError");
        if (words.isEmpty() && fallBack && status.exitCode() != 0) {
            words = new ContainerLog(Path.of(status.logPath()), clock).lastWords(MOST_LOG_LINES, MOST_LOG_WORDS);
        }
        return words.isEmpty() ? status.message() : words;
    }

    private static String tail(Path file) {
        try (InputStream input = Files.newInputStream(file)) {
            input.skipNBytes(Math.max(0, Files.size(file) - MOST_LAST_WORDS));
            return new String(input.readNBytes(MOST_LAST_WORDS), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    /** A pod that the runtime has something of: enough to end it when the API server does not know it. */
    record Trace(String uid, String namespace, String name, long graceSeconds, Set<String> parts) {}

    /** What the runtime has, by pod UID. */
    Map<String, Trace> traces() {
        Map<String, String> labels = Map.of(RuntimeLabels.NODE, node);
        Map<String, Trace> traces = new HashMap<>();
        for (Sandbox sandbox : runtime.listSandboxes(labels)) {
            trace(traces, sandbox.labels(), sandbox.annotations(), part(sandbox.id(), sandbox.ready()));
        }
        for (ContainerSummary container : runtime.listContainers(labels)) {
            trace(traces, container.labels(), container.annotations(), part(container.id(), container.state()));
        }
        return traces;
    }

    /** The parts of a pod that a look at it has seen, as its trace has them. */
    static Set<String> parts(RuntimeView view) {
        Set<String> parts = new HashSet<>();
        view.sandboxes().forEach(sandbox -> parts.add(part(sandbox.id(), sandbox.ready())));
        view.containers().forEach(container -> parts.add(part(container.id(), container.state())));
        return parts;
    }

    private static String part(String sandbox, boolean ready) {
        return sandbox + (ready ? " up" : " down");
    }

    private static String part(String container, State state) {
        return container + " " + state;
    }

    private static void trace(
            Map<String, Trace> traces, Map<String, String> labels, Map<String, String> annotations, String part) {
        String uid = labels.getOrDefault(RuntimeLabels.POD_UID, "");
        traces.computeIfAbsent(
                        uid,
                        key -> new Trace(
                                key,
                                labels.getOrDefault(RuntimeLabels.POD_NAMESPACE, ""),
                                labels.getOrDefault(RuntimeLabels.POD_NAME, ""),
                                Optional.ofNullable(annotations.get(RuntimeLabels.GRACE_PERIOD_SECONDS))
                                        .map(Long::parseLong)
                                        .orElse(30L),
                                new TreeSet<>()))
                .parts()
                .add(part);
    }
}
