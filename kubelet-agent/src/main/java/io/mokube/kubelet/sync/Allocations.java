package io.mokube.kubelet.sync;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.mokube.kubelet.checkpoint.CheckpointFile;
import io.mokube.kubelet.lifecycle.Resizing;
import io.mokube.kubelet.lifecycle.Resizing.Pending;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.resources.Admission;
import io.mokube.kubelet.resources.Resize;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the node has granted its pods, which is not always what they want: a running pod's resources change only when there is
 * room. Also what their containers run with. Both are kept in a file per pod, so that an agent that starts again neither
 * takes back nor gives twice. Safe for use by many threads.
 */
final class Allocations {

    private static final Logger log = LoggerFactory.getLogger(Allocations.class);

    private final PodTree tree;
    private final boolean files;
    private final Supplier<Admission.Node> node;
    private final Function<Pod, Collection<Pod>> others;
    private final Map<String, Granted> pods = new ConcurrentHashMap<>();

    /**
     * @param granted by name of the container
     * @param applied by id of the container
     */
    private record Granted(
            Map<String, ResourceRequirements> granted,
            Map<String, ResourceRequirements> applied,
            Optional<Pending> pending) {}

    /**
     * @param files whether there are folders of pods to keep files in
     * @param others the other pods of the node that have not ended, with what they were granted
     */
    Allocations(PodTree tree, boolean files, Supplier<Admission.Node> node, Function<Pod, Collection<Pod>> others) {
        this.tree = tree;
        this.files = files;
        this.node = node;
        this.others = others;
    }

    /** A pod with what it was granted, and what is still to come. */
    record Answer(Pod pod, Resizing resizing) {}

    /** Grants the pod what it wants, if that is possible now. */
    synchronized Answer resolve(Pod wanted) {
        String uid = PodFacts.uid(wanted);
        Granted before = pods.computeIfAbsent(uid, key -> read(wanted));
        Granted now = before;
        if (wants(wanted, before.granted())) {
            now = switch (Resize.decide(wanted, others.apply(wanted), node.get())) {
                case Resize.Verdict.Granted() -> new Granted(resources(wanted), before.applied(), Optional.empty());
                case Resize.Verdict.Deferred(String message) -> pending(before, "Deferred", message);
                case Resize.Verdict.Infeasible(String message) -> pending(before, "Infeasible", message);
            };
        } else if (before.pending().isPresent()) {
            now = new Granted(before.granted(), before.applied(), Optional.empty());
        }
        if (!now.granted().equals(before.granted())) {
            write(uid, now);
        }
        pods.put(uid, now);
        Pod pod = now.pending().isPresent() ? with(wanted, now.granted()) : wanted;
        return new Answer(pod, new Resizing(now.pending(), now.applied()));
    }

    private static Granted pending(Granted before, String reason, String message) {
        return new Granted(before.granted(), before.applied(), Optional.of(new Pending(reason, message)));
    }

    private static boolean wants(Pod pod, Map<String, ResourceRequirements> granted) {
        return containers(pod)
                .anyMatch(container -> granted.containsKey(container.getName())
                        && !Resizing.same(granted.get(container.getName()), container.getResources()));
    }

    private static java.util.stream.Stream<Container> containers(Pod pod) {
        return java.util.stream.Stream.concat(
                pod.getSpec().getInitContainers().stream(), pod.getSpec().getContainers().stream());
    }

    private static Map<String, ResourceRequirements> resources(Pod pod) {
        Map<String, ResourceRequirements> resources = new HashMap<>();
        containers(pod)
                .forEach(container -> resources.put(
                        container.getName(),
                        container.getResources() == null ? new ResourceRequirements() : container.getResources()));
        return resources;
    }

    private static Pod with(Pod pod, Map<String, ResourceRequirements> granted) {
        Pod copy = new PodBuilder(pod).build();
        containers(copy).forEach(container -> {
            ResourceRequirements known = granted.get(container.getName());
            if (known != null) {
                container.setResources(known);
            }
        });
        return copy;
    }

    /** Notes with what a container of the pod runs. Those that are not among these ids are forgotten. */
    synchronized void applied(Pod pod, String containerId, Container with, Set<String> present) {
        String uid = PodFacts.uid(pod);
        Granted before = pods.computeIfAbsent(uid, key -> read(pod));
        Map<String, ResourceRequirements> applied = new HashMap<>(before.applied());
        applied.keySet().retainAll(present);
        applied.put(containerId, with.getResources() == null ? new ResourceRequirements() : with.getResources());
        Granted now = new Granted(before.granted(), applied, before.pending());
        pods.put(uid, now);
        write(uid, now);
    }

    void forget(String uid) {
        pods.remove(uid);
    }

    /** Whether a pod waits for room. */
    boolean waits(String uid) {
        Granted granted = pods.get(uid);
        return granted != null && granted.pending().isPresent();
    }

    // ---- the file

    /** What is kept of {@link Granted}. */
    private record Kept(Map<String, ResourceRequirements> granted, Map<String, ResourceRequirements> applied) {
        Kept {
            granted = Map.copyOf(granted);
            applied = Map.copyOf(applied);
        }
    }

    private CheckpointFile<Kept> file(String uid) {
        return new CheckpointFile<>(tree.pod(uid).resolve("resources.json"), Kept.class);
    }

    private Granted read(Pod pod) {
        if (files) {
            try {
                Optional<Kept> kept = file(PodFacts.uid(pod)).read();
                if (kept.isPresent()) {
                    return new Granted(kept.get().granted(), kept.get().applied(), Optional.empty());
                }
            } catch (IOException e) {
                log.atWarn()
                        .setMessage("what a pod was granted can't be read; it counts as what it wants")
                        .addKeyValue("pod", PodFacts.key(pod))
                        .addKeyValue("reason", e.getMessage())
                        .log();
            }
        }
        return new Granted(resources(pod), Map.of(), Optional.empty());
    }

    private void write(String uid, Granted granted) {
        if (!files || !Files.isDirectory(tree.pod(uid))) {
            return;
        }
        try {
            file(uid).write(new Kept(granted.granted(), granted.applied()));
        } catch (IOException e) {
            log.atWarn()
                    .setMessage("what a pod was granted was not noted")
                    .addKeyValue("uid", uid)
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
    }
}
