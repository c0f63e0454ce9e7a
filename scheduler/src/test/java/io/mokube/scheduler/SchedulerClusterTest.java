package io.mokube.scheduler;

import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.pod;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ListOptions;
import io.mokube.client.rest.PatchKind;
import io.mokube.client.rest.ResourceClient;
import io.mokube.client.rest.ResourceType;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.scheduler.queue.SchedulingQueue.Delays;
import io.mokube.testkit.Await;
import io.mokube.testkit.TcpProxy;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/** The scheduler against a real API server in this JVM. */
class SchedulerClusterTest {

    private static final Delays QUICK =
            new Delays(Duration.ofMillis(50), Duration.ofMillis(200), Duration.ofMinutes(5));

    @TempDir
    private static Path folder;

    private static ApiServer server;
    private static ApiClient client;
    private static ClientConfig access;
    private static ResourceClient<Pod> pods;
    private static ResourceClient<Node> nodes;

    private final List<Scheduler> schedulers = new ArrayList<>();

    @BeforeAll
    static void startServer() {
        server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        server.start();
        access = ClientConfig.fromKubeconfig(server.adminKubeconfig());
        client = new ApiClient(access, Platform.system());
        pods = client.resource(Pod.class);
        nodes = client.resource(Node.class);
        // No controller manager runs here that would make it.
        client.resource(ServiceAccount.class)
                .create(new ServiceAccountBuilder()
                        .withNewMetadata()
                        .withNamespace("default")
                        .withName("default")
                        .endMetadata()
                        .build());
    }

    @AfterAll
    static void stopServer() {
        client.close();
        server.stop(Duration.ofSeconds(2));
    }

    @AfterEach
    void cleanUp() {
        schedulers.forEach(scheduler -> scheduler.stop(Duration.ofSeconds(2)));
        pods.deleteCollection("default", ListOptions.ALL, DeleteOptions.DEFAULT.withGracePeriod(Duration.ZERO));
        nodes.deleteCollection("", ListOptions.ALL, DeleteOptions.DEFAULT);
        Await.until("no pods", () -> allPods().isEmpty());
    }

    @Test
    void bindsPodsAndSaysSo() {
        create(node("one", "cpu=4,memory=8Gi"));
        create(node("two", "cpu=4,memory=8Gi"));
        Scheduler scheduler = start(access);
        for (int i = 0; i < 6; i++) {
            pods.create(pod("web-" + i, "cpu=1").build());
        }
        Await.until("all bound", () -> boundTo().size() == 6);
        assertThat(boundTo().values()).as("spread evenly").containsOnly("one", "two");
        assertThat(boundTo().values().stream().filter("one"::equals)).hasSize(3);
        Await.until("ready", () -> scheduler.readiness().ready());
        Pod bound = pods.get("default", "web-0").orElseThrow();
        assertThat(condition(bound).getStatus()).isEqualTo("True");
        Await.until(
                "the event",
                () -> events("web-0")
                        .contains("Normal Scheduled default-scheduler Successfully assigned default/web-0 to "
                                + bound.getSpec().getNodeName()));
    }

    @Test
    void saysWhyAPodWaitsAndTriesAgainWhenTheClusterChanges() {
        create(node("small", "cpu=1"));
        start(access);
        pods.create(pod("big", "cpu=2").build());
        String why = "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption:"
                + " 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
        Await.passes(() -> {
            PodCondition condition = condition(pods.get("default", "big").orElseThrow());
            assertThat(condition.getStatus()).isEqualTo("False");
            assertThat(condition.getReason()).isEqualTo("Unschedulable");
            assertThat(condition.getMessage()).isEqualTo(why);
        });
        Await.until("the event", () -> events("big").contains("Warning FailedScheduling default-scheduler " + why));
        create(node("large", "cpu=4"));
        Await.until("bound", () -> "large".equals(boundTo().get("big")));
        assertThat(condition(pods.get("default", "big").orElseThrow()).getStatus())
                .isEqualTo("True");
    }

    @Test
    void leavesOtherSchedulersPodsAndGatedPodsAlone() {
        create(node("one", "cpu=4"));
        start(access);
        pods.create(pod("foreign", "")
                .editSpec()
                .withSchedulerName("other")
                .endSpec()
                .build());
        pods.create(pod("gated", "")
                .editSpec()
                .addNewSchedulingGate("wait")
                .endSpec()
                .build());
        pods.create(pod("plain", "").build());
        Await.until("plain is bound", () -> boundTo().containsKey("plain"));
        assertThat(boundTo()).containsOnlyKeys("plain");
        pods.patch(
                new ObjectKey("default", "gated"),
                PatchKind.MERGE,
                Json.MAPPER.readTree("{\"spec\":{\"schedulingGates\":null}}"));
        Await.until("gated is bound", () -> boundTo().containsKey("gated"));
        assertThat(boundTo()).containsOnlyKeys("plain", "gated");
    }

