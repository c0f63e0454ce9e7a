package io.mokube.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
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
import io.mokube.dns.answer.Replies;
import io.mokube.dns.endpoint.EndpointConfig;
import io.mokube.dns.forward.SocketUpstream;
import io.mokube.dns.server.DnsServer;
import io.mokube.dns.server.QueryHandler;
import io.mokube.dns.server.ServerMetrics;
import io.mokube.dns.zone.TestServices;
import io.mokube.machinery.component.Component.Readiness;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import io.mokube.testkit.Await;
import io.mokube.testkit.TcpProxy;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Message;
import org.xbill.DNS.Name;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.Section;
import org.xbill.DNS.Type;

/** The name server against a real API server in this JVM, with the rights that it has in a cluster. */
class ClusterDnsTest {

    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final ObjectKey KUBE_DNS = new ObjectKey("kube-system", "kube-dns");

    @TempDir
    private static Path folder;

    private static ApiServer api;
    private static ApiClient client;
    private static ClientConfig access;
    private static ResourceClient<Service> services;
    private static ResourceClient<EndpointSlice> slices;

    private final List<AutoCloseable> open = new ArrayList<>();

    @BeforeAll
    static void startServer() {
        api = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        api.start();
        client = new ApiClient(ClientConfig.fromKubeconfig(api.adminKubeconfig()), Platform.system());
        access = ClientConfig.fromKubeconfig(api.certificates().kubeconfig("cluster-dns"));
        services = client.resource(Service.class);
        slices = client.resource(EndpointSlice.class);
        client.resource(Namespace.class)
                .create(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName("shop")
                        .endMetadata()
                        .build());
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
        for (String namespace : List.of("shop", "kube-system")) {
            for (Service each : services.list(namespace, ListOptions.ALL).items()) {
                services.delete(new ObjectKey(namespace, each.getMetadata().getName()), DeleteOptions.DEFAULT);
            }
            slices.deleteCollection(namespace, ListOptions.ALL, DeleteOptions.DEFAULT);
        }
    }

    private ClusterDns start(ClusterDnsConfig config) {
        ClusterDns dns = new ClusterDns(config, Platform.system());
        dns.start();
        open.add(() -> dns.stop(Duration.ofSeconds(2)));
        return dns;
    }

    private static void awaitReady(ClusterDns dns) {
        Await.until("ready", () -> dns.readiness().equals(Readiness.READY));
    }

