package io.mokube.kubelet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.TestDocker;
import io.mokube.kubelet.runtime.TwoLayers;
import io.mokube.kubelet.runtime.docker.DockerRuntime;
import io.mokube.machinery.object.Json;
import io.mokube.testkit.Await;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** The agent against a real API server, with containers of a real Docker Engine. */
class DockerKubeletTest {

    private static final String NODE = "docker-1";

    @TempDir
    static @Nullable Path folder;

    private static @Nullable TestDocker docker;
    private static @Nullable TestCluster cluster;
    private static @Nullable Kubelet kubelet;

    @BeforeAll
    static void start() {
        docker = TestDocker.start();
        cluster = TestCluster.start(root().resolve("cluster"));
        kubelet = startKubelet();
    }

    private static Path root() {
        return Objects.requireNonNull(folder);
    }

    private static TestDocker docker() {
        return Objects.requireNonNull(docker);
    }

    private static TestCluster cluster() {
        return Objects.requireNonNull(cluster);
    }

    private static Kubelet startKubelet() {
        return startKubelet(() -> docker().connect());
    }

    private static Kubelet startKubelet(Supplier<ContainerRuntime> runtime) {
        return cluster()
                .startKubelet(
                        NODE,
                        runtime,
                        root().resolve("kubelet"),
                        config -> config.withPodCidr(docker().config().podCidr()));
    }

    @AfterAll
    static void stop() {
        if (kubelet != null) {
            kubelet.stop(Duration.ofSeconds(5));
        }
        if (cluster != null) {
            cluster.close();
        }
        if (docker != null) {
            docker.close();
        }
    }

    /** Creates a pod on the node. */
    private static void create(String name, String spec) {
        cluster().pods().create(Json.MAPPER.readValue("""
                        {"metadata": {"name": "%s", "namespace": "default"},
                         "spec": {"nodeName": "%s", "automountServiceAccountToken": false,
                           "terminationGracePeriodSeconds": 5, %s}}""".formatted(name, NODE, spec), Pod.class));
    }

    @Test
    void anImageIsAVolume() throws Exception {
        docker().engine().loadImage(TwoLayers.archive(root()));
        create("tools", """
                "restartPolicy": "Never",
                "volumes": [{"name": "v", "image": {"reference": "mokube/two-layers:1", "pullPolicy": "Never"}}],
                "containers": [{"name": "c", "image": "mokube/demo:1",
                  "volumeMounts": [{"name": "v", "mountPath": "/v"}, {"name": "v", "mountPath": "/bins", "subPath": "bin"}],
                  "command": ["sleep", "1000"]}]""");
        Await.until(
                "the pod runs",
                () -> cluster()
                        .find("tools")
                        .orElseThrow()
                        .getStatus()
                        .getPhase()
                        .equals("Running"));
        assertThat(inside("tools", "cat /v/changed; ls /v/removed /bins/busybox; touch /v/x; /bins/busybox true"))
                .contains("by the upper layer", "/v/removed: No such file", "/bins/busybox\n")
                .contains("/v/x: Read-only file system", "/bins/busybox: Permission denied");
        String uid = PodFacts.uid(cluster().find("tools").orElseThrow());
        assertThat(keepers(uid)).hasSize(1);
        try (DockerRuntime runtime = docker().connect()) {
            assertThatThrownBy(() -> runtime.removeImage(TwoLayers.NAME)).hasMessageContaining("conflict");
        }
        delete("tools");
        assertThat(keepers(uid)).isEmpty();
        assertThat(Files.readString(Path.of("/proc/self/mounts"))).doesNotContain(uid);
        create("absent", """
                "volumes": [{"name": "v", "image": {"reference": "nowhere.test/x:1", "pullPolicy": "Never"}}],
                "containers": [{"name": "c", "image": "mokube/demo:1", "volumeMounts": [{"name": "v", "mountPath": "/v"}]}]""");
        Await.passes(() -> assertThat(
                        cluster().find("absent").orElseThrow().getStatus().getContainerStatuses())
                .singleElement()
                .satisfies(status -> {
                    assertThat(status.getState().getWaiting().getReason()).isEqualTo("ErrImageNeverPull");
                    assertThat(status.getContainerID()).isNull();
                }));
        delete("absent");
    }