    @Test
    void makesRoomForImportantPods() {
        create(node("one", "cpu=2"));
        start(access);
        pods.create(pod("low", "cpu=2").build());
        Await.until("low is bound", () -> boundTo().containsKey("low"));
        client.resource(ResourceType.dynamic(
                        new GroupVersionResource("scheduling.k8s.io", "v1", "priorityclasses"), "PriorityClass", false))
                .create(new KubeObject((ObjectNode) Json.MAPPER.readTree("""
                        {"kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1",
                         "metadata": {"name": "important"}, "value": 1000}
                        """)));
        pods.create(pod("high", "cpu=2")
                .editSpec()
                .withPriorityClassName("important")
                .endSpec()
                .build());
        Await.until(
                "low is being deleted",
                () -> pods.get("default", "low")
                        .map(low -> low.getMetadata().getDeletionTimestamp() != null)
                        .orElse(true));
        Await.until(
                "high is nominated",
                () -> pods.get("default", "high")
                        .map(high -> "one".equals(high.getStatus().getNominatedNodeName()))
                        .orElse(false));
        // There is no kubelet here that would end it.
        pods.delete(new ObjectKey("default", "low"), DeleteOptions.DEFAULT.withGracePeriod(Duration.ZERO));
        Await.until("high is bound", () -> "one".equals(boundTo().get("high")));
        Await.until("the event", () -> events("low").stream().anyMatch(event -> event.contains("Preempted by pod")));
    }

    @Test
    void killedBetweenAssumeAndBindItBindsOnceAndOvercommitsNothing() {
        for (int i = 0; i < 3; i++) {
            create(node("node-" + i, "cpu=2"));
        }
        try (BindingWatch watched = BindingWatch.start(access)) {
            for (int round = 0; round < 3; round++) {
                try (TcpProxy proxy = TcpProxy.before(server.port())) {
                    Scheduler killed = start(at(proxy));
                    int first = round * 6;
                    for (int i = 0; i < 6; i++) {
                        pods.create(pod("p-" + (first + i), "cpu=300m").build());
                        if (i == 3) {
                            // Decisions made now are assumed and can't be written, or their answers don't come.
                            proxy.stall(true);
                        }
                    }
                    proxy.cutNow();
                    killed.stop(Duration.ZERO);
                }
                start(access);
                int expected = (round + 1) * 6;
                Await.until("all bound", () -> boundTo().size() == expected);
                schedulers.removeLast().stop(Duration.ofSeconds(2));
            }
            assertThat(watched.moved()).as("pods bound twice").isEmpty();
            assertNothingOvercommitted(300, 2000);
        }
    }

    @Test
    void lostAnswersLeadToNoSecondBinding() {
        for (int i = 0; i < 3; i++) {
            create(node("node-" + i, "cpu=1"));
        }
        try (BindingWatch watched = BindingWatch.start(access);
                TcpProxy proxy = TcpProxy.before(server.port())) {
            Scheduler scheduler = start(at(proxy));
            Await.until("ready", () -> scheduler.readiness().ready());
            for (int i = 0; i < 9; i++) {
                pods.create(pod("p-" + i, "cpu=300m").build());
                proxy.cutNow();
            }
            Await.until(Duration.ofSeconds(60), "all bound", () -> boundTo().size() == 9);
            assertThat(watched.moved()).as("pods bound twice").isEmpty();
            assertNothingOvercommitted(300, 1000);
        }
    }

    @Test
    void aSecondSchedulerWaitsForTheLease() {
        create(node("one", "cpu=4"));
        Scheduler leader =
                new Scheduler(SchedulerConfig.of(access).withIdentity("leader").withDelays(QUICK), Platform.system());
        schedulers.add(leader);
        leader.start();
        Await.until("the first leads", leader::isLeader);
        Scheduler second =
                new Scheduler(SchedulerConfig.of(access).withIdentity("second").withDelays(QUICK), Platform.system());
        schedulers.add(second);
        second.start();
        pods.create(pod("a", "").build());
        Await.until("bound", () -> boundTo().containsKey("a"));
        assertThat(second.isLeader()).isFalse();
        leader.stop(Duration.ofSeconds(2));
        Await.until("the second leads", second::isLeader);
        pods.create(pod("b", "").build());
        Await.until("bound", () -> boundTo().containsKey("b"));
    }

    private Scheduler start(ClientConfig config) {
        Scheduler scheduler = new Scheduler(
                SchedulerConfig.of(config).withLeaderElection(false).withDelays(QUICK), Platform.system());
        schedulers.add(scheduler);
        scheduler.start();
        return scheduler;
    }

    private static ClientConfig at(TcpProxy proxy) {
        URI endpoint = URI.create("https://127.0.0.1:" + proxy.port());
        return new ClientConfig(
                endpoint, access.caPem(), access.certificatePem(), access.keyPem(), null, "scheduler through a proxy");
    }

    private static void create(NodeBuilder builder) {
        Node node = builder.build();
        Node created = nodes.create(node);
        created.setStatus(node.getStatus());
        nodes.updateStatus(created);
    }

    private static List<Pod> allPods() {
        return pods.list("default", ListOptions.ALL).items();
    }

    private static Map<String, String> boundTo() {
        Map<String, String> bound = new HashMap<>();
        for (Pod pod : allPods()) {
            if (pod.getSpec().getNodeName() != null) {
                bound.put(pod.getMetadata().getName(), pod.getSpec().getNodeName());
            }
        }
        return bound;
    }

    private static void assertNothingOvercommitted(int milliCpuPerPod, int milliCpuPerNode) {
        Map<String, Integer> used = new HashMap<>();
        boundTo().values().forEach(node -> used.merge(node, milliCpuPerPod, Integer::sum));
        assertThat(used.values()).allMatch(sum -> sum <= milliCpuPerNode);
    }

    private static PodCondition condition(Pod pod) {
        return pod.getStatus().getConditions().stream()
                .filter(condition -> condition.getType().equals("PodScheduled"))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> events(String pod) {
        return client.resource(Event.class).list("default", ListOptions.ALL).items().stream()
                .filter(event -> pod.equals(event.getInvolvedObject().getName()))
                .map(event -> event.getType() + " " + event.getReason() + " "
                        + event.getSource().getComponent() + " " + event.getMessage())
                .toList();
    }
}
