package io.mokube.proxy.policy;

import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.proxy.model.Protocol;
import io.mokube.proxy.policy.model.AlikePods;
import io.mokube.proxy.policy.model.ClusterFacts;
import io.mokube.proxy.policy.model.PodFacts;
import io.mokube.proxy.policy.model.PolicyFacts;
import io.mokube.proxy.policy.model.PolicyReader;
import io.mokube.proxy.policy.model.PortRule.NamedPort;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Facts for tests, written briefly. */
public final class TestPolicies {

    private TestPolicies() {}

    /** A policy whose spec is JSON with single quotes. */
    public static PolicyFacts policy(String namespace, String name, String spec) {
        return PolicyReader.read(
                Json.MAPPER.readValue("""
                {'metadata': {'namespace': '%s', 'name': '%s'}, 'spec': {%s}}""".formatted(namespace, name, spec).replace('\'', '"'), NetworkPolicy.class));
    }

    /**
     * A pod.
     *
     * @param labels {@code app=web,tier=front}
     */
    public static PodFacts pod(String namespace, String name, String labels, String node, String... addresses) {
        return new PodFacts(
                new ObjectKey(namespace, name),
                new AlikePods.Shape(namespace, labels(labels)),
                node,
                "2026-01-01T00:00:00Z",
                Stream.of(addresses).map(IpAddress::of).collect(Collectors.toSet()),
                Map.of());
    }

    /** The same with a port that a container names. */
    public static PodFacts naming(PodFacts it, Protocol protocol, String name, int number) {
        Map<NamedPort, Integer> ports = new HashMap<>(it.ports());
        ports.put(new NamedPort(protocol, name), number);
        return new PodFacts(it.key(), it.shape(), it.node(), it.created(), it.addresses(), ports);
    }

    public static Map<String, String> labels(String text) {
        return text.isEmpty()
                ? Map.of()
                : Stream.of(text.split(","))
                        .map(each -> each.split("="))
                        .collect(Collectors.toMap(each -> each[0], each -> each[1]));
    }

    /** The node {@code here} with pods in 10.60.1.0/24 and fd60:1::/64, and these pods and policies. */
    public static ClusterFacts cluster(
            Map<String, Map<String, String>> namespaces, List<PodFacts> pods, List<PolicyFacts> policies) {
        return new ClusterFacts(
                policies,
                alike(pods, List.of()),
                namespaces,
                Set.of("here"),
                List.of(Cidr.of("10.60.1.0/24"), Cidr.of("fd60:1::/64")),
                Set.of("bridge"));
    }

    /** Puts pods together that selectors do not tell apart, with the same objects as before where nothing changed. */
    public static List<AlikePods> alike(List<PodFacts> pods, List<AlikePods> before) {
        Map<AlikePods.Shape, List<PodFacts>> byShape = new LinkedHashMap<>();
        pods.forEach(each ->
                byShape.computeIfAbsent(each.shape(), any -> new ArrayList<>()).add(each));
        return byShape.entrySet().stream()
                .map(each -> new AlikePods(each.getKey(), each.getValue()))
                .map(each -> before.stream().filter(each::equals).findFirst().orElse(each))
                .toList();
    }
}
