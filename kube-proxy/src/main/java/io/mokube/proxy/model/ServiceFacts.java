package io.mokube.proxy.model;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.names.ObjectKey;
import java.time.Duration;
import java.util.List;

/**
 * A service that has a virtual address.
 *
 * @param clusterIps its addresses inside the cluster, of one or both families
 * @param externalIps those that an administrator routes to nodes
 * @param loadBalancerIps the addresses of a load balancer that passes packets on as they are
 * @param sourceRanges who may use the load balancer's addresses; anybody when empty
 * @param affinity for how long a client stays with its endpoint; zero without affinity
 * @param internalLocal whether clients inside the cluster get endpoints of their own node only
 * @param externalLocal whether clients outside get endpoints of the node they came to only
 * @param healthCheckNodePort where load balancers ask whether this node has endpoints, 0 when there is none
 */
public record ServiceFacts(
        ObjectKey key,
        List<IpAddress> clusterIps,
        List<IpAddress> externalIps,
        List<IpAddress> loadBalancerIps,
        List<Cidr> sourceRanges,
        Duration affinity,
        boolean internalLocal,
        boolean externalLocal,
        int healthCheckNodePort,
        List<ServicePort> ports) {

    public ServiceFacts {
        clusterIps = List.copyOf(clusterIps);
        externalIps = List.copyOf(externalIps);
        loadBalancerIps = List.copyOf(loadBalancerIps);
        sourceRanges = List.copyOf(sourceRanges);
        ports = List.copyOf(ports);
    }

    /** Whether some port's protocol leaves it to others to forget a connection whose endpoint is gone. */
    public boolean isConnectionless() {
        return ports.stream().anyMatch(port -> port.protocol() != Protocol.TCP);
    }

    public boolean hasAffinity() {
        return affinity.isPositive();
    }

    /** Who may use the load balancer's addresses of a family; anybody when empty. */
    public List<Cidr> sourceRanges(Family family) {
        return sourceRanges.stream().filter(each -> each.family() == family).toList();
    }
}
