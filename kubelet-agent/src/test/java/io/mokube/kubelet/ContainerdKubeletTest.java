package io.mokube.kubelet;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.runtime.TestContainerd;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.kubelet.runtime.cri.CriRuntime;
import io.mokube.kubelet.runtime.cri.DemoImage;
import io.mokube.pki.Pem;
import io.mokube.testkit.Await;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
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
