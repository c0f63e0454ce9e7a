package io.mokube.kubelet;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.mokube.client.rest.PatchKind;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.policy.NodePolicy;
import io.mokube.kubelet.runtime.hollow.HollowRuntime;
import io.mokube.kubelet.runtime.hollow.HollowScript;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.time.Clock;
import io.mokube.testkit.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that looks after itself, with containers that use as much memory as they are told. */
class HollowUpkeepTest {

    private static final String NODE = "upkeep-1";
    private static final String USE = "mokube.io/memory-usage";

    @Test
    void podsAreEvictedRefusedResizedAndEndedWithTheirNode(@TempDir Path folder) {
        HollowRuntime runtime = new HollowRuntime("10.98.0.0/24", HollowScript.QUIET, Clock.system());
        NodePolicy policy = NodePolicy.parse("""
                kind: KubeletConfiguration
                apiVersion: kubelet.config.k8s.io/v1beta1
                evictionHard: {memory.available: 100Mi}
                evictionPressureTransitionPeriod: 4s
                shutdownGracePeriod: 10s
                shutdownGracePeriodCriticalPods: 2s
                """);
        try (TestCluster cluster = TestCluster.start(folder.resolve("cluster"))) {
            Kubelet agent = cluster.startKubelet(
                    NODE,
                    () -> runtime,
                    folder.resolve("agent"),
                    config -> config.withPodCidr("10.98.0.0/24")
                            .withPolicy(policy)
                            .withResources(new KubeletConfig.Resources(
                                    Optional.of("1"), Optional.of("1Gi"), Optional.empty(), 110)));
            try {
                Node node = node(cluster);
                assertThat(node.getStatus().getCapacity().get("memory")).isEqualTo(new Quantity("1Gi"));
                assertThat(node.getStatus().getAllocatable().get("memory"))
                        .isEqualTo(new Quantity((1024 - 100) * 1024 + "Ki"));
                evicts(cluster);
                resizes(cluster);
                shutsDown(cluster, agent);
            } finally {
                agent.stop(Duration.ofSeconds(2));
            }
        }
    }

    private static Node node(TestCluster cluster) {
        return Await.value(
                "the node", () -> cluster.client().resource(Node.class).get("", NODE));
    }

    private static Pod pod(String name, String memory) {
        return new PodBuilder(TestCluster.pod(name, NODE, "image:1").build())
                .editMetadata()
                .addToAnnotations(USE, memory)
                .endMetadata()
                .editSpec()
                .editFirstContainer()
                .withNewResources()
                .addToRequests("cpu", new Quantity("400m"))
                .addToRequests("memory", new Quantity("50Mi"))
                .endResources()
                .endContainer()
                .endSpec()
                .build();
    }

    private static void evicts(TestCluster cluster) {
        cluster.pods().create(pod("modest", "40Mi"));
        cluster.pods().create(pod("hungry", "60Mi"));
        cluster.await("modest", "runs", TestCluster::ready);
        Pod hungry = cluster.await("hungry", "runs", TestCluster::ready);
        cluster.pods()
                .patch(
                        PodFacts.key(hungry),
                        PatchKind.MERGE,
                        Json.MAPPER.readTree("{\"metadata\":{\"annotations\":{\"" + USE + "\":\"900Mi\"}}}"));
        Pod evicted = cluster.awaitPhase("hungry", "Failed");
        assertThat(evicted.getStatus().getReason()).isEqualTo("Evicted");
        assertThat(evicted.getStatus().getMessage())
                .isEqualTo("The node was low on resource: memory. Threshold quantity: 100Mi, available: 84Mi."
                        + " Container main was using 900Mi, request is 50Mi, has larger consumption of memory. ");
        assertThat(evicted.getStatus().getConditions()).anySatisfy(condition -> {
            assertThat(condition.getType()).isEqualTo("DisruptionTarget");
            assertThat(condition.getStatus()).isEqualTo("True");
            assertThat(condition.getReason()).isEqualTo("TerminationByKubelet");
        });
        Await.until("the node tells of its pressure", () -> holds(node(cluster), "MemoryPressure"));
        cluster.pods().create(TestCluster.pod("late", NODE, "image:1").build());
        Pod refused = cluster.awaitPhase("late", "Failed");
        assertThat(refused.getStatus().getReason()).isEqualTo("Evicted");
        assertThat(refused.getStatus().getMessage())
                .isEqualTo("Pod was rejected: The node had condition: [MemoryPressure]. ");
        Await.until("the pressure is over", () -> !holds(node(cluster), "MemoryPressure"));
        assertThat(TestCluster.ready(cluster.find("modest").orElseThrow())).isTrue();
    }

