package io.mokube.standalone.cluster;

import io.mokube.kubelet.network.Ipv4Range;
import io.mokube.kubelet.network.NodeBridge;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher.ContainerdConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.zip.CRC32;

/**
 * Where the runtime of each node keeps its things and which addresses its pods get, so that the nodes of several clusters
 * fit on one machine.
 */
final class NodeLayout {

    private final ClusterFolder folder;
    private final int network;

    /**
     * @param network the second number of the pods' addresses: all pods of the cluster are in {@code 10.N.0.0/16}
     */
    NodeLayout(ClusterFolder folder, int network) {
        this.folder = folder;
        this.network = network;
    }

    /** The containerd of a node; nodes count from 1. */
    ContainerdConfig containerd(int node) {
        String name = "node-" + node;
        return new ContainerdConfig(
                name,
                folder.node(name).resolve("containerd"),
                // Unix sockets' paths are short, whatever the folder's is.
                Path.of("/run/mokube", identity(), Integer.toString(node)),
                "mk" + identity() + "." + node,
                podCidr(node));
    }

    /** The addresses of all pods. */
    String clusterCidr() {
        return "10." + network + ".0.0/16";
    }

    /** The addresses of a node's pods. */
    String podCidr(int node) {
        return "10." + network + "." + node + ".0/24";
    }

    /** The addresses of all pods. */
    Ipv4Range clusterRange() {
        return Ipv4Range.parse(clusterCidr()).orElseThrow();
    }

    /** The addresses of a node's pods. */
    Ipv4Range podRange(int node) {
        return Ipv4Range.parse(podCidr(node)).orElseThrow();
    }

    /**
     * The node's own address. Nodes share the machine, and each has the address of its bridge, which its pods and others
     * reach; where there is no such bridge, the machine's loopback address has to do.
     */
    String nodeAddress(RuntimeKind runtime, int node) {
        return switch (runtime) {
            case CONTAINERD -> hostAddress(runtime, node);
            case DOCKER, HOLLOW -> "127.0.0.1";
        };
    }

    /** At which address of the machine pods find what listens there. */
    String hostAddress(RuntimeKind runtime, int node) {
        return switch (runtime) {
            case CONTAINERD -> NodeBridge.gateway(podRange(node));
            case DOCKER -> NodeBridge.gateway(clusterRange());
            case HOLLOW -> "127.0.0.1";
        };
    }

    /** The control group of a node's pods. */
    String cgroup(int node) {
        return "/mokube-" + identity() + "." + node;
    }

    /** The tables of nftables that lead packets to services. */
    String ruleTable() {
        return "mokube-" + identity();
    }

    /** The Docker network of all nodes' pods. */
    String dockerNetwork() {
        return "mk" + identity();
    }

    /** A short name for the cluster's folder. */
    private String identity() {
        CRC32 checksum = new CRC32();
        checksum.update(folder.path().toString().getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().toHexDigits((int) checksum.getValue());
    }
}
