package io.mokube.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ListOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.proxy.apply.NetworkLab;
import io.mokube.testkit.Await;
import io.mokube.testkit.FreePort;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The proxy against a real API server in this JVM, directing real packets. */
class KubeProxyTest {

    @TempDir
    private static Path folder;

    private static NetworkLab lab;
    private static ApiServer server;
    private static ApiClient client;
    private static ResourceClient<Service> services;
    private static ResourceClient<EndpointSlice> slices;

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private KubeProxy proxy;
    private int healthPort;

    @BeforeAll
    static void startServer() {
        lab = NetworkLab.start();
        server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        server.start();
        client = new ApiClient(ClientConfig.fromKubeconfig(server.adminKubeconfig()), Platform.system());
        services = client.resource(Service.class);
        slices = client.resource(EndpointSlice.class);
    }

    @AfterAll
    static void stopServer() {
        if (client != null) {
            client.close();
        }
        if (server != null) {
            server.stop(Duration.ofSeconds(2));
        }
        if (lab != null) {
            lab.close();
        }
    }

    @BeforeEach
    void startProxy() {
        healthPort = FreePort.next();
        proxy = start();
    }

    @AfterEach
    void stopProxy() {
        proxy.stop(Duration.ofSeconds(2));
        services.list("default", ListOptions.ALL).items().stream()
                .map(each -> each.getMetadata().getName())
                .filter(each -> !each.equals("kubernetes"))
                .forEach(each -> services.delete(new ObjectKey("default", each), DeleteOptions.DEFAULT));
        slices.list("default", ListOptions.ALL).items().stream()
                .map(each -> each.getMetadata().getName())
                .filter(each -> !each.equals("kubernetes"))
                .forEach(each -> slices.delete(new ObjectKey("default", each), DeleteOptions.DEFAULT));
        lab.in("node", "nft", "flush", "ruleset");
    }

    private KubeProxy start() {
        Path kubeconfig = server.certificates().kubeconfig("kube-proxy");
        KubeProxyConfig config = KubeProxyConfig.of(ClientConfig.fromKubeconfig(kubeconfig), "here")
                .inNetworkNamespace(lab.namespace("node"))
                .withClusterCidrs(List.of(Cidr.of("10.60.0.0/16")))
                .withNodePortAddresses(List.of(Cidr.of("192.168.77.0/24")))
                .withPeriods(Duration.ofMillis(300), Duration.ofMillis(10))
                .withHealthPort(healthPort);
        KubeProxy started = new KubeProxy(
                config,
                new Platform(Platform.system().clock(), Platform.system().random(), meters));
        started.start();
        Await.until("ready", () -> started.readiness().ready());
        return started;
    }

    /** Creates a service with one port and returns it with what the server gave it. */
    private static Service create(String name, String spec) {
        return services.create(read(Service.class, """
                {'metadata': {'namespace': 'default', 'name': '%s'}, 'spec': {%s}}""".formatted(name, spec)));
    }

    private static String slice(String name, String... addresses) {
        return """
                {'metadata': {'namespace': 'default', 'name': '%1$s-1', 'labels': {'kubernetes.io/service-name': '%1$s'}},
                 'addressType': 'IPv4', 'ports': [{'port': %2$d, 'protocol': 'TCP', 'name': ''}], 'endpoints': [%3$s]}""".formatted(
                name,
                NetworkLab.POD_PORT,
                List.of(addresses).stream()
                        .map("{'addresses': ['%s'], 'conditions': {'ready': true}, 'nodeName': 'here'}"::formatted)
                        .collect(Collectors.joining(", ")));
    }

    private static void endpoints(String name, String... addresses) {
        EndpointSlice wanted = read(EndpointSlice.class, slice(name, addresses));
        if (slices.get("default", name + "-1").isPresent()) {
            slices.delete(new ObjectKey("default", name + "-1"), DeleteOptions.DEFAULT);
        }
        slices.create(wanted);
    }

    private static <T> T read(Class<T> type, String json) {
        return Json.MAPPER.readValue(json.replace('\'', '"'), type);
    }

    private static void answers(String from, String address, int port, String answer) {
        Await.until(
                from + " hears " + answer, () -> lab.tcp(from, address, port).equals(answer));
    }

