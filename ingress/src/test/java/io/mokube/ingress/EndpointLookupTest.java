package io.mokube.ingress;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.mokube.ingress.route.Backend;
import io.mokube.ingress.serve.Target;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EndpointLookupTest {

    private static Service service(@Nullable String protocol) {
        return new ServiceBuilder()
                .withNewSpec()
                .addNewPort()
                .withName("web")
                .withPort(80)
                .withAppProtocol(protocol)
                .endPort()
                .addNewPort()
                .withName("admin")
                .withPort(81)
                .endPort()
                .endSpec()
                .build();
    }

    private static Service external(@Nullable Integer port) {
        Service service = new ServiceBuilder()
                .withNewSpec()
                .withType("ExternalName")
                .withExternalName("example.test")
                .endSpec()
                .build();
        if (port != null) {
            service.getSpec()
                    .setPorts(List.of(service("https").getSpec().getPorts().getFirst()));
            service.getSpec().getPorts().getFirst().setPort(port);
        }
        return service;
    }

    private static EndpointSlice slice(String port, int number, @Nullable Boolean ready, String... addresses) {
        EndpointSliceBuilder slice = new EndpointSliceBuilder()
                .addNewPort()
                .withName(port)
                .withPort(number)
                .endPort();
        for (String address : addresses) {
            slice.addNewEndpoint()
                    .withAddresses(address)
                    .withNewConditions()
                    .withReady(ready)
                    .endConditions()
                    .endEndpoint();
        }
        return slice.build();
    }

    private static Target find(String port, @Nullable Service service, EndpointSlice... slices) {
        return EndpointLookup.find(new Backend("shop", "front", port), Optional.ofNullable(service), List.of(slices));
    }

    private static InetSocketAddress at(String address, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(address), port);
    }

    @Test
    void theReadyEndpointsOfThePortByNumberOrName() {
        EndpointSlice ready = slice("web", 8080, true, "10.0.0.1", "10.0.0.2");
        EndpointSlice unsaid = slice("web", 8081, null, "10.0.0.3");
        EndpointSlice ending = slice("web", 8080, false, "10.0.0.4");
        EndpointSlice other = slice("admin", 9090, true, "10.0.0.1");
        for (String port : List.of("80", "web")) {
            assertThat(find(port, service(null), ready, unsaid, ending, other))
                    .isEqualTo(new Target.Endpoints(
                            "shop/front:" + port,
                            List.of(at("10.0.0.1", 8080), at("10.0.0.2", 8080), at("10.0.0.3", 8081)),
                            false));
        }
        assertThat(find("81", service(null), ready, other))
                .isEqualTo(new Target.Endpoints("shop/front:81", List.of(at("10.0.0.1", 9090)), false));
    }

    @Test
    void nowhereToGo() {
        assertThat(find("80", null)).isEqualTo(new Target.NoEndpoint("service shop/front does not exist"));
        assertThat(find("82", service(null))).isEqualTo(new Target.NoEndpoint("service shop/front has no port 82"));
        assertThat(find("80", service(null), slice("web", 8080, false, "10.0.0.1"), slice("web", 80, true, "a.test")))
                .isEqualTo(new Target.NoEndpoint("shop/front:80 has no endpoint that is ready"));
    }

    @Test
    void theProtocolSaysWhetherEndpointsSpeakTls() {
        EndpointSlice slice = slice("web", 8443, true, "10.0.0.1");
        for (String protocol : List.of("https", "HTTPS", "kubernetes.io/wss")) {
            assertThat(find("80", service(protocol), slice))
                    .isEqualTo(new Target.Endpoints("shop/front:80", List.of(at("10.0.0.1", 8443)), true));
        }
        for (String protocol : List.of("http", "kubernetes.io/ws", "example.com/https")) {
            assertThat(find("80", service(protocol), slice))
                    .isEqualTo(new Target.Endpoints("shop/front:80", List.of(at("10.0.0.1", 8443)), false));
        }
    }

    @Test
    void anExternalNameIsLookedUpLater() {
        assertThat(find("8080", external(null)))
                .isEqualTo(new Target.Endpoints(
                        "shop/front:8080", List.of(InetSocketAddress.createUnresolved("example.test", 8080)), false));
        assertThat(find("web", external(443)))
                .isEqualTo(new Target.Endpoints(
                        "shop/front:web", List.of(InetSocketAddress.createUnresolved("example.test", 443)), true));
        assertThat(find("web", external(null))).isEqualTo(new Target.NoEndpoint("service shop/front has no port web"));
        assertThat(find("70000", external(null)))
                .isEqualTo(new Target.NoEndpoint("service shop/front has no port 70000"));
    }
}
