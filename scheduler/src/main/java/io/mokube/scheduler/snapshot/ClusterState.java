package io.mokube.scheduler.snapshot;

import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.scheduler.devices.DeviceLedger;
import io.mokube.scheduler.devices.Devices;
import io.mokube.scheduler.snapshot.Snapshot.Surroundings;
import io.mokube.scheduler.volumes.VolumeLedger;
import io.mokube.scheduler.volumes.Volumes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The cluster as the scheduler knows it: what watches told, and on top of that the pods it has decided on whose binding
 * has not been seen yet (assumed pods). Collects changes and gives a {@link Snapshot} when asked, at a cost that follows
 * from what changed since the last one.
 *
 * <p>Safe for use by many threads.
 */
public final class ClusterState {

    /** A pod on a node, and whether only the scheduler says so yet. */
    private record Placed(PodInfo pod, boolean assumed) {}

    private final Map<String, NodeInfo> nodes = new HashMap<>();
    private final Map<String, Placed> pods = new HashMap<>();
    /** Pods whose node is not known (yet, or any more), by the node's name and their UID. */
    private final Map<String, Map<String, PodInfo>> strandedPods = new HashMap<>();

    private final Map<String, Integer> imageNodes = new HashMap<>();
    private final Map<ObjectKey, DisruptionBudget> budgets =
            new TreeMap<>(Comparator.comparing(ObjectKey::namespace).thenComparing(ObjectKey::name));
    private final Map<String, Map<String, String>> namespaces = new HashMap<>();
    private final Map<String, Workloads.InNamespace> workloads = new HashMap<>();
    /** Pods for which room was made on a node, by UID. */
    private final Map<String, PodInfo> nominated = new LinkedHashMap<>();

    private final VolumeLedger volumes = new VolumeLedger();
    private final DeviceLedger devices = new DeviceLedger();

    private Snapshot snapshot = Snapshot.EMPTY;
    private Map<String, Integer> snapshotImages = Map.of();
    private final Set<String> changedNodes = new HashSet<>();
    private boolean orderChanged;
    private boolean imagesChanged;
    private Surroundings surroundings = Surroundings.NONE;
    private boolean surroundingsChanged;

    /** Takes note of a node, new or changed, and gives what was known of it before. */
    public synchronized @Nullable NodeFacts putNode(NodeFacts facts) {
        NodeInfo old = nodes.get(facts.name());
        if (old != null && old.facts().equals(facts)) {
            return old.facts();
        }
        if (old == null) {
            NodeInfo added = NodeInfo.empty(facts);
            Map<String, PodInfo> stranded = strandedPods.remove(facts.name());
            if (stranded != null) {
                for (PodInfo pod : stranded.values()) {
                    added = added.withPod(pod);
                }
            }
            nodes.put(facts.name(), added);
            renominate(facts.name());
            orderChanged = true;
            countImages(facts, 1);
            return null;
        }
        nodes.put(facts.name(), old.withFacts(facts));
        changedNodes.add(facts.name());
        orderChanged |= !old.facts().zone().equals(facts.zone());
        if (!old.facts().images().equals(facts.images())) {
            countImages(old.facts(), -1);
            countImages(facts, 1);
        }
        return old.facts();
    }

    /**
     * Takes note that a node is gone. Its pods are remembered until they are removed, for the case that it returns.
     *
     * @return what was known of it, null when it was not
     */
    public synchronized @Nullable NodeFacts removeNode(String name) {
        NodeInfo old = nodes.remove(name);
        if (old == null) {
            return null;
        }
        for (PodInfo pod : old.pods()) {
            strandedPods.computeIfAbsent(name, node -> new LinkedHashMap<>()).put(pod.uid(), pod);
        }
        orderChanged = true;
        countImages(old.facts(), -1);
        return old.facts();
    }

    private void countImages(NodeFacts facts, int difference) {
        for (String image : facts.images().keySet()) {
            imageNodes.merge(image, difference, (old, change) -> old + change == 0 ? null : old + change);
            imagesChanged = true;
        }
    }

    /** What a pod seen bound to a node is to what was known of it. */
    public enum PodChange {
        /** It was not known to stand anywhere. */
        NEW,
        /** It was assumed where it is now seen. */
        CONFIRMED,
        /** It takes something else than before, or looks different to other pods. */
        CHANGED,
        /** Nothing that matters here changed. */
        SAME
    }

