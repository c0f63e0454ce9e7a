package io.mokube.proxy.model;

import io.fabric8.kubernetes.api.model.ClientIPConfig;
import io.fabric8.kubernetes.api.model.LoadBalancerIngress;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceSpec;
import io.fabric8.kubernetes.api.model.SessionAffinityConfig;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointConditions;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointHints;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.ForNode;
import io.fabric8.kubernetes.api.model.discovery.v1.ForZone;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.names.ObjectKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads a Service and its EndpointSlices into facts. */
public final class ServiceReader {

    /** On services that somebody else's proxy takes care of. */
    private static final String OTHER_PROXY = "service.kubernetes.io/service-proxy-name";

    private static final Duration DEFAULT_AFFINITY = Duration.ofHours(3);
    private static final String LOCAL = "Local";

    private ServiceReader() {}

    /** The facts; nothing for a service that has no address of its own or is another proxy's. */
    public static Optional<ServiceFacts> read(Service service, Collection<EndpointSlice> slices) {
        ServiceSpec spec = service.getSpec();
        Map<String, String> labels = service.getMetadata().getLabels();
        if (spec == null
                || "ExternalName".equals(spec.getType())
                || (labels != null && labels.containsKey(OTHER_PROXY))) {
            return Optional.empty();
        }
        List<IpAddress> clusterIps = clusterIps(spec);
        if (clusterIps.isEmpty()) {
            return Optional.empty();
        }
        List<ServicePort> ports = new ArrayList<>();
        for (io.fabric8.kubernetes.api.model.ServicePort port : orEmpty(spec.getPorts())) {
            String name = Objects.requireNonNullElse(port.getName(), "");
            Protocol.named(Objects.requireNonNullElse(port.getProtocol(), "TCP"))
                    .ifPresent(protocol -> ports.add(new ServicePort(
                            name,
                            protocol,
                            Objects.requireNonNullElse(port.getPort(), 0),
                            Objects.requireNonNullElse(port.getNodePort(), 0),
                            endpoints(slices, name, protocol))));
        }
        return Optional.of(new ServiceFacts(
                new ObjectKey(
                        service.getMetadata().getNamespace(),
                        service.getMetadata().getName()),
                clusterIps,
                addresses(orEmpty(spec.getExternalIPs())),
                loadBalancerIps(service),
                orEmpty(spec.getLoadBalancerSourceRanges()).stream()
                        .flatMap(each -> Cidr.parse(each).stream())
                        .toList(),
                affinity(spec),
                LOCAL.equals(spec.getInternalTrafficPolicy()),
                LOCAL.equals(spec.getExternalTrafficPolicy()),
                healthCheckNodePort(spec),
                ports));
    }

    private static int healthCheckNodePort(ServiceSpec spec) {
        boolean asked = "LoadBalancer".equals(spec.getType()) && LOCAL.equals(spec.getExternalTrafficPolicy());
        return asked ? Objects.requireNonNullElse(spec.getHealthCheckNodePort(), 0) : 0;
    }

    private static List<IpAddress> clusterIps(ServiceSpec spec) {
        List<String> all = orEmpty(spec.getClusterIPs());
        String first = spec.getClusterIP();
        // "None" of a headless service is no address.
        return addresses(all.isEmpty() && first != null ? List.of(first) : all);
    }

    private static List<IpAddress> addresses(List<String> texts) {
        return texts.stream().flatMap(each -> IpAddress.parse(each).stream()).toList();
    }

    /** A balancer that opens connections of its own ("Proxy") does not send packets with its address to nodes. */
    private static List<IpAddress> loadBalancerIps(Service service) {
        if (service.getStatus() == null || service.getStatus().getLoadBalancer() == null) {
            return List.of();
        }
        List<IpAddress> addresses = new ArrayList<>();
        for (LoadBalancerIngress ingress :
                orEmpty(service.getStatus().getLoadBalancer().getIngress())) {
            if (ingress.getIp() != null && !"Proxy".equals(ingress.getIpMode())) {
                IpAddress.parse(ingress.getIp()).ifPresent(addresses::add);
            }
        }
        return addresses;
    }

    private static Duration affinity(ServiceSpec spec) {
        if (!"ClientIP".equals(spec.getSessionAffinity())) {
            return Duration.ZERO;
        }
        SessionAffinityConfig config = spec.getSessionAffinityConfig();
        ClientIPConfig client = config == null ? null : config.getClientIP();
        Integer seconds = client == null ? null : client.getTimeoutSeconds();
        return seconds == null ? DEFAULT_AFFINITY : Duration.ofSeconds(seconds);
    }

    /**
     * The endpoints of one port. While an endpoint moves from one slice to another it may be in both; what one of them
     * says is taken.
     */
    private static List<Endpoint> endpoints(Collection<EndpointSlice> slices, String portName, Protocol protocol) {
        Map<Endpoint, Endpoint> found = new TreeMap<>(Endpoint.ORDER);
        List<EndpointSlice> ordered = slices.stream()
                .sorted(Comparator.comparing(slice -> slice.getMetadata().getName()))
                .toList();
        for (EndpointSlice slice : ordered) {
            if ("FQDN".equals(slice.getAddressType())) {
                continue;
            }
            for (EndpointPort port : orEmpty(slice.getPorts())) {
                if (port.getPort() != null
                        && portName.equals(Objects.requireNonNullElse(port.getName(), ""))
                        && protocol.name().equals(Objects.requireNonNullElse(port.getProtocol(), "TCP"))) {
                    for (io.fabric8.kubernetes.api.model.discovery.v1.Endpoint endpoint :
                            orEmpty(slice.getEndpoints())) {
                        endpoint(endpoint, port.getPort()).ifPresent(each -> found.putIfAbsent(each, each));
                    }
                }
            }
        }
        return List.copyOf(found.values());
    }

    /** Only the first address counts: all of them are of the same endpoint. */
    private static Optional<Endpoint> endpoint(
            io.fabric8.kubernetes.api.model.discovery.v1.Endpoint endpoint, int port) {
        List<String> addresses = orEmpty(endpoint.getAddresses());
        if (addresses.isEmpty()) {
            return Optional.empty();
        }
        EndpointConditions conditions = endpoint.getConditions();
        EndpointHints hints = endpoint.getHints();
        return IpAddress.parse(addresses.getFirst())
                .map(address -> new Endpoint(
                        address,
                        port,
                        conditions == null || isTrueOrUnknown(conditions.getReady()),
                        conditions == null || isTrueOrUnknown(conditions.getServing()),
                        conditions != null && Boolean.TRUE.equals(conditions.getTerminating()),
                        Objects.requireNonNullElse(endpoint.getNodeName(), ""),
                        hints == null ? Set.of() : zones(hints),
                        hints == null ? Set.of() : nodes(hints)));
    }

    private static Set<String> zones(EndpointHints hints) {
        return orEmpty(hints.getForZones()).stream().map(ForZone::getName).collect(Collectors.toSet());
    }

    private static Set<String> nodes(EndpointHints hints) {
        return orEmpty(hints.getForNodes()).stream().map(ForNode::getName).collect(Collectors.toSet());
    }

    private static boolean isTrueOrUnknown(@Nullable Boolean condition) {
        return condition == null || condition;
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
