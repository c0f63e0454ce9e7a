package io.mokube.proxy.policy.model;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.networking.v1.IPBlock;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPeer;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicySpec;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.proxy.model.Protocol;
import io.mokube.proxy.policy.model.PolicyFacts.Allowance;
import io.mokube.proxy.policy.model.PortRule.NamedPort;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads network policies and pods. What the API server would not have accepted allows nothing: a port of an unknown
 * protocol, a block whose range can't be read.
 */
public final class PolicyReader {

    private static final int LAST_PORT = 65535;

    private PolicyReader() {}

    /**
     * A policy.
     *
     * @throws IllegalArgumentException when a selector has an unknown operator
     */
    public static PolicyFacts read(NetworkPolicy policy) {
        NetworkPolicySpec spec = Objects.requireNonNullElseGet(policy.getSpec(), NetworkPolicySpec::new);
        List<Allowance> ingress = all(spec.getIngress()).stream()
                .map(each -> allowance(each.getFrom(), each.getPorts()))
                .toList();
        List<Allowance> egress = all(spec.getEgress()).stream()
                .map(each -> allowance(each.getTo(), each.getPorts()))
                .toList();
        List<String> types = all(spec.getPolicyTypes());
        Map<Direction, List<Allowance>> rules = new EnumMap<>(Direction.class);
        if (types.isEmpty() || types.contains("Ingress")) {
            rules.put(Direction.INGRESS, ingress);
        }
        if (types.isEmpty() ? !egress.isEmpty() : types.contains("Egress")) {
            rules.put(Direction.EGRESS, egress);
        }
        return new PolicyFacts(
                new ObjectKey(
                        policy.getMetadata().getNamespace(),
                        policy.getMetadata().getName()),
                spec.getPodSelector() == null ? LabelSelector.EVERYTHING : selector(spec.getPodSelector()),
                rules);
    }

    private static Allowance allowance(
            @Nullable List<NetworkPolicyPeer> peers, @Nullable List<NetworkPolicyPort> ports) {
        List<Peer> meant = all(peers).stream().map(PolicyReader::peer).toList();
        List<PortRule> allowed =
                all(ports).stream().flatMap(each -> port(each).stream()).toList();
        // Nothing left of something is not the nothing that stands for everything.
        return allowed.isEmpty() && !all(ports).isEmpty()
                ? new Allowance(List.of(), List.of(new PortRule.Named(new NamedPort(Protocol.TCP, ""))))
                : new Allowance(meant, allowed);
    }

    private static Peer peer(NetworkPolicyPeer peer) {
        IPBlock block = peer.getIpBlock();
        if (block != null) {
            // A range that can't be read has nobody in it.
            Optional<Cidr> range = Optional.ofNullable(block.getCidr()).flatMap(Cidr::parse);
            List<Cidr> except = all(block.getExcept()).stream()
                    .flatMap(each -> Cidr.parse(each).stream())
                    .toList();
            return range.map(each -> new Peer.Block(each, except))
                    .orElseGet(() -> new Peer.Block(Cidr.of("0.0.0.0/32"), List.of(Cidr.of("0.0.0.0/32"))));
        }
        return new Peer.Pods(
                Optional.ofNullable(peer.getNamespaceSelector()).map(PolicyReader::selector),
                peer.getPodSelector() == null ? LabelSelector.EVERYTHING : selector(peer.getPodSelector()));
    }

    private static Optional<PortRule> port(NetworkPolicyPort port) {
        String named = port.getProtocol() == null ? "TCP" : port.getProtocol();
        IntOrString number = port.getPort();
        return Protocol.named(named).map(protocol -> {
            if (number == null) {
                return new PortRule.Numbers(protocol, 0, LAST_PORT);
            }
            if (number.getIntVal() == null) {
                return new PortRule.Named(new NamedPort(protocol, number.getStrVal()));
            }
            int first = number.getIntVal();
            return new PortRule.Numbers(protocol, first, port.getEndPort() == null ? first : port.getEndPort());
        });
    }

    private static LabelSelector selector(io.fabric8.kubernetes.api.model.LabelSelector selector) {
        List<LabelSelector.Requirement> requirements = new ArrayList<>(
                LabelSelector.ofLabels(labels(selector.getMatchLabels())).requirements());
        for (LabelSelectorRequirement each : all(selector.getMatchExpressions())) {
            requirements.add(LabelSelector.requirement(each.getKey(), each.getOperator(), all(each.getValues())));
        }
        return new LabelSelector(requirements);
    }

    /** A pod; nothing for one that has ended, shares its node's addresses or has none yet. */
    public static Optional<PodFacts> read(Pod pod) {
        PodSpec spec = pod.getSpec();
        PodStatus status = pod.getStatus();
        if (spec == null
                || status == null
                || spec.getNodeName() == null
                || Boolean.TRUE.equals(spec.getHostNetwork())
                || "Succeeded".equals(status.getPhase())
                || "Failed".equals(status.getPhase())) {
            return Optional.empty();
        }
        Set<IpAddress> addresses = new LinkedHashSet<>();
        Stream.concat(all(status.getPodIPs()).stream().map(PodIP::getIp), Stream.ofNullable(status.getPodIP()))
                .flatMap(text -> IpAddress.parse(text).stream())
                .forEach(addresses::add);
        if (addresses.isEmpty()) {
            return Optional.empty();
        }
        Map<NamedPort, Integer> ports = new HashMap<>();
        Stream.of(all(spec.getContainers()), restartable(spec))
                .flatMap(Collection::stream)
                .flatMap(container -> all(container.getPorts()).stream())
                .filter(port -> port.getName() != null)
                .forEach(port -> named(port).ifPresent(name -> ports.putIfAbsent(name, port.getContainerPort())));
        String namespace = pod.getMetadata().getNamespace();
        return Optional.of(new PodFacts(
                new ObjectKey(namespace, pod.getMetadata().getName()),
                new AlikePods.Shape(namespace, labels(pod.getMetadata().getLabels())),
                spec.getNodeName(),
                Objects.requireNonNullElse(pod.getMetadata().getCreationTimestamp(), ""),
                addresses,
                ports));
    }

    /** Sidecars: containers that start before the others and run beside them. */
    private static List<Container> restartable(PodSpec spec) {
        return all(spec.getInitContainers()).stream()
                .filter(each -> "Always".equals(each.getRestartPolicy()))
                .toList();
    }

    private static Optional<NamedPort> named(ContainerPort port) {
        return Protocol.named(port.getProtocol() == null ? "TCP" : port.getProtocol())
                .map(protocol -> new NamedPort(protocol, port.getName()));
    }

    /** Labels that an object may lack altogether. */
    public static Map<String, String> labels(@Nullable Map<String, String> labels) {
        return labels == null ? Map.of() : labels;
    }

    private static <T> List<T> all(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
