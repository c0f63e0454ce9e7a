package io.mokube.kubelet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.PatchKind;
import io.mokube.kubelet.devices.DeviceDrivers;
import io.mokube.kubelet.devices.TestDeviceDriver;
import io.mokube.kubelet.plugin.TestPlugin;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.runtime.ContainerConfig;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.TestContainerd;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.testkit.Await;
import io.mokube.testkit.Needs;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices of a driver, from its registration to the last call; the containers are real. */
class DevicesKubeletTest {

    private static final String NODE = "devices-1";
    private static final String DRIVER = "test.dev";

    @TempDir
    static @Nullable Path folder;

    private static @Nullable TestContainerd containerd;
    private static @Nullable TestCluster cluster;
    private static @Nullable Kubelet kubelet;
    private static @Nullable TestPlugin plugin;
    private static final TestDeviceDriver driver = new TestDeviceDriver();

    /** What the runtime was told about devices, by pod and container. */
    private static final Map<String, List<String>> given = new ConcurrentHashMap<>();

    @BeforeAll
    static void start() {
        ContainerdLauncher.missing().ifPresent(missing -> Needs.part(missing, false));
        containerd = TestContainerd.start();
        cluster = TestCluster.start(root().resolve("cluster"));
        startKubelet();
        plugin = new TestPlugin(agentFolder(), DeviceDrivers.TYPE, DRIVER, "v1.DRAPlugin", driver);
        awaitRegistration(0);
    }

    private static void startKubelet() {
        kubelet = cluster()
                .startKubelet(
                        NODE,
                        () -> listening(Objects.requireNonNull(containerd).connect()),
                        agentFolder(),
                        config -> config.withPodCidr(Objects.requireNonNull(containerd)
                                .config()
                                .podCidrs()
                                .getFirst()));
    }

