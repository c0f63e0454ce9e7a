package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.object.Json;
import io.mokube.testkit.Await;
import io.mokube.testkit.DockerDaemon;
import io.mokube.testkit.Needs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Two nodes on one Docker Engine, made by {@code ./mokube up --runtime docker}. */
class DockerNodesTest {

    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** One pod on each node. */
    private static final String PAIR = """
            {"apiVersion": "v1", "kind": "List", "items": [
              {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pair-1"}, "spec": {"nodeName": "node-1",
                "containers": [{"name": "web", "image": "mokube/demo:1"}]}},
              {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pair-2"}, "spec": {"nodeName": "node-2",
                "containers": [{"name": "web", "image": "mokube/demo:1"}]}}]}""";

    @TempDir
    private static Path folder;

    private static DockerDaemon docker;
    private static UpCluster cluster;

    @BeforeAll
    static void up() {
        Needs.part("dockerd", DockerDaemon.installed());
        docker = DockerDaemon.start();
        cluster = UpCluster.start(2, docker.environment(), "--runtime=docker");
    }

    /** What runs after the last test: nothing of a cluster that is down is left on the engine. */
    @AfterAll
    static void down() {
        try (DockerDaemon daemon = docker) {
            if (cluster != null) {
                cluster.close();
                assertThat(docker("ps", "--all", "--quiet")).isEmpty();
                assertThat(docker("network", "ls", "--filter", "driver=bridge", "--quiet"))
                        .isEmpty();
            }
        }
    }

    private static String docker(String... arguments) {
        List<String> command = new ArrayList<>(List.of("docker"));
        command.addAll(List.of(arguments));
        return Commands.run(command, docker.environment(), PATIENCE).orFail();
    }

    private static String ok(String... arguments) {
        return Kubectl.any().ok(cluster.kubeconfig(), arguments);
    }

    @Test
    void runsADeployment() {
        new KubectlTour(Kubectl.of("1.33"), cluster).run();
    }

    @Test
    void podsReachEachOtherAcrossNodesAndOutliveTheCluster() throws Exception {
        Path manifest = folder.resolve("pair.json");
        Files.writeString(manifest, PAIR);
        ok("create", "-f", manifest.toString());
        ok("wait", "--for=condition=Ready", "pod/pair-1", "pod/pair-2", "--timeout=60s");
        String address = ok("get", "pod", "pair-2", "-o", "jsonpath={.status.podIP}");
        assertThat(ok("exec", "pair-1", "--", "wget", "-q", "-O", "-", "http://" + address + ":8080/"))
                .contains("Hello from pair-2");
        assertThat(ok("logs", "pair-1")).isEqualTo("pair-1 serves on port 8080\n");
        Commands.Result failed = Kubectl.any()
                .run(cluster.kubeconfig(), "exec", "pair-1", "--", "sh", "-c", "echo out; echo err >&2; exit 7");
        assertThat(failed.code()).isEqualTo(7);
        assertThat(failed.output()).isEqualTo("out\n");
        assertThat(failed.errors()).startsWith("err\n");
        assertThat(ok("get", "nodes", "-o", "wide")).contains("docker://");

        Map<String, String> before = containers();
        cluster.kill();
        assertThat(docker("ps", "--quiet").lines()).hasSize(4);
        cluster.up();
        Await.passes(
                PATIENCE,
                () -> assertThat(ok("get", "pods", "--no-headers"))
                        .containsPattern("pair-1 +1/1 +Running +0 ")
                        .containsPattern("pair-2 +1/1 +Running +0 "));
        assertThat(containers()).isEqualTo(before);
        ok("delete", "pod", "pair-1", "pair-2", "--grace-period=1");
        Await.passes(
                PATIENCE, () -> assertThat(docker("ps", "--all", "--quiet")).isEmpty());
    }

    /** The containers' ids, by the names of their pods. */
    private static Map<String, String> containers() {
        Map<String, String> ids = new HashMap<>();
        for (JsonNode pod :
                Json.MAPPER.readTree(ok("get", "pods", "-o", "json")).path("items")) {
            ids.put(
                    pod.at("/metadata/name").asString(),
                    pod.at("/status/containerStatuses/0/containerID").asString());
        }
        return ids;
    }
}
