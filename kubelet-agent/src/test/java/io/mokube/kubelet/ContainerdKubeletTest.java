package io.mokube.kubelet;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceType;
import io.mokube.kubelet.app.KubeletApplication;
import io.mokube.kubelet.node.Machine;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.policy.NodePolicy;
import io.mokube.kubelet.runtime.TestContainerd;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.kubelet.runtime.cri.CriRuntime;
import io.mokube.kubelet.runtime.cri.DemoImage;
import io.mokube.kubelet.sync.CgroupFolders;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.time.Clock;
import io.mokube.pki.Pem;
import io.mokube.testkit.Await;
import io.mokube.testkit.ChildProcess;
import io.mokube.testkit.LaterClock;
import io.mokube.testkit.TestRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The agent against a real API server, with real containers. */
class ContainerdKubeletTest {

    private static final String NODE = "real-1";
    private static final String CGROUPS =
            "/mokube-test-" + ProcessHandle.current().pid();

    @TempDir
    static @Nullable Path folder;

    private static @Nullable TestContainerd containerd;
    private static @Nullable TestCluster cluster;
    private static @Nullable Kubelet kubelet;

    @BeforeAll
    static void start() {
        if (System.getenv("CI") == null) {
            Assumptions.assumeTrue(
                    ContainerdLauncher.missing().isEmpty(),
                    () -> ContainerdLauncher.missing().orElseThrow());
        }
        containerd = TestContainerd.start();
        cluster = TestCluster.start(root().resolve("cluster"));
        kubelet = startKubelet();
    }

    private static Path root() {
        return Objects.requireNonNull(folder);
    }

    private static TestContainerd containerd() {
        return Objects.requireNonNull(containerd);
    }

    private static TestCluster cluster() {
        return Objects.requireNonNull(cluster);
    }

    private static Kubelet startKubelet() {
        return cluster()
                .startKubelet(
                        NODE,
                        () -> containerd().connect(),
                        root().resolve("kubelet"),
                        config -> config.withPodCidr(
                                        containerd().config().podCidrs().getFirst())
                                .withCgroupParent(CGROUPS));
    }

    @AfterAll
    static void stop() throws IOException {
        if (kubelet != null) {
            kubelet.stop(Duration.ofSeconds(5));
        }
        if (cluster != null) {
            cluster.close();
        }
        if (containerd != null) {
            containerd.close();
            assertThat(containerd.mounts()).isEmpty();
        }
        try (Stream<Path> hierarchies = Files.list(Path.of("/sys/fs/cgroup"))) {
            for (Path hierarchy : hierarchies.toList()) {
                removeEmptyFolders(hierarchy.resolve(CGROUPS.substring(1)));
            }
        }
    }

