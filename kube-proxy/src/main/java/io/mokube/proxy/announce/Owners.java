package io.mokube.proxy.announce;

import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.machinery.address.IpAddress;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** Which node owns an address: every node decides for itself, and all come to the same. Pure. */
final class Owners {

    private static final String EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers";

    private Owners() {}

    /**
     * The owner of an address among candidates: the one whose name, together with the address, has the highest hash. When a
     * node comes or goes, only addresses that it gets or had move.
     */
    static Optional<String> of(IpAddress address, Collection<String> candidates) {
        return candidates.stream()
                .max(Comparator.comparingLong((String node) -> hash(address + "@" + node))
                        .thenComparing(node -> node));
    }

    /** A checksum, whose bits are mixed: names that differ in one letter must not be ordered the same for all addresses. */
    private static long hash(String text) {
        CRC32 checksum = new CRC32();
        checksum.update(text.getBytes(StandardCharsets.UTF_8));
        long mixed = checksum.getValue() * 0x9E3779B97F4A7C15L;
        mixed = (mixed ^ mixed >>> 32) * 0xD6E8FEB86659FD93L;
        return mixed ^ mixed >>> 32;
    }

    /** The nodes that may own addresses of the service. */
    static Set<String> candidates(Service service, Collection<EndpointSlice> slices, Collection<Node> nodes) {
        Set<String> able = nodes.stream()
                .filter(Owners::isAble)
                .map(node -> node.getMetadata().getName())
                .collect(Collectors.toCollection(TreeSet::new));
        if ("Local".equals(service.getSpec().getExternalTrafficPolicy())) {
            able.retainAll(nodesWithEndpoints(slices));
        }
        return able;
    }

    private static boolean isAble(Node node) {
        Map<String, String> labels = node.getMetadata().getLabels();
        return !node.isMarkedForDeletion()
                && (labels == null || !labels.containsKey(EXCLUDED))
                && node.getStatus() != null
                && orEmpty(node.getStatus().getConditions()).stream()
                        .anyMatch(each -> "Ready".equals(each.getType()) && "True".equals(each.getStatus()));
    }

    private static Set<String> nodesWithEndpoints(Collection<EndpointSlice> slices) {
        Set<String> nodes = new HashSet<>();
        for (EndpointSlice slice : slices) {
            for (Endpoint endpoint : orEmpty(slice.getEndpoints())) {
                if (endpoint.getNodeName() != null
                        && (endpoint.getConditions() == null
                                || !Boolean.FALSE.equals(
                                        endpoint.getConditions().getReady()))) {
                    nodes.add(endpoint.getNodeName());
                }
            }
        }
        return nodes;
    }

    /** The addresses that nodes answer at for the service: none for one of a {@code loadBalancerClass}. */
    static List<IpAddress> addresses(Service service) {
        if (service.getSpec() == null
                || !"LoadBalancer".equals(service.getSpec().getType())
                || service.getSpec().getLoadBalancerClass() != null
                || service.getStatus() == null
                || service.getStatus().getLoadBalancer() == null) {
            return List.of();
        }
        return orEmpty(service.getStatus().getLoadBalancer().getIngress()).stream()
                .filter(each -> !"Proxy".equals(each.getIpMode()))
                .map(LoadBalancerIngress::getIp)
                .filter(Objects::nonNull)
                .flatMap(each -> IpAddress.parse(each).stream())
                .toList();
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
