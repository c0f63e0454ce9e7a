package io.mokube.controllermanager.controllers.nodeipam;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import java.util.ArrayList;
import java.util.List;

/**
 * Which ranges nodes get for their pods.
 *
 * @param ranges one for each address family, or none: then nodes bring their own
 * @param reserved blocks of addresses that no node gets, such as those of services
 */
public record NodeIpamConfig(List<Range> ranges, List<String> reserved) {

    /** Nodes bring their own. */
    public static final NodeIpamConfig OFF = new NodeIpamConfig(List.of(), List.of());

    private static final int MOST_BITS = 16;

    /**
     * A range for all pods of the cluster, of which each node gets an equal part.
     *
     * @param cluster such as {@code 10.244.0.0/16}
     * @param nodeMask the prefix of a node's part, such as 24
     */
    public record Range(String cluster, int nodeMask) {

        /** @throws IllegalArgumentException when there is no such range or it has no such parts */
        public Range {
            Cidr block = Cidr.parse(cluster)
                    .orElseThrow(() -> new IllegalArgumentException("the cluster CIDR " + cluster + " is no CIDR"));
            if (nodeMask < block.prefix() || nodeMask > block.family().bits()) {
                throw new IllegalArgumentException(
                        "the mask size " + nodeMask + " of nodes must lie between that of the cluster CIDR " + cluster
                                + " and " + block.family().bits());
            }
            if (nodeMask - block.prefix() > MOST_BITS) {
                throw new IllegalArgumentException("the cluster CIDR " + cluster + " has more than 65536 parts with the"
                        + " mask size " + nodeMask);
            }
        }

        /** The mask sizes of Kubernetes: 24 for IPv4 and 64 for IPv6. */
        public static Range of(String cluster) {
            return new Range(cluster, cluster.indexOf(':') < 0 ? 24 : 64);
        }
    }

    /** @throws IllegalArgumentException when there are two ranges of one family, or a reserved block is none */
    public NodeIpamConfig {
        ranges = List.copyOf(ranges);
        reserved = List.copyOf(reserved);
        if (!Family.differ(ranges, range -> range.cluster().indexOf(':') < 0)) {
            throw new IllegalArgumentException("only one cluster CIDR of each address family is possible");
        }
        for (String block : reserved) {
            if (Cidr.parse(block).isEmpty()) {
                throw new IllegalArgumentException(block + " is no CIDR");
            }
        }
    }

    /** Whether nodes get ranges at all. */
    public boolean isOn() {
        return !ranges.isEmpty();
    }

    /** The reserved blocks. */
    List<Cidr> reservedBlocks() {
        List<Cidr> blocks = new ArrayList<>();
        reserved.forEach(block -> Cidr.parse(block).ifPresent(blocks::add));
        return blocks;
    }
}