    private static void removeEmptyFolders(Path folder) throws IOException {
        if (Files.isDirectory(folder)) {
            try (Stream<Path> tree = Files.walk(folder)) {
                for (Path path : tree.filter(Files::isDirectory)
                        .sorted(java.util.Comparator.reverseOrder())
                        .toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    private static void delete(String name) {
        cluster().find(name).ifPresent(pod -> {
            cluster().pods().delete(PodFacts.key(pod), DeleteOptions.DEFAULT);
            cluster().awaitGone(name);
            if (pod.getStatus().getPhase().equals("Running")) {
                nothingIsLeftOf(pod);
            } else {
                // The object of a pod that has ended goes at once, before the agent hears of it.
                Await.passes(() -> nothingIsLeftOf(pod));
            }
        });
    }

    private static void nothingIsLeftOf(Pod pod) {
        String uid = PodFacts.uid(pod);
        try (CriRuntime runtime = containerd().connect()) {
            assertThat(runtime.listSandboxes(Map.of("io.kubernetes.pod.uid", uid)))
                    .isEmpty();
            assertThat(runtime.listContainers(Map.of("io.kubernetes.pod.uid", uid)))
                    .isEmpty();
        }
        assertThat(root().resolve("kubelet/pods/" + uid)).doesNotExist();
        try (Stream<Path> logs = Files.list(root().resolve("kubelet/logs"))) {
            assertThat(logs.filter(path -> path.toString().endsWith(uid))).isEmpty();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        assertThat(Path.of("/sys/fs/cgroup/memory" + CGROUPS + "/besteffort/pod" + uid))
                .doesNotExist();
        assertThat(Path.of("/sys/fs/cgroup/memory" + CGROUPS + "/burstable/pod" + uid))
                .doesNotExist();
    }

    @Test
    void aWebServerAnswersOnItsAddressAndOutlivesTheAgent() {
        cluster()
                .pods()
                .create(TestCluster.pod("web", NODE, DemoImage.NAME)
                        .editSpec()
                        .editFirstContainer()
                        .withNewReadinessProbe()
                        .withNewHttpGet()
                        .withPath("/")
                        .withNewPort(8080)
                        .endHttpGet()
                        .withPeriodSeconds(1)
                        .endReadinessProbe()
                        .endContainer()
                        .endSpec()
                        .build());
        Pod before = cluster().await("web", "is ready", TestCluster::ready);
        assertThat(TestCluster.fetch("http://" + before.getStatus().getPodIP() + ":8080/"))
                .contains("Hello from web");

        Objects.requireNonNull(kubelet).stop(Duration.ofSeconds(5));
        kubelet = startKubelet();
        Await.until(
                "the agent sees the pod ready again",
                () -> TestCluster.ready(cluster().find("web").orElseThrow()));
        Pod after = cluster().find("web").orElseThrow();
        ContainerStatus container = after.getStatus().getContainerStatuses().getFirst();
        ContainerStatus was = before.getStatus().getContainerStatuses().getFirst();
        assertThat(container.getContainerID()).isEqualTo(was.getContainerID());
        assertThat(container.getState()).isEqualTo(was.getState());
        assertThat(container.getRestartCount()).isZero();
        assertThat(after.getStatus().getPodIP()).isEqualTo(before.getStatus().getPodIP());
        delete("web");
        assertThat(containerd().networkInterfaces()).isEmpty();
    }

    @Test
    void aKilledContainerIsRestartedAndCounted() {
        cluster()
                .pods()
                .create(TestCluster.pod(
                                "victim",
                                NODE,
                                DemoImage.NAME,
                                "sh",
                                "-c",
                                "echo x >> /count/n; echo run $(wc -l < /count/n); exec sleep 1000")
                        .editSpec()
                        .editFirstContainer()
                        .addNewVolumeMount()
                        .withName("count")
                        .withMountPath("/count")
                        .endVolumeMount()
                        .endContainer()
                        .addNewVolume()
                        .withName("count")
                        .withNewEmptyDir()
                        .endEmptyDir()
                        .endVolume()
                        .endSpec()
                        .build());
        Pod pod = cluster().await("victim", "is ready", TestCluster::ready);
        String id = pod.getStatus().getContainerStatuses().getFirst().getContainerID();
        try (CriRuntime runtime = containerd().connect()) {
            runtime.stopContainer(id.substring("containerd://".length()), Duration.ZERO);
        }
        Pod again = cluster()
                .await(
                        "victim",
                        "runs again",
                        found -> TestCluster.ready(found)
                                && found.getStatus()
                                                .getContainerStatuses()
                                                .getFirst()
                                                .getRestartCount()
                                        == 1);
        ContainerStatus container = again.getStatus().getContainerStatuses().getFirst();
        assertThat(container.getContainerID()).isNotEqualTo(id);
        assertThat(container.getLastState().getTerminated().getExitCode()).isEqualTo(137);
        assertThat(container.getLastState().getTerminated().getContainerID()).isEqualTo(id);
        assertThat(cluster().log("victim", "main", "&previous=true")).isEqualTo("run 1\n");
        Await.passes(() -> assertThat(cluster().log("victim", "main", "")).isEqualTo("run 2\n"));
        assertThat(cluster().log("victim", "main", "&timestamps=true")).matches("20[0-9T:.-]+Z run 2\n");
        assertThat(cluster().log("victim", "main", "&tailLines=0")).isEmpty();
        delete("victim");
    }

    @Test
    void initContainersVolumesAndVariablesReachTheContainers() {
        cluster()
                .client()
                .resource(ConfigMap.class)
                .create(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName("settings")
                        .withNamespace("default")
                        .endMetadata()
                        .addToData("greeting", "hello")
                        .build());
        cluster()
                .pods()
                .create(TestCluster.pod(
                                "full",
                                NODE,
                                DemoImage.NAME,
                                "sh",
                                "-c",
                                "[ \"$(cat /shared/made)\" = init ] && [ \"$GREETING\" = hello ] && [ \"$POD\" = full ]"
                                        + " && [ -n \"$POD_IP\" ] && [ \"$(cat /settings/greeting)\" = hello ]"
                                        + " && grep -q full /etc/hosts"
                                        + " && while [ \"$(cat /settings/greeting)\" = hello ]; do sleep 0.1; done;"
                                        + " echo bye > /dev/termination-log; exit 7")
                        .editSpec()
                        .withRestartPolicy("Never")
                        .addNewInitContainer()
                        .withName("prepare")
                        .withImage(DemoImage.NAME)
                        .withCommand("sh", "-c", "echo init > /shared/made")
                        .addNewVolumeMount()
                        .withName("shared")
                        .withMountPath("/shared")
                        .endVolumeMount()
                        .endInitContainer()
                        .editFirstContainer()
                        .addNewEnv()
                        .withName("GREETING")
                        .withNewValueFrom()
                        .withNewConfigMapKeyRef()
                        .withName("settings")
                        .withKey("greeting")
                        .endConfigMapKeyRef()
                        .endValueFrom()
                        .endEnv()
                        .addNewEnv()
                        .withName("POD")
                        .withNewValueFrom()
                        .withNewFieldRef()
                        .withFieldPath("metadata.name")
                        .endFieldRef()
                        .endValueFrom()
                        .endEnv()
                        .addNewEnv()
                        .withName("POD_IP")
                        .withNewValueFrom()
                        .withNewFieldRef()
                        .withFieldPath("status.podIP")
                        .endFieldRef()
                        .endValueFrom()
                        .endEnv()
                        .addNewVolumeMount()
                        .withName("shared")
                        .withMountPath("/shared")
                        .endVolumeMount()
                        .addNewVolumeMount()
                        .withName("settings")
                        .withMountPath("/settings")
                        .endVolumeMount()
                        .endContainer()
                        .addNewVolume()
                        .withName("shared")
                        .withNewEmptyDir()
                        .endEmptyDir()
                        .endVolume()
                        .addNewVolume()
                        .withName("settings")
                        .withNewConfigMap()
                        .withName("settings")
                        .endConfigMap()
                        .endVolume()
                        .endSpec()
                        .build());
        Pod running = cluster().await("full", "is ready", TestCluster::ready);
        assertThat(running.getStatus()
                        .getInitContainerStatuses()
                        .getFirst()
                        .getState()
                        .getTerminated()
                        .getReason())
                .isEqualTo("Completed");
        ConfigMap settings = cluster()
                .client()
                .resource(ConfigMap.class)
                .get("default", "settings")
                .orElseThrow();
        settings.getData().put("greeting", "changed");
        cluster().client().resource(ConfigMap.class).update(settings);
        Pod ended = cluster().awaitPhase("full", "Failed");
        var end = ended.getStatus().getContainerStatuses().getFirst().getState().getTerminated();
        assertThat(end.getExitCode()).isEqualTo(7);
        assertThat(end.getMessage()).isEqualTo("bye\n");
        delete("full");
    }

    @Test
    void theNodeServerTellsStrangersNothing() throws Exception {
        SSLContext stranger = SSLContext.getInstance("TLS");
        stranger.init(null, new TrustManager[] {new TrustsAnyServer()}, new SecureRandom());
        try (HttpClient http = HttpClient.newBuilder().sslContext(stranger).build()) {
            for (var expected : Map.of("healthz", 200, "pods", 401, "metrics", 401, "containerLogs/a/b/c", 401)
                    .entrySet()) {
                URI uri = URI.create(
                        "https://127.0.0.1:" + Objects.requireNonNull(kubelet).serverPort() + "/" + expected.getKey());
                assertThat(http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                                .statusCode())
                        .as(expected.getKey())
                        .isEqualTo(expected.getValue());
            }
        }
    }

    @Test
    void theNodeServerAsksTheApiServerWhatOthersMay() throws Exception {
        ClientConfig otherNode =
                ClientConfig.fromKubeconfig(cluster().node("other").kubeconfig());
        HttpResponse<String> refused = getPods(otherNode);
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(refused.body())
                .isEqualTo("Forbidden (user=system:node:other, verb=get, resource=nodes, subresource(s)=[pods])");
        assertThat(getPods(cluster().credentials()).statusCode()).isEqualTo(200);
    }

    /** What the node's server answers to the holder of these credentials. */
    private static HttpResponse<String> getPods(ClientConfig client) throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry(
                "client", Pem.readPrivateKey(Objects.requireNonNull(client.keyPem())), new char[0], new Certificate[] {
                    Pem.readCertificate(Objects.requireNonNull(client.certificatePem()))
                });
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, new char[0]);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(own.getKeyManagers(), new TrustManager[] {new TrustsAnyServer()}, new SecureRandom());
        URI uri = URI.create(
                "https://127.0.0.1:" + Objects.requireNonNull(kubelet).serverPort() + "/pods");
        try (HttpClient http = HttpClient.newBuilder().sslContext(tls).build()) {
            return http.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    private static final class TrustsAnyServer implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    /** Another node on the same containerd, for as long as a test takes. */
    private static void withAgent(String node, Clock clock, String policy, Runnable test) {
        CgroupFolders groups = new CgroupFolders(CGROUPS + "-" + node);
        Kubelet agent = cluster()
                .startKubelet(
                        node,
                        () -> containerd().connect(),
                        root().resolve(node),
                        new Platform(clock, new SecureRandom(), new SimpleMeterRegistry()),
                        config -> config.withPodCidr(
                                        containerd().config().podCidrs().getFirst())
                                .withCgroupParent(CGROUPS + "-" + node)
                                .withPolicy(NodePolicy.parse("kind: KubeletConfiguration\n"
                                        + "apiVersion: kubelet.config.k8s.io/v1beta1\n" + policy)));
        try {
            test.run();
        } finally {
            agent.stop(Duration.ofSeconds(5));
            groups.removeAll();
        }
    }

    private static Optional<NodeCondition> condition(String node, String type) {
        return cluster().client().resource(Node.class).get("", node).stream()
                .flatMap(found -> found.getStatus().getConditions().stream())
                .filter(each -> each.getType().equals(type))
                .findFirst();
    }

    private static boolean holds(String node, String type) {
        return condition(node, type)
                .filter(each -> each.getStatus().equals("True"))
                .isPresent();
    }

    @Test
    void thePodWithTheMostProcessesGoesWhenTheyRunOut() {
        Machine.Left left = Machine.look(root());
        long least = left.pidsAllowed() - left.pidsInUse() - 1_000;
        String policy = """
                evictionHard: {pid.available: "%d"}
                evictionPressureTransitionPeriod: 5s
                podPidsLimit: 2000
                """.formatted(least);
        withAgent("crowded-1", Clock.system(), policy, () -> {
            cluster()
                    .pods()
                    .create(TestCluster.pod("few", "crowded-1", DemoImage.NAME, "sleep", "1000")
                            .build());
            cluster().await("few", "is ready", TestCluster::ready);
            String crowd = "i=0; while [ $i -lt 1500 ]; do sleep 1000 & i=$((i + 1)); done; wait";
            cluster()
                    .pods()
                    .create(TestCluster.pod("many", "crowded-1", DemoImage.NAME, "sh", "-c", crowd)
                            .build());
            Pod evicted = cluster().awaitPhase("many", "Failed");
            assertThat(evicted.getStatus().getReason()).isEqualTo("Evicted");
            assertThat(evicted.getStatus().getMessage())
                    .matches(
                            "The node was low on resource: pids\\. Threshold quantity: [0-9k]+, available: [0-9k]+\\. ");
            Await.until("the node tells of its pressure", () -> holds("crowded-1", "PIDPressure"));
            cluster()
                    .pods()
                    .create(TestCluster.pod("late", "crowded-1", DemoImage.NAME).build());
            assertThat(cluster().awaitPhase("late", "Failed").getStatus().getMessage())
                    .isEqualTo("Pod was rejected: The node had condition: [PIDPressure]. ");
            Await.until(Duration.ofSeconds(20), "the pressure is over", () -> !holds("crowded-1", "PIDPressure"));
            assertThat(TestCluster.ready(cluster().find("few").orElseThrow())).isTrue();
            for (String name : List.of("few", "many", "late")) {
                cluster().pods().delete(new ObjectKey("default", name), DeleteOptions.DEFAULT);
                cluster().awaitGone(name);
            }
        });
    }

    /** The tokens that the container has read so far, each with the number that stood beside it. */
    private static List<String> tokens(String number) {
        return cluster()
                .log("holder", "main", "")
                .lines()
                .filter(line -> line.startsWith(number + " "))
                .map(line -> line.substring(number.length() + 1))
                .toList();
    }

    private static String tokenBeside(String number) {
        return Await.value(
                Duration.ofSeconds(20),
                "the container reads a token beside " + number,
                () -> tokens(number).stream().findFirst());
    }

    private static JsonNode create(String group, String resource, String json) {
        KubeObject object = KubeObject.parse(json.getBytes(StandardCharsets.UTF_8));
        return cluster()
                .client()
                .resource(ResourceType.dynamic(new GroupVersionResource(group, "v1", resource), object.kind(), false))
                .create(object)
                .root();
    }

    /** Who it is that shows the token there; empty for nobody. */
    private static String shownTo(String audience, String token) {
        JsonNode status = create("authentication.k8s.io", "tokenreviews", """
                {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
                 "spec": {"token": "%s", "audiences": [%s]}}""".formatted(token, audience))
                .path("status");
        return status.path("authenticated").asBoolean(false)
                ? status.path("user").path("username").asString("")
                : "";
    }

    private static void number(String value) {
        cluster()
                .client()
                .resource(ConfigMap.class)
                .patch(
                        new ObjectKey("default", "number"),
                        PatchKind.MERGE,
                        Json.MAPPER.readTree("{\"data\": {\"number\": \"" + value + "\"}}"));
    }

    @Test
    void aTokenIsRenewedInTheRunningContainerAtFourFifthsOfItsLife() {
        cluster()
                .client()
                .resource(ConfigMap.class)
                .create(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName("number")
                        .withNamespace("default")
                        .endMetadata()
                        .addToData("number", "one")
                        .build());
        LaterClock clock = new LaterClock();
        withAgent("late-1", clock, "", () -> {
            cluster().client().resource(Pod.class).create(Json.MAPPER.readValue("""
                    {"metadata": {"name": "holder", "namespace": "default"},
                     "spec": {"nodeName": "late-1", "automountServiceAccountToken": false, "terminationGracePeriodSeconds": 1,
                       "volumes": [{"name": "all", "projected": {"sources": [
                         {"serviceAccountToken": {"path": "token", "audience": "vault", "expirationSeconds": 600}},
                         {"configMap": {"name": "number"}}]}}],
                       "containers": [{"name": "main", "image": "mokube/demo:1",
                         "volumeMounts": [{"name": "all", "mountPath": "/all"}],
                         "command": ["sh", "-c",
                           "while true; do now=\\"$(cat /all/number) $(cat /all/token)\\"; [ \\"$now\\" = \\"$last\\" ] || echo \\"$now\\"; last=$now; sleep 0.1; done"]}]}}""", Pod.class));
            String first = tokenBeside("one");
            // Bound to its audience: of use there, and nowhere else.
            assertThat(shownTo("\"vault\"", first)).isEqualTo("system:serviceaccount:default:default");
            assertThat(shownTo("\"elsewhere\"", first)).isEmpty();
            assertThat(shownTo("", first)).isEmpty();
            JsonNode claims = Json.MAPPER.readTree(Base64.getUrlDecoder().decode(first.split("\\.")[1]));
            assertThat(claims.path("exp").asLong() - claims.path("iat").asLong())
                    .isEqualTo(600);

            clock.later(Duration.ofSeconds(470));
            number("two");
            assertThat(tokenBeside("two")).isEqualTo(first);
            clock.later(Duration.ofSeconds(485));
            Await.until(
                    Duration.ofSeconds(20),
                    "there is another token",
                    () -> tokens("two").size() > 1);
            String second = tokens("two").getLast();
            assertThat(second).isNotEqualTo(first);
            assertThat(shownTo("\"vault\"", second)).isEqualTo("system:serviceaccount:default:default");
            assertThat(cluster()
                            .find("holder")
                            .orElseThrow()
                            .getStatus()
                            .getContainerStatuses()
                            .getFirst()
                            .getRestartCount())
                    .isZero();
            cluster().pods().delete(new ObjectKey("default", "holder"), DeleteOptions.DEFAULT);
            cluster().awaitGone("holder");
        });
    }

    private static void host(String... command) throws Exception {
        assertThat(new ProcessBuilder(command).start().waitFor())
                .as(String.join(" ", command))
                .isZero();
    }

    /** What a container finds in a folder. */
    private static String list(Pod pod, String container, String folder) {
        String id = pod.getStatus().getContainerStatuses().stream()
                .filter(status -> status.getName().equals(container))
                .findFirst()
                .orElseThrow()
                .getContainerID()
                .substring("containerd://".length());
        try (CriRuntime runtime = containerd().connect()) {
            return new String(
                    runtime.execSync(id, List.of("ls", folder), Duration.ofSeconds(10))
                            .stdout(),
                    StandardCharsets.UTF_8);
        }
    }

    private static String mountsOfTheHost() throws IOException {
        return Files.readString(Path.of("/proc/self/mounts"));
    }

    @Test
    void mountsOfAPodReachTheHostAndWhoWantsThemAndNobodyElse() throws Exception {
        Path shared = Files.createDirectories(root().resolve("shared"));
        Path given = shared.resolve("given");
        host("mount", "--bind", shared.toString(), shared.toString());
        try {
            host("mount", "--make-shared", shared.toString());
            String pod = """
                    {"metadata": {"name": "%s", "namespace": "default"},
                     "spec": {"nodeName": "%s", "automountServiceAccountToken": false, "terminationGracePeriodSeconds": 10,
                       "volumes": [{"name": "host", "hostPath": {"path": "%s", "type": "Directory"}}], "containers": [%s]}}""";
            String looks = """
                    {"name": "%s", "image": "mokube/demo:1", "command": ["sleep", "1000"],
                     "volumeMounts": [{"name": "host", "mountPath": "/host", "mountPropagation": "%s"}]}""";
            String gives = """
                    {"name": "main", "image": "mokube/demo:1", "securityContext": {"privileged": true},
                     "volumeMounts": [{"name": "host", "mountPath": "/host", "mountPropagation": "Bidirectional"}],
                     "readinessProbe": {"exec": {"command": ["test", "-f", "/host/given/file"]}, "periodSeconds": 1},
                     "command": ["sh", "-c", "mkdir -p /host/given; mount -t tmpfs given /host/given; touch /host/given/file; trap 'umount /host/given; exit 0' TERM; while true; do sleep 0.1; done"]}""";
            String both = looks.formatted("open", "HostToContainer") + "," + looks.formatted("shut", "None");
            cluster().pods().create(Json.MAPPER.readValue(pod.formatted("looker", NODE, shared, both), Pod.class));
            Pod looker = cluster().await("looker", "is ready", TestCluster::ready);
            cluster().pods().create(Json.MAPPER.readValue(pod.formatted("giver", NODE, shared, gives), Pod.class));
            cluster().await("giver", "is ready", TestCluster::ready);
            assertThat(mountsOfTheHost()).contains(" " + given + " tmpfs ");
            assertThat(given.resolve("file")).exists();
            assertThat(list(looker, "open", "/host/given")).isEqualTo("file\n");
            assertThat(list(looker, "shut", "/host/given")).isEmpty();
            delete("giver");
            assertThat(mountsOfTheHost()).doesNotContain(" " + given + " ");
            assertThat(list(looker, "open", "/host/given")).isEmpty();
            delete("looker");
        } finally {
            new ProcessBuilder("umount", given.toString()).start().waitFor();
            host("umount", shared.toString());
        }
    }

    private static void loginSecret(String name, String registry) {
        String login = Base64.getEncoder()
                .encodeToString((TestRegistry.USER + ":" + TestRegistry.PASSWORD).getBytes(StandardCharsets.UTF_8));
        cluster()
                .client()
                .resource(Secret.class)
                .create(new SecretBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withNamespace("default")
                        .endMetadata()
                        .withType("kubernetes.io/dockerconfigjson")
                        .addToStringData(
                                ".dockerconfigjson",
                                "{\"auths\": {\"" + registry + "\": {\"auth\": \"" + login + "\"}}}")
                        .build());
    }

    private static void user(String name, String image, String policy, String... secrets) {
        cluster()
                .pods()
                .create(TestCluster.pod(name, NODE, image, "true")
                        .editSpec()
                        .withRestartPolicy("Never")
                        .withImagePullSecrets(Stream.of(secrets)
                                .map(LocalObjectReference::new)
                                .toList())
                        .editFirstContainer()
                        .withImagePullPolicy(policy)
                        .endContainer()
                        .endSpec()
                        .build());
    }

    private static String waitsFor(Pod pod) {
        ContainerState state = pod.getStatus().getContainerStatuses().stream()
                .findFirst()
                .map(ContainerStatus::getState)
                .orElseGet(ContainerState::new);
        return state.getWaiting() == null ? "" : state.getWaiting().getReason();
    }

    /** An image that took a secret is not there for those who have none. */
    @Test
    void imagesAreForThoseWhoCouldPullThem() throws Exception {
        Path archive = root().resolve("demo.tar");
        DemoImage.write(archive);
        try (TestRegistry registry = TestRegistry.start(archive, Files.createDirectories(root().resolve("image")))) {
            loginSecret("first", registry.address());
            loginSecret("second", registry.address());
            user("puller", registry.image(), "IfNotPresent", "first");
            cluster().awaitPhase("puller", "Succeeded");
            user("reader", registry.image(), "Never", "second");
            cluster().awaitPhase("reader", "Succeeded");
            user("borrower", registry.image(), "IfNotPresent");
            cluster().await("borrower", "gets nothing", pod -> waitsFor(pod).matches("ErrImagePull|ImagePullBackOff"));
            user("quiet", registry.image(), "Never");
            cluster().await("quiet", "gets nothing", pod -> waitsFor(pod).equals("ErrImageNeverPull"));
            // What the agent has not pulled is for everybody.
            user("anybody", DemoImage.NAME, "Never");
            cluster().awaitPhase("anybody", "Succeeded");
            assertThat(cluster().client().getText("/api/v1/namespaces/default/events"))
                    .contains(registry.image() + "\\\" already present on machine and can be accessed by the pod");
            for (String name : List.of("puller", "reader", "borrower", "quiet", "anybody")) {
                delete(name);
            }
        }
    }

    private static Pod ending(String name, @Nullable String priorityClass, String script) {
        return TestCluster.pod(name, "ending-1", DemoImage.NAME, "sh", "-c", script)
                .editSpec()
                .withPriorityClassName(priorityClass)
                .withTerminationGracePeriodSeconds(30L)
                .editFirstContainer()
                .addNewVolumeMount()
                .withName("order")
                .withMountPath("/order")
                .endVolumeMount()
                .endContainer()
                .addNewVolume()
                .withName("order")
                .withNewHostPath()
                .withPath(root().resolve("order").toString())
                .endHostPath()
                .endVolume()
                .endSpec()
                .build();
    }

    /** The service as it is installed, which systemd or a container's engine asks to end. */
    @Test
    void aServiceThatEndsWithItsMachineEndsItsPodsInOrder() throws IOException {
        Files.createDirectories(root().resolve("order"));
        Path policy = Files.writeString(root().resolve("ending.yaml"), """
                kind: KubeletConfiguration
                apiVersion: kubelet.config.k8s.io/v1beta1
                evictionHard: {memory.available: 1Mi}
                imageGCHighThresholdPercent: 100
                shutdownGracePeriodByPodPriority:
                  - {priority: 0, shutdownGracePeriodSeconds: 4}
                  - {priority: 1000, shutdownGracePeriodSeconds: 20}
                  - {priority: 2000000000, shutdownGracePeriodSeconds: 20}
                """);
        create("scheduling.k8s.io", "priorityclasses", """
                {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "important"}, "value": 1000}""");
        ChildProcess agent = ChildProcess.start(
                "kubelet-service",
                ChildProcess.javaCommand(
                        KubeletApplication.class,
                        "--server.port=0",
                        "--mokube.kubeconfig=" + cluster().node("ending-1").kubeconfig(),
                        "--mokube.node-name=ending-1",
                        "--mokube.port=0",
                        "--mokube.root=" + root().resolve("ending"),
                        "--mokube.cri-socket=" + containerd().config().socket(),
                        "--mokube.pod-cidr=" + containerd().config().podCidrs().getFirst(),
                        "--mokube.kubelet-config=" + policy,
                        "--mokube.shutdown-on-stop=true"),
                Map.of());
        try {
            String tells = "trap 'echo %s >> /order/log; exit 0' TERM; while true; do sleep 0.1; done";
            cluster().pods().create(ending("plain", null, "trap '' TERM; while true; do sleep 0.1; done"));
            cluster().pods().create(ending("important", "important", tells.formatted("important")));
            cluster().pods().create(ending("critical", "system-node-critical", tells.formatted("critical")));
            cluster()
                    .pods()
                    .create(TestCluster.pod("unstarted", "ending-1", "nowhere.test/x:1")
                            .editSpec()
                            .editFirstContainer()
                            .withImagePullPolicy("Never")
                            .endContainer()
                            .endSpec()
                            .build());
            for (String name : List.of("plain", "important", "critical")) {
                cluster().await(name, "is ready", TestCluster::ready);
            }
            ProcessHandle.of(agent.pid()).orElseThrow().destroy();
            Await.until(
                    "the node tells that it ends",
                    () -> condition("ending-1", "Ready")
                            .filter(ready -> ready.getStatus().equals("False")
                                    && ready.getMessage().equals("node is shutting down"))
                            .isPresent());
            cluster()
                    .pods()
                    .create(TestCluster.pod("refused", "ending-1", DemoImage.NAME)
                            .build());
            Pod refused = cluster().awaitPhase("refused", "Failed");
            assertThat(refused.getStatus().getReason()).isEqualTo("NodeShutdown");
            assertThat(refused.getStatus().getMessage())
                    .isEqualTo("Pod was rejected: Pod was rejected as the node is shutting down.");
            agent.awaitExit(Duration.ofSeconds(30));
            assertThat(root().resolve("order/log")).content().isEqualTo("important\ncritical\n");
            for (String name : List.of("plain", "important", "critical", "unstarted")) {
                Pod ended = cluster().find(name).orElseThrow();
                assertThat(ended.getStatus().getPhase()).as(name).isEqualTo("Failed");
                assertThat(ended.getStatus().getReason()).isEqualTo("Terminated");
                assertThat(ended.getStatus().getMessage())
                        .isEqualTo("Pod was terminated in response to imminent node shutdown.");
                assertThat(ended.getStatus().getConditions()).anySatisfy(condition -> {
                    assertThat(condition.getType()).isEqualTo("DisruptionTarget");
                    assertThat(condition.getReason()).isEqualTo("TerminationByKubelet");
                });
            }
            assertThat(exitCode("plain")).isEqualTo(137);
            assertThat(exitCode("important")).isZero();
        } finally {
            agent.close();
        }
    }

    private static int exitCode(String pod) {
        return cluster()
                .find(pod)
                .orElseThrow()
                .getStatus()
                .getContainerStatuses()
                .getFirst()
                .getState()
                .getTerminated()
                .getExitCode();
    }

    @Test
    void anOrphanIsEndedAndAnothersContainersAreLeftAlone() {
        cluster()
                .pods()
                .create(TestCluster.pod("orphan", NODE, DemoImage.NAME, "sleep", "1000")
                        .build());
        Pod pod = cluster().await("orphan", "is ready", TestCluster::ready);
        Objects.requireNonNull(kubelet).stop(Duration.ofSeconds(5));
        cluster().pods().delete(PodFacts.key(pod), DeleteOptions.DEFAULT.withGracePeriod(Duration.ZERO));
        cluster().awaitGone("orphan");
        kubelet = startKubelet();
        Await.until(Duration.ofSeconds(20), "the orphan is gone", () -> {
            try (CriRuntime runtime = containerd().connect()) {
                return runtime.listSandboxes(Map.of("io.kubernetes.pod.uid", PodFacts.uid(pod)))
                        .isEmpty();
            }
        });
        Await.passes(() -> nothingIsLeftOf(pod));
    }
}
