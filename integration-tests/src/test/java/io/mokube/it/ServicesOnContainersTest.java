package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.component.Platform;
import io.mokube.pki.CertificateAuthority;
import io.mokube.pki.Credential;
import io.mokube.testkit.Await;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Services of real pods on two nodes: who reaches them, whatever becomes of their endpoints and of the proxy. */
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
            String page = ask("client", clusterIp).orFail();
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
            Commands.Result answer = ask("client", clusterIp);
            return answer.code() != 0 && answer.errors().contains("Connection refused");
        });
        ok("scale", "deployment", "web", "--replicas=1");
        Await.until(PATIENCE, "answers again", () -> get(outside).contains("Hello from"));
    }

    @Test
    void aLoadBalancersAddressAndAnIngressAnswer() throws Exception {
        ok("create", "deployment", "shop", "--image=mokube/demo:1");
        ok("expose", "deployment", "shop", "--port=80", "--target-port=8080", "--type=LoadBalancer");
        ok("run", "visitor", "--image=mokube/demo:1");
        ok("rollout", "status", "deployment/shop", "--timeout=90s");
        ok("wait", "--for=condition=Ready", "pod/visitor", "--timeout=60s");
        String pod = ok("get", "pods", "-l", "app=shop", "-o", "jsonpath={.items[*].metadata.name}");
        Await.until(
                PATIENCE,
                "the service has an address",
                () -> !balancer("service/shop").isEmpty());
        String address = balancer("service/shop");
        Await.until(
                PATIENCE,
                "it is on this machine",
                () -> Commands.run(List.of("ip", "address"), Map.of(), PATIENCE)
                        .output()
                        .contains(address + "/32"));
        Await.until(
                PATIENCE,
                "this machine hears the pod",
                () -> get(URI.create("http://" + address + "/")).contains(pod));
        Await.until(
                PATIENCE,
                "a pod hears it",
                () -> ask("visitor", address).output().contains(pod));

        Path key = cluster.data().resolve("shop.key");
        Path certificate = cluster.data().resolve("shop.crt");
        Credential credential = CertificateAuthority.create(
                        "test", Platform.system().clock().instant())
                .issueServing(
                        "shop.test",
                        List.of(),
                        List.of("shop.test"),
                        Platform.system().clock().instant());
        Files.writeString(key, credential.keyPem());
        Files.writeString(certificate, credential.certificatePem());
        ok("create", "secret", "tls", "shop", "--cert=" + certificate, "--key=" + key);
        ok("create", "ingress", "shop", "--rule=shop.test/*=shop:80,tls=shop", "--rule=other.test/a=shop:80");
        Await.until(
                PATIENCE,
                "the Ingress has an address",
                () -> !balancer("ingress/shop").isEmpty());
        String entry = balancer("ingress/shop");
        Await.until(
                PATIENCE,
                "it leads to the pod",
                () -> curl("shop.test", entry, "http://shop.test/").contains(pod));
        assertThat(curl("other.test", entry, "http://other.test/a")).contains(pod);
        assertThat(curl("other.test", entry, "http://other.test/b")).contains("no rule for host \"other.test\"");
        assertThat(curl("shop.test", entry, "--cacert", certificate.toString(), "-v", "https://shop.test/"))
                .contains(pod, "subject: CN=shop.test");
        ok(
                "delete",
                "ingress/shop",
                "service/shop",
                "deployment/shop",
                "secret/shop",
                "pod/visitor",
                "--grace-period=1");
        Await.until(
                PATIENCE,
                "the address is nobody's",
                () -> !Commands.run(List.of("ip", "address"), Map.of(), PATIENCE)
                        .output()
                        .contains(address + "/32"));
    }

    private static String balancer(String object) {
        return ok("get", object, "-o", "jsonpath={.status.loadBalancer.ingress[*].ip}");
    }

    /** What curl hears and says when it takes the host to be at that address. */
    private static String curl(String host, String address, String... arguments) {
        List<String> command = new ArrayList<>(List.of("curl", "-sS", "--max-time", "5"));
        command.addAll(List.of("--resolve", host + ":80:" + address, "--resolve", host + ":443:" + address));
        command.addAll(List.of(arguments));
        Commands.Result result = Commands.run(command, Map.of(), PATIENCE);
        return result.output() + result.errors();
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

    /** What a pod hears; by nc, since the static busybox falls over its own wget. */
    private static Commands.Result ask(String pod, String address) {
        String command = "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 " + address + " 80";
        return Kubectl.any().run(cluster.kubeconfig(), "exec", pod, "--", "sh", "-c", command);
    }

    private static String get(URI page) throws Exception {
        try (HttpClient http =
                HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build()) {
            return http.send(
                            HttpRequest.newBuilder(page)
                                    .timeout(Duration.ofSeconds(5))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
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
