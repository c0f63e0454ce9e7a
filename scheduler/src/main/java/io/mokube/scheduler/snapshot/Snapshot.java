package io.mokube.scheduler.snapshot;

import io.mokube.scheduler.devices.Devices;
import io.mokube.scheduler.volumes.Volumes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The cluster at one moment, as decisions see it. Immutable. The nodes stand in an order that alternates between zones,
 * so that a search that stops early still sees all of them.
 */
public final class Snapshot {

    /** Nodes are kept in blocks of two to this power, so that a change of one node copies few references. */
    private static final int BLOCK_BITS = 7;

    private static final int BLOCK = 1 << BLOCK_BITS;

    public static final Snapshot EMPTY = ordered(List.of(), Map.of(), Surroundings.NONE);

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

        public static final Surroundings NONE = new Surroundings(List.of(), Map.of());

        /** Without services, controllers, storage and devices. */
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

        /** The same with other storage and devices. */
        public Surroundings with(Volumes storage, Devices hardware) {
            return new Surroundings(budgets, namespaces, workloads, storage, hardware);
        }
    }

    private final NodeInfo[][] blocks;
    private final Map<String, Integer> positions;
    private final Map<String, Integer> imageNodes;
    private final Surroundings surroundings;
    private final int choosyPods;
    private final Tallies tallies;

    private Snapshot(
            NodeInfo[][] blocks,
            Map<String, Integer> positions,
            Map<String, Integer> imageNodes,
            Surroundings surroundings,
            int choosyPods,
            Tallies tallies) {
        this.surroundings = surroundings;
        this.choosyPods = choosyPods;
        this.blocks = blocks;
        this.positions = positions;
        this.imageNodes = imageNodes;
        this.tallies = tallies;
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
        NodeInfo[][] blocks = new NodeInfo[(ordered.length + BLOCK - 1) / BLOCK][];
        for (int block = 0; block < blocks.length; block++) {
            int from = block * BLOCK;
            blocks[block] = Arrays.copyOfRange(ordered, from, Math.min(from + BLOCK, ordered.length));
        }
        for (NodeInfo node : ordered) {
            choosyPods += node.choosyPods().size();
        }
        return new Snapshot(blocks, positions, imageNodes, surroundings, choosyPods, new Tallies());
    }

    /** The same, with answers to tallies of its own: whoever looks at the past does not slow down the present. */
    public Snapshot apart() {
        return new Snapshot(blocks, positions, imageNodes, surroundings, choosyPods, new Tallies());
    }

    /** This snapshot with some of its nodes changed, none added, removed or moved to another zone. */
    Snapshot with(Collection<NodeInfo> changed, Map<String, Integer> newImageNodes, Surroundings newSurroundings) {
        NodeInfo[][] copy = blocks.clone();
        int choosy = choosyPods;
        for (NodeInfo node : changed) {
            Integer position = positions.get(node.name());
            if (position == null) {
                throw new IllegalArgumentException("no such node in the snapshot: " + node.name());
            }
            int block = position >> BLOCK_BITS;
            if (copy[block] == blocks[block]) {
                copy[block] = blocks[block].clone();
            }
            int place = position & (BLOCK - 1);
            choosy += node.choosyPods().size() - copy[block][place].choosyPods().size();
            copy[block][place] = node;
        }
        return new Snapshot(copy, positions, newImageNodes, newSurroundings, choosy, tallies);
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
        return positions.size();
    }

    /** The node at a place of the search order, from 0. */
    public NodeInfo node(int position) {
        return blocks[position >> BLOCK_BITS][position & (BLOCK - 1)];
    }

    /** Where a node stands in the search order, -1 when it is not known. */
    public int position(String name) {
        return positions.getOrDefault(name, -1);
    }

    public @Nullable NodeInfo node(String name) {
        Integer position = positions.get(name);
        return position == null ? null : node(position);
    }

    /** The nodes in search order. */
    public List<NodeInfo> nodes() {
        return Arrays.stream(blocks).flatMap(Arrays::stream).toList();
    }

    /** On how many nodes an image is present. */
    public int nodesWithImage(String image) {
        return imageNodes.getOrDefault(image, 0);
    }

    /** What decisions look at besides nodes and pods. */
    public Surroundings surroundings() {
        return surroundings;
    }

    /** What may be disrupted where budgets limit it. */
    public List<DisruptionBudget> budgets() {
        return surroundings.budgets();
    }

    /** The labels of a namespace; none when it is not known. */
    public Map<String, String> namespaceLabels(String namespace) {
        return surroundings.namespaces().getOrDefault(namespace, Map.of());
    }

    /** Which pods belong together. */
    public Workloads workloads() {
        return surroundings.workloads();
    }

    /** The cluster's storage. */
    public Volumes volumes() {
        return surroundings.volumes();
    }

    /** The cluster's devices. */
    public Devices devices() {
        return surroundings.devices();
    }

    /** How many pods stand in the cluster that want other pods near or not. */
    public int choosyPods() {
        return choosyPods;
    }

    /** What all nodes contribute to a tally. The first to ask pays for all nodes, the next only for those that changed. */
    public DomainSums sums(Tally tally) {
        return tallies.of(tally, this);
    }

    boolean hasNamespacesOf(Snapshot other) {
        return surroundings.namespaces().equals(other.surroundings.namespaces());
    }

    /** Calls for each node that differs from the one at its place in another snapshot of the same order. */
    @SuppressWarnings(
            "ReferenceEquality") // what did not change is shared; comparing its contents would be the work saved
    void forEachDifference(Snapshot before, BiConsumer<NodeInfo, NodeInfo> difference) {
        for (int block = 0; block < blocks.length; block++) {
            if (blocks[block] != before.blocks[block]) {
                for (int i = 0; i < blocks[block].length; i++) {
                    if (blocks[block][i] != before.blocks[block][i]) {
                        difference.accept(before.blocks[block][i], blocks[block][i]);
                    }
                }
            }
        }
    }

    /** This snapshot with one node changed in thought. */
    public Snapshot imagining(NodeInfo changed) {
        return with(List.of(changed), imageNodes, surroundings);
    }
}
