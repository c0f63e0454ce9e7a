package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.object.Json;
import io.mokube.testkit.Await;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import tools.jackson.databind.JsonNode;

/** What is promised when parts die, whatever the cluster is made of. What runs is looked up in the runtime itself. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
abstract class FaultScenarios {

    private static final Duration PATIENCE = Duration.ofSeconds(90);

    final Kubectl kubectl = Kubectl.any();
    private TestCluster cluster;

    /** Starts a cluster whose nodes have the image {@code mokube/demo:1}. */
    abstract TestCluster start();

    @BeforeAll
    void begin() {
        cluster = start();
    }

    @AfterAll
    void end() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void aKilledContainerIsRestartedAndCounted() {
        String namespace = namespaceWithWeb("killed-container", 1);
        Map<String, Instant> before = cluster.cri().running(namespace);
        cluster.cri().kill(before.keySet().iterator().next());
        Await.until(PATIENCE, "the container runs again and was counted", () -> {
            JsonNode status = pods(namespace).path("items").get(0).at("/status/containerStatuses/0");
            return status.path("restartCount").asInt() == 1
                    && status.path("ready").asBoolean();
        });
        assertThat(cluster.cri().running(namespace))
                .hasSize(1)
                .doesNotContainKeys(before.keySet().toArray(String[]::new));
    }

    @TestFactory
    Stream<DynamicTest> aKilledComponentComesBackWithNothingLostAndNothingDoubled() {
        return cluster.parts().stream().map(part -> DynamicTest.dynamicTest(part.name(), () -> killAndCompare(part)));
    }

    private void killAndCompare(TestCluster.Part part) {
        String namespace = namespaceWithWeb(
                "killed-" + part.name().toLowerCase(Locale.ROOT).replace('_', '-'), 3);
        Map<String, Instant> before = new TreeMap<>(cluster.cri().running(namespace));
        assertThat(before).hasSize(3);
        for (int i = 0; i < 5; i++) {
            ok(namespace, "create", "configmap", "kept-" + i, "--from-literal=number=" + i);
        }

        cluster.killAndRestart(part);

        Await.until(
                PATIENCE,
                "the cluster takes writes again",
                () -> kubectl.run(cluster.kubeconfig(), "-n", namespace, "scale", "deployment/web", "--replicas=4")
                                .code()
                        == 0);
        ok(namespace, "rollout", "status", "deployment/web", "--timeout=90s");
        IntStream.range(0, 5)
                .forEach(
                        i -> assertThat(ok(namespace, "get", "configmap", "kept-" + i, "-o", "jsonpath={.data.number}"))
                                .isEqualTo(Integer.toString(i)));
        assertThat(cluster.cri().running(namespace)).hasSize(4).containsAllEntriesOf(before);
        assertThat(pods(namespace).path("items").size()).isEqualTo(4);
        for (JsonNode pod : pods(namespace).path("items")) {
            assertThat(pod.at("/status/containerStatuses/0/restartCount").asInt())
                    .isZero();
        }
        Await.until(PATIENCE, "all nodes are ready", this::nodesAreReady);
    }

    /** What follows needs all nodes; an agent that starts reports its node ready only once it knows its pods. */
    private boolean nodesAreReady() {
        return ok("default", "get", "nodes", "-o", "jsonpath={.items[*].status.conditions[?(@.type=='Ready')].status}")
                .equals(String.join(" ", Collections.nCopies(cluster.nodes().size(), "True")));
    }

    /** A namespace with a Deployment of the demo image, rolled out. */
    private String namespaceWithWeb(String namespace, int replicas) {
        kubectl.ok(cluster.kubeconfig(), "create", "namespace", namespace);
        ok(namespace, "create", "deployment", "web", "--image=mokube/demo:1", "--replicas=" + replicas);
        ok(namespace, "rollout", "status", "deployment/web", "--timeout=90s");
        return namespace;
    }

    JsonNode pods(String namespace) {
        return Json.MAPPER.readTree(ok(namespace, "get", "pods", "-o", "json"));
    }

    String ok(String namespace, String... arguments) {
        String[] all = new String[arguments.length + 2];
        all[0] = "-n";
        all[1] = namespace;
        System.arraycopy(arguments, 0, all, 2, arguments.length);
        return kubectl.ok(cluster.kubeconfig(), all);
    }
}
