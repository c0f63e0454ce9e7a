package io.mokube.proxy.model;

import io.mokube.machinery.address.Family;
import java.util.List;

/**
 * One port of a service, with the endpoints behind it.
 *
 * @param name the port's name, {@code ""} when it has none
 * @param nodePort the port on every node, 0 when there is none
 * @param endpoints all of both families, in {@link Endpoint#ORDER}, whatever their condition
 */
public record ServicePort(String name, Protocol protocol, int port, int nodePort, List<Endpoint> endpoints) {

    public ServicePort {
        endpoints = List.copyOf(endpoints);
    }

    /** The endpoints with addresses of a family. */
    public List<Endpoint> endpoints(Family family) {
        return endpoints.stream()
                .filter(each -> each.address().family() == family)
                .toList();
    }
}