    /** The runtime, whose containers' devices are noted: containerd 1.6 knows nothing of CDI and can't show them. */
    private static ContainerRuntime listening(ContainerRuntime runtime) {
        return (ContainerRuntime) Proxy.newProxyInstance(
                DevicesKubeletTest.class.getClassLoader(),
                new Class<?>[] {ContainerRuntime.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("createContainer")) {
                        ContainerConfig config = (ContainerConfig) arguments[1];
                        given.put(config.name(), config.cdiDevices());
                    }
                    try {
                        return method.invoke(runtime, arguments);
                    } catch (InvocationTargetException e) {
                        throw Objects.requireNonNull(e.getCause());
                    }
                });
    }

    private static void awaitRegistration(int answers) {
        Await.passes(() -> assertThat(Objects.requireNonNull(plugin).answers())
                .hasSizeGreaterThan(answers)
                .last()
                .satisfies(status -> assertThat(status.getPluginRegistered())
                        .as(status.getError())
                        .isTrue()));
    }

    @AfterAll
    static void stop() {
        if (kubelet != null) {
            kubelet.stop(Duration.ofSeconds(5));
        }
        if (plugin != null) {
            plugin.close();
        }
        if (cluster != null) {
            cluster.close();
        }
        if (containerd != null) {
            containerd.close();
        }
    }

    private static Path root() {
        return Objects.requireNonNull(folder);
    }

    private static Path agentFolder() {
        return root().resolve("kubelet");
    }

    private static TestCluster cluster() {
        return Objects.requireNonNull(cluster);
    }

    private static Pod pod(String name) {
        return cluster()
                .client()
                .resource(Pod.class)
                .create(Json.MAPPER.readValue("""
                {"metadata": {"name": "%1$s", "namespace": "default"},
                 "spec": {"nodeName": "%2$s", "automountServiceAccountToken": false, "terminationGracePeriodSeconds": 1,
                   "resourceClaims": [{"name": "cards", "resourceClaimName": "shared"}],
                   "containers": [
                     {"name": "%1$s-all", "image": "mokube/demo:1", "resources": {"claims": [{"name": "cards"}]}},
                     {"name": "%1$s-one", "image": "mokube/demo:1", "command": ["sleep", "1000"],
                      "resources": {"claims": [{"name": "cards", "request": "slow"}]}},
                     {"name": "%1$s-none", "image": "mokube/demo:1", "command": ["sleep", "1000"]}]}}""".formatted(name, NODE), Pod.class));
    }

    private static void status(String json) {
        cluster()
                .client()
                .resource(ResourceClaim.class)
                .patch(new ObjectKey("default", "shared"), PatchKind.MERGE, Json.MAPPER.readTree(json), "status");
    }

    private static String user(Pod pod) {
        return "{\"resource\": \"pods\", \"name\": \"%s\", \"uid\": \"%s\"}"
                .formatted(pod.getMetadata().getName(), PodFacts.uid(pod));
    }

    private static void awaitEvent(String words) {
        Await.passes(
                Duration.ofSeconds(30),
                () -> assertThat(cluster().client().getText("/api/v1/namespaces/default/events"))
                        .contains("FailedPrepareDynamicResources")
                        .contains(words));
    }

    private static void delete(Pod pod) {
        cluster().pods().delete(PodFacts.key(pod), DeleteOptions.DEFAULT);
        cluster().awaitGone(pod.getMetadata().getName());
    }

    @Test
    void aClaimIsPreparedOnceGivenToContainersAndTakenBackByTheNextAgent() throws IOException {
        cluster().client().resource(ResourceClaim.class).create(Json.MAPPER.readValue("""
                {"metadata": {"name": "shared", "namespace": "default"}, "spec": {"devices": {"requests": [
                  {"name": "fast", "exactly": {"deviceClassName": "cards"}},
                  {"name": "slow", "exactly": {"deviceClassName": "cards"}}]}}}""", ResourceClaim.class));
        Pod one = pod("one");
        awaitEvent("is not allowed to use ResourceClaim shared");
        driver.broken = "the card is hot";
        status("""
                {"status": {"reservedFor": [%s], "allocation": {"devices": {"results": [
                  {"request": "fast", "driver": "test.dev", "pool": "pool", "device": "fast"},
                  {"request": "slow", "driver": "test.dev", "pool": "pool", "device": "slow"}]}}}}""".formatted(user(one)));
        awaitEvent("NodePrepareResources failed for ResourceClaim shared: the card is hot");
        assertThat(given).isEmpty();
        driver.broken = "";
        cluster().await("one", "is ready", TestCluster::ready);
        assertThat(driver.prepared).singleElement().satisfies(claim -> {
            assertThat(claim.getName()).isEqualTo("shared");
            assertThat(claim.getNamespace()).isEqualTo("default");
        });
        assertThat(given)
                .containsEntry("one-all", List.of("test.dev/card=shared-fast", "test.dev/card=shared-slow"))
                .containsEntry("one-one", List.of("test.dev/card=shared-slow"))
                .containsEntry("one-none", List.of());

        Objects.requireNonNull(kubelet).stop(Duration.ofSeconds(5));
        Path noted = agentFolder().resolve("dra_manager_state");
        byte[] whole = Files.readAllBytes(noted);
        Files.write(noted, Arrays.copyOf(whole, whole.length / 2));
        assertThatThrownBy(DevicesKubeletTest::startKubelet)
                .hasMessageContaining(
                        "which devices are prepared for pods is not known: can't read the checkpoint " + noted);
        Files.write(noted, whole);
        int answers = Objects.requireNonNull(plugin).answers().size();
        startKubelet();
        awaitRegistration(answers);
        Pod two = pod("two");
        status("{\"status\": {\"reservedFor\": [%s, %s]}}".formatted(user(one), user(two)));
        cluster().await("two", "is ready", TestCluster::ready);
        assertThat(given).containsEntry("two-one", List.of("test.dev/card=shared-slow"));
        assertThat(driver.prepared).hasSize(1);
        delete(one);
        assertThat(driver.unprepared).isEmpty();

        // While the driver has not taken it back the pod has not ended, though nothing runs.
        driver.keeps = "the card is in use";
        cluster()
                .pods()
                .patch(
                        PodFacts.key(two),
                        PatchKind.STRATEGIC,
                        Json.MAPPER.readTree("{\"spec\": {\"activeDeadlineSeconds\": 1}}"));
        Pod held = cluster()
                .await(
                        "two",
                        "runs no more",
                        pod -> pod.getStatus().getContainerStatuses().stream()
                                .allMatch(container -> container.getState().getTerminated() != null));
        assertThat(held.getStatus().getPhase()).isEqualTo("Running");
        Await.until("the driver was asked", () -> driver.refusals.get() > 1);
        assertThat(cluster().find("two").orElseThrow().getStatus().getPhase()).isEqualTo("Running");
        driver.keeps = "";
        Pod ended = cluster().awaitPhase("two", "Failed");
        assertThat(ended.getStatus().getReason()).isEqualTo("DeadlineExceeded");
        assertThat(driver.unprepared).isEqualTo(driver.prepared);
        assertThat(agentFolder().resolve("dra_manager_state")).content().doesNotContain("shared");
        delete(two);
        assertThat(driver.unprepared).hasSize(1);
    }
}
