package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.object.Json;
import io.mokube.testkit.Await;
import io.mokube.testkit.FreePort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Three nodes, each with a containerd of its own: their pods reach each other, by address and by name. */
class ThreeNodesTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private static Path folder;

    private static UpCluster cluster;
    private static List<Web> webs = List.of();

    /** A pod that serves a web page which names it. */
    private record Web(String name, String node, String address) {}

    @BeforeAll
    static void up() {
        cluster = UpCluster.start(3);
        apply("""
                apiVersion: v1
                kind: Service
                metadata: {name: web}
                spec:
                  clusterIP: None
                  selector: {app: web}
                  ports: [{name: http, port: 8080}]
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: outside}
                spec: {type: ExternalName, externalName: web-1.web.default.svc.cluster.local}
                ---
                apiVersion: apps/v1
                kind: StatefulSet
                metadata: {name: web}
                spec:
                  replicas: 3
                  serviceName: web
                  podManagementPolicy: Parallel
                  selector: {matchLabels: {app: web}}
                  template:
                    metadata: {labels: {app: web}}
                    spec:
                      terminationGracePeriodSeconds: 1
                      topologySpreadConstraints:
                        - maxSkew: 1
                          topologyKey: kubernetes.io/hostname
                          whenUnsatisfiable: DoNotSchedule
                          labelSelector: {matchLabels: {app: web}}
                      containers:
                        - {name: web, image: "mokube/demo:1", ports: [{name: http, containerPort: 8080}]}
                """);
        ok("rollout", "status", "statefulset/web", "--timeout=90s");
        webs = webs();
    }

    @AfterAll
    static void down() {
        if (cluster != null) {
            cluster.close();
        }
    }

    private static String ok(String... arguments) {
        return Kubectl.any().ok(cluster.kubeconfig(), arguments);
    }

    private static void apply(String manifest) {
        try {
            Path file = Files.createTempFile(folder, "manifest", ".yaml");
            Files.writeString(file, manifest);
            ok("apply", "-f", file.toString());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static List<Web> webs() {
        List<Web> found = new ArrayList<>();
        for (JsonNode pod : Json.MAPPER
                .readTree(ok("get", "pods", "-l", "app=web", "-o", "json"))
                .path("items")) {
            found.add(new Web(
                    pod.at("/metadata/name").asString(),
                    pod.at("/spec/nodeName").asString(),
                    pod.at("/status/podIP").asString()));
        }
        return List.copyOf(found);
    }

    private static String inside(Web pod, String... command) {
        List<String> arguments = new ArrayList<>(List.of("exec", pod.name(), "--"));
        arguments.addAll(List.of(command));
        return ok(arguments.toArray(String[]::new));
    }

    @Test
    void everyPodAnswersOnItsAddress() throws Exception {
        Set<String> nodes = new HashSet<>();
        try (HttpClient http = HttpClient.newHttpClient()) {
            for (Web web : webs) {
                nodes.add(web.node());
                URI page = URI.create("http://" + web.address() + ":8080/");
                assertThat(answer(http, page)).contains("Hello from " + web.name());
            }
        }
        assertThat(nodes).containsExactlyInAnyOrder("node-1", "node-2", "node-3");
    }

    private static String answer(HttpClient http, URI page) {
        return Await.value(PATIENCE, "an answer on " + page, () -> {
            HttpResponse<String> response =
                    http.send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString());
            return Optional.of(response)
                    .filter(each -> each.statusCode() == 200)
                    .map(HttpResponse::body);
        });
    }

    @Test
    void podsOnOtherNodesAreSeenUnderTheirOwnAddresses() {
        for (Web from : webs) {
            for (Web to : webs) {
                assertThat(inside(from, "wget", "-q", "-O", "-", "http://" + to.address() + ":8080/"))
                        .contains("Hello from " + to.name());
            }
        }
        for (Web to : webs) {
            Await.passes(() -> assertThat(ok("logs", to.name()))
                    .contains(webs.stream().map(Web::address).toList()));
        }
    }

    @Test
    void podsFindEachOtherByName() {
        Web first = webs.getFirst();
        assertThat(inside(first, "cat", "/etc/resolv.conf"))
                .contains("nameserver 10.96.0.10")
                .contains("search default.svc.cluster.local svc.cluster.local cluster.local")
                .contains("options ndots:5");
        for (Web to : webs) {
            Await.passes(
                    PATIENCE,
                    () -> assertThat(inside(first, "wget", "-q", "-O", "-", "http://" + to.name() + ".web:8080/"))
                            .contains("Hello from " + to.name()));
        }
        assertThat(inside(first, "nslookup", "web.default.svc.cluster.local"))
                .contains(webs.stream().map(Web::address).toList());
        assertThat(inside(first, "nslookup", "-type=srv", "_http._tcp.web.default.svc.cluster.local"))
                .contains("8080 web-2.web.default.svc.cluster.local");
        assertThat(inside(first, "wget", "-q", "-O", "-", "http://outside:8080/"))
                .contains("Hello from web-1");
        assertThat(Kubectl.any()
                        .run(
                                cluster.kubeconfig(),
                                "exec",
                                first.name(),
                                "--",
                                "nslookup",
                                "nobody.default.svc.cluster.local")
                        .toString())
                .contains("NXDOMAIN");
        assertThat(ok("get", "endpointslices", "-n", "kube-system", "-o", "name"))
                .contains("kube-dns-node-1", "kube-dns-node-2");
    }

    @Test
    void aPortOfTheNodeLeadsToThePod() throws Exception {
        int port = FreePort.next();
        apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: ported}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                    - {name: web, image: "mokube/demo:1", ports: [{containerPort: 8080, hostPort: %d}]}
                """.formatted(port));
        ok("wait", "--for=condition=Ready", "pod/ported", "--timeout=60s");
        String host = ok("get", "pod", "ported", "-o", "jsonpath={.status.hostIP}");
        try (HttpClient http = HttpClient.newHttpClient()) {
            assertThat(answer(http, URI.create("http://" + host + ":" + port + "/")))
                    .contains("Hello from ported");
        }
        assertThat(inside(webs.getLast(), "wget", "-q", "-O", "-", "http://" + host + ":" + port + "/"))
                .contains("Hello from ported");
        ok("delete", "pod", "ported");
    }
}