    @Test
    void followsServicesAndEndpoints() {
        Service web = create("web", "'type': 'NodePort', 'ports': [{'port': 80}]");
        String address = web.getSpec().getClusterIP();
        int nodePort = web.getSpec().getPorts().getFirst().getNodePort();
        answers("pod-2", address, 80, "refused");
        endpoints("web", "10.60.1.2");
        answers("pod-2", address, 80, "pod-1 10.60.1.3");
        answers("client", "192.168.77.1", nodePort, "pod-1 10.60.1.1");
        endpoints("web", "10.60.2.2");
        answers("pod-2", address, 80, "away 10.60.1.3");
        services.delete(new ObjectKey("default", "web"), DeleteOptions.DEFAULT);
        // Nobody has the address any more: it leads to where everything else does.
        Await.until("gone", () -> !lab.in("node", "nft", "list", "ruleset").contains(address));
        assertThat(meters.get("kubeproxy.sync.proxy.rules.duration").timer().count())
                .isGreaterThan(4);
    }

    @Test
    void aRestartInterruptsNothingAndCatchesUp() {
        String address = create("web", "'ports': [{'port': 80}]").getSpec().getClusterIP();
        endpoints("web", "10.60.1.2");
        answers("pod-2", address, 80, "pod-1 10.60.1.3");
        lab.ask("pod-2", "open c " + address + " 80");
        proxy.stop(Duration.ofSeconds(2));
        assertThat(lab.ask("pod-2", "say c one")).isEqualTo("pod-1 one");
        assertThat(lab.tcp("pod-2", address, 80)).as("rules stay").isEqualTo("pod-1 10.60.1.3");
        endpoints("web", "10.60.2.2");
        proxy = start();
        assertThat(lab.tcp("pod-2", address, 80)).as("no stale endpoint").isEqualTo("away 10.60.1.3");
        assertThat(lab.ask("pod-2", "say c two")).isEqualTo("pod-1 two");
    }

    @Test
    void rulesThatSomebodyRemovedComeBack() {
        String address = create("web", "'ports': [{'port': 80}]").getSpec().getClusterIP();
        endpoints("web", "10.60.1.2");
        answers("pod-2", address, 80, "pod-1 10.60.1.3");
        lab.in("node", "nft", "flush", "ruleset");
        answers("pod-2", address, 80, "pod-1 10.60.1.3");
    }

    @Test
    void headlessServicesAreLeftAlone() {
        create("web", "'clusterIP': 'None', 'ports': [{'port': 80}]");
        endpoints("web", "10.60.1.2");
        String other = create("other", "'ports': [{'port': 80}]").getSpec().getClusterIP();
        endpoints("other", "10.60.1.2");
        answers("pod-2", other, 80, "pod-1 10.60.1.3");
        assertThat(lab.in("node", "nft", "list", "map", "ip", "mokube-proxy", "tcp-endpoints")
                        .lines())
                .filteredOn(line -> line.contains("10.60.1.2"))
                .hasSize(1);
    }

    @Test
    void loadBalancersHearWhetherTheNodeHasEndpoints() throws Exception {
        int port = create("web", "'type': 'LoadBalancer', 'externalTrafficPolicy': 'Local', 'ports': [{'port': 80}]")
                .getSpec()
                .getHealthCheckNodePort();
        Await.until("none", () -> get(port).statusCode() == 503);
        endpoints("web", "10.60.1.2", "10.60.1.3");
        Await.until("two", () -> get(port).statusCode() == 200);
        assertThat(Json.MAPPER.readTree(get(port).body())).isEqualTo(Json.MAPPER.readTree("""
                {"service": {"namespace": "default", "name": "web"}, "localEndpoints": 2, "serviceProxyHealthy": true}"""));
        assertThat(get(healthPort, "/healthz").statusCode()).isEqualTo(200);
        assertThat(get(healthPort, "/livez").statusCode()).isEqualTo(200);
    }

    private static HttpResponse<String> get(int port) throws Exception {
        return get(port, "/");
    }

    private static HttpResponse<String> get(int port, String path) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }
    }
}
