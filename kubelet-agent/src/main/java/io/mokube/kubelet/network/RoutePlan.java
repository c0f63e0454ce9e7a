package io.mokube.kubelet.network;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeAddress;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Decides which routes a machine needs for its pods to reach those of all other nodes. */
final class RoutePlan {

    private RoutePlan() {}

    /**
     * An address of the machine and the network that it is in.
     *
     * @param device the interface that has it
     * @param address such as {@code 192.0.2.7}
     */
    record Link(String device, String address, Cidr network) {}

    /**
     * The routes, in the order of the nodes' names. Nodes on this very machine need none. What is not among the cluster's
     * addresses is ignored, whatever a node says: it must not draw other packets to itself. When two nodes have the same
     * addresses the first one keeps them.
     */
    static List<NodeRoute> of(Collection<Node> nodes, Cidr cluster, Collection<Link> links) {
        List<NodeRoute> routes = new ArrayList<>();
        Set<Cidr> taken = new HashSet<>();
        List<Node> ordered = nodes.stream()
                .sorted(Comparator.comparing(node -> node.getMetadata().getName()))
                .toList();
        for (Node node : ordered) {
            Optional<Cidr> pods = podRange(node).filter(cluster::contains);
            String address = address(node);
            Optional<IpAddress> parsed = IpAddress.parse(address);
            if (pods.isEmpty() || parsed.isEmpty() || !taken.add(pods.get())) {
                continue;
            }
            if (links.stream().anyMatch(link -> link.address().equals(address))) {
                continue;
            }
            boolean near = links.stream().anyMatch(link -> link.network().contains(parsed.get()));
            routes.add(near ? new NodeRoute.Direct(pods.get(), address) : new NodeRoute.Tunnel(pods.get(), address));
        }
        return routes;
    }

    /** The IPv4 addresses of a node's pods. */
    static Optional<Cidr> podRange(Node node) {
        List<String> all = node.getSpec() == null ? List.of() : node.getSpec().getPodCIDRs();
        String first = node.getSpec() == null ? null : node.getSpec().getPodCIDR();
        return (all.isEmpty() && first != null ? List.of(first) : all)
                .stream()
                        .flatMap(each -> Cidr.parse(each).stream())
                        .filter(each -> each.family() == Family.IPV4)
                        .findFirst();
    }

    private static boolean isIpv4(String address) {
        return IpAddress.parse(address)
                .filter(each -> each.family() == Family.IPV4)
                .isPresent();
    }

    /** Where other nodes reach a node; empty when it does not say. */
    static String address(Node node) {
        return node.getStatus() == null
                ? ""
                : node.getStatus().getAddresses().stream()
                        .filter(each -> "InternalIP".equals(each.getType()))
                        .map(NodeAddress::getAddress)
                        .filter(RoutePlan::isIpv4)
                        .findFirst()
                        .orElse("");
    }
}
