package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.kubelet.runtime.ContainerSummary;
import io.mokube.kubelet.runtime.cri.CriRuntime;
import io.mokube.kubelet.runtime.cri.ImageArchive;
import io.mokube.standalone.cluster.ClusterFolder;
import io.mokube.testkit.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * A node whose disks are full, with real containers. The agent's folder and the runtime's are small file systems of their own
 * in memory, so that the machine's disk does not matter. All pods are there from the start, since a node under pressure takes
 * no more; each fills what it fills when it is told to.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class NodeDisksTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final String PODS = """
            apiVersion: v1
            kind: Pod
            metadata: {name: modest}
            spec:
              terminationGracePeriodSeconds: 1
              containers:
                - name: c
                  image: mokube/demo:1
                  command: [sh, -c, "dd if=/dev/zero of=/data/x bs=1M count=40; touch /ready; exec sleep 1000"]
                  resources: {requests: {ephemeral-storage: 60Mi}}
                  readinessProbe: {exec: {command: [test, -f, /ready]}, periodSeconds: 1}
                  volumeMounts: [{name: data, mountPath: /data}]
              volumes: [{name: data, emptyDir: {}}]
            """;

    /** A pod that waits for a word before it takes storage, and for another before it ends. */
    private static final String TAKER = """
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: %s}
            spec:
              terminationGracePeriodSeconds: 1
              restartPolicy: %s
              containers:
                - name: c
                  image: mokube/demo:1
                  command: [sh, -c, "until [ -f /go ]; do sleep 0.1; done; %s; touch /done; until [ -f /end ]; do sleep 0.1; done"]
                  resources: {requests: {ephemeral-storage: %s}}
                  volumeMounts: [{name: data, mountPath: /data}]
              volumes: [{name: data, emptyDir: {}}]
            """;

    private static final String UNUSED = "docker.io/mokube/unused:1";

    private static final String END = "jsonpath={.status.containerStatuses[0].state.terminated.reason}";

    @TempDir
    private static Path folder;

    private static Path agentDisk;
    private static Path imageDisk;
    private static UpCluster cluster;

    @BeforeAll
    static void up() throws IOException {
        Path config = Files.writeString(folder.resolve("kubelet.yaml"), """
                kind: KubeletConfiguration
                apiVersion: kubelet.config.k8s.io/v1beta1
                evictionHard: {nodefs.available: 32Mi, nodefs.inodesFree: "1000", imagefs.available: 64Mi}
                evictionPressureTransitionPeriod: 8s
                imageGCHighThresholdPercent: 100
                """);
        cluster = UpCluster.start(1, "--kubelet-config=" + config);
        // A cluster is made in an empty folder: the disks are put into it while it is down, and its nodes begin anew on
        // them.
        MokubeCommand.ok(cluster.data(), "down");
        ClusterFolder layout = new ClusterFolder(cluster.data());
        agentDisk = disk(layout.kubelet("node-1"), "size=96m,nr_inodes=6000");
        imageDisk = disk(layout.node("node-1").resolve("containerd"), "size=256m");
        cluster.up();
        MokubeCommand.ok(cluster.data(), "image", "demo");
        Path unused = folder.resolve("unused.tar");
        ImageArchive.busybox(List.of("true"), Map.of("/unused", new byte[1])).write(UNUSED, unused);
        MokubeCommand.ok(cluster.data(), "image", "load", unused.toString());
        cluster.apply(PODS
                + TAKER.formatted("hog", "Always", "dd if=/dev/zero of=/data/x bs=1M count=30", 0)
                // More than the hog, on the other disk.
                + TAKER.formatted("layer", "Never", "dd if=/dev/zero of=/x bs=1M count=60", 0)
                + TAKER.formatted("few", "Always", "for i in $(seq 500); do : > /data/$i; done", "1Mi")
                + TAKER.formatted("many", "Always", "for i in $(seq 4500); do : > /data/$i; done", 0)
                + TAKER.formatted("writer", "Always", "dd if=/dev/zero of=/x bs=1M count=130", 0));
        ok("wait", "--for=condition=Ready", "pod", "--all", "--timeout=60s");
    }

    private static Path disk(Path where, String options) throws IOException {
        Files.createDirectories(where);
        host("mount", "-t", "tmpfs", "-o", options, "tmpfs", where.toString()).orFail();
        return where;
    }

    private static Commands.Result host(String... command) {
        return Commands.run(List.of(command), Map.of(), Duration.ofSeconds(10));
    }

    @AfterAll
    static void down() {
        if (cluster != null) {
            MokubeCommand.ok(cluster.data(), "down");
        }
        for (Path disk : new Path[] {agentDisk, imageDisk}) {
            if (disk != null) {
                // `down` unmounts what is left below the agent's folder.
                host("umount", disk.toString());
            }
        }
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    @Order(1)
    void whoTakesMoreThanItAskedForGoesFirst() {
        go("layer");
        hasTaken("layer");
        go("hog");
        evicted("hog", "The node was low on resource: ephemeral-storage. Threshold quantity: 32Mi, available: ");
        assertThat(status("hog")).contains("Container c was using ", ", request is 0, has larger consumption of");
        assertThat(condition()).startsWith("True KubeletHasDiskPressure kubelet has disk pressure");
        cluster.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: late}
                spec:
                  nodeName: node-1
                  containers: [{name: c, image: "mokube/demo:1"}]
                """);
        Await.passes(
                PATIENCE,
                () -> assertThat(status("late"))
                        .isEqualTo("Failed Evicted Pod was rejected: The node had condition: [DiskPressure]. "));
        Await.passes(PATIENCE, () -> assertThat(taints()).isEqualTo("node.kubernetes.io/disk-pressure:NoSchedule "));
        assertThat(ok("get", "events", "--field-selector=reason=EvictionThresholdMet"))
                .contains("Attempting to reclaim ephemeral-storage");
        assertThat(images()).as("an image is on another disk").contains(UNUSED);
    }

    @Test
    @Order(2)
    void whoHasMostFilesGoesWhenNoMoreCanBeMade() {
        go("few");
        hasTaken("few");
        go("many");
        evicted("many", "The node was low on resource: inodes. Threshold quantity: 1k, available: ");
    }

    @Test
    @Order(3)
    void whatNobodyNeedsGoesBeforePodsDo() {
        ok("exec", "layer", "--", "touch", "/end");
        Await.passes(PATIENCE, () -> assertThat(status("layer")).startsWith("Succeeded"));
        assertThat(containers()).contains("layer");
        go("writer");
        Await.passes(PATIENCE, () -> assertThat(images()).doesNotContain(UNUSED));
        Await.passes(PATIENCE, () -> assertThat(containers()).containsExactlyInAnyOrder("modest", "few", "writer"));
        assertThat(ok("get", "pod", "layer", "-o", END))
                .as("how a pod ended is not forgotten")
                .isEqualTo("Completed");
        // It would have gone by the next look if this were not enough.
        Await.passes(PATIENCE, () -> assertThat(condition()).startsWith("False"));
        assertThat(status("writer")).startsWith("Running");
    }

    @Test
    @Order(4)
    void whoWritesToTheDiskOfImagesGoesWhenThatIsFull() {
        ok("exec", "writer", "--", "dd", "if=/dev/zero", "of=/y", "bs=1M", "count=80");
        evicted("writer", "The node was low on resource: ephemeral-storage. Threshold quantity: 64Mi, available: ");
        // Only when its container is gone there is room again.
        Await.passes(PATIENCE, () -> assertThat(containers()).containsExactlyInAnyOrder("modest", "few"));
    }

    @Test
    @Order(5)
    void thenAllIsWellAgain() {
        Await.passes(
                PATIENCE,
                () -> assertThat(condition()).isEqualTo("False KubeletHasNoDiskPressure kubelet has no disk pressure"));
        Await.passes(PATIENCE, () -> assertThat(taints()).isEmpty());
        ok("run", "next", "--image=mokube/demo:1");
        ok("wait", "--for=condition=Ready", "pod/next", "--timeout=30s");
        assertThat(ok("get", "pods", "--field-selector=status.phase=Running", "-o", "name")
                        .lines())
                .containsExactlyInAnyOrder("pod/modest", "pod/few", "pod/next");
        assertThat(ok(
                        "get",
                        "pods",
                        "modest",
                        "few",
                        "-o",
                        "jsonpath={.items[*].status.containerStatuses[0].restartCount}"))
                .isEqualTo("0 0");
    }

    private static String taints() {
        return ok("get", "node", "node-1", "-o", "jsonpath={range .spec.taints[*]}{.key}:{.effect} {end}");
    }

    /** The names of the images that the node has. */
    private static List<String> images() {
        try (CriRuntime runtime = runtime()) {
            return runtime.listImages().stream()
                    .flatMap(image -> image.tags().stream())
                    .toList();
        }
    }

    /** The pods of which the runtime has containers, whether or not they run. */
    private static List<String> containers() {
        try (CriRuntime runtime = runtime()) {
            return runtime.listContainers(Map.of()).stream()
                    .map(ContainerSummary::labels)
                    .filter(labels -> "default".equals(labels.get("io.kubernetes.pod.namespace")))
                    .map(labels -> labels.get("io.kubernetes.pod.name"))
                    .toList();
        }
    }

    private static CriRuntime runtime() {
        return new CriRuntime(
                new ClusterFolder(cluster.data()).containerdSockets().getFirst());
    }

    private static void go(String pod) {
        ok("exec", pod, "--", "touch", "/go");
    }

    private static void hasTaken(String pod) {
        ok("exec", pod, "--", "sh", "-c", "until [ -f /done ]; do sleep 0.1; done");
    }

    private static void evicted(String pod, String message) {
        Await.passes(PATIENCE, () -> assertThat(status(pod)).startsWith("Failed Evicted " + message));
        assertThat(ok("get", "pods", "--field-selector=status.phase=Running", "-o", "name"))
                .as("the others run")
                .contains("pod/modest", "pod/few");
    }

    private static String condition() {
        return ok(
                "get",
                "node",
                "node-1",
                "-o",
                "jsonpath={range .status.conditions[?(@.type=='DiskPressure')]}{.status} {.reason} {.message}{end}");
    }

    private static String status(String pod) {
        return ok("get", "pod", pod, "-o", "jsonpath={.status.phase} {.status.reason} {.status.message}");
    }

    private static String ok(String... arguments) {
        return Kubectl.any().ok(cluster.kubeconfig(), arguments);
    }
}
