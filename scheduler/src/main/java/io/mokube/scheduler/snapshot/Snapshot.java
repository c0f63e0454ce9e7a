package io.mokube.scheduler.snapshot;

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

    public static final Snapshot EMPTY = new Snapshot(new NodeInfo[0], Map.of(), Map.of(), List.of());

    private final NodeInfo[] nodes;
    private final Map<String, Integer> positions;
    private final Map<String, Integer> imageNodes;
    private final List<DisruptionBudget> budgets;

    private Snapshot(
            NodeInfo[] nodes,
            Map<String, Integer> positions,
            Map<String, Integer> imageNodes,
            List<DisruptionBudget> budgets) {
        this.budgets = budgets;
        this.nodes = nodes;
        this.positions = positions;
        this.imageNodes = imageNodes;
    }

    /** The snapshot of these nodes: the slow way, which the incremental way must agree with. */
    public static Snapshot of(Collection<NodeInfo> nodes, List<DisruptionBudget> budgets) {
        Map<String, Integer> imageNodes = new HashMap<>();
        for (NodeInfo node : nodes) {
            node.facts().images().keySet().forEach(image -> imageNodes.merge(image, 1, Integer::sum));
        }
        return ordered(nodes, imageNodes, List.copyOf(budgets));
    }

    /** A snapshot of nodes whose images were counted before. */
    static Snapshot ordered(
            Collection<NodeInfo> nodes, Map<String, Integer> imageNodes, List<DisruptionBudget> budgets) {
        NodeInfo[] ordered = alternatingZones(nodes);
        Map<String, Integer> positions = HashMap.newHashMap(ordered.length);
        for (int i = 0; i < ordered.length; i++) {
            positions.put(ordered[i].name(), i);
        }
        return new Snapshot(ordered, positions, imageNodes, budgets);
    }

    /** This snapshot with some of its nodes changed, none added, removed or moved to another zone. */
    Snapshot with(Collection<NodeInfo> changed, Map<String, Integer> newImageNodes, List<DisruptionBudget> newBudgets) {
        NodeInfo[] copy = nodes.clone();
        for (NodeInfo node : changed) {
            Integer position = positions.get(node.name());
            if (position == null) {
                throw new IllegalArgumentException("no such node in the snapshot: " + node.name());
            }
            copy[position] = node;
        }
        return new Snapshot(copy, positions, newImageNodes, newBudgets);
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
        return budgets;
    }
}
