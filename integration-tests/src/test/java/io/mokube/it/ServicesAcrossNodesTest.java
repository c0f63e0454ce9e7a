package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.testkit.Await;
import io.mokube.testkit.ChildProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What services promise, by real packets between real pods on three nodes of which each has a kernel's network and a
 * kube-proxy of its own: who is reached, and whose address is seen there. {@code pod-N} runs on {@code node-N}.
 */
class ServicesAcrossNodesTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Set<String> ALL = Set.of("pod-1", "pod-2", "pod-3");
    private static final String REFUSED = "Connection refused";
    private static final String DROPPED = "timed out";

    @TempDir
    private static Path folder;

    private static NamespacesCluster cluster;
    private static ChildProcess outsideServer;

    /** Those of the pods that last as long as the cluster. */
    private static Map<String, String> addresses = Map.of();

    @BeforeAll
    static void up() throws IOException {
        cluster = NamespacesCluster.start(ProbeImage.NAME, ProbeImage.archive());
        Path serve = Files.write(folder.resolve("serve"), ProbeImage.script("serve"));
        outsideServer = ChildProcess.start(
                "outside-server",
                cluster.network("outside")
                        .enter(List.of("unshare", "--pid", "--fork", "--kill-child", "perl", serve.toString())),
                Map.of("NAME", "outside"));
        for (String node : NamespacesCluster.NODES) {
            pod("pod-" + number(node), node, "web: \"yes\"", "");
        }
        ok("wait", "--for=condition=Ready", "pod", "--all", "--timeout=90s");
        addresses = ALL.stream().collect(Collectors.toUnmodifiableMap(pod -> pod, pod -> addressNow(pod)));
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
    void podsAreSeenWithTheirOwnAddressesAndOutsideWithTheirNodes() {
        String web = service("web", "selector: {web: \"yes\"}, ports: [{port: 80, targetPort: 8080}]");
        hears("pod-1", web, ALL);
        for (String node : NamespacesCluster.NODES) {
            String from = "pod-" + number(node);
            String own = podAddress(from);
            String everybody =
                    ALL.stream().sorted().map(each -> podAddress(each)).collect(Collectors.joining(" "));
            String command = "for i in " + everybody + " " + cluster.address("outside")
                    + "; do echo who | nc -w 2 $i 8080; done; wget -q -O - http://web/";
            List<String> heard = in(from, "sh", "-c", command).lines().toList();
            assertThat(heard.subList(0, 4))
                    .containsExactly(
                            "pod-1 saw " + own,
                            "pod-2 saw " + own,
                            "pod-3 saw " + own,
                            "outside saw " + cluster.address(node));
            assertThat(heard.get(4)).as("the page of the service's name").contains(" saw ");
            assertThat(hears(from, web, ALL).stream().filter(each -> !each.startsWith(from)))
                    .isNotEmpty()
                    .allMatch(each -> each.endsWith(" saw " + own));
        }
        assertThat(askFromNetwork("node-2", web, 80)).contains(" saw ");
    }

    /** The tunnel's packets are larger than the pods': many full ones must fit. */
    @Test
    void muchPassesThroughTheTunnel() {
        String command = "(head -c 1000000 /dev/zero | tr '\\0' x; echo) | nc -w 5 " + podAddress("pod-3") + " 8080";
        Await.passes(() ->
                assertThat(in("pod-1", "sh", "-c", command).strip()).isEqualTo("pod-3 saw " + podAddress("pod-1")));
    }

    @Test
    void aPodReachesItselfThroughItsService() {
        String self = service("self", "selector: {name: pod-1}, ports: [{port: 80, targetPort: 8080}]");
        String bridge = podAddress("pod-1").replaceFirst("\\d+$", "1");
        Await.passes(PATIENCE, () -> assertThat(ask("pod-1", self, 80)).isEqualTo("pod-1 saw " + bridge));
        assertThat(ask("pod-2", self, 80)).isEqualTo("pod-1 saw " + podAddress("pod-2"));
    }

    @Test
    void withoutEndpointsConnectionsAreRefused() {
        String nobody =
                service("nobody", "type: NodePort, selector: {nobody: \"yes\"}, ports: [{port: 80, targetPort: 8080}]");
        int port = nodePort("nobody");
        Await.passes(PATIENCE, () -> assertThat(ask("pod-1", nobody, 80)).contains(REFUSED));
        Await.passes(() -> assertThat(askFromNetwork("node-3", nobody, 80)).contains(REFUSED));
        Await.passes(() -> assertThat(askFromNetwork("outside", cluster.address("node-2"), port))
                .contains(REFUSED));
        assertThat(ask("pod-1", nobody, 81)).as("a port that the service lacks").contains(REFUSED);
        ok("label", "pod", "pod-2", "nobody=yes");
        Await.passes(PATIENCE, () -> assertThat(ask("pod-1", nobody, 80)).startsWith("pod-2"));
        ok("label", "pod", "pod-2", "nobody-");
        Await.passes(PATIENCE, () -> assertThat(ask("pod-1", nobody, 80)).contains(REFUSED));
    }

    @Test
    void affinityKeepsAClientAtItsEndpointUntilItsTime() {
        ok("label", "pod", "--all", "sticky=yes");
        String sticky = service("sticky", """
                selector: {sticky: "yes"}, ports: [{port: 80, targetPort: 8080}],
                sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 3}}""");
        Await.passes(PATIENCE, () -> assertThat(ask("pod-1", sticky, 80)).contains("saw"));
        // Longer than the timeout, which counts from a client's last connection.
        String six = "for i in 1 2 3 4 5 6; do echo who | nc -w 2 " + sticky + " 80; sleep 1; done";
        Set<String> heard = Set.copyOf(in("pod-1", "sh", "-c", six).lines().toList());
        assertThat(heard).hasSize(1);
        String first = heard.iterator().next().split(" ")[0];
        Await.until(PATIENCE, "another endpoint after the timeout", () -> {
            String later = in("pod-1", "sh", "-c", "sleep 4; echo who | nc -w 2 " + sticky + " 80");
            return later.contains("saw") && !later.startsWith(first);
        });

        String second = ask("pod-1", sticky, 80).split(" ")[0];
        ok("label", "pod", second, "sticky-");
        Await.passes(
                PATIENCE,
                () -> assertThat(ask("pod-1", sticky, 80)).contains("saw").doesNotStartWith(second));
        assertThat(new HashSet<>(askOften("pod-1", sticky, 6))).hasSize(1).noneMatch(each -> each.startsWith(second));
    }

    /** The kernel remembers where a client's datagrams went, for as long as it keeps sending. */
    @Test
    void datagramsFollowTheEndpoints() {
        String udp = service("udp", "selector: {udp: \"yes\"}, ports: [{port: 53, targetPort: 8080, protocol: UDP}]");
        Await.passes(PATIENCE, () -> assertThat(udp("pod-1", udp)).contains(REFUSED));
        ok("label", "pod", "pod-2", "udp=yes");
        Await.passes(PATIENCE, () -> assertThat(udp("pod-1", udp)).isEqualTo("pod-2 saw " + podAddress("pod-1")));
        ok("label", "pod", "pod-3", "udp=yes");
        ok("label", "pod", "pod-2", "udp-");
        // pod-2 is there and would answer.
        Await.passes(PATIENCE, () -> assertThat(udp("pod-1", udp)).isEqualTo("pod-3 saw " + podAddress("pod-1")));
        ok("label", "pod", "pod-3", "udp-");
        Await.passes(PATIENCE, () -> assertThat(udp("pod-1", udp)).contains(REFUSED));
    }

    @Test
    void connectionsOutliveTheProxyAndChangesOfOtherEndpoints() {
        ok("label", "pod", "pod-2", "steady=yes");
        String steady =
                service("steady", "type: NodePort, selector: {steady: \"yes\"}, ports: [{port: 80, targetPort: 8080}]");
        Await.passes(PATIENCE, () -> assertThat(ask("pod-1", steady, 80)).startsWith("pod-2"));
        String outside = cluster.address("node-1");
        int port = nodePort("steady");
        Await.passes(
                PATIENCE,
                () -> assertThat(askFromNetwork("outside", outside, port)).startsWith("pod-2"));
        try (Conversation inside = new Conversation(kubectl("exec", "-i", "pod-1", "--", "nc", steady, "80"));
                Conversation entering = new Conversation(
                        cluster.network("outside").enter(List.of("busybox", "nc", outside, Integer.toString(port))))) {
            talk(inside, entering);
            cluster.killProxy("node-1");
            try {
                talk(inside, entering);
                assertThat(ask("pod-1", steady, 80))
                        .as("by the rules that stay")
                        .startsWith("pod-2");
                ok("label", "pod", "pod-3", "steady=yes");
                ok("label", "pod", "pod-2", "steady-");
                hears("pod-2", steady, Set.of("pod-3"));
                assertThat(ask("pod-1", steady, 80)).as("nobody tells node-1").startsWith("pod-2");
            } finally {
                cluster.startProxy("node-1");
            }
            Await.passes(PATIENCE, () -> assertThat(ask("pod-1", steady, 80)).startsWith("pod-3"));
            assertThat(askOften("pod-1", steady, 12)).allMatch(each -> each.startsWith("pod-3"));
            talk(inside, entering);
            ok("label", "pod", "pod-1", "pod-2", "steady=yes");
            hears("pod-1", steady, ALL);
            ok("label", "pod", "pod-1", "pod-3", "steady-");
            hears("pod-1", steady, Set.of("pod-2"));
            talk(inside, entering);
        }
    }

    private static void talk(Conversation inside, Conversation entering) {
        assertThat(inside.say("still there?")).isEqualTo("pod-2 saw " + podAddress("pod-1"));
        assertThat(entering.say("still there?")).startsWith("pod-2 saw ");
    }

    @Test
    void podsThatEndServeUntilOthersAreReady() {
        String ending = service("ending", "selector: {ending: \"yes\"}, ports: [{port: 80, targetPort: 8080}]");
        pod("stubborn", "node-2", "ending: \"yes\"", "env: [{name: STUBBORN, value: \"yes\"}]");
        ok("wait", "--for=condition=Ready", "pod/stubborn", "--timeout=60s");
        Await.passes(PATIENCE, () -> assertThat(ask("pod-1", ending, 80)).startsWith("stubborn"));
        ok("delete", "pod", "stubborn", "--grace-period=120", "--wait=false");
        String conditions = "jsonpath={.items[*].endpoints[*].conditions}";
        Await.passes(
                PATIENCE,
                () -> assertThat(ok(
                                "get", "endpointslices", "-l", "kubernetes.io/service-name=ending", "-o", conditions))
                        .contains("\"ready\":false", "\"serving\":true", "\"terminating\":true"));
        assertThat(askOften("pod-1", ending, 6)).allMatch(each -> each.startsWith("stubborn"));
        ok("label", "pod", "pod-3", "ending=yes");
        hears("pod-1", ending, Set.of("pod-3"));
        ok("label", "pod", "pod-3", "ending-");
        hears("pod-1", ending, Set.of("stubborn"));
        ok("delete", "pod", "stubborn", "--grace-period=1", "--wait=false");
        Await.passes(PATIENCE, () -> assertThat(ask("pod-1", ending, 80)).contains(REFUSED));
    }

    @Test
    void podsReachTheApiServerByNameOverTls() {
        String account = "/var/run/secrets/kubernetes.io/serviceaccount";
        String command = """
                printf 'GET /api/v1/namespaces/default/pods HTTP/1.1\\r\\nHost: kubernetes.default\\r\\n\
                Authorization: Bearer %%s\\r\\nConnection: close\\r\\n\\r\\n' "$(cat %1$s/token)" |
                openssl s_client -quiet -connect kubernetes.default:443 -servername kubernetes.default \
                -CAfile %1$s/ca.crt -verify_return_error -verify_hostname kubernetes.default.svc""".formatted(account);
        for (String pod : ALL) {
            // Who it is was accepted; that it may not is the right answer.
            Await.passes(
                    PATIENCE,
                    () -> assertThat(in(pod, "sh", "-c", command))
                            .contains("HTTP/1.1 403", "system:serviceaccount:default:default"));
        }
    }

    @Test
    void portsOfNodes() {
        String spec = "type: NodePort, selector: {name: pod-2}, ports: [{port: 80, targetPort: 8080}]";
        service("everywhere", spec);
        int everywhere = nodePort("everywhere");
        service("local", spec + ", externalTrafficPolicy: Local");
        int local = nodePort("local");
        String client = cluster.address("outside");
        for (String node : List.of("node-1", "node-2")) {
            Await.passes(
                    PATIENCE,
                    () -> assertThat(askFromNetwork("outside", cluster.address(node), everywhere))
                            .startsWith("pod-2 saw ")
                            .doesNotContain(client));
        }
        assertThat(askFromNetwork("outside", cluster.address("node-1"), everywhere))
                .isEqualTo("pod-2 saw " + cluster.address("node-1"));
        Await.passes(
                PATIENCE,
                () -> assertThat(ask("pod-3", cluster.address("node-1"), everywhere))
                        .startsWith("pod-2"));
        Await.passes(() ->
                assertThat(ask("pod-1", cluster.address("node-1"), everywhere)).startsWith("pod-2"));

        Await.passes(
                PATIENCE,
                () -> assertThat(askFromNetwork("outside", cluster.address("node-2"), local))
                        .isEqualTo("pod-2 saw " + client));
        assertThat(askFromNetwork("outside", cluster.address("node-1"), local)).contains(DROPPED);
        assertThat(ask("pod-1", cluster.address("node-1"), local))
                .as("pods go everywhere, whatever the policy says about others")
                .startsWith("pod-2");
    }

    @Test
    void internalPolicyLocalKeepsToTheNode() {
        String near = service("near", """
                selector: {name: pod-2}, ports: [{port: 80, targetPort: 8080}], internalTrafficPolicy: Local""");
        Await.passes(PATIENCE, () -> assertThat(ask("pod-2", near, 80)).startsWith("pod-2"));
        Await.passes(() -> assertThat(ask("pod-1", near, 80)).contains(DROPPED));
    }

    @Test
    void trafficStaysInItsZoneOrOnItsNodeWhileItCan() {
        Map<String, String> zones = Map.of("node-1", "a", "node-2", "b", "node-3", "b");
        zones.forEach((node, zone) -> ok("label", "node", node, "topology.kubernetes.io/zone=" + zone));
        ok("label", "pod", "--all", "close=yes");
        String what = "selector: {close: \"yes\"}, ports: [{port: 80, targetPort: 8080}], trafficDistribution: ";
        String zonal = service("zonal", what + "PreferSameZone");
        String nodal = service("nodal", what + "PreferSameNode");
        hears("pod-1", zonal, Set.of("pod-1"));
        hears("pod-2", zonal, Set.of("pod-2", "pod-3"));
        hears("pod-3", zonal, Set.of("pod-2", "pod-3"));
        for (String pod : ALL) {
            hears(pod, nodal, Set.of(pod));
        }
        ok("label", "pod", "pod-1", "close-");
        hears("pod-1", zonal, Set.of("pod-2", "pod-3"));
        hears("pod-1", nodal, Set.of("pod-2", "pod-3"));
        hears("pod-2", nodal, Set.of("pod-2"));
        ok("label", "pod", "--all", "close-");
        zones.keySet().forEach(node -> ok("label", "node", node, "topology.kubernetes.io/zone-"));
    }

    @Test
    void externalAddresses() {
        String address = cluster.freeAddress(1);
        service(
                "external",
                "selector: {name: pod-3}, ports: [{port: 80, targetPort: 8080}], externalIPs: [" + address + "]");
        cluster.network("outside").run("ip", "route", "add", address + "/32", "via", cluster.address("node-1"));
        Await.passes(
                PATIENCE,
                () -> assertThat(askFromNetwork("outside", address, 80)).startsWith("pod-3 saw "));
        Await.passes(() -> assertThat(ask("pod-2", address, 80)).startsWith("pod-3 saw "));
    }

    @Test
    void aLoadBalancerKnowsItsClientsAndTellsWhereEndpointsAre() throws Exception {
        service("balanced", """
                type: LoadBalancer, externalTrafficPolicy: Local, selector: {name: pod-2},
                ports: [{port: 80, targetPort: 8080}]""");
        String address = Await.value(
                PATIENCE,
                "an address",
                () -> Optional.of(
                                ok("get", "service", "balanced", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}"))
                        .filter(each -> !each.isEmpty()));
        Await.passes(
                PATIENCE,
                () -> assertThat(askFromNetwork("outside", address, 80))
                        .isEqualTo("pod-2 saw " + cluster.address("outside")));
        assertThat(ask("pod-1", address, 80)).as("from within").startsWith("pod-2 saw ");
        String health = ok("get", "service", "balanced", "-o", "jsonpath={.spec.healthCheckNodePort}");
        assertThat(status("http://" + cluster.address("node-2") + ":" + health + "/healthz"))
                .isEqualTo(200);
        assertThat(status("http://" + cluster.address("node-1") + ":" + health + "/healthz"))
                .isEqualTo(503);
    }

    private static int status(String uri) throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(uri))
                    .timeout(Duration.ofSeconds(5))
                    .build();
            return http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        }
    }

    @Test
    void hostPorts() {
        pod("ported", "node-2", "", "ports: [{containerPort: 8080, hostPort: 8088}]");
        ok("wait", "--for=condition=Ready", "pod/ported", "--timeout=60s");
        String node = cluster.address("node-2");
        Await.passes(
                PATIENCE,
                () -> assertThat(askFromNetwork("outside", node, 8088))
                        .isEqualTo("ported saw " + cluster.address("outside")));
        assertThat(ask("pod-1", node, 8088)).startsWith("ported saw ");
        assertThat(ask("pod-2", node, 8088)).startsWith("ported saw ");
        assertThat(ask("ported", node, 8088)).startsWith("ported saw ");
        assertThat(askFromNetwork("outside", cluster.address("node-1"), 8088)).contains(REFUSED);
        ok("delete", "pod", "ported");
        Await.passes(
                PATIENCE,
                () -> assertThat(askFromNetwork("outside", node, 8088)).contains(REFUSED));
    }

    @Test
    void podsOfAStatefulSetKeepTheirNames() {
        cluster.apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: db}
                spec: {clusterIP: None, selector: {app: db}, ports: [{name: sql, port: 8080}]}
                ---
                apiVersion: apps/v1
                kind: StatefulSet
                metadata: {name: db}
                spec:
                  replicas: 2
                  serviceName: db
                  podManagementPolicy: Parallel
                  selector: {matchLabels: {app: db}}
                  template:
                    metadata: {labels: {app: db}}
                    spec:
                      terminationGracePeriodSeconds: 1
                      containers: [{name: db, image: "mokube/probe:1"}]
                """);
        ok("rollout", "status", "statefulset/db", "--timeout=90s");
        Await.passes(
                PATIENCE,
                () -> assertThat(in("pod-3", "wget", "-q", "-O", "-", "http://db-1.db:8080/"))
                        .isEqualTo("db-1 saw " + podAddress("pod-3") + "\n"));
        assertThat(in("pod-3", "nslookup", "db.default.svc.cluster.local"))
                .contains(podAddress("db-0"), podAddress("db-1"));
        String before = ok("get", "pod", "db-1", "-o", "jsonpath={.metadata.uid}");
        String addressBefore = podAddress("db-1");
        ok("delete", "pod", "db-1", "--wait=false");
        Await.passes(
                PATIENCE,
                () -> assertThat(ok("get", "pod", "db-1", "-o", "jsonpath={.metadata.uid}"))
                        .isNotEqualTo(before));
        ok("wait", "--for=condition=Ready", "pod/db-1", "--timeout=60s");
        Await.passes(
                PATIENCE,
                () -> assertThat(in("pod-3", "nslookup", "db-1.db.default.svc.cluster.local"))
                        .contains(podAddress("db-1"))
                        .doesNotContain(addressBefore + "\n"));
        assertThat(in("pod-3", "wget", "-q", "-O", "-", "http://db-1.db:8080/")).startsWith("db-1 saw ");
        ok("delete", "statefulset", "db");
    }

    @Test
    void policiesHoldOnRoutesAndThroughTheTunnel() {
        pod("guarded", "node-1", "guarded: \"yes\"", "");
        ok("wait", "--for=condition=Ready", "pod/guarded", "--timeout=60s");
        String address = podAddress("guarded");
        allowing("pod-2");
        Await.passes(PATIENCE, () -> assertThat(ask("pod-3", address, 8080)).contains(DROPPED));
        Await.passes(PATIENCE, () -> assertThat(ask("pod-2", address, 8080)).startsWith("guarded"));
        allowing("pod-3");
        Await.passes(PATIENCE, () -> assertThat(ask("pod-3", address, 8080)).startsWith("guarded"));
        Await.passes(PATIENCE, () -> assertThat(ask("pod-2", address, 8080)).contains(DROPPED));
        ok("delete", "networkpolicy", "guard");
        ok("delete", "pod", "guarded", "--wait=false");
    }

    private static void allowing(String pod) {
        cluster.apply("""
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata: {name: guard}
                spec:
                  podSelector: {matchLabels: {guarded: "yes"}}
                  ingress: [{from: [{podSelector: {matchLabels: {name: %s}}}]}]
                """.formatted(pod));
    }

    @Test
    void endpointsGoAndComeWithTheirNode() {
        String lasting = service("lasting", "selector: {web: \"yes\"}, ports: [{port: 80, targetPort: 8080}]");
        hears("pod-1", lasting, ALL);
        String ready = "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}";
        cluster.unplug("node-3");
        try {
            Await.passes(PATIENCE, () -> {
                assertThat(ok("get", "node", "node-3", "-o", ready)).isEqualTo("Unknown");
                assertThat(ok("get", "pod", "pod-3", "-o", ready)).isEqualTo("False");
            });
            hears("pod-1", lasting, Set.of("pod-1", "pod-2"));
        } finally {
            cluster.plugIn("node-3");
        }
        Await.passes(
                PATIENCE,
                () -> assertThat(ok("get", "pod", "pod-3", "-o", ready)).isEqualTo("True"));
        hears("pod-1", lasting, ALL);
        hears("pod-3", lasting, ALL);
    }

    /** Waits until the endpoints that a pod meets at an address are these, and all of them; returns what they said. */
    private static List<String> hears(String from, String address, Set<String> endpoints) {
        return Await.value(PATIENCE, from + " meets " + endpoints, () -> {
            List<String> heard = askOften(from, address, 8 * endpoints.size());
            Set<String> met = heard.stream().map(each -> each.split(" ")[0]).collect(Collectors.toSet());
            return Optional.of(heard).filter(any -> met.equals(endpoints));
        });
    }

    /** What a pod hears over TCP, or why it hears nothing. */
    private static String ask(String pod, String address, int port) {
        return in(pod, "sh", "-c", "echo who | nc -w 2 " + address + " " + port).strip();
    }

    private static List<String> askOften(String pod, String address, int times) {
        String command = "for i in $(seq " + times + "); do echo who | nc -w 1 " + address + " 80; done";
        return in(pod, "sh", "-c", command).lines().toList();
    }

    /** The same from a node, or from outside. */
    private static String askFromNetwork(String network, String address, int port) {
        String command = "echo who | busybox nc -w 2 " + address + " " + port;
        return said(Commands.run(cluster.network(network).enter(List.of("sh", "-c", command)), Map.of(), PATIENCE))
                .strip();
    }

    /** Always from the same port, so that all datagrams are of one connection. */
    private static String udp(String pod, String address) {
        return in(pod, "udp", address, "53", "4000").strip();
    }

    /** What a command in a pod says, in whatever way it ends. */
    private static String in(String pod, String... command) {
        String[] arguments = new String[command.length + 3];
        arguments[0] = "exec";
        arguments[1] = pod;
        arguments[2] = "--";
        System.arraycopy(command, 0, arguments, 3, command.length);
        return said(Kubectl.any().run(cluster.kubeconfig(), arguments));
    }

    private static String said(Commands.Result result) {
        return result.output() + result.errors();
    }

    private static String podAddress(String pod) {
        String lasting = addresses.get(pod);
        return lasting == null ? addressNow(pod) : lasting;
    }

    private static String addressNow(String pod) {
        return ok("get", "pod", pod, "-o", "jsonpath={.status.podIP}");
    }

    private static int number(String node) {
        return NamespacesCluster.NODES.indexOf(node) + 1;
    }

    private static void pod(String name, String node, String labels, String container) {
        cluster.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: %1$s, labels: {name: %1$s, %3$s}}
                spec:
                  nodeName: %2$s
                  terminationGracePeriodSeconds: 1
                  containers: [{name: probe, image: "mokube/probe:1", %4$s}]
                """.formatted(name, node, labels, container));
    }

    /** Makes a service; returns its cluster IP. */
    private static String service(String name, String spec) {
        cluster.apply("{apiVersion: v1, kind: Service, metadata: {name: " + name + "}, spec: {" + spec + "}}");
        return ok("get", "service", name, "-o", "jsonpath={.spec.clusterIP}");
    }

    private static int nodePort(String service) {
        return Integer.parseInt(ok("get", "service", service, "-o", "jsonpath={.spec.ports[0].nodePort}"));
    }

    private static List<String> kubectl(String... arguments) {
        List<String> command =
                new ArrayList<>(List.of(Kubectl.any().binary().toString(), "--kubeconfig=" + cluster.kubeconfig()));
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    private static String ok(String... arguments) {
        return Kubectl.any().ok(cluster.kubeconfig(), arguments);
    }

    /** A connection that is kept open; each line that is said gets one back. */
    private static final class Conversation implements AutoCloseable {

        private final Process process;
        private final BufferedReader heard;
        private final Writer said;

        Conversation(List<String> command) {
            try {
                process = new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            heard = process.inputReader(StandardCharsets.UTF_8);
            said = process.outputWriter(StandardCharsets.UTF_8);
        }

        String say(String line) {
            try {
                said.write(line + "\n");
                said.flush();
                Await.until(PATIENCE, "an answer", heard::ready);
                return heard.readLine();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() {
            process.destroy();
        }
    }
}
