package io.mokube.proxy.policy.model;

import io.mokube.machinery.address.Cidr;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * All that decides which packets may pass on one machine.
 *
 * @param namespaces the labels of each
 * @param nodes the nodes that this machine is
 * @param podRanges the addresses of these nodes' pods
 * @param podLinks the interfaces of this machine that its pods are behind
 */
public record ClusterFacts(
        List<PolicyFacts> policies,
        List<AlikePods> pods,
        Map<String, Map<String, String>> namespaces,
        Set<String> nodes,
        List<Cidr> podRanges,
        Set<String> podLinks) {

    public ClusterFacts {
        policies = List.copyOf(policies);
        pods = List.copyOf(pods);
        namespaces = Map.copyOf(namespaces);
        nodes = Set.copyOf(nodes);
        podRanges = List.copyOf(podRanges);
        podLinks = Set.copyOf(podLinks);
    }

    /** The labels of a namespace; none when it is not known. */
    public Map<String, String> namespaceLabels(String namespace) {
        return namespaces.getOrDefault(namespace, Map.of());
    }

    public boolean isHere(PodFacts pod) {
        return nodes.contains(pod.node());
    }
}