    private static String inside(String pod, String script) {
        String id = cluster()
                .find(pod)
                .orElseThrow()
                .getStatus()
                .getContainerStatuses()
                .getFirst()
                .getContainerID()
                .replaceFirst("docker://", "");
        try (DockerRuntime runtime = docker().connect()) {
            return new String(
                    runtime.execSync(id, List.of("sh", "-c", "(" + script + ") 2>&1"), Duration.ofSeconds(10))
                            .stdout(),
                    StandardCharsets.UTF_8);
        }
    }

    /** The containers that never run and keep images for the pod. */
    private static List<String> keepers(String uid) throws Exception {
        Process list = new ProcessBuilder(
                        "docker",
                        "-H",
                        "unix://" + docker().config().socket(),
                        "ps",
                        "-aq",
                        "--filter",
                        "name=image-volume_" + uid)
                .start();
        String output = new String(list.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return output.lines().toList();
    }

    private static void delete(String name) {
        Pod pod = cluster().find(name).orElseThrow();
        cluster().pods().delete(PodFacts.key(pod), DeleteOptions.DEFAULT);
        cluster().awaitGone(name);
        Await.passes(() -> nothingIsLeftOf(PodFacts.uid(pod)));
    }

    private static void nothingIsLeftOf(String uid) {
        try (DockerRuntime runtime = docker().connect()) {
            Map<String, String> labels = Map.of("io.kubernetes.pod.uid", uid);
            assertThat(runtime.listSandboxes(labels)).isEmpty();
            assertThat(runtime.listContainers(labels)).isEmpty();
        }
        assertThat(root().resolve("kubelet/pods/" + uid)).doesNotExist();
        try (Stream<Path> logs = Files.list(root().resolve("kubelet/logs"))) {
            assertThat(logs.filter(path -> path.toString().endsWith(uid))).isEmpty();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static ContainerStatus container(Pod pod, String name) {
        return Stream.of(pod.getStatus().getContainerStatuses(), pod.getStatus().getInitContainerStatuses())
                .flatMap(List::stream)
                .filter(each -> each.getName().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void thePodsContainersShareVolumesAndNetworkOutliveTheAgentAndEndInPeace() throws IOException {
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
        Path lastWords = Files.createDirectory(root().resolve("last-words"));
        create("full", """
                "initContainers": [
                  {"name": "prepare", "image": "mokube/demo:1", "command": ["sh", "-c", "echo init > /shared/made"],
                   "volumeMounts": [{"name": "shared", "mountPath": "/shared"}]},
                  {"name": "sidecar", "image": "mokube/demo:1", "restartPolicy": "Always",
                   "command": ["sh", "-c", "mkdir -p /www; cat /shared/made > /www/made; exec httpd -f -p 7000 -h /www"],
                   "volumeMounts": [{"name": "shared", "mountPath": "/shared", "readOnly": true}]}],
                "containers": [
                  {"name": "web", "image": "mokube/demo:1",
                   "env": [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
                   "command": ["sh", "-c",
                     "trap 'echo ended > /last/words; exit 0' TERM; echo $POD_IP > /shared/address; /bin/serve & wait"],
                   "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
                   "livenessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 1},
                   "volumeMounts": [{"name": "shared", "mountPath": "/shared"}, {"name": "last", "mountPath": "/last"}]},
                  {"name": "client", "image": "mokube/demo:1",
                   "command": ["sh", "-c",
                     "until wget -q -O - http://127.0.0.1:8080/ && wget -q -O - http://127.0.0.1:7000/made; do sleep 0.1; \
                done; echo $(cat /settings/greeting); while [ $(cat /settings/greeting) = hello ]; do sleep 0.1; done; \
                echo $(cat /settings/greeting); exec sleep 1000"],
                   "volumeMounts": [{"name": "settings", "mountPath": "/settings"}]}],
                "volumes": [{"name": "shared", "emptyDir": {}}, {"name": "settings", "configMap": {"name": "settings"}},
                  {"name": "last", "hostPath": {"path": "%s"}}]""".formatted(lastWords));
        Pod before = cluster().await("full", "is ready", TestCluster::ready);
        String address = before.getStatus().getPodIP();
        assertThat(address).startsWith(docker().config().podCidr().replaceFirst("0/24$", ""));
        assertThat(container(before, "web").getContainerID()).startsWith("docker://");
        assertThat(container(before, "web").getImage()).isEqualTo("docker.io/mokube/demo:1");
        assertThat(TestCluster.fetch("http://" + address + ":8080/")).contains("Hello from full");
        Await.passes(() -> assertThat(cluster().log("full", "client", "")).endsWith("init\nhello\n"));
        ConfigMap settings = cluster()
                .client()
                .resource(ConfigMap.class)
                .get("default", "settings")
                .orElseThrow();
        settings.getData().put("greeting", "changed");
        cluster().client().resource(ConfigMap.class).update(settings);
        Await.passes(() -> assertThat(cluster().log("full", "client", "")).endsWith("hello\nchanged\n"));

        Objects.requireNonNull(kubelet).stop(Duration.ofSeconds(5));
        kubelet = startKubelet();
        Await.until(
                "the agent sees the pod ready again",
                () -> TestCluster.ready(cluster().find("full").orElseThrow()));
        Pod after = cluster().find("full").orElseThrow();
        assertThat(after.getStatus().getPodIP()).isEqualTo(address);
        for (String name : List.of("web", "client", "sidecar")) {
            assertThat(container(after, name).getContainerID())
                    .isEqualTo(container(before, name).getContainerID());
            assertThat(container(after, name).getRestartCount()).isZero();
        }
        delete("full");
        assertThat(lastWords.resolve("words")).hasContent("ended\n");
    }

    @Test
    void aContainerThatFailsIsRestartedAndItsLogsStay() {
        create("victim", """
                "volumes": [{"name": "count", "emptyDir": {}}],
                "containers": [{"name": "main", "image": "mokube/demo:1",
                  "command": ["sh", "-c",
                    "echo x >> /count/n; n=$(wc -l < /count/n); echo out $n; echo err $n >&2; \
                [ $n -gt 1 ] || exit 3; exec sleep 1000"],
                  "volumeMounts": [{"name": "count", "mountPath": "/count"}]}]""");
        Pod pod = cluster()
                .await(
                        "victim",
                        "runs again",
                        found -> TestCluster.ready(found)
                                && container(found, "main").getRestartCount() == 1);
        assertThat(container(pod, "main").getLastState().getTerminated().getExitCode())
                .isEqualTo(3);
        assertThat(cluster().log("victim", "main", "&previous=true").lines())
                .containsExactlyInAnyOrder("out 1", "err 1");
        Await.passes(() ->
                assertThat(cluster().log("victim", "main", "").lines()).containsExactlyInAnyOrder("out 2", "err 2"));
        assertThat(cluster().log("victim", "main", "&tailLines=1&timestamps=true"))
                .matches("20[0-9T:.-]+Z (out|err) 2\n");
        assertThat(cluster().log("victim", "main", "&limitBytes=3")).hasSize(3);
        assertThat(cluster().log("victim", "main", "&sinceTime=2999-01-01T00:00:00Z"))
                .isEmpty();
        delete("victim");
    }

    @Test
    void aFailedLivenessProbeKillsTheContainer() {
        create("unwell", """
                "containers": [{"name": "main", "image": "mokube/demo:1", "command": ["sleep", "1000"],
                  "livenessProbe": {"exec": {"command": ["sh", "-c", "exit 1"]}, "periodSeconds": 1,
                    "failureThreshold": 1, "terminationGracePeriodSeconds": 1}}]""");
        Pod pod = cluster()
                .await(
                        "unwell",
                        "was restarted",
                        found -> found.getStatus() != null
                                && !found.getStatus().getContainerStatuses().isEmpty()
                                && container(found, "main").getRestartCount() > 0);
        assertThat(container(pod, "main").getLastState().getTerminated().getExitCode())
                .isIn(137, 143);
        delete("unwell");
    }

    @Test
    void aPodThatIsNotRestartedFailsWithItsLastLogLines() {
        create("batch", """
                "restartPolicy": "Never",
                "containers": [
                  {"name": "good", "image": "mokube/demo:1", "command": ["true"]},
                  {"name": "bad", "image": "mokube/demo:1", "terminationMessagePolicy": "FallbackToLogsOnError",
                   "command": ["sh", "-c", "echo what went wrong; exit 7"]}]""");
        Pod pod = cluster().awaitPhase("batch", "Failed");
        var end = container(pod, "bad").getState().getTerminated();
        assertThat(end.getExitCode()).isEqualTo(7);
        assertThat(end.getMessage()).isEqualTo("what went wrong\n");
        assertThat(container(pod, "good").getState().getTerminated().getReason())
                .isEqualTo("Completed");
        delete("batch");
    }

    @Test
    void podsRunAgainAfterACrashOfTheEngineOrOnWithLiveRestore() {
        create("survivor", """
                "containers": [{"name": "main", "image": "mokube/demo:1"}]""");
        Pod before = cluster().await("survivor", "is ready", TestCluster::ready);
        docker().daemon().kill();
        docker().daemon().startAgain();
        Pod after = cluster()
                .await(
                        "survivor",
                        "runs again",
                        found -> TestCluster.ready(found)
                                && !container(found, "main")
                                        .getContainerID()
                                        .equals(container(before, "main").getContainerID()));
        assertThat(container(after, "main").getRestartCount()).isEqualTo(1);
        Await.passes(
                () -> assertThat(TestCluster.fetch("http://" + after.getStatus().getPodIP() + ":8080/"))
                        .contains("Hello from survivor"));

        docker().daemon().kill();
        docker().daemon().startAgain("--live-restore");
        // What the agent does for another pod shows that it sees the engine again.
        create("newcomer", """
                "containers": [{"name": "main", "image": "mokube/demo:1"}]""");
        cluster().await("newcomer", "is ready", TestCluster::ready);
        Pod onward = cluster().await("survivor", "is ready", TestCluster::ready);
        assertThat(container(onward, "main").getContainerID())
                .isEqualTo(container(after, "main").getContainerID());
        assertThat(container(onward, "main").getRestartCount()).isEqualTo(1);
        delete("newcomer");
        delete("survivor");
    }

    /** As for an agent that starts in the moment in which the engine is killed. */
    @Test
    void anEngineThatDiesOnceItHasAnsweredIsWaitedFor() throws InterruptedException {
        Objects.requireNonNull(kubelet).stop(Duration.ofSeconds(5));
        Thread again = Thread.ofVirtual().unstarted(() -> docker().daemon().startAgain("--live-restore"));
        AtomicBoolean answered = new AtomicBoolean();
        kubelet = startKubelet(() -> {
            ContainerRuntime runtime = docker().connect();
            return (ContainerRuntime) Proxy.newProxyInstance(
                    ContainerRuntime.class.getClassLoader(),
                    new Class<?>[] {ContainerRuntime.class},
                    (proxy, method, arguments) -> {
                        try {
                            return method.invoke(runtime, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        } finally {
                            if (method.getName().equals("version") && answered.compareAndSet(false, true)) {
                                docker().daemon().kill();
                                again.start();
                            }
                        }
                    });
        });
        again.join();
        create("patient", """
                "containers": [{"name": "main", "image": "mokube/demo:1"}]""");
        cluster().await("patient", "is ready", TestCluster::ready);
        delete("patient");
    }

    /**
     * An engine that is killed after it has started a container, and before it has noted that, takes the container for one that
     * never began: here its note is taken back while it is down.
     */
    @Test
    void aContainerWhoseStartTheEngineHasForgottenEndsBeforeTheNextBegins() throws IOException {
        create("forgotten", """
                "containers": [{"name": "main", "image": "mokube/demo:1",
                  "command": ["sleep", "1000"]}]""");
        Pod before = cluster().await("forgotten", "is ready", TestCluster::ready);
        String id = container(before, "main").getContainerID().replaceFirst("docker://", "");
        assertThat(processesOf(id)).hasSize(1);
        docker().daemon().kill();
        Path note = Objects.requireNonNull(docker().config().socket().getParent())
                .resolve("data/containers")
                .resolve(id)
                .resolve("config.v2.json");
        ObjectNode content = (ObjectNode) Json.MAPPER.readTree(Files.readAllBytes(note));
        ObjectNode state = (ObjectNode) content.get("State");
        state.put("Running", false).put("Pid", 0).put("StartedAt", "0001-01-01T00:00:00Z");
        Files.write(note, Json.MAPPER.writeValueAsBytes(content));
        assertThat(processesOf(id)).hasSize(1);
        docker().daemon().startAgain("--live-restore");
        Pod after = cluster()
                .await(
                        "forgotten",
                        "runs again",
                        found -> TestCluster.ready(found)
                                && !container(found, "main").getContainerID().endsWith(id));
        assertThat(processesOf(id)).isEmpty();
        assertThat(container(after, "main").getRestartCount()).isEqualTo(1);
        delete("forgotten");
    }

    /** Those in the container's control groups. */
    private static List<Long> processesOf(String id) {
        return ProcessHandle.allProcesses()
                .filter(process -> {
                    try {
                        return Files.readString(Path.of("/proc", Long.toString(process.pid()), "cgroup"))
                                .contains(id);
                    } catch (IOException e) {
                        return false;
                    }
                })
                .map(ProcessHandle::pid)
                .toList();
    }
}