    /**
     * What a pod is to what was known of it.
     *
     * @param before the pod as it was known, null when it is new
     */
    public record PodUpdate(PodChange change, @Nullable PodInfo before) {}

    /** Takes note of a pod that is bound to a node, as the API server has it. What was assumed of it is replaced. */
    public synchronized PodUpdate putPod(PodInfo pod) {
        Placed old = pods.put(pod.uid(), new Placed(pod, false));
        if (old == null) {
            place(pod);
            return new PodUpdate(PodChange.NEW, null);
        }
        boolean same = old.pod().weighsTheSameAs(pod);
        if (!same) {
            displace(old.pod());
            place(pod);
        }
        if (old.assumed() && old.pod().nodeName().equals(pod.nodeName())) {
            return new PodUpdate(PodChange.CONFIRMED, old.pod());
        }
        return new PodUpdate(same ? PodChange.SAME : PodChange.CHANGED, old.pod());
    }

    /** Takes note that a pod is gone or takes nothing any more; gives it as it was known on a node. */
    public synchronized @Nullable PodInfo removePod(String uid) {
        Placed old = pods.remove(uid);
        if (old == null) {
            return null;
        }
        displace(old.pod());
        return old.pod();
    }

    /**
     * Counts a pod as standing on a node before the API server says so.
     *
     * @return false, and nothing happens, when the pod already stands somewhere or the node is unknown
     */
    public synchronized boolean assume(PodInfo pod, String node) {
        if (pods.containsKey(pod.uid()) || !nodes.containsKey(node)) {
            return false;
        }
        PodInfo assumed = pod.onNode(node);
        pods.put(pod.uid(), new Placed(assumed, true));
        withdrawNomination(pod.uid());
        place(assumed);
        return true;
    }

    /**
     * Takes an assumption back, because the binding failed.
     *
     * @return the pod as it was assumed; null when it was not merely assumed: it was seen bound, or is gone
     */
    public synchronized @Nullable PodInfo forget(String uid) {
        Placed old = pods.get(uid);
        if (old == null || !old.assumed()) {
            return null;
        }
        pods.remove(uid);
        displace(old.pod());
        return old.pod();
    }

    /** Whether a pod stands on a node, assumed or seen. */
    public synchronized boolean isPlaced(String uid) {
        return pods.containsKey(uid);
    }

    /** Whether a pod's place is assumed and not yet seen. */
    public synchronized boolean isAssumed(String uid) {
        Placed placed = pods.get(uid);
        return placed != null && placed.assumed();
    }

    /** How many nodes are known. */
    public synchronized int nodeCount() {
        return nodes.size();
    }

    /** Keeps room on a node for a pod that waits for others to go, replacing an earlier nomination of the pod. */
    public synchronized void nominate(PodInfo pod, String node) {
        withdrawNomination(pod.uid());
        nominated.put(pod.uid(), pod.nominatedTo(node));
        renominate(node);
    }

    /** The node on which room is kept for a pod, {@code ""} for none. */
    public synchronized String nominatedNode(String uid) {
        PodInfo pod = nominated.get(uid);
        return pod == null ? "" : pod.nominatedNode();
    }

    /** Keeps no room for the pod any more; gives the pod as it was nominated, null when it was not. */
    public synchronized @Nullable PodInfo withdrawNomination(String uid) {
        PodInfo pod = nominated.remove(uid);
        if (pod != null) {
            renominate(pod.nominatedNode());
        }
        return pod;
    }

    /** Keeps no room on a node any more for pods below a priority; gives these pods. */
    public synchronized List<PodInfo> withdrawLesserNominations(String node, int priority) {
        List<PodInfo> lesser = nominated.values().stream()
                .filter(pod -> pod.nominatedNode().equals(node) && pod.priority() < priority)
                .toList();
        lesser.forEach(pod -> withdrawNomination(pod.uid()));
        return lesser;
    }

    private void renominate(String name) {
        NodeInfo node = nodes.get(name);
        if (node == null) {
            return;
        }
        List<PodInfo> waiting = nominated.values().stream()
                .filter(pod -> pod.nominatedNode().equals(name))
                .toList();
        if (!waiting.equals(node.nominated())) {
            nodes.put(name, node.withNominated(waiting));
            changedNodes.add(name);
        }
    }

