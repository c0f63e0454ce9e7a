package io.mokube.standalone.cluster;

import io.mokube.apiserver.ApiServerConfig;
import io.mokube.kubelet.network.NodeBridge;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher.ContainerdConfig;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.component.ComponentException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;

/**
 * Where the runtime of each node keeps its things and which addresses its pods get, so that the nodes of several clusters
 * fit on one machine.
 */
final class NodeLayout {

    /** Of all clusters on a machine; behind it come the numbers of the cluster and of the node. */
    private static final String IPV6_PODS = "fd6d:6b00:";

    private static final String IPV6_SERVICES = "fd6d:6b00:ffff::/112";

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
        return containerd(node, false);
    }

    /**
     * The same.
     *
     * @param dualStack whether its pods have addresses of both families
     */
    ContainerdConfig containerd(int node, boolean dualStack) {
        String name = "node-" + node;
        return new ContainerdConfig(
                name,
                folder.node(name).resolve("containerd"),
                // Unix sockets' paths are short, whatever the folder's is.
                runFolder().resolve(Integer.toString(node)),
                "mk" + identity() + "." + node,
                podRanges(node, dualStack).stream().map(Cidr::toString).toList());
    }

    private Path runFolder() {
        return Path.of("/run/mokube", identity());
    }

    /** Removes the folder of what runs on the nodes when nothing is in it any more. */
    void removeRunFolder() {
        try {
            Files.deleteIfExists(runFolder());
        } catch (DirectoryNotEmptyException e) {
            // What is left there is found by the next one who cleans up.
        } catch (IOException e) {
            throw new ComponentException("can't remove " + runFolder() + ": " + e.getMessage(), e);
        }
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
    Cidr clusterRange() {
        return Cidr.parse(clusterCidr()).orElseThrow();
    }

    /** The addresses of a node's pods. */
    Cidr podRange(int node) {
        return Cidr.parse(podCidr(node)).orElseThrow();
    }

    /** The addresses of all pods: a range, or one of each family. */
    List<Cidr> clusterRanges(boolean dualStack) {
        return dualStack ? List.of(clusterRange(), Cidr.of(IPV6_PODS + network + "::/48")) : List.of(clusterRange());
    }

    /** The addresses of a node's pods: a range, or one of each family. */
    List<Cidr> podRanges(int node, boolean dualStack) {
        return dualStack
                ? List.of(podRange(node), Cidr.of(IPV6_PODS + network + ":" + node + "::/64"))
                : List.of(podRange(node));
    }

    /** The addresses of services: a range, or one of each family. */
    static List<String> serviceCidrs(boolean dualStack) {
        return dualStack
                ? List.of(ApiServerConfig.DEFAULT_SERVICE_CIDR, IPV6_SERVICES)
                : List.of(ApiServerConfig.DEFAULT_SERVICE_CIDR);
    }

    /**
     * The node's own addresses: the main one, and with both families its bridge's second.
     *
     * @param dualStack only where nodes have bridges
     */
    List<String> nodeAddresses(RuntimeKind runtime, int node, boolean dualStack) {
        return dualStack
                ? podRanges(node, true).stream().map(NodeBridge::gateway).toList()
                : List.of(nodeAddress(runtime, node));
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

    /** Addresses for load balancers that are no pod's, and that nobody but this machine and its pods has a way to. */
    String loadBalancerCidr() {
        return "10." + network + ".240.0/24";
    }

    /** The device that holds the load balancers' addresses. */
    String loadBalancerDevice() {
        return "mkl" + identity();
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
