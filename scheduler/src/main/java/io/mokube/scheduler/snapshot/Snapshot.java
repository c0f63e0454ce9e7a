package io.mokube.scheduler.snapshot;

import io.mokube.scheduler.devices.Devices;
import io.mokube.scheduler.volumes.Volumes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The cluster at one moment, as decisions see it. Immutable. The nodes stand in an order that alternates between zones,
 * so that a search that stops early still sees all of them.
 */
public final class Snapshot {

    public static final Snapshot EMPTY = new Snapshot(new NodeInfo[0], Map.of(), Map.of(), Surroundings.NONE, 0);

    /**
     * What decisions look at besides nodes and pods.
     *
     * @param namespaces the labels of each namespace
     * @param workloads which pods belong together
     * @param volumes storage
     * @param devices what can be claimed by the piece
     */
    public record Surroundings(
            List<DisruptionBudget> budgets,
            Map<String, Map<String, String>> namespaces,
            Workloads workloads,
            Volumes volumes,
            Devices devices) {

        public static final Surroundings NONE = new Surroundings(List.of(), Map.of(), Workloads.NONE);

        /** Without services and controllers. */
        public Surroundings(List<DisruptionBudget> budgets, Map<String, Map<String, String>> namespaces) {
            this(budgets, namespaces, Workloads.NONE);
        }

        /** Without storage and devices. */
        public Surroundings(
                List<DisruptionBudget> budgets, Map<String, Map<String, String>> namespaces, Workloads workloads) {
            this(budgets, namespaces, workloads, Volumes.NONE, Devices.NONE);
        }

        public Surroundings {
            budgets = List.copyOf(budgets);
            namespaces = Map.copyOf(namespaces);
        }
    }

    private final NodeInfo[] nodes;
    private final Map<String, Integer> positions;
    private final Map<String, Integer> imageNodes;
    private final Surroundings surroundings;
    private final int choosyPods;

    private Snapshot(
            NodeInfo[] nodes,
            Map<String, Integer> positions,
            Map<String, Integer> imageNodes,
            Surroundings surroundings,
            int choosyPods) {
        this.surroundings = surroundings;
        this.choosyPods = choosyPods;
        this.nodes = nodes;
        this.positions = positions;
        this.imageNodes = imageNodes;
    }

    /** The snapshot of these nodes: the slow way, which the incremental way must agree with. */
    public static Snapshot of(Collection<NodeInfo> nodes, Surroundings surroundings) {
        Map<String, Integer> imageNodes = new HashMap<>();
        for (NodeInfo node : nodes) {
            node.facts().images().keySet().forEach(image -> imageNodes.merge(image, 1, Integer::sum));
        }
        return ordered(nodes, imageNodes, surroundings);
    }

    /** A snapshot of nodes whose images were counted before. */
    static Snapshot ordered(Collection<NodeInfo> nodes, Map<String, Integer> imageNodes, Surroundings surroundings) {
        NodeInfo[] ordered = alternatingZones(nodes);
        Map<String, Integer> positions = HashMap.newHashMap(ordered.length);
        for (int i = 0; i < ordered.length; i++) {
            positions.put(ordered[i].name(), i);
        }
        int choosyPods = 0;
        for (NodeInfo node : ordered) {
            choosyPods += node.choosyPods().size();
        }
        return new Snapshot(ordered, positions, imageNodes, surroundings, choosyPods);
    }

    /** This snapshot with some of its nodes changed, none added, removed or moved to another zone. */
    Snapshot with(Collection<NodeInfo> changed, Map<String, Integer> newImageNodes, Surroundings newSurroundings) {
        NodeInfo[] copy = nodes.clone();
        int choosy = choosyPods;
        for (NodeInfo node : changed) {
            Integer position = positions.get(node.name());
            if (position == null) {
                throw new IllegalArgumentException("no such node in the snapshot: " + node.name());
            }
            choosy += node.choosyPods().size() - copy[position].choosyPods().size();
            copy[position] = node;
        }
        return new Snapshot(copy, positions, newImageNodes, newSurroundings, choosy);
    }

    private static NodeInfo[] alternatingZones(Collection<NodeInfo> nodes) {
        Map<String, List<NodeInfo>> zones = new TreeMap<>();
        for (NodeInfo node : nodes) {
            zones.computeIfAbsent(node.facts().zone(), zone -> new ArrayList<>())
                    .add(node);
        }
        Deque<Deque<NodeInfo>> turns = new ArrayDeque<>();
        for (List<NodeInfo> zone : zones.values()) {
            zone.sort(Comparator.comparing(NodeInfo::name));
            turns.add(new ArrayDeque<>(zone));
        }
        NodeInfo[] ordered = new NodeInfo[nodes.size()];
        for (int i = 0; i < ordered.length; i++) {
            Deque<NodeInfo> zone = turns.removeFirst();
            ordered[i] = zone.removeFirst();
            if (!zone.isEmpty()) {
                turns.addLast(zone);
            }
        }
        return ordered;
    }

    public int size() {
        return nodes.length;
    }

    /** The node at a place of the search order, from 0. */
    public NodeInfo node(int position) {
        return nodes[position];
    }

    /** Where a node stands in the search order, -1 when it is not known. */
    public int position(String name) {
        return positions.getOrDefault(name, -1);
    }

    public @Nullable NodeInfo node(String name) {
        Integer position = positions.get(name);
        return position == null ? null : nodes[position];
    }

    /** The nodes in search order. */
    public List<NodeInfo> nodes() {
        return List.of(nodes);
    }

    /** On how many nodes an image is present. */
    public int nodesWithImage(String image) {
        return imageNodes.getOrDefault(image, 0);
    }

    /** What may be disrupted where budgets limit it. */
    public List<DisruptionBudget> budgets() {
        return surroundings.budgets();
    }

    /** The labels of a namespace; none when it is not known. */
    public Map<String, String> namespaceLabels(String namespace) {
        return surroundings.namespaces().getOrDefault(namespace, Map.of());
    }

    /** The cluster's storage. */
    public Volumes volumes() {
        return surroundings.volumes();
    }

    /** The cluster's devices. */
    public Devices devices() {
        return surroundings.devices();
    }

    /** Which pods belong together. */
    public Workloads workloads() {
        return surroundings.workloads();
    }

    /** How many pods stand in the cluster that want other pods near or not. */
    public int choosyPods() {
        return choosyPods;
    }

    /** This snapshot with one node changed in thought. */
    public Snapshot imagining(NodeInfo changed) {
        return with(List.of(changed), imageNodes, surroundings);
    }
}
