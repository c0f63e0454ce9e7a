package io.mokube.ingress;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.ingress.route.Backend;
import io.mokube.ingress.serve.Target;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where a backend is: the ready endpoints of its service, straight from the slices, or the name that an ExternalName service
 * stands for. A port whose {@code appProtocol} is {@code https} or {@code kubernetes.io/wss} is spoken to over TLS.
 */
final class EndpointLookup {

    private static final String EXTERNAL_NAME = "ExternalName";
    private static final Set<String> OVER_TLS = Set.of("https", "kubernetes.io/wss");

    private EndpointLookup() {}

    static Target find(Backend backend, Optional<Service> service, Collection<EndpointSlice> slices) {
        if (service.isEmpty()) {
            return new Target.NoEndpoint(
                    "service " + backend.namespace() + "/" + backend.service() + " does not exist");
        }
        Optional<ServicePort> port = orEmpty(service.get().getSpec().getPorts()).stream()
                .filter(each ->
                        backend.port().equals(each.getName()) || backend.port().equals(String.valueOf(each.getPort())))
                .findFirst();
        boolean tls = port.map(ServicePort::getAppProtocol)
                .map(protocol -> OVER_TLS.contains(protocol.toLowerCase(Locale.ROOT)))
                .orElse(false);
        if (EXTERNAL_NAME.equals(service.get().getSpec().getType())) {
            return external(backend, service.get().getSpec().getExternalName(), port.map(ServicePort::getPort), tls);
        }
        if (port.isEmpty()) {
            return new Target.NoEndpoint(
                    "service " + backend.namespace() + "/" + backend.service() + " has no port " + backend.port());
        }
        String name = Objects.requireNonNullElse(port.get().getName(), "");
        Set<InetSocketAddress> found = new LinkedHashSet<>();
        for (EndpointSlice slice : slices) {
            for (EndpointPort each : orEmpty(slice.getPorts())) {
                if (each.getPort() != null && name.equals(Objects.requireNonNullElse(each.getName(), ""))) {
                    orEmpty(slice.getEndpoints()).forEach(endpoint -> add(endpoint, each.getPort(), found));
                }
            }
        }
        return found.isEmpty()
                ? new Target.NoEndpoint(backend + " has no endpoint that is ready")
                : new Target.Endpoints(backend.toString(), List.copyOf(found), tls);
    }

    /** Such a service needs to list no ports; then the Ingress has to say a number. */
    private static Target external(Backend backend, String name, Optional<Integer> listed, boolean tls) {
        Optional<Integer> port = listed.or(() -> number(backend.port()));
        return port.<Target>map(number -> new Target.Endpoints(
                        backend.toString(), List.of(InetSocketAddress.createUnresolved(name, number)), tls))
                .orElse(new Target.NoEndpoint(
                        "service " + backend.namespace() + "/" + backend.service() + " has no port " + backend.port()));
    }

    private static Optional<Integer> number(String port) {
        return port.chars().allMatch(Character::isDigit) && !port.isEmpty() && port.length() <= 5
                ? Optional.of(Integer.valueOf(port)).filter(each -> each > 0 && each < 65_536)
                : Optional.empty();
    }

    private static void add(Endpoint endpoint, int port, Set<InetSocketAddress> found) {
        boolean ready = endpoint.getConditions() == null
                || !Boolean.FALSE.equals(endpoint.getConditions().getReady());
        if (ready && !orEmpty(endpoint.getAddresses()).isEmpty()) {
            try {
                found.add(new InetSocketAddress(
                        InetAddress.ofLiteral(endpoint.getAddresses().getFirst()), port));
            } catch (IllegalArgumentException e) {
                // A name (FQDN): nothing that packets could be sent to.
            }
        }
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
