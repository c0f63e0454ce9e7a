package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.testkit.Await;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
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
