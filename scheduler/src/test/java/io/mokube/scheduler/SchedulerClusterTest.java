package io.mokube.scheduler;

import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.pod;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.BindingBuilder;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.api.model.ContainerExtendedResourceRequest;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodExtendedResourceClaimStatus;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
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
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.scheduler.config.SchedulerConfiguration;
import io.mokube.scheduler.extender.ExtenderServer;
import io.mokube.scheduler.framework.ApiObjects;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.Outcome;
import io.mokube.scheduler.framework.PermitPlugin;
import io.mokube.scheduler.framework.Plugin;
import io.mokube.scheduler.framework.PreBindPlugin;
import io.mokube.scheduler.framework.Profile;
import io.mokube.scheduler.framework.ReservePlugin;
import io.mokube.scheduler.plugins.DefaultPlugins;
import io.mokube.scheduler.queue.SchedulingQueue.Delays;
import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import io.mokube.testkit.Await;
import io.mokube.testkit.TcpProxy;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

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
    void saysWhyThroughTheApiServer() {
        create(node("roomy", "cpu=8,memory=8Gi"));
        create(node("used", "cpu=4,memory=8Gi"));
        create(node("small", "cpu=1,memory=8Gi"));
        Scheduler scheduler =
                start(ClientConfig.fromKubeconfig(server.certificates().kubeconfig("scheduler")));
        Await.until("all nodes are known", () -> scheduler.readiness().ready());
        pods.create(pod("web", "cpu=2,memory=1Gi").build());
        pods.create(pod("big", "cpu=9").build());
        Await.until("bound", () -> boundTo().containsKey("web"));
        String path = "/apis/scheduling.mokube.io/v1/namespaces/default/podexplanations";
        Await.passes(Duration.ofSeconds(30), () -> client.get(path));

        JsonNode why = client.get(path + "/web");
        assertThat(why.at("/kind").asString("")).isEqualTo("PodExplanation");
        assertThat(why.at("/decision/node").asString("")).isEqualTo("roomy");
        assertThat(why.at("/nodes"))
                .extracting(node -> node.path("name").asString("") + " "
                        + node.path("verdict").asString(""))
                .containsExactly("roomy Chosen", "used Fits", "small Unfit");
        assertThat(why.at("/nodes/0/total").asLong(0))
                .isGreaterThan(why.at("/nodes/1/total").asLong(0));
        assertThat(why.at("/nodes/0/scores"))
                .extracting(score -> score.path("plugin").asString(""))
                .contains("NodeResourcesFit", "NodeResourcesBalancedAllocation");
        assertThat(why.at("/nodes/2/objections/0/reasons/0").asString("")).isEqualTo("Insufficient cpu");

        String text = client.getText(path + "/web/text");
        assertThat(text.lines().map(line -> line.replaceAll(" +", " ")))
                .contains("Pod: default/web", "Node: roomy", "Nodes: 3 known, 3 asked, 2 fit")
                .anyMatch(line -> line.startsWith("roomy Chosen "))
                .anyMatch(line -> line.startsWith("small Unfit - NodeResourcesFit Insufficient cpu"));

        JsonNode table = client.get(path + "/web", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
        assertThat(table.at("/kind").asString("")).isEqualTo("Table");
        assertThat(table.at("/rows")).hasSize(3);
        JsonNode list = client.get(path, "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
        assertThat(list.at("/rows"))
                .extracting(row -> row.at("/cells/0").asString("") + " "
                        + row.at("/cells/1").asString(""))
                .contains("web roomy", "big <none>");
        assertThat(client.get(path + "/big").at("/decision/message").asString(""))
                .startsWith("0/3 nodes are available: 3 Insufficient cpu.");
        assertThat(client.get("/apis/scheduling.mokube.io/v1")
                        .at("/resources/0/name")
                        .asString(""))
                .isEqualTo("podexplanations");

        assertThatThrownBy(() -> client.get(path + "/nobody"))
                .isInstanceOf(ApiException.class)
                .hasMessageContaining("podexplanations.scheduling.mokube.io \"nobody\" not found");
        ClientConfig stranger = ClientConfig.fromKubeconfig(server.certificates()
                .issueNode("stranger", List.of("127.0.0.1"), server.publicUri())
                .kubeconfig());
        try (ApiClient refused = new ApiClient(stranger, Platform.system())) {
            assertThatThrownBy(() -> refused.get(path + "/web"))
                    .isInstanceOf(ApiException.class)
                    .hasMessageContaining("podexplanations.scheduling.mokube.io \"web\" is forbidden: User"
                            + " \"system:node:stranger\" cannot get resource \"podexplanations\"");
        }
    }

    @Test
    void pluginsReserveAllowAndPrepareAndGiveBackInReverse() {
        create(node("one", "cpu=1"));
        Steps first = new Steps("First");
        Steps second = new Steps("Second");
        second.rejectNextPreBind.set(true);
        List<Plugin> plugins = new ArrayList<>(DefaultPlugins.standard());
        plugins.addAll(List.of(first, second));
        Scheduler scheduler =
                start(access, List.of(Profile.of("default-scheduler", plugins, DefaultPlugins.weights(), 0)));
        pods.create(pod("p", "cpu=1").build());
        Await.until("p waits", () -> !scheduler.waitingPods().list().isEmpty());
        assertThat(scheduler.waitingPods().list().getFirst().pending()).containsExactlyInAnyOrder("First", "Second");
        pods.create(pod("q", "cpu=1").build());
        Await.until(
                "there is no room beside it",
                () -> events("q").stream().anyMatch(event -> event.contains("1 Insufficient cpu")));
        String uid = scheduler.waitingPods().list().getFirst().pod().uid();
        pods.delete(new ObjectKey("default", "q"), DeleteOptions.DEFAULT.withGracePeriod(Duration.ZERO));
        scheduler.waitingPods().allow(uid, "First");
        scheduler.waitingPods().allow(uid, "Second");
        Await.until(
                "it says so",
                () -> events("p").stream().anyMatch(event -> event.contains("0/1 nodes are available: 1 not yet.")));
        assertThat(steps)
                .containsExactly(
                        "First reserves",
                        "Second reserves",
                        "First prepares",
                        "Second prepares",
                        "Second gives back",
                        "First gives back");
        assertThat(boundTo()).isEmpty();
        String why = "/apis/scheduling.mokube.io/v1/namespaces/default/podexplanations/p";
        Await.passes(
                Duration.ofSeconds(30),
                () -> assertThat(client.getText(why + "/text").lines().map(line -> line.replaceAll(" +", " ")))
                        .contains("Node: one", "Refused: PreBind by Second: not yet")
                        .anyMatch(line -> line.startsWith("one Refused - Second not yet")));
        assertThat(client.get(why).at("/decision/refusal").toString())
                .isEqualTo("{\"extensionPoint\":\"PreBind\",\"plugin\":\"Second\",\"reason\":\"not yet\"}");

        // What the plugin that turned it away waits for.
        Node node = nodes.get("", "one").orElseThrow();
        node.getMetadata().getLabels().put("changed", "yes");
        nodes.update(node);
        Await.until("p waits again", () -> !scheduler.waitingPods().list().isEmpty());
        scheduler.waitingPods().reject(uid, "First", "changed its mind");
        Await.until("it says so", () -> events("p").stream().anyMatch(event -> event.contains("1 changed its mind")));
        node = nodes.get("", "one").orElseThrow();
        node.getMetadata().getLabels().put("changed", "again");
        nodes.update(node);
        Await.until("p waits again", () -> !scheduler.waitingPods().list().isEmpty());
        scheduler.waitingPods().allow(uid, "First");
        scheduler.waitingPods().allow(uid, "Second");
        Await.until("bound", () -> boundTo().containsKey("p"));
    }

    /** What the plugins below did, in order. */
    private final List<String> steps = new CopyOnWriteArrayList<>();

    /** Takes part around the binding, and writes down what it is asked for. */
    private final class Steps implements ReservePlugin, PermitPlugin, PreBindPlugin {

        private final String name;
        private final AtomicBoolean rejectNextPreBind = new AtomicBoolean();

        Steps(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public Outcome reserve(PodInfo pod, NodeInfo node, Snapshot snapshot, ClusterState state) {
            steps.add(name + " reserves");
            return Outcome.DONE;
        }

        @Override
        public void unreserve(PodInfo pod, String node, ClusterState state) {
            steps.add(name + " gives back");
        }

        @Override
        public Permission permit(PodInfo pod, String node, Snapshot snapshot) {
            return new Permission.Wait(Duration.ofMinutes(1));
        }

        @Override
        public Outcome preBind(PodInfo pod, String node, ClusterState state, ApiObjects objects) {
            steps.add(name + " prepares");
            return rejectNextPreBind.getAndSet(false) ? new Outcome.Rejected("not yet") : Outcome.DONE;
        }

        @Override
        public Set<ClusterEvent> unblockedBy() {
            return Set.of(ClusterEvent.NODE_LABELS_CHANGED);
        }
    }

    @Test
    void severalProfilesAreServed() {
        create(node("empty", "cpu=4,memory=4Gi"));
        create(node("used", "cpu=4,memory=4Gi"));
        pods.create(pod("there", "cpu=2,memory=2Gi")
                .editSpec()
                .withNodeName("used")
                .endSpec()
                .build());
        SchedulerConfiguration file = SchedulerConfiguration.parse("""
                apiVersion: kubescheduler.config.k8s.io/v1
                kind: KubeSchedulerConfiguration
                profiles:
                - schedulerName: default-scheduler
                - schedulerName: packing
                  pluginConfig:
                  - name: NodeResourcesFit
                    args: {scoringStrategy: {type: MostAllocated}}
                  plugins:
                    score:
                      disabled: [{name: NodeResourcesBalancedAllocation}]
                """, List.of());
        Scheduler scheduler = start(access, file.profiles());
        Await.until("ready", () -> scheduler.readiness().ready());
        pods.create(pod("spread", "cpu=1,memory=1Gi").build());
        Await.until("bound", () -> boundTo().containsKey("spread"));
        pods.create(pod("packed", "cpu=1,memory=1Gi")
                .editSpec()
                .withSchedulerName("packing")
                .endSpec()
                .build());
        pods.create(pod("another", "")
                .editSpec()
                .withSchedulerName("nobody")
                .endSpec()
                .build());
        Await.until("bound", () -> boundTo().containsKey("packed"));
        assertThat(boundTo())
                .containsEntry("spread", "empty")
                .containsEntry("packed", "used")
                .doesNotContainKey("another");
        Await.until(
                "the profile says so",
                () -> events("packed").stream().anyMatch(event -> event.startsWith("Normal Scheduled packing ")));
    }

    @Test
    void devicesAreClaimedForExtendedResourcesAndMadeReady() {
        create(node("one", "cpu=4"));
        ResourceClient<ResourceClaim> claims = client.resource(ResourceClaim.class);
        client.resource(DeviceClass.class).create(yaml(DeviceClass.class, """
                {metadata: {name: gpu}, spec: {extendedResourceName: example.com/gpu}}"""));
        client.resource(ResourceSlice.class).create(yaml(ResourceSlice.class, """
                {metadata: {name: of-one}, spec: {driver: gpu.example.com, nodeName: one, pool: {name: one,
                 generation: 1, resourceSliceCount: 1}, devices: [{name: g0, bindsToNode: true,
                  bindingConditions: [example.com/up], bindingFailureConditions: [example.com/broken]}]}}"""));
        Scheduler scheduler =
                start(ClientConfig.fromKubeconfig(server.certificates().kubeconfig("scheduler")));
        Await.until("all is known", () -> scheduler.readiness().ready());
        pods.create(pod("p", "")
                .editSpec()
                .editFirstContainer()
                .withNewResources()
                .addToRequests("example.com/gpu", new Quantity("1"))
                .addToLimits("example.com/gpu", new Quantity("1"))
                .endResources()
                .endContainer()
                .endSpec()
                .build());
        // Once the device says that it is broken, and then that it is up.
        for (String condition : List.of("example.com/broken", "example.com/up")) {
            Await.until(
                    "the claim has a device",
                    () -> claims.list("default", ListOptions.ALL).items().stream()
                            .anyMatch(claim -> claim.getStatus() != null
                                    && claim.getStatus().getAllocation() != null));
            Await.until(
                    "it says what it waits for",
                    () -> events("p").stream()
                            .anyMatch(event -> event.startsWith("Normal BindingConditionsPending")
                                    && event.endsWith("waiting for binding conditions for device on node one")));
            assertThat(boundTo()).doesNotContainKey("p");
            ResourceClaim claim =
                    claims.list("default", ListOptions.ALL).items().getFirst();
            assertThat(claim.getStatus().getReservedFor().getFirst().getName()).isEqualTo("p");
            claims.updateStatus(new ResourceClaimBuilder(claim)
                    .editStatus()
                    .addNewDevice()
                    .withDriver("gpu.example.com")
                    .withPool("one")
                    .withDevice("g0")
                    .addToConditions(new ConditionBuilder()
                            .withType(condition)
                            .withStatus("True")
                            .withReason("Test")
                            .withMessage("said so")
                            .withLastTransitionTime("2026-01-01T00:00:00Z")
                            .build())
                    .endDevice()
                    .endStatus()
                    .build());
            if (condition.endsWith("broken")) {
                Await.until(
                        "it says so",
                        () -> events("p").stream()
                                .anyMatch(event -> event.contains("binding failed: reason=Test, message=\"said so\"")));
            }
        }
        Await.until("bound", () -> boundTo().containsKey("p"));
        ResourceClaim claim = claims.list("default", ListOptions.ALL).items().getFirst();
        assertThat(claim.getMetadata().getName()).startsWith("p-extended-resources-");
        assertThat(pods.get("default", "p").orElseThrow().getStatus().getExtendedResourceClaimStatus())
                .isEqualTo(new PodExtendedResourceClaimStatus(
                        List.of(new ContainerExtendedResourceRequest(
                                "main", "container-0-request-0", "example.com/gpu")),
                        claim.getMetadata().getName()));
    }

    private static <T> T yaml(Class<T> type, String text) {
        return Json.MAPPER.convertValue(new YAMLMapper().readTree(text), type);
    }

    @Test
    void anExtenderHasTheLastWordAndBinds() throws Exception {
        create(node("one", "cpu=4"));
        create(node("two", "cpu=4"));
        try (ExtenderServer extender = new ExtenderServer()) {
            extender.on("filter", sent -> "{\"NodeNames\": [\"two\"], \"FailedNodes\": {\"one\": \"too loud\"}}")
                    .on("bind", sent -> {
                        pods.createSubresource(
                                new ObjectKey(
                                        sent.path("PodNamespace").asString(""),
                                        sent.path("PodName").asString("")),
                                "binding",
                                new BindingBuilder()
                                        .withNewMetadata()
                                        .withName(sent.path("PodName").asString(""))
                                        .endMetadata()
                                        .withNewTarget()
                                        .withKind("Node")
                                        .withName(sent.path("Node").asString(""))
                                        .endTarget()
                                        .build());
                        // It did what it was asked for, and says the opposite: the pod tells.
                        return sent.path("PodName").asString("").equals("q") ? "{\"Error\": \"lost\"}" : "{}";
                    });
            SchedulerConfiguration file = SchedulerConfiguration.parse("""
                    apiVersion: kubescheduler.config.k8s.io/v1
                    kind: KubeSchedulerConfiguration
                    leaderElection: {leaderElect: false}
                    extenders:
                    - {urlPrefix: '%s', filterVerb: filter, bindVerb: bind, nodeCacheCapable: true}
                    """.formatted(extender.url()), List.of());
            Scheduler scheduler = new Scheduler(SchedulerConfig.of(access, file), Platform.system());
            schedulers.add(scheduler);
            scheduler.start();
            Await.until("all nodes are known", () -> scheduler.readiness().ready());
            pods.create(pod("p", "cpu=1").build());
            pods.create(pod("q", "cpu=1").build());
            Await.until("bound", () -> boundTo().equals(Map.of("p", "two", "q", "two")));
            Await.until(
                    "the event",
                    () -> events("q")
                            .contains("Normal Scheduled default-scheduler Successfully assigned default/q to two"));
            extender.on("filter", sent -> "{\"Error\": \"out of order\"}");
            pods.create(pod("r", "cpu=1").build());
            Await.until(
                    "it says why",
                    () -> events("r").contains("Warning FailedScheduling default-scheduler out of order"));
        }
    }

    @Test
    void roomKeptForALessImportantPodIsGivenUp() {
        create(node("one", "cpu=2"));
        start(access);
        pods.create(pod("low", "cpu=2").build());
        Await.until("low is bound", () -> boundTo().containsKey("low"));
        // Without a kubelet, low is being deleted for as long as this test wants.
        pods.create(ofPriority("middle", 500));
        Await.until("middle is nominated", () -> nominatedNode("middle").equals("one"));
        pods.create(ofPriority("high", 600));
        Await.until("high is nominated", () -> nominatedNode("high").equals("one"));
        Await.until("middle is not any more", () -> nominatedNode("middle").isEmpty());
        pods.delete(new ObjectKey("default", "low"), DeleteOptions.DEFAULT.withGracePeriod(Duration.ZERO));
        Await.until("high is bound", () -> boundTo().containsKey("high"));
    }

    private static Pod ofPriority(String name, int priority) {
        client.resource(ResourceType.dynamic(
                        new GroupVersionResource("scheduling.k8s.io", "v1", "priorityclasses"), "PriorityClass", false))
                .create(new KubeObject((ObjectNode) Json.MAPPER.readTree("""
                        {"kind": "PriorityClass", "apiVersion": "scheduling.k8s.io/v1",
                         "metadata": {"name": "priority-%d"}, "value": %d}
                        """.formatted(priority, priority))));
        return pod(name, "cpu=2")
                .editSpec()
                .withPriorityClassName("priority-" + priority)
                .endSpec()
                .build();
    }

    private static String nominatedNode(String pod) {
        String node = pods.get("default", pod).orElseThrow().getStatus().getNominatedNodeName();
        return node == null ? "" : node;
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
        return start(config, SchedulerConfig.of(config).profiles());
    }

    private Scheduler start(ClientConfig config, List<Profile> profiles) {
        Scheduler scheduler = new Scheduler(
                SchedulerConfig.of(config)
                        .withProfiles(profiles)
                        .withLeaderElection(false)
                        .withDelays(QUICK),
                Platform.system());
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