    private static boolean holds(Node node, String type) {
        return node.getStatus().getConditions().stream()
                .anyMatch(condition -> condition.getType().equals(type)
                        && condition.getStatus().equals("True"));
    }

    private static void resizes(TestCluster cluster) {
        cluster.pods().create(pod("neighbour", "10Mi"));
        cluster.await("neighbour", "runs", TestCluster::ready);
        Pod before = cluster.find("modest").orElseThrow();
        resize(cluster, before, "5");
        cluster.await(
                "modest", "is told that this is too much", pod -> pending(pod).equals("Infeasible"));
        resize(cluster, before, "700m");
        Pod deferred = cluster.await("modest", "waits", pod -> pending(pod).equals("Deferred"));
        assertThat(deferred.getStatus().getContainerStatuses().getFirst().getAllocatedResources())
                .containsEntry("cpu", new Quantity("400m"));
        cluster.pods().delete(PodFacts.key(cluster.find("neighbour").orElseThrow()), GONE);
        Pod after = cluster.await(
                "modest",
                "has what it wants",
                pod -> new Quantity("700m")
                                .equals(pod.getStatus()
                                        .getContainerStatuses()
                                        .getFirst()
                                        .getResources()
                                        .getRequests()
                                        .get("cpu"))
                        && pending(pod).isEmpty());
        assertThat(after.getStatus().getContainerStatuses().getFirst().getContainerID())
                .isEqualTo(before.getStatus().getContainerStatuses().getFirst().getContainerID());
    }

    private static final io.mokube.client.rest.DeleteOptions GONE =
            io.mokube.client.rest.DeleteOptions.DEFAULT.withGracePeriod(Duration.ofSeconds(1));

    private static String pending(Pod pod) {
        return pod.getStatus().getConditions().stream()
                .filter(condition -> condition.getType().equals("PodResizePending"))
                .map(condition -> condition.getReason())
                .findFirst()
                .orElse("");
    }

    private static void resize(TestCluster cluster, Pod pod, String cpu) {
        cluster.pods()
                .patch(
                        PodFacts.key(pod),
                        PatchKind.STRATEGIC,
                        Json.MAPPER.valueToTree(Map.of("spec", Map.of("containers", new Object[] {
                            Map.of("name", "main", "resources", Map.of("requests", Map.of("cpu", cpu)))
                        }))),
                        "resize");
    }

    private static void shutsDown(TestCluster cluster, Kubelet agent) {
        agent.shutDownNode();
        Pod ended = cluster.awaitPhase("modest", "Failed");
        assertThat(ended.getStatus().getReason()).isEqualTo("Terminated");
        assertThat(ended.getStatus().getMessage())
                .isEqualTo("Pod was terminated in response to imminent node shutdown.");
        Await.until(
                "the node is not ready",
                () -> node(cluster).getStatus().getConditions().stream()
                        .anyMatch(condition -> condition.getType().equals("Ready")
                                && condition.getStatus().equals("False")
                                && condition.getMessage().equals("node is shutting down")));
        cluster.pods().create(TestCluster.pod("too-late", NODE, "image:1").build());
        assertThat(cluster.awaitPhase("too-late", "Failed").getStatus().getReason())
                .isEqualTo("NodeShutdown");
    }
}
