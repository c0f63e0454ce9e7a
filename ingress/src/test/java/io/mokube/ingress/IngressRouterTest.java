package io.mokube.ingress;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.LoadBalancerIngressBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.IngressBuilder;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ListOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.machinery.component.Component.Readiness;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.testkit.Await;
import io.mokube.testkit.TcpProxy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ingress against a real API server in this JVM, with the rights that it has in a cluster. */
class IngressRouterTest {

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final IngressConfig.Presence BRIEF =
            new IngressConfig.Presence(Duration.ofMillis(100), Duration.ofSeconds(1));

    @TempDir
    private static Path folder;

    private static ApiServer api;
    private static ApiClient client;
    private static ClientConfig access;
    private static ResourceClient<Service> services;
    private static ResourceClient<EndpointSlice> slices;
    private static ResourceClient<Ingress> ingresses;

    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeAll
    static void startServer() {
        api = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        api.start();
        client = new ApiClient(ClientConfig.fromKubeconfig(api.adminKubeconfig()), Platform.system());
        access = ClientConfig.fromKubeconfig(api.certificates().kubeconfig("ingress"));
        services = client.resource(Service.class);
        slices = client.resource(EndpointSlice.class);
        ingresses = client.resource(Ingress.class);
    }

    @AfterAll
    static void stopServer() {
        client.close();
        api.stop(Duration.ofSeconds(2));
    }

    @AfterEach
    void cleanUp() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
        ingresses.deleteCollection("default", ListOptions.ALL, DeleteOptions.DEFAULT);
        slices.deleteCollection("kube-system", ListOptions.ALL, DeleteOptions.DEFAULT);
        for (String name : List.of("kube-system/mokube-ingress", "default/outside")) {
            ObjectKey key = new ObjectKey(name.split("/")[0], name.split("/")[1]);
            if (services.get(key).isPresent()) {
                services.delete(key, DeleteOptions.DEFAULT);
            }
        }
    }

    private IngressRouter start(ClientConfig server, String instance) {
        IngressConfig config = IngressConfig.at(server, instance, "127.0.0.1");
        IngressRouter router = new IngressRouter(
                new IngressConfig(
                        config.client(),
                        instance,
                        ANY,
                        ANY,
                        // What slices may name; nobody connects to it here.
                        Optional.of("10.1.0." + instance.charAt(instance.length() - 1)),
                        Optional.empty(),
                        config.timeouts(),
                        BRIEF),
                Platform.system());
        router.start();
        open.add(() -> router.stop(Duration.ofSeconds(2)));
        Await.until("ready", () -> router.readiness().equals(Readiness.READY));
        return router;
    }

    private static List<String> published() {
        return slices.list("kube-system", ListOptions.ALL).items().stream()
                .map(slice -> slice.getEndpoints().getFirst().getAddresses().getFirst() + " "
                        + slice.getPorts().getFirst().getPort())
                .sorted()
                .toList();
    }

    private static Ingress ingress(String name, String className, String service, int port) {
        return new IngressBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withIngressClassName(className)
                .withNewDefaultBackend()
                .withNewService()
                .withName(service)
                .withNewPort()
                .withNumber(port)
                .endPort()
                .endService()
                .endDefaultBackend()
                .endSpec()
                .build();
    }

    private static List<String> addresses(String name) {
        Ingress found = ingresses.get(new ObjectKey("default", name)).orElseThrow();
        return found.getStatus() == null
                        || found.getStatus().getLoadBalancer() == null
                        || found.getStatus().getLoadBalancer().getIngress() == null
                ? List.of()
                : found.getStatus().getLoadBalancer().getIngress().stream()
                        .map(each -> each.getIp() != null ? each.getIp() : each.getHostname())
                        .toList();
    }

    private static void balancedAt(@Nullable String ip, @Nullable String hostname) {
        Service service = services.get(Publication.SERVICE).orElseThrow();
        services.updateStatus(new ServiceBuilder(service)
                .editOrNewStatus()
                .withNewLoadBalancer()
                .withIngress(new LoadBalancerIngressBuilder()
                        .withIp(ip)
                        .withHostname(hostname)
                        .build())
                .endLoadBalancer()
                .endStatus()
                .build());
    }

    @Test
    void instancesAreEndpointsOfTheServiceForAsLongAsTheyLive() throws Exception {
        IngressRouter one = start(access, "i-1");
        TcpProxy proxy = TcpProxy.before(access.server().getPort());
        open.add(proxy);
        IngressRouter two = start(access.withServer(URI.create("https://127.0.0.1:" + proxy.port())), "i-2");
        String first = "10.1.0.1 " + one.httpPort();
        String second = "10.1.0.2 " + two.httpPort();
        Await.until("both are there", () -> published().equals(List.of(first, second)));

        proxy.close();
        Await.until("the silent one is taken out", () -> published().equals(List.of(first)));
        one.stop(Duration.ofSeconds(2));
        assertThat(published()).as("who stops takes itself out").isEmpty();
    }

    @Test
    void whatIsTakenAwayIsMadeAgain() {
        IngressRouter one = start(access, "i-1");
        List<String> own = List.of("10.1.0.1 " + one.httpPort());
        Await.until("published", () -> published().equals(own));
        slices.deleteCollection("kube-system", ListOptions.ALL, DeleteOptions.DEFAULT);
        Await.until("published again", () -> published().equals(own));
        services.delete(Publication.SERVICE, DeleteOptions.DEFAULT);
        Await.until("the service again", () -> services.get(Publication.SERVICE).isPresent());
    }

    @Test
    void theStatusFollowsTheAddressOfTheService() {
        start(access, "i-1");
        Await.until("the service", () -> services.get(Publication.SERVICE).isPresent());
        assertThat(services.get(Publication.SERVICE).orElseThrow().getSpec().getType())
                .isEqualTo("LoadBalancer");
        ingresses.create(ingress("ours", "mokube", "web", 80));
        ingresses.create(ingress("foreign", "other", "web", 80));
        balancedAt("192.0.2.7", null);
        Await.until("the address", () -> addresses("ours").equals(List.of("192.0.2.7")));
        balancedAt(null, "lb.example.test");
        Await.until("the name", () -> addresses("ours").equals(List.of("lb.example.test")));
        ingresses.create(ingress("later", "mokube", "web", 80));
        Await.until("the next one's", () -> addresses("later").equals(List.of("lb.example.test")));
        assertThat(addresses("foreign")).isEmpty();
    }

    @Test
    void anExternalNameIsABackend() throws Exception {
        HttpServer backend = HttpServer.create(ANY, 0);
        backend.createContext("/", exchange -> {
            byte[] body = "here".getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        backend.start();
        open.add(() -> backend.stop(0));
        services.create(new ServiceBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("outside")
                .endMetadata()
                .withNewSpec()
                .withType("ExternalName")
                .withExternalName("localhost")
                .endSpec()
                .build());
        ingresses.create(
                ingress("out", "mokube", "outside", backend.getAddress().getPort()));
        IngressRouter router = start(access, "i-1");
        Await.until("an answer", () -> get(router.httpPort()).endsWith("here"));
        services.delete(new ObjectKey("default", "outside"), DeleteOptions.DEFAULT);
        Await.until("none", () -> get(router.httpPort()).contains("503 Service Unavailable"));
    }

    private static String get(int port) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write("GET / HTTP/1.1\r\nHost: any.test\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
