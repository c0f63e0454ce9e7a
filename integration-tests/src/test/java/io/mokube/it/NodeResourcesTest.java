package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.testkit.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that looks after itself, with real containers: evictions, and pods from files. */
class NodeResourcesTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** All pods together may have so much; a quarter of it is kept free by eviction. */
    private static final long POD_MEBIBYTES = 400;

    @TempDir
    private static Path folder;

    private static UpCluster cluster;

    @BeforeAll
    static void up() throws IOException {
        Path manifests = Files.createDirectory(folder.resolve("manifests"));
        Path config = Files.writeString(
                folder.resolve("kubelet.yaml"), """
                kind: KubeletConfiguration
                apiVersion: kubelet.config.k8s.io/v1beta1
                systemReserved: {memory: %dKi}
                evictionHard: {memory.available: 100Mi}
                evictionPressureTransitionPeriod: 1s
                imageGCHighThresholdPercent: 100
                staticPodPath: %s
                """.formatted(memoryKibibytes() - POD_MEBIBYTES * 1024, manifests));
        cluster = UpCluster.start(1, "--kubelet-config=" + config);
    }

    private static long memoryKibibytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/meminfo")).stream()
                .filter(line -> line.startsWith("MemTotal:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElseThrow();
    }

    @AfterAll
    static void down() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void podsThatTakeTooMuchAreEvicted() {
        ok("run", "modest", "--image=mokube/demo:1");
        cluster.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: volume}
                spec:
                  containers:
                    - name: c
                      image: mokube/demo:1
                      command: [sh, -c, "dd if=/dev/zero of=/data/x bs=1M count=8; exec sleep 1000"]
                      volumeMounts: [{name: data, mountPath: /data}]
                  volumes: [{name: data, emptyDir: {sizeLimit: 5Mi}}]
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: layer}
                spec:
                  containers:
                    - name: c
                      image: mokube/demo:1
                      command: [sh, -c, "dd if=/dev/zero of=/x bs=1M count=8; exec sleep 1000"]
                      resources: {limits: {ephemeral-storage: 5Mi}}
                """);
        ended("volume", "Evicted", "Usage of EmptyDir volume \"data\" exceeds the limit \"5Mi\". ");
        ended("layer", "Evicted", "Pod ephemeral local storage usage exceeds the total limit of containers 5Mi. ");

        cluster.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: hog}
                spec:
                  containers:
                    - name: c
                      image: mokube/demo:1
                      command: [dd, if=/dev/zero, of=/dev/null, bs=330M, count=1000000]
                      resources: {requests: {memory: 1Mi}, limits: {cpu: 200m}}
                """);
        Await.passes(
                PATIENCE,
                () -> assertThat(status("hog"))
                        .startsWith(
                                "Failed Evicted The node was low on resource: memory. Threshold quantity: 100Mi, available: ")
                        .contains("Container c was using ", ", request is 1Mi, has larger consumption of memory. "));
        assertThat(ok("get", "pod", "hog", "-o", "jsonpath={.status.conditions[?(@.type=='DisruptionTarget')].reason}"))
                .isEqualTo("TerminationByKubelet");
        assertThat(status("modest")).startsWith("Running");
        assertThat(ok("get", "events", "--field-selector=reason=Evicted"))
                .contains("pod/hog", "pod/volume", "pod/layer");
        ok("delete", "pod", "hog", "volume", "layer", "modest", "--wait=false");
    }

    @Test
    void filesOfTheNodeAreStaticPods() throws IOException {
        Path file = folder.resolve("manifests/keeper.yaml");
        String manifest = """
                apiVersion: v1
                kind: Pod
                metadata: {name: keeper, labels: {version: "%s"}}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers: [{name: c, image: "mokube/demo:1"}]
                """;
        Files.writeString(file, manifest.formatted("one"));
        awaitKeeper("one");
        assertThat(
                        ok(
                                "get",
                                "pod",
                                "keeper-node-1",
                                "-o",
                                "jsonpath={.metadata.ownerReferences[0].kind} {.metadata.annotations.kubernetes\\.io/config\\.source}"))
                .isEqualTo("Node file");
        String container = keeper("{.status.containerStatuses[0].containerID}");
        String uid = keeper("{.metadata.uid}");
        assertThat(ok("exec", "keeper-node-1", "--", "hostname")).isEqualTo("keeper-node-1\n");

        // Who deletes the mirror deletes no container.
        ok("delete", "pod", "keeper-node-1", "--wait=false");
        Await.passes(PATIENCE, () -> {
            assertThat(keeper("{.metadata.uid}")).isNotEqualTo(uid);
            assertThat(keeper("{.status.containerStatuses[0].containerID}")).isEqualTo(container);
        });

        Files.writeString(file, manifest.formatted("two"));
        awaitKeeper("two");
        assertThat(keeper("{.status.containerStatuses[0].containerID}")).isNotEqualTo(container);
        Files.delete(file);
        Await.passes(
                PATIENCE,
                () -> assertThat(ok("get", "pods", "keeper-node-1", "--ignore-not-found", "-o", "name"))
                        .isEmpty());
    }

    private static void awaitKeeper(String version) {
        Await.passes(
                PATIENCE,
                () -> assertThat(keeper("{.metadata.labels.version} {.status.phase}"))
                        .isEqualTo(version + " Running"));
    }

    private static String keeper(String path) {
        return ok("get", "pod", "keeper-node-1", "--ignore-not-found", "-o", "jsonpath=" + path);
    }

    private static void ended(String pod, String reason, String message) {
        Await.passes(PATIENCE, () -> assertThat(status(pod)).isEqualTo("Failed " + reason + " " + message));
    }

    private static String status(String pod) {
        return ok("get", "pod", pod, "-o", "jsonpath={.status.phase} {.status.reason} {.status.message}");
    }

    private static String ok(String... arguments) {
        return Kubectl.any().ok(cluster.kubeconfig(), arguments);
    }
}
