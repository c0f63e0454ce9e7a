package io.mokube.controllermanager.controllers.nodeipam;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSpec;
import io.mokube.machinery.address.Cidr;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which ranges nodes have, and what the next node gets.
 *
 * <p>What a node has counts as soon as its object says so, and what it was given counts from then until its object shows
 * that, or the node is gone: the request may have been carried out although nobody knows. So no two nodes ever get the
 * same, however far the nodes that are shown lag behind. No clock, no requests. Not safe for use by many threads.
 */
final class NodeRanges {

    private final List<Part> parts;
    private final List<Cidr> reserved;
    private final Map<String, List<Cidr>> given = new HashMap<>();

    /** A range of the cluster; {@code next} is where the search begins, so that what was freed rests for a while. */
    private static final class Part {
        private final Cidr cluster;
        private final int mask;
        private int next;

        Part(Cidr cluster, int mask) {
            this.cluster = cluster;
            this.mask = mask;
        }
    }

    NodeRanges(NodeIpamConfig config) {
        parts = config.ranges().stream()
                .map(range -> new Part(Cidr.parse(range.cluster()).orElseThrow(), range.nodeMask()))
                .toList();
        reserved = config.reservedBlocks();
    }

    /** The ranges that a node has. */
    static List<String> of(Node node) {
        @Nullable NodeSpec spec = node.getSpec();
        if (spec == null) {
            return List.of();
        }
        @Nullable List<String> all = spec.getPodCIDRs();
        if (all != null && !all.isEmpty()) {
            return all;
        }
        @Nullable String only = spec.getPodCIDR();
        return only == null || only.isEmpty() ? List.of() : List.of(only);
    }

    /**
     * Gives a node without ranges one of each. Asked again, it gives the same.
     *
     * @param shown all nodes, as far as they are known
     * @return nothing when all are taken
     */
    Optional<List<Cidr>> give(Node node, Collection<Node> shown) {
        String uid = node.getMetadata().getUid();
        // Whatever was given something was shown before: when it is not any more, it is gone for good.
        given.keySet()
                .retainAll(
                        shown.stream().map(each -> each.getMetadata().getUid()).collect(Collectors.toSet()));
        @Nullable List<Cidr> before = given.get(uid);
        if (before != null) {
            return Optional.of(before);
        }
        List<Cidr> taken = new ArrayList<>(reserved);
        given.values().forEach(taken::addAll);
        for (Node other : shown) {
            of(other).forEach(text -> Cidr.parse(text).ifPresent(taken::add));
        }
        List<Cidr> ranges = new ArrayList<>();
        for (Part part : parts) {
            Optional<Cidr> free = free(part, taken);
            if (free.isEmpty()) {
                return Optional.empty();
            }
            ranges.add(free.get());
        }
        given.put(uid, ranges);
        return Optional.of(ranges);
    }

    private static Optional<Cidr> free(Part part, List<Cidr> taken) {
        int count = 1 << (part.mask - part.cluster.prefix());
        BitSet used = new BitSet(count);
        for (Cidr block : taken) {
            if (block.contains(part.cluster)) {
                return Optional.empty();
            }
            if (part.cluster.contains(block)) {
                int from = part.cluster.numberOf(part.mask, block);
                used.set(from, from + (block.prefix() >= part.mask ? 1 : 1 << (part.mask - block.prefix())));
            }
        }
        int free = used.nextClearBit(part.next);
        if (free >= count) {
            free = used.nextClearBit(0);
        }
        if (free >= count) {
            return Optional.empty();
        }
        part.next = (free + 1) % count;
        return Optional.of(part.cluster.block(part.mask, free));
    }

    /** What this node was given is shown, or was refused. */
    void forget(String uid) {
        given.remove(uid);
    }
}
