package io.mokube.proxy.model;

import io.mokube.machinery.address.IpAddress;
import java.util.Comparator;
import java.util.Set;

/**
 * One place that serves a service's port.
 *
 * @param address where
 * @param port on which port
 * @param ready whether it takes new connections
 * @param serving whether it answers, ready or on its way out
 * @param terminating whether it is on its way out
 * @param node the node it is on, {@code ""} when that is not known
 * @param zoneHints the zones whose traffic it is meant for; empty without a hint
 * @param nodeHints the nodes whose traffic it is meant for; empty without a hint
 */
public record Endpoint(
        IpAddress address,
        int port,
        boolean ready,
        boolean serving,
        boolean terminating,
        String node,
        Set<String> zoneHints,
        Set<String> nodeHints) {

    /** The order in which rules count endpoints: it depends on nothing but the endpoint. */
    public static final Comparator<Endpoint> ORDER =
            Comparator.comparing(Endpoint::address).thenComparingInt(Endpoint::port);

    public Endpoint {
        zoneHints = Set.copyOf(zoneHints);
        nodeHints = Set.copyOf(nodeHints);
    }

    /** Whether it can take connections when nothing that is ready can. */
    public boolean servesToTheEnd() {
        return serving && terminating;
    }
}
