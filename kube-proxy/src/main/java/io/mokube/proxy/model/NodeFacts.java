package io.mokube.proxy.model;

import io.mokube.machinery.address.IpAddress;
import java.util.List;
import java.util.Set;

/**
 * The node whose packets are directed.
 *
 * @param names its name; several where several nodes share one network stack
 * @param zones its zone, likewise; empty when it has none
 * @param addresses where its node ports are
 */
public record NodeFacts(Set<String> names, Set<String> zones, List<IpAddress> addresses) {

    public NodeFacts {
        names = Set.copyOf(names);
        zones = Set.copyOf(zones);
        addresses = List.copyOf(addresses);
    }

    boolean hasSomeOf(Set<String> nodes) {
        return nodes.stream().anyMatch(names::contains);
    }

    boolean isInSomeOf(Set<String> hinted) {
        return hinted.stream().anyMatch(zones::contains);
    }

    /** Whether the endpoint is on this node. */
    public boolean has(Endpoint endpoint) {
        return names.contains(endpoint.node());
    }
}
