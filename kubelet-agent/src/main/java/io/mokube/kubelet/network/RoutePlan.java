package io.mokube.kubelet.network;

import io.fabric8.kubernetes.api.model.Node;
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

/**
 * Decides which routes a machine needs for its pods to reach those of all other nodes. Each address family has a plan of its
 * own: packets of one find their way by the nodes' addresses of that family alone.
 */
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
     * The routes of the family of {@code cluster}, in the order of the nodes' names. Nodes on this very machine need none. What is not among the cluster's
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
            Optional<Cidr> pods = podRange(node, cluster.family()).filter(cluster::contains);
            Optional<IpAddress> found = address(node, cluster.family());
            if (pods.isEmpty() || found.isEmpty() || !taken.add(pods.get())) {
                continue;
            }
            String address = found.get().text();
            if (links.stream().anyMatch(link -> link.address().equals(address))) {
                continue;
            }
            boolean near = links.stream().anyMatch(link -> link.network().contains(found.get()));
            routes.add(near ? new NodeRoute.Direct(pods.get(), address) : new NodeRoute.Tunnel(pods.get(), address));
        }
        return routes;
    }

    /** The addresses of one family that a node's pods have. */
    static Optional<Cidr> podRange(Node node, Family family) {
        List<String> all = node.getSpec() == null ? List.of() : node.getSpec().getPodCIDRs();
        String first = node.getSpec() == null ? null : node.getSpec().getPodCIDR();
        return (all.isEmpty() && first != null ? List.of(first) : all)
                .stream()
                        .flatMap(each -> Cidr.parse(each).stream())
                        .filter(each -> each.family() == family)
                        .findFirst();
    }

    /** Where other nodes reach a node; empty when it does not say, or not for this family. */
    static Optional<IpAddress> address(Node node, Family family) {
        return node.getStatus() == null
                ? Optional.empty()
                : node.getStatus().getAddresses().stream()
                        .filter(each -> "InternalIP".equals(each.getType()))
                        .flatMap(each -> IpAddress.parse(each.getAddress()).stream())
                        .filter(each -> each.family() == family)
                        .findFirst();
    }
}
