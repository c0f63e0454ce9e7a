package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.testkit.Await;
import io.mokube.testkit.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster with both address families, by real packets between pods on two nodes. {@code pod-N} runs on {@code node-N}. */
class DualStackTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final List<String> NODES = List.of("node-1", "node-2");

    @TempDir
    private static Path folder;

    private static NamespacesCluster cluster;
    private static ChildProcess outsideServer;

    /** Of each pod, in their order. */
    private static final Map<String, List<String>> ADDRESSES = new HashMap<>();

    @BeforeAll
    static void up() throws IOException {
        cluster = NamespacesCluster.startDualStack(NODES, ProbeImage.NAME, ProbeImage.archive());
        Path serve = Files.write(folder.resolve("serve"), ProbeImage.script("serve"));
        outsideServer = ChildProcess.start(
                "outside-server",
                cluster.network("outside")
                        .enter(List.of("unshare", "--pid", "--fork", "--kill-child", "perl", serve.toString())),
                Map.of("NAME", "outside"));
        for (String node : NODES) {
            cluster.apply("""
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: %1$s, labels: {name: %1$s, web: "yes"}}
                    spec:
                      nodeName: %2$s
                      hostname: %1$s
                      subdomain: hidden
                      terminationGracePeriodSeconds: 1
                      containers:
                      - name: probe
                        image: "mokube/probe:1"
                        env: [{name: IPS, valueFrom: {fieldRef: {fieldPath: status.podIPs}}}]
                    """.formatted(node.replace("node", "pod"), node));
        }
        cluster.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: web}
                spec:
                  type: NodePort
                  ipFamilyPolicy: RequireDualStack
                  selector: {web: "yes"}
                  ports: [{name: http, port: 80, targetPort: 8080}]
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: hidden}
                spec:
                  clusterIP: None
                  ipFamilyPolicy: PreferDualStack
                  selector: {web: "yes"}
                  ports: [{name: http, port: 8080}]
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: six}
                spec:
                  ipFamilies: [IPv6]
                  selector: {name: pod-2}
                  ports: [{port: 80, targetPort: 8080}]
                """);
        ok("wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s");
        for (String pod : List.of("pod-1", "pod-2")) {
            ADDRESSES.put(pod, list("pod", pod, "{.status.podIPs[*].ip}"));
        }
    }

    @AfterAll
    static void down() {
        if (outsideServer != null) {
            outsideServer.close();
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void podsAndNodesHaveAnAddressOfEachFamily() {
        for (String node : NODES) {
            String pod = node.replace("node", "pod");
            assertThat(list("node", node, "{.spec.podCIDRs[*]}"))
                    .satisfiesExactly(
                            four -> assertThat(four).startsWith("10.244.").endsWith("/24"),
                            six -> assertThat(six).startsWith("fd00:10:244").endsWith("/64"));
            List<String> hosts = List.of(cluster.address(node), cluster.address6(node));
            assertThat(list("node", node, "{.status.addresses[?(@.type==\"InternalIP\")].address}"))
                    .isEqualTo(hosts);
            assertThat(list("pod", pod, "{.status.hostIPs[*].ip}")).isEqualTo(hosts);
            List<String> own = addresses(pod);
            assertThat(own).hasSize(2);
            assertThat(ok("get", "pod", pod, "-o", "jsonpath={.status.podIP}")).isEqualTo(own.getFirst());
            assertThat(four(pod)).startsWith("10.244.");
            assertThat(six(pod)).startsWith("fd00:10:244:");
            assertThat(in(pod, "sh", "-c", "echo $IPS").strip()).isEqualTo(String.join(",", own));
            assertThat(in(pod, "cat", "/etc/hosts"))
                    .contains(own.stream()
                            .map(each -> each + "\t" + pod + ".hidden.default.svc.cluster.local\t" + pod)
                            .toList());
        }
    }

    @Test
    void podsAreSeenWithTheirOwnAddressesAndOutsideWithTheirNodes() {
        assertThat(ask("pod-1", six("pod-2"), 8080)).isEqualTo("pod-2 saw " + six("pod-1"));
        assertThat(ask("pod-2", six("pod-1"), 8080)).isEqualTo("pod-1 saw " + six("pod-2"));
        assertThat(ask("pod-1", four("pod-2"), 8080)).isEqualTo("pod-2 saw " + four("pod-1"));
        assertThat(ask("pod-1", cluster.address6("outside"), 8080))
                .isEqualTo("outside saw " + cluster.address6("node-1"));
        assertThat(ask("pod-2", cluster.address("outside"), 8080))
                .isEqualTo("outside saw " + cluster.address("node-2"));
        assertThat(askFromNetwork("node-1", six("pod-2"), 8080)).isEqualTo("pod-2 saw " + cluster.address6("node-1"));
    }

    @Test
    void servicesAreReachedByBothAddresses() {
        List<String> addresses = list("service", "web", "{.spec.clusterIPs[*]}");
        assertThat(addresses).hasSize(2);
        assertThat(addresses.getFirst()).startsWith("10.");
        assertThat(addresses.getLast()).startsWith("fd00:10:96::");
        for (String address : addresses) {
            meetsAll("pod-1", address);
        }
        assertThat(list("service", "six", "{.spec.clusterIPs[*]}"))
                .singleElement()
                .satisfies(only -> Await.passes(
                        PATIENCE, () -> assertThat(ask("pod-1", only, 80)).isEqualTo("pod-2 saw " + six("pod-1"))));
        assertThat(ask("pod-1", addresses.getLast(), 81))
                .as("a port that the service lacks")
                .contains("refused");
        int port = Integer.parseInt(ok("get", "service", "web", "-o", "jsonpath={.spec.ports[0].nodePort}"));
        for (String node : NODES) {
            Await.passes(
                    PATIENCE,
                    () -> assertThat(askFromNetwork("outside", cluster.address6(node), port))
                            .startsWith("pod-")
                            .doesNotContain(cluster.address6("outside")));
            assertThat(askFromNetwork("outside", cluster.address(node), port)).startsWith("pod-");
        }
    }

    @Test
    void eachFamilyHasSlicesOfItsOwn() {
        for (String service : List.of("web", "hidden")) {
            assertThat(slices(service, "IPv4")).containsExactlyInAnyOrder(four("pod-1"), four("pod-2"));
            assertThat(slices(service, "IPv6")).containsExactlyInAnyOrder(six("pod-1"), six("pod-2"));
        }
        assertThat(slices("six", "IPv4")).isEmpty();
        assertThat(slices("six", "IPv6")).containsExactly(six("pod-2"));
    }

    @Test
    void namesHaveAddressesOfBothFamilies() {
        List<String> web = list("service", "web", "{.spec.clusterIPs[*]}");
        String zone = ".default.svc.cluster.local";
        Await.passes(PATIENCE, () -> assertThat(answers("web" + zone, "A")).containsExactly(web.getFirst()));
        Await.passes(PATIENCE, () -> assertThat(answers("web" + zone, "AAAA")).containsExactly(web.getLast()));
        Await.passes(
                PATIENCE,
                () -> assertThat(answers("hidden" + zone, "AAAA"))
                        .containsExactlyInAnyOrder(six("pod-1"), six("pod-2")));
        assertThat(answers("pod-2.hidden" + zone, "AAAA")).containsExactly(six("pod-2"));
        assertThat(answers("pod-2.hidden" + zone, "A")).containsExactly(four("pod-2"));
        assertThat(answers("six" + zone, "A")).isEmpty();
        assertThat(in("pod-1", "nslookup", six("pod-2"))).contains("ip6.arpa", "pod-2.hidden" + zone);
        assertThat(in("pod-1", "nslookup", web.getLast())).contains("ip6.arpa", "web" + zone);
        assertThat(in("pod-1", "wget", "-q", "-O", "-", "http://pod-2.hidden:8080/"))
                .startsWith("pod-2 saw ");
    }

    private static void meetsAll(String from, String address) {
        Await.passes(PATIENCE, () -> {
            String command = "for i in $(seq 16); do echo who | nc -w 1 " + address + " 80; done";
            Set<String> met = in(from, "sh", "-c", command)
                    .lines()
                    .map(each -> each.split(" ")[0])
                    .collect(Collectors.toSet());
            assertThat(met).containsExactlyInAnyOrder("pod-1", "pod-2");
        });
    }

    /** The addresses that a name server of the cluster gives a name. */
    private static List<String> answers(String name, String type) {
        String said = in("pod-1", "nslookup", "-type=" + type, name + ".");
        int answer = said.indexOf("Name:");
        return answer < 0
                ? List.of()
                : said.substring(answer)
                        .lines()
                        .filter(line -> line.startsWith("Address"))
                        .map(line -> line.substring(line.indexOf(' ')).strip())
                        .toList();
    }

    private static List<String> slices(String service, String family) {
        String found = ok(
                "get",
                "endpointslices",
                "-l",
                "kubernetes.io/service-name=" + service,
                "-o",
                "jsonpath={.items[?(@.addressType==\"" + family + "\")].endpoints[*].addresses[*]}");
        return found.isEmpty() ? List.of() : List.of(found.split(" "));
    }

    private static List<String> addresses(String pod) {
        return Objects.requireNonNull(ADDRESSES.get(pod), pod);
    }

    private static String four(String pod) {
        return addresses(pod).getFirst();
    }

    private static String six(String pod) {
        return addresses(pod).getLast();
    }

    private static List<String> list(String kind, String name, String path) {
        return List.of(ok("get", kind, name, "-o", "jsonpath=" + path).split(" "));
    }

    private static String ask(String pod, String address, int port) {
        return in(pod, "sh", "-c", "echo who | nc -w 2 " + address + " " + port).strip();
    }

    private static String askFromNetwork(String network, String address, int port) {
        String command = "echo who | busybox nc -w 2 " + address + " " + port;
        return said(Commands.run(cluster.network(network).enter(List.of("sh", "-c", command)), Map.of(), PATIENCE))
                .strip();
    }

    /** What a command in a pod says, in whatever way it ends. */
    private static String in(String pod, String... command) {
        List<String> arguments = new ArrayList<>(List.of("exec", pod, "--"));
        arguments.addAll(Arrays.asList(command));
        return said(Kubectl.any().run(cluster.kubeconfig(), arguments.toArray(String[]::new)));
    }

    private static String said(Commands.Result result) {
        return result.output() + result.errors();
    }

    private static String ok(String... arguments) {
        return Kubectl.any().ok(cluster.kubeconfig(), arguments);
    }
}