    /** Takes note of a disruption budget, new or changed. */
    public synchronized void putBudget(DisruptionBudget budget) {
        budgets.put(budget.key(), budget);
        surroundingsChanged = true;
    }

    /** Takes note that a disruption budget is gone. */
    public synchronized void removeBudget(ObjectKey key) {
        budgets.remove(key);
        surroundingsChanged = true;
    }

    /** Takes note of a namespace's labels. */
    public synchronized void putNamespace(String name, Map<String, String> labels) {
        if (!labels.equals(namespaces.put(name, Map.copyOf(labels)))) {
            surroundingsChanged = true;
        }
    }

    /** Takes note that a namespace is gone. */
    public synchronized void removeNamespace(String name) {
        namespaces.remove(name);
        surroundingsChanged = true;
    }

    /** Takes note of what selects a service's pods; empty when the service is gone or selects none. */
    public synchronized void putService(ObjectKey service, Optional<LabelSelector> selector) {
        changeWorkloads(service.namespace(), here -> here.withService(service.name(), selector));
    }

    /** Takes note of what selects a controller's pods; empty when the controller is gone. */
    public synchronized void putController(Workloads.Controller controller, Optional<LabelSelector> selector) {
        changeWorkloads(controller.key().namespace(), here -> here.withController(controller, selector));
    }

    private void changeWorkloads(String namespace, UnaryOperator<Workloads.InNamespace> change) {
        Workloads.InNamespace old = workloads.getOrDefault(namespace, Workloads.InNamespace.EMPTY);
        Workloads.InNamespace changed = change.apply(old);
        if (changed.equals(old)) {
            return;
        }
        if (changed.equals(Workloads.InNamespace.EMPTY)) {
            workloads.remove(namespace);
        } else {
            workloads.put(namespace, changed);
        }
        surroundingsChanged = true;
    }

    /** Storage, and what of it is set aside for pods. */
    public VolumeLedger volumes() {
        return volumes;
    }

    /** Devices, and which of them are set aside for pods. */
    public DeviceLedger devices() {
        return devices;
    }

    private void place(PodInfo pod) {
        NodeInfo node = nodes.get(pod.nodeName());
        if (node == null) {
            strandedPods
                    .computeIfAbsent(pod.nodeName(), name -> new LinkedHashMap<>())
                    .put(pod.uid(), pod);
            return;
        }
        nodes.put(pod.nodeName(), node.withPod(pod));
        changedNodes.add(pod.nodeName());
    }

    private void displace(PodInfo pod) {
        NodeInfo node = nodes.get(pod.nodeName());
        if (node == null) {
            Map<String, PodInfo> stranded = strandedPods.get(pod.nodeName());
            if (stranded != null) {
                stranded.remove(pod.uid());
                if (stranded.isEmpty()) {
                    strandedPods.remove(pod.nodeName());
                }
            }
            return;
        }
        nodes.put(pod.nodeName(), node.withoutPod(pod.uid()));
        changedNodes.add(pod.nodeName());
    }

    /** The cluster as it is known now. */
    @SuppressWarnings("ReferenceEquality") // views of storage and devices are shared as long as nothing changes in them
    public synchronized Snapshot snapshot() {
        if (imagesChanged) {
            snapshotImages = Map.copyOf(imageNodes);
            imagesChanged = false;
        }
        Volumes storage = volumes.view();
        Devices hardware = devices.view();
        boolean changedAround =
                surroundingsChanged || storage != surroundings.volumes() || hardware != surroundings.devices();
        if (surroundingsChanged) {
            surroundings = new Surroundings(
                    List.copyOf(budgets.values()), namespaces, new Workloads(workloads), storage, hardware);
            surroundingsChanged = false;
        } else if (changedAround) {
            surroundings = surroundings.with(storage, hardware);
        }
        if (orderChanged) {
            snapshot = Snapshot.ordered(nodes.values(), snapshotImages, surroundings);
            orderChanged = false;
            changedNodes.clear();
        } else if (!changedNodes.isEmpty() || changedAround) {
            List<NodeInfo> changed = new ArrayList<>(changedNodes.size());
            for (String name : changedNodes) {
                NodeInfo node = nodes.get(name);
                if (node != null) {
                    changed.add(node);
                }
            }
            snapshot = snapshot.with(changed, snapshotImages, surroundings);
            changedNodes.clear();
        }
        return snapshot;
    }
}
