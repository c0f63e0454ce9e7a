package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.object.Json;
import io.mokube.machinery.quantity.Quantity;
import io.mokube.testkit.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Packing, spreading and preemption with real containers on three nodes, driven by kubectl as users do. */
class SchedulingOnContainersTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final String PACKING = """
            apiVersion: kubescheduler.config.k8s.io/v1
            kind: KubeSchedulerConfiguration
            profiles:
              - schedulerName: default-scheduler
              - schedulerName: packer
                plugins:
                  score:
                    disabled: [{name: "*"}]
                    enabled: [{name: NodeResourcesFit, weight: 1}]
                pluginConfig:
                  - name: NodeResourcesFit
                    args:
                      scoringStrategy:
                        type: MostAllocated
                        resources: [{name: cpu, weight: 1}]
            """;

    @TempDir
    private static Path folder;

    private static UpCluster cluster;

    @BeforeAll
    static void up() throws IOException {
        Path config = Files.writeString(folder.resolve("scheduler.yaml"), PACKING);
        cluster = UpCluster.start(3, "--scheduler-config=" + config);
    }

    @AfterAll
    static void down() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void aProfileThatPacksFillsOneNode() {
        for (int i = 0; i < 4; i++) {
            cluster.apply(pod("packed-" + i, "packed", "packer", "50m", ""));
        }
        ok("wait", "--for=condition=Ready", "pod", "-l", "app=packed", "--timeout=90s");
        assertThat(nodes("app=packed")).hasSize(1);
        assertThat(ok(
                        "get",
                        "events",
                        "--field-selector=involvedObject.name=packed-0,reason=Scheduled",
                        "-o",
                        "jsonpath={.items[0].source.component}: {.items[0].message}"))
                .startsWith("packer: Successfully assigned default/packed-0 to node-");
        ok("delete", "pod", "-l", "app=packed");
    }

    @Test
    void constraintsSpreadPodsOverAllNodes() {
        cluster.apply("""
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: spread}
                spec:
                  replicas: 6
                  selector: {matchLabels: {app: spread}}
                  template:
                    metadata: {labels: {app: spread}}
                    spec:
                      terminationGracePeriodSeconds: 1
                      schedulerName: packer
                      topologySpreadConstraints:
                        - maxSkew: 1
                          topologyKey: kubernetes.io/hostname
                          whenUnsatisfiable: DoNotSchedule
                          labelSelector: {matchLabels: {app: spread}}
                      containers: [{name: c, image: "mokube/demo:1", resources: {requests: {cpu: 20m}}}]
                """);
        ok("rollout", "status", "deployment/spread", "--timeout=90s");
        assertThat(nodes("app=spread")).isEqualTo(Map.of("node-1", 2, "node-2", 2, "node-3", 2));
        ok("delete", "deployment", "spread");
    }

    @Test
    void anImportantPodTakesTheRoomOfALessImportantOne() {
        String most = mostOfANode();
        for (int i = 0; i < 3; i++) {
            cluster.apply(pod("low-" + i, "low", "default-scheduler", most, ""));
        }
        ok("wait", "--for=condition=Ready", "pod", "-l", "app=low", "--timeout=90s");
        assertThat(nodes("app=low")).hasSize(3);
        cluster.apply("""
                apiVersion: scheduling.k8s.io/v1
                kind: PriorityClass
                metadata: {name: important}
                value: 1000
                """);
        cluster.apply(pod("high", "high", "default-scheduler", most, "priorityClassName: important"));
        ok("wait", "--for=condition=Ready", "pod/high", "--timeout=90s");
        assertThat(ok("get", "pods", "-l", "app=low", "-o", "name").lines()).hasSize(2);
        Await.passes(PATIENCE, () -> {
            assertThat(ok("get", "events", "--field-selector=reason=Preempted"))
                    .containsPattern("pod/low-\\d +Preempted by pod \\S+ on node node-\\d");
            assertThat(ok("describe", "pod", "high"))
                    .contains("0/3 nodes are available: 3 Insufficient cpu.")
                    .containsPattern("Successfully assigned default/high to node-\\d");
        });
        ok("delete", "pod", "-l", "app in (low, high)");
        ok("delete", "priorityclass", "important");
    }

    private static String pod(String name, String app, String scheduler, String cpu, String more) {
        return """
                apiVersion: v1
                kind: Pod
                metadata: {name: %s, labels: {app: %s}}
                spec:
                  schedulerName: %s
                  terminationGracePeriodSeconds: 1
                  containers: [{name: c, image: "mokube/demo:1", resources: {requests: {cpu: %s}}}]
                  %s
                """.formatted(name, app, scheduler, cpu, more);
    }

    /** Six tenths of a node's CPU: two such pods do not fit. */
    private static String mostOfANode() {
        String cpu = ok("get", "node", "node-1", "-o", "jsonpath={.status.allocatable.cpu}");
        return Quantity.parse(cpu).milliValue() * 6 / 10 + "m";
    }

    /** How many of these pods each node has. */
    private static Map<String, Integer> nodes(String selector) {
        JsonNode pods = Json.MAPPER.readTree(ok("get", "pods", "-l", selector, "-o", "json"));
        Map<String, Integer> nodes = new TreeMap<>();
        for (JsonNode pod : pods.path("items")) {
            nodes.merge(pod.at("/spec/nodeName").asString(), 1, Integer::sum);
        }
        return nodes;
    }

    private static String ok(String... arguments) {
        return Kubectl.any().ok(cluster.kubeconfig(), arguments);
    }
}