    private static Message ask(ClusterDns dns, String name, int type) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), dns.port());
        Message query = Message.newQuery(Record.newRecord(Name.fromConstantString(name), type, DClass.IN));
        return new SocketUpstream(address, Duration.ofSeconds(5), Clock.system()).ask(query);
    }

    private static List<String> data(Message reply) {
        return reply.getSection(Section.ANSWER).stream()
                .map(Record::rdataToString)
                .sorted()
                .toList();
    }

    @Test
    void answersFollowWhatTheClusterHas() throws Exception {
        ClusterDns dns = start(ClusterDnsConfig.of(access, ANY_PORT));
        awaitReady(dns);
        String name = "web.shop.svc.cluster.local.";
        assertThat(ask(dns, name, Type.A).getRcode()).isEqualTo(Rcode.NXDOMAIN);
        assertThat(ask(dns, "shop.svc.cluster.local.", Type.A).getRcode()).isEqualTo(Rcode.NOERROR);

        Service web = services.create(TestServices.headless("shop", "web", "http/TCP/80"));
        slices.create(TestServices.slice(
                "shop", "web", "web-1", List.of(TestServices.ready("one", "10.1.1.1")), "http/TCP/80"));
        Await.until("one address", () -> data(ask(dns, name, Type.A)).equals(List.of("10.1.1.1")));
        slices.create(TestServices.slice(
                "shop", "web", "web-2", List.of(TestServices.ready("two", "10.1.1.2")), "http/TCP/80"));
        Await.until("two addresses", () -> data(ask(dns, name, Type.A)).equals(List.of("10.1.1.1", "10.1.1.2")));
        assertThat(data(ask(dns, "two." + name, Type.A))).containsExactly("10.1.1.2");
        slices.delete(new ObjectKey("shop", "web-1"), DeleteOptions.DEFAULT);
        Await.until("one is left", () -> data(ask(dns, name, Type.A)).equals(List.of("10.1.1.2")));
        services.delete(
                new ObjectKey("shop", "web"),
                DeleteOptions.DEFAULT.withUid(web.getMetadata().getUid()));
        Await.until("the name is gone", () -> ask(dns, name, Type.A).getRcode() == Rcode.NXDOMAIN);
    }

    @Test
    void otherNamesAreAskedElsewhere() throws Exception {
        DnsServer other = DnsServer.open(
                ANY_PORT,
                query -> {
                    Message reply = Replies.to(query, Rcode.NOERROR);
                    byte[] address = {(byte) 192, 0, 2, 7};
                    reply.addRecord(new ARecord(query.getQuestion().getName(), DClass.IN, 60, address), Section.ANSWER);
                    return new QueryHandler.Reaction.Reply(reply);
                },
                DnsServer.Limits.STANDARD,
                new ServerMetrics(new SimpleMeterRegistry(), Name.root),
                Clock.system());
        open.add(other);
        InetSocketAddress upstream = new InetSocketAddress(InetAddress.getLoopbackAddress(), other.port());
        ClusterDns dns = start(ClusterDnsConfig.of(access, ANY_PORT).withUpstreams(List.of(upstream)));
        awaitReady(dns);
        assertThat(data(ask(dns, "www.example.com.", Type.A))).containsExactly("192.0.2.7");
        services.create(TestServices.external("shop", "out", "www.example.com"));
        Await.until(
                "the alias",
                () -> data(ask(dns, "out.shop.svc.cluster.local.", Type.A))
                        .equals(List.of("192.0.2.7", "www.example.com.")));
    }

    @Test
    void answersWhileTheApiServerIsAway() throws Exception {
        try (TcpProxy proxy = TcpProxy.before(access.server().getPort())) {
            services.create(TestServices.external("shop", "out", "www.example.com"));
            ClientConfig through = access.withServer(URI.create("https://127.0.0.1:" + proxy.port()));
            ClusterDns dns = start(ClusterDnsConfig.of(through, ANY_PORT));
            awaitReady(dns);
            proxy.close();
            assertThat(data(ask(dns, "out.shop.svc.cluster.local.", Type.CNAME)))
                    .containsExactly("www.example.com.");
        }
    }

    @Test
    void nothingIsDeniedBeforeEverythingIsKnown() throws Exception {
        // A port on which nobody listens.
        ClientConfig nobody = access.withServer(URI.create("https://127.0.0.1:1"));
        ClusterDns dns = start(ClusterDnsConfig.of(nobody, ANY_PORT));
        assertThat(dns.readiness().ready()).isFalse();
        assertThat(ask(dns, "web.shop.svc.cluster.local.", Type.A).getRcode()).isEqualTo(Rcode.SERVFAIL);
    }

    // ---- the service's endpoints

    private static EndpointConfig endpoint(String instance) {
        return EndpointConfig.of(instance, "10.1.0." + instance.charAt(instance.length() - 1), "10.96.0.10")
                .withTimes(Duration.ofMillis(100), Duration.ofSeconds(1));
    }

    private static List<String> published() {
        return slices.list("kube-system", ListOptions.ALL).items().stream()
                .map(slice -> slice.getEndpoints().getFirst().getAddresses().getFirst() + " "
                        + slice.getPorts().getFirst().getPort())
                .sorted()
                .toList();
    }

    @Test
    void instancesAreEndpointsOfTheServiceForAsLongAsTheyLive() throws Exception {
        ClusterDnsConfig config = ClusterDnsConfig.of(access, ANY_PORT);
        ClusterDns one = start(config.withEndpoint(endpoint("i-1")));
        TcpProxy proxy = TcpProxy.before(access.server().getPort());
        open.add(proxy);
        ClientConfig through = access.withServer(URI.create("https://127.0.0.1:" + proxy.port()));
        ClusterDns two = start(ClusterDnsConfig.of(through, ANY_PORT).withEndpoint(endpoint("i-2")));
        awaitReady(one);
        awaitReady(two);
        assertThat(services.get(KUBE_DNS).orElseThrow().getSpec().getClusterIP())
                .isEqualTo("10.96.0.10");
        String first = "10.1.0.1 " + one.port();
        String second = "10.1.0.2 " + two.port();
        Await.until("both are there", () -> published().equals(List.of(first, second)));
        assertThat(data(ask(one, "kube-dns.kube-system.svc.cluster.local.", Type.A)))
                .containsExactly("10.96.0.10");

        proxy.close();
        Await.until("the silent one is taken out", () -> published().equals(List.of(first)));
        one.stop(Duration.ofSeconds(2));
        assertThat(published()).as("who stops takes itself out").isEmpty();
    }
}
