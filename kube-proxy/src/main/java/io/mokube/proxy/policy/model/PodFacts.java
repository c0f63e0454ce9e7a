package io.mokube.proxy.policy.model;

import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.proxy.policy.model.PortRule.NamedPort;
import java.util.Map;
import java.util.Set;

/**
 * A pod with addresses of its own, which did not end.
 *
 * @param shape its namespace and labels
 * @param node where it runs
 * @param created when it was made, in a form that sorts by time
 * @param ports the numbers of the ports that its containers name
 */
public record PodFacts(
        ObjectKey key,
        AlikePods.Shape shape,
        String node,
        String created,
        Set<IpAddress> addresses,
        Map<NamedPort, Integer> ports) {

    public PodFacts {
        addresses = Set.copyOf(addresses);
        ports = Map.copyOf(ports);
    }
}
