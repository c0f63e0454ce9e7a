package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.component.Platform;
import io.mokube.pki.CertificateAuthority;
import io.mokube.pki.Credential;
import io.mokube.testkit.Await;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Services and pods on two nodes: who reaches them, whatever becomes of endpoints, of policies and of the proxy. */
class ServicesOnContainersTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static UpCluster cluster;

    @BeforeAll
    static void up() {
        cluster = UpCluster.start(2);
    }

    /** What runs after the last test: a cluster that is down leaves no rules. */
    @AfterAll
    static void down() {
        if (cluster != null) {
            Set<String> before = tables();
            assertThat(before).isNotEmpty();
            String own = ownTable();
            cluster.close();
            assertThat(tables()).doesNotContain("table ip " + own, "table ip6 " + own);
        }
    }

    @Test
    void servicesLeadToTheirPods() throws Exception {
        ok("create", "deployment", "web", "--image=mokube/demo:1", "--replicas=2");
        ok("expose", "deployment", "web", "--port=80", "--target-port=8080", "--type=NodePort");
        ok("create", "service", "clusterip", "headless", "--clusterip=None", "--tcp=80:8080");
        ok("run", "client", "--image=mokube/demo:1");
        ok("rollout", "status", "deployment/web", "--timeout=90s");
        ok("wait", "--for=condition=Ready", "pod/client", "--timeout=60s");
        String clusterIp = ok("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}");
        String nodePort = ok("get", "service", "web", "-o", "jsonpath={.spec.ports[0].nodePort}");
        Set<String> pods = Set.of(ok("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].metadata.name}")
                .split(" "));

        Set<String> heard = new TreeSet<>();
        Await.until(PATIENCE, "both pods answer", () -> {
            String page = ask(clusterIp).orFail();
            pods.stream().filter(page::contains).forEach(heard::add);
            return heard.equals(pods);
        });
        URI outside = URI.create("http://" + machineAddress().getHostAddress() + ":" + nodePort + "/");
        Await.until(PATIENCE, "the node port answers", () -> pods.stream().anyMatch(get(outside)::contains));

        cluster.kill();
        assertThat(get(outside)).as("with everything but the pods killed").contains("Hello from");
        cluster.up();
        assertThat(get(outside)).contains("Hello from");

        String first = pods.iterator().next();
        ok("delete", "pod", first, "--grace-period=1");
        Await.until(PATIENCE, "only pods that are there answer", () -> {
            String now = ok("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].metadata.name}");
            for (int i = 0; i < 10; i++) {
                if (List.of(now.split(" ")).stream().noneMatch(get(outside)::contains)) {
                    return false;
                }
            }
            return !now.contains(first);
        });

        ok("scale", "deployment", "web", "--replicas=0");
        Await.until(PATIENCE, "refused", () -> {
            Commands.Result answer = ask(clusterIp);
            return answer.code() != 0 && answer.errors().contains("Connection refused");
        });
        ok("scale", "deployment", "web", "--replicas=1");
        Await.until(PATIENCE, "answers again", () -> get(outside).contains("Hello from"));
    }

    /** The server and one client are on one node, behind one bridge; the others on another. */
    @Test
    void policiesDecideWhoReachesPods() {
        ok("create", "namespace", "shop");
        ok("create", "namespace", "guests");
        ok("label", "namespace", "guests", "team=guests");
        awaitServiceAccount("shop");
        awaitServiceAccount("guests");
        runPod("shop", "server", "node-1", "app=server");
        runPod("shop", "near", "node-1", "app=client");
        runPod("shop", "far", "node-2", "app=client");
        runPod("guests", "visitor", "node-2", "app=client");
        ok("wait", "--for=condition=Ready", "pod", "--all", "--namespace=shop", "--timeout=60s");
        ok("wait", "--for=condition=Ready", "pod", "--all", "--namespace=guests", "--timeout=60s");
        String server = ok("get", "pod", "server", "--namespace=shop", "-o", "jsonpath={.status.podIP}");
        String visitor = ok("get", "pod", "visitor", "--namespace=guests", "-o", "jsonpath={.status.podIP}");
        whoReaches(server, "shop/near", "shop/far", "guests/visitor");

        policy("deny", "podSelector: {}");
        whoReaches(server);

        policy("allow", """
                podSelector: {matchLabels: {app: server}},
                ingress: [{from: [{podSelector: {matchLabels: {app: client}}}], ports: [{port: 8080}]}]""");
        whoReaches(server, "shop/near", "shop/far");

        policy("allow", """
                podSelector: {matchLabels: {app: server}},
                ingress: [{from: [{namespaceSelector: {matchLabels: {team: guests}}}], ports: [{port: 8000, endPort: 8100}]}]""");
        whoReaches(server, "guests/visitor");
        cluster.kill();
        assertThat(addressAnswers(server)).as("a node's own packets").isTrue();
        cluster.up();
        whoReaches(server, "guests/visitor");

        policy("allow", "podSelector: {}, ingress: [{ports: [{port: 9}]}, {from: [{podSelector: {}}]}]");
        whoReaches(server, "shop/near", "shop/far");
        policy("out", """
                podSelector: {matchLabels: {app: client}}, policyTypes: [Egress],
                egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {app: server}}}]}]""");
        whoReaches(visitor, "guests/visitor");
        whoReaches(server, "shop/near", "shop/far");

        ok("delete", "networkpolicy", "--all", "--namespace=shop");
        whoReaches(server, "shop/near", "shop/far", "guests/visitor");
        ok("delete", "namespace", "shop", "guests", "--wait=false");
    }

    @Test
    void loadBalancersAndIngressesLeadToPods() throws Exception {
        ok("create", "namespace", "entry");
        awaitServiceAccount("entry");
        ok("create", "deployment", "one", "--namespace=entry", "--image=mokube/demo:1");
        ok("create", "deployment", "two", "--namespace=entry", "--image=mokube/demo:1");
        ok(
                "expose",
                "deployment",
                "one",
                "--namespace=entry",
                "--port=80",
                "--target-port=8080",
                "--type=LoadBalancer");
        ok("expose", "deployment", "two", "--namespace=entry", "--port=80", "--target-port=8080");
        CertificateAuthority authority =
                CertificateAuthority.create("test", Platform.system().clock().instant());
        tlsSecret(authority, "shop.test");
        ok(
                "create",
                "ingress",
                "shop",
                "--namespace=entry",
                "--rule=shop.test/=one:80,tls=shop.test",
                "--rule=shop.test/other*=two:80,tls=shop.test");
        ok("create", "ingress", "club", "--namespace=entry", "--rule=*.club.test/*=two:80");
        ok("rollout", "status", "deployment/one", "--namespace=entry", "--timeout=90s");
        ok("rollout", "status", "deployment/two", "--namespace=entry", "--timeout=90s");

        String balancer = address("service", "one");
        Await.until(
                PATIENCE,
                "its address answers",
                () -> http(balancer, "any", "/").contains("Hello from one-"));
        String entry = address("ingress", "shop");
        assertThat(entry).isNotEqualTo(balancer).isEqualTo(address("ingress", "club"));
        Await.until(PATIENCE, "a host", () -> http(entry, "shop.test", "/").contains("Hello from one-"));
        Await.until(PATIENCE, "another", () -> http(entry, "a.club.test", "/").contains("Hello from two-"));
        // The demo has one page: for others its own server says that there are none.
        assertThat(http(entry, "shop.test", "/other/page"))
                .contains("404 Not Found")
                .doesNotContain("no rule");
        assertThat(http(entry, "shop.test", "/page")).contains("404 Not Found").contains("no rule");
        assertThat(http(entry, "club.test", "/")).contains("404 Not Found").contains("no rule");
        Await.until(PATIENCE, "TLS", () -> https(authority, entry, "shop.test").contains("Hello from one-"));

        ok("delete", "namespace", "entry", "--wait=false");
        Await.until(
                PATIENCE,
                "the address is given back",
                () -> http(balancer, "any", "/").isEmpty());
    }

    private static String address(String kind, String name) throws Exception {
        String path = "jsonpath={.status.loadBalancer.ingress[0].ip}";
        return Await.value(PATIENCE, "an address of " + kind + " " + name, () -> {
            String address = ok("get", kind, name, "--namespace=entry", "-o", path);
            return address.isEmpty() ? Optional.empty() : Optional.of(address);
        });
    }

    private static void tlsSecret(CertificateAuthority authority, String host) throws Exception {
        Credential serving = authority.issueServing(
                host, List.of(), List.of(host), Platform.system().clock().instant());
        Path folder = Files.createTempDirectory("mokube-tls");
        Path certificate = Files.writeString(folder.resolve("tls.crt"), serving.certificatePem());
        Path key = Files.writeString(folder.resolve("tls.key"), serving.keyPem());
        ok("create", "secret", "tls", host, "--namespace=entry", "--cert=" + certificate, "--key=" + key);
        Files.delete(certificate);
        Files.delete(key);
        Files.delete(folder);
    }

    /** The whole answer that a server at the address gives for the host; empty when nothing answers there. */
    private static String http(String address, String host, String path) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, 80), 2_000);
            return exchange(socket, host, path);
        } catch (IOException e) {
            return "";
        }
    }

    /** The same over TLS, with a certificate of that authority for that host. */
    private static String https(CertificateAuthority authority, String address, String host) throws Exception {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("test", authority.own().certificate());
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, factory.getTrustManagers(), null);
        try (Socket plain = new Socket(address, 443);
                SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, host, 443, true)) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            return exchange(socket, host, "/");
        }
    }

    private static String exchange(Socket socket, String host, String path) throws IOException {
        socket.setSoTimeout(5_000);
        String request = "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private static void runPod(String namespace, String name, String node, String labels) {
        ok(
                "run",
                name,
                "--namespace=" + namespace,
                "--image=mokube/demo:1",
                "--labels=" + labels,
                "--overrides={\"spec\": {\"nodeName\": \"" + node + "\", \"terminationGracePeriodSeconds\": 1}}");
    }

    private static void policy(String name, String spec) {
        String policy = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {namespace: shop, name: "
                + name + "}, spec: {" + spec.strip() + "}}";
        cluster.apply(policy);
    }

    /** Waits until of all clients just these reach the pod, each of its own node or another. */
    private static void whoReaches(String address, String... clients) {
        Await.until(PATIENCE, "just " + List.of(clients) + " reach " + address, () -> {
            Set<String> reach = Stream.of("shop/near", "shop/far", "guests/visitor")
                    .parallel()
                    .filter(client -> Kubectl.any()
                            .run(
                                    cluster.kubeconfig(),
                                    "exec",
                                    "--namespace=" + client.split("/")[0],
                                    client.split("/")[1],
                                    "--",
                                    "sh",
                                    "-c",
                                    "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 1 " + address + " 8080")
                            .output()
                            .contains("Hello from"))
                    .collect(Collectors.toSet());
            return reach.equals(Set.of(clients));
        });
    }

    private static boolean addressAnswers(String address) {
        try {
            return get(URI.create("http://" + address + ":8080/")).contains("Hello from");
        } catch (Exception e) {
            return false;
        }
    }

    /** An address of this machine that is not its loopback's, nor a bridge's of some cluster. */
    private static InetAddress machineAddress() throws SocketException {
        return NetworkInterface.networkInterfaces()
                .filter(each -> !each.getName().startsWith("mk"))
                .flatMap(NetworkInterface::inetAddresses)
                .filter(each -> each instanceof Inet4Address && !each.isLoopbackAddress())
                .findFirst()
                .orElseThrow();
    }

    /** What the client's pod hears; by nc, since the static busybox falls over its own wget. */
    private static Commands.Result ask(String address) {
        String command = "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 " + address + " 80";
        return Kubectl.any().run(cluster.kubeconfig(), "exec", "client", "--", "sh", "-c", command);
    }

    /** A controller makes it, which may have to become leader first; without it there are no pods. */
    private static void awaitServiceAccount(String namespace) {
        ok("wait", "--for=create", "serviceaccount/default", "--namespace=" + namespace, "--timeout=60s");
    }

    /** The whole answer, so that a failure shows what came instead of the page. */
    private static String get(URI page) throws Exception {
        try (HttpClient http =
                HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build()) {
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(page).timeout(Duration.ofSeconds(5)).build(),
                    HttpResponse.BodyHandlers.ofString());
            return answer.statusCode() + " " + answer.headers().map() + " " + answer.body();
        }
    }

    private static String ownTable() {
        String address = ok("get", "service", "web", "-o", "jsonpath={.spec.clusterIP}");
        return tables().stream()
                .filter(each -> each.startsWith("table ip mokube-"))
                .map(each -> each.substring("table ip ".length()))
                .filter(each -> Commands.run(List.of("nft", "list", "table", "ip", each), Map.of(), PATIENCE)
                        .output()
                        .contains(address))
                .findFirst()
                .orElseThrow();
    }

    private static Set<String> tables() {
        return Set.copyOf(Commands.run(List.of("nft", "list", "tables"), Map.of(), PATIENCE)
                .orFail()
                .lines()
                .toList());
    }

    private static String ok(String... arguments) {
        return Kubectl.any().ok(cluster.kubeconfig(), arguments);
    }
}
