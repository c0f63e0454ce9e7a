package io.mokube.dns.zone;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPortBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Services and endpoint slices for tests, in a line each. */
public final class TestServices {

    private TestServices() {}

    /** A service with cluster IPs; ports such as {@code http/TCP/80}, without a name {@code /TCP/80}. */
    public static Service clusterIp(String namespace, String name, List<String> addresses, String... ports) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withType("ClusterIP")
                .withClusterIP(addresses.getFirst())
                .withClusterIPs(addresses)
                .withPorts(ports(ports))
                .endSpec()
                .build();
    }

    public static Service headless(String namespace, String name, String... ports) {
        return clusterIp(namespace, name, List.of("None"), ports);
    }

    public static Service external(String namespace, String name, String target) {
        return new ServiceBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withType("ExternalName")
                .withExternalName(target)
                .endSpec()
                .build();
    }

    private static List<ServicePort> ports(String... ports) {
        return List.of(ports).stream()
                .map(text -> text.split("/", -1))
                .map(parts -> new ServicePortBuilder()
                        .withName(parts[0].isEmpty() ? null : parts[0])
                        .withProtocol(parts[1])
                        .withPort(Integer.parseInt(parts[2]))
                        .build())
                .toList();
    }

    /** A slice of IPv4 or IPv6 endpoints; ports as above. */
    public static EndpointSlice slice(
            String namespace, String service, String name, List<Endpoint> endpoints, String... ports) {
        boolean six = !endpoints.isEmpty()
                && endpoints.getFirst().getAddresses().getFirst().contains(":");
        List<EndpointPort> all = ports(ports).stream()
                .map(port -> new EndpointPortBuilder()
                        .withName(port.getName() == null ? "" : port.getName())
                        .withProtocol(port.getProtocol())
                        .withPort(port.getPort())
                        .build())
                .toList();
        return new EndpointSliceBuilder()
                .withNewMetadata()
                .withNamespace(namespace)
                .withName(name)
                .addToLabels("kubernetes.io/service-name", service)
                .endMetadata()
                .withAddressType(six ? "IPv6" : "IPv4")
                .withEndpoints(endpoints)
                .withPorts(all)
                .build();
    }

    public static Endpoint ready(@Nullable String hostname, String address) {
        return endpoint(hostname, address, true);
    }

    public static Endpoint notReady(@Nullable String hostname, String address) {
        return endpoint(hostname, address, false);
    }

    private static Endpoint endpoint(@Nullable String hostname, String address, boolean ready) {
        return new EndpointBuilder()
                .withAddresses(address)
                .withHostname(hostname)
                .withNewConditions()
                .withReady(ready)
                .endConditions()
                .build();
    }
}
