package io.mokube.scheduler.devices;

import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.nodeInfo;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimConsumerReference;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.scheduler.TestPods;
import io.mokube.scheduler.framework.Decider;
import io.mokube.scheduler.framework.Decision;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.Outcome;
import io.mokube.scheduler.framework.PostFilterPlugin;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.plugins.DefaultPlugins;
import io.mokube.scheduler.plugins.DynamicResourcesPlugin;
import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Which devices pods' claims get, and what is said when they get none. */
class DynamicResourcesTest {

    private static final NodeBuilder NODE = node("n", "cpu=4");

    /** Node n has four GPUs of two models on two boards, node m one; f1 is on the network. */
    private static final List<String> SLICES = List.of("""
            {metadata: {name: of-n}, spec: {driver: gpu.example.com, nodeName: n, pool: {name: n, generation: 2,
             resourceSliceCount: 1}, devices: [
              {name: g0, attributes: {model: {string: small}, board: {int: 1}, driver: {version: 1.2.0}},
               capacity: {memory: {value: 10Gi}}},
              {name: g1, attributes: {model: {string: small}, board: {int: 2}, driver: {version: 1.10.0}},
               capacity: {memory: {value: 20Gi}}},
              {name: g2, attributes: {model: {string: big}, board: {int: 2}, 'other.com/fast': {bool: true}},
               capacity: {memory: {value: 40Gi}}},
              {name: g3, attributes: {model: {string: big}}, taints: [{key: broken, effect: NoSchedule}]}]}}
            """, """
            {metadata: {name: of-m}, spec: {driver: gpu.example.com, nodeName: m, pool: {name: m, generation: 1,
             resourceSliceCount: 1}, devices: [{name: g0, attributes: {model: {string: small}}}]}}
            """, """
            {metadata: {name: old}, spec: {driver: gpu.example.com, nodeName: n, pool: {name: n, generation: 1,
             resourceSliceCount: 1}, devices: [{name: gone, attributes: {model: {string: gone}}}]}}
            """, """
            {metadata: {name: half}, spec: {driver: gpu.example.com, nodeName: n, pool: {name: half, generation: 1,
             resourceSliceCount: 2}, devices: [{name: h0, attributes: {model: {string: half}}}]}}
            """, """
            {metadata: {name: net}, spec: {driver: net.example.com, nodeSelector: {nodeSelectorTerms: [{matchExpressions:
             [{key: kubernetes.io/hostname, operator: In, values: [n, o]}]}]}, pool: {name: net, generation: 1,
             resourceSliceCount: 1}, devices: [{name: f1, attributes: {speed: {int: 100}}}]}}
            """, """
            {metadata: {name: card}, spec: {driver: mig.example.com, nodeName: n, pool: {name: card, generation: 1,
             resourceSliceCount: 2}, sharedCounters: [{name: card, counters: {memory: {value: 40Gi}}}]}}
            """, """
            {metadata: {name: card-parts}, spec: {driver: mig.example.com, nodeName: n, pool: {name: card, generation: 1,
             resourceSliceCount: 2}, devices: [
              {name: whole, consumesCounters: [{counterSet: card, counters: {memory: {value: 40Gi}}}]},
              {name: left, consumesCounters: [{counterSet: card, counters: {memory: {value: 20Gi}}}]},
              {name: right, consumesCounters: [{counterSet: card, counters: {memory: {value: 20Gi}}}]}]}}
            """, """
            {metadata: {name: nic}, spec: {driver: nic.example.com, nodeName: n, pool: {name: nic, generation: 1,
             resourceSliceCount: 1}, devices: [{name: nic, allowMultipleAllocations: true, bindsToNode: true,
              bindingConditions: [example.com/up], bindingFailureConditions: [example.com/broken],
              capacity: {bandwidth: {value: 10, requestPolicy: {default: 1,
               validRange: {min: 1, max: 9, step: 2}}}}}]}}
            """);

    private static <T> T read(Class<T> type, String yaml) {
        return Json.MAPPER.convertValue(new tools.jackson.dataformat.yaml.YAMLMapper().readTree(yaml), type);
    }

    private static ClusterState cluster() {
        ClusterState state = new ClusterState();
        state.putNode(NodeFacts.of(NODE.build()));
        state.putNode(NodeFacts.of(node("m", "cpu=4").build()));
        SLICES.forEach(slice -> state.devices().put(SliceFacts.of(read(ResourceSlice.class, slice))));
        state.devices().put(DeviceClassFacts.of(read(DeviceClass.class, """
                {metadata: {name: gpu}, spec: {selectors: [{cel: {expression: 'device.driver == "gpu.example.com"'}}],
                 config: [{opaque: {driver: gpu.example.com, parameters: {mode: x}}}]}}""")));
        state.devices().put(DeviceClassFacts.of(read(DeviceClass.class, """
                {metadata: {name: net}, spec: {selectors: [{cel: {expression: 'device.driver == "net.example.com"'}}]}}
                """)));
        for (String each : List.of("mig", "nic")) {
            state.devices()
                    .put(DeviceClassFacts.of(read(
                            DeviceClass.class,
                            "{metadata: {name: " + each + "}, spec: {extendedResourceName: example.com/" + each
                                    + ", selectors: [{cel: {expression: 'device.driver == \"" + each
                                    + ".example.com\"'}}]}}")));
        }
        return state;
    }

    private static ResourceClaimBuilder claim(String name, String devices) {
        ResourceClaim claim = read(ResourceClaim.class, "{spec: {devices: " + devices + "}}");
        return new ResourceClaimBuilder(claim)
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .withUid("uid-" + name)
                .withResourceVersion("10")
                .endMetadata();
    }

    private static String gpus(String more) {
        return "{requests: [{name: r, exactly: {deviceClassName: gpu" + more + "}}]}";
    }

    private static String selecting(String expression) {
        return gpus(", selectors: [{cel: {expression: '" + expression + "'}}]");
    }

    private static PodInfo pod(String name, String... claims) {
        PodBuilder pod = TestPods.pod(name, "cpu=100m");
        for (String claim : claims) {
            pod.editSpec()
                    .addNewResourceClaim()
                    .withName("of-" + claim)
                    .withResourceClaimName(claim)
                    .endResourceClaim()
                    .endSpec();
        }
        return PodInfo.of(pod.build());
    }

    private static final String NONE = "";

    static Stream<Arguments> cases() {
        return Stream.of(
                arguments("any", gpus(""), "g0"),
                arguments("two", gpus(", allocationMode: ExactCount, count: 2"), "g0 g1"),
                arguments("more than there are", gpus(", count: 4"), NONE),
                arguments(
                        "by an attribute", selecting("device.attributes[\"gpu.example.com\"].model == \"big\""), "g2"),
                arguments(
                        "by capacity",
                        selecting("device.capacity[\"gpu.example.com\"].memory.compareTo(quantity(\"20Gi\")) >= 0"),
                        null),
                arguments(
                        "by capacity, where it is known",
                        selecting("has(device.capacity[\"gpu.example.com\"].memory) &&"
                                + " device.capacity[\"gpu.example.com\"].memory.isGreaterThan(quantity(\"10Gi\"))"),
                        "g1"),
                arguments(
                        "by version",
                        selecting("has(device.attributes[\"gpu.example.com\"].driver) &&"
                                + " device.attributes[\"gpu.example.com\"].driver.isGreaterThan(semver(\"1.9.0\"))"),
                        "g1"),
                arguments(
                        "by an attribute of another domain",
                        selecting(
                                "has(device.attributes[\"other.com\"].fast) && device.attributes[\"other.com\"].fast"),
                        "g2"),
                arguments(
                        "out of date and half known pools",
                        selecting("device.attributes[\"gpu.example.com\"].model in [\"gone\", \"half\"]"),
                        NONE),
                arguments(
                        "a taint that is tolerated",
                        gpus(", count: 4, tolerations: [{key: broken, operator: Exists, effect: NoSchedule}]"),
                        "g0 g1 g2 g3"),
                arguments(
                        "all of a kind",
                        gpus(", allocationMode: All, selectors: [{cel: {expression:"
                                + " 'device.attributes[\"gpu.example.com\"].model == \"small\"'}}]"),
                        "g0 g1"),
                arguments(
                        "on one board",
                        "{requests: [{name: r, exactly: {deviceClassName: gpu, count: 2}}],"
                                + " constraints: [{matchAttribute: gpu.example.com/board}]}",
                        "g1 g2"),
                arguments(
                        "on different boards",
                        "{requests: [{name: a, exactly: {deviceClassName: gpu}}, {name: b, exactly: {deviceClassName:"
                                + " gpu}}], constraints: [{requests: [a, b], distinctAttribute:"
                                + " gpu.example.com/model}]}",
                        "g0 g2"),
                arguments(
                        "the first that can be had",
                        "{requests: [{name: r, firstAvailable: [{name: many, deviceClassName: gpu, count: 4}, {name: few,"
                                + " deviceClassName: gpu, count: 2}]}]}",
                        "g0 g1"),
                arguments("all of a card", of("mig", ""), "whole"),
                arguments("its parts, because it can't be had twice", of("mig", ", count: 2"), "left right"),
                arguments("more than the card has", of("mig", ", count: 3"), NONE),
                arguments("a share of the usual size", of("nic", ""), "nic"),
                arguments("two shares, rounded up", of("nic", ", count: 2, " + bandwidth(4)), "nic nic"),
                arguments("more shares than there is", of("nic", ", count: 3, " + bandwidth(4)), NONE),
                arguments("a larger share than there may be", of("nic", ", " + bandwidth(10)), NONE),
                arguments(
                        "a share of a capacity that it does not have",
                        of("nic", ", capacity: {requests: {memory: 1}}"),
                        NONE),
                arguments("a device with so much", gpus(", capacity: {requests: {memory: 15Gi}}"), "g1"),
                arguments(
                        "of two classes",
                        "{requests: [{name: a, exactly: {deviceClassName: gpu}}, {name: b, exactly: {deviceClassName:"
                                + " net}}]}",
                        "g0 f1"));
    }

    private static String of(String deviceClass, String more) {
        return "{requests: [{name: r, exactly: {deviceClassName: " + deviceClass + more + "}}]}";
    }

    private static String bandwidth(int amount) {
        return "capacity: {requests: {bandwidth: " + amount + "}}";
    }

    private static Stream<String> devices(AllocationResult result) {
        return result.getDevices().getResults().stream().map(each -> each.getDevice());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void aClaimGetsWhatItAsksFor(String name, String request, @org.jspecify.annotations.Nullable String expected) {
        ClusterState state = cluster();
        DeviceClaimFacts wanted = DeviceClaimFacts.of(claim("c", request).build());
        Allocator allocator = new Allocator(List.of(wanted), state.devices().view(), new DeviceExpressions());
        if (expected == null) {
            org.assertj.core.api.Assertions.assertThatThrownBy(() -> allocator.on(NodeFacts.of(NODE.build())))
                    .isInstanceOf(DeviceExpressions.UnclearException.class)
                    .hasMessageContaining("CEL runtime error");
            return;
        }
        String got = allocator
                .on(NodeFacts.of(NODE.build()))
                .map(plan -> String.join(
                        " ", devices(plan.grants().getFirst().result()).toList()))
                .orElse(NONE);
        assertThat(got).isEqualTo(expected);
    }

    @Test
    void theClaimSaysWhereItsDevicesCanBeUsedAndHowTheyAreSetUp() {
        ClusterState state = cluster();
        List<DeviceClaimFacts> claims = List.of(
                DeviceClaimFacts.of(claim("local", gpus("")).build()),
                DeviceClaimFacts.of(claim(
                                "remote",
                                "{requests: [{name: f, exactly: {deviceClassName: net}}], config:"
                                        + " [{requests: [f], opaque: {driver: net.example.com}}]}")
                        .build()));
        DevicePlan plan = new Allocator(claims, state.devices().view(), new DeviceExpressions())
                .on(NodeFacts.of(NODE.build()))
                .orElseThrow();
        AllocationResult local = plan.grants().getFirst().result();
        AllocationResult remote = plan.grants().getLast().result();
        assertThat(local.getNodeSelector()
                        .getNodeSelectorTerms()
                        .getFirst()
                        .getMatchFields()
                        .getFirst()
                        .getValues())
                .containsExactly("n");
        assertThat(remote.getNodeSelector()
                        .getNodeSelectorTerms()
                        .getFirst()
                        .getMatchExpressions()
                        .getFirst()
                        .getValues())
                .containsExactly("n", "o");
        assertThat(local.getDevices().getConfig())
                .extracting(each -> each.getSource(), each -> each.getRequests())
                .containsExactly(tuple("FromClass", List.of("r")));
        assertThat(remote.getDevices().getConfig())
                .extracting(each -> each.getSource(), each -> each.getRequests())
                .containsExactly(tuple("FromClaim", List.of("f")));
    }

    @Test
    void ofTwoPodsThatWereDecidedOnTogetherOneGetsTheDevice() {
        ClusterState state = cluster();
        for (String each : List.of("a", "b")) {
            state.devices()
                    .put(DeviceClaimFacts.of(
                            claim(each, selecting("device.attributes[\"gpu.example.com\"].model == \"big\""))
                                    .build()));
        }
        DynamicResourcesPlugin plugin = new DynamicResourcesPlugin();
        var snapshot = state.snapshot();
        NodeInfo node = requireNonNull(snapshot.node("n"));
        assertThat(plugin.reserve(pod("one", "a"), node, snapshot, state)).isEqualTo(Outcome.DONE);
        assertThat(plugin.reserve(pod("two", "b"), node, snapshot, state)).isInstanceOf(Outcome.Failed.class);

        assertThat(reason(plugin.prepare(pod("two", "b"), state.snapshot()), node))
                .isEqualTo("cannot allocate all claims");
        assertThat(reason(plugin.prepare(pod("three", "a"), state.snapshot()), node))
                .isEqualTo("resource claim default/a is in the process of being allocated");
        plugin.unreserve(pod("one", "a"), "n", state);
        assertThat(state.devices().view().taken().isEmpty()).isTrue();
        assertThat(plugin.reserve(pod("two", "b"), node, state.snapshot(), state))
                .isEqualTo(Outcome.DONE);
    }

    @Test
    void whatIsSharedIsGivenToSeveralPodsUntilNothingIsLeft() {
        ClusterState state = cluster();
        for (String each : List.of("a", "b", "c")) {
            state.devices()
                    .put(DeviceClaimFacts.of(
                            claim(each, of("nic", ", " + bandwidth(4))).build()));
        }
        DynamicResourcesPlugin plugin = new DynamicResourcesPlugin();
        NodeInfo node = requireNonNull(state.snapshot().node("n"));
        assertThat(plugin.reserve(pod("one", "a"), node, state.snapshot(), state))
                .isEqualTo(Outcome.DONE);
        var before = state.snapshot();
        assertThat(plugin.reserve(pod("two", "b"), node, before, state)).isEqualTo(Outcome.DONE);
        assertThat(plugin.reserve(pod("three", "c"), node, before, state))
                .as("what it counts on has changed")
                .isInstanceOf(Outcome.Failed.class);
        assertThat(reason(plugin.prepare(pod("three", "c"), state.snapshot()), node))
                .isEqualTo("cannot allocate all claims");

        var results = state.devices()
                .plan("uid-one")
                .grants()
                .getFirst()
                .result()
                .getDevices()
                .getResults();
        assertThat(results.getFirst().getConsumedCapacity().get("bandwidth"))
                .isEqualTo(new io.fabric8.kubernetes.api.model.Quantity("5"));
        assertThat(results.getFirst().getShareID())
                .isNotEqualTo(state.devices()
                        .plan("uid-two")
                        .grants()
                        .getFirst()
                        .result()
                        .getDevices()
                        .getResults()
                        .getFirst()
                        .getShareID());
        assertThat(results.getFirst().getBindingConditions()).containsExactly("example.com/up");
        plugin.unreserve(pod("one", "a"), "n", state);
        assertThat(reason(plugin.prepare(pod("three", "c"), state.snapshot()), node))
                .isEqualTo(NONE);
    }

    @Test
    void devicesStandBehindExtendedResources() {
        ClusterState state = cluster();
        state.putNode(NodeFacts.of(node("own", "cpu=4,example.com/mig=1").build()));
        PodInfo pod = PodInfo.of(TestPods.pod("p", "cpu=1,example.com/mig=2")
                .editSpec()
                .addNewInitContainer()
                .withName("first")
                .withNewResources()
                .withRequests(TestPods.quantities("example.com/mig=1"))
                .endResources()
                .endInitContainer()
                .endSpec()
                .build());
        Decider decider = new Decider(DefaultPlugins.profile("default-scheduler"));
        Decision decision = decider.decide(pod, state.snapshot(), 0, 1);
        assertThat(decision)
                .isInstanceOfSatisfying(
                        Decision.Place.class, place -> assertThat(place.node()).isEqualTo("n"));
        DynamicResourcesPlugin plugin = new DynamicResourcesPlugin();
        NodeInfo node = requireNonNull(state.snapshot().node("n"));
        assertThat(plugin.reserve(pod, node, state.snapshot(), state)).isEqualTo(Outcome.DONE);
        assertThat(devices(state.devices().plan("uid-p").grants().getFirst().result()))
                .containsExactly("left", "right");
        ExtendedResources claimed = ExtendedResources.of(
                pod.claims().extended(),
                java.util.Set.of("example.com/mig"),
                state.devices().view());
        assertThat(claimed.requests()).containsExactly(new ExtendedResources.Wanted("container-1-request-1", "mig", 2));
        assertThat(claimed.mappings())
                .extracting(each -> each.getContainerName() + " " + each.getRequestName())
                .containsExactly("main container-1-request-1", "first container-1-request-1");

        PodInfo next = TestPods.info("q", "deviceclass.resource.kubernetes.io/mig=1");
        assertThat(decider.decide(next, state.snapshot(), 0, 1)).isInstanceOfSatisfying(Decision.NoFit.class, noFit -> {
            assertThat(noFit.message()).contains("3 cannot allocate all claims");
        });
        plugin.unreserve(pod, "n", state);
        assertThat(decider.decide(next, state.snapshot(), 0, 1)).isInstanceOf(Decision.Place.class);
        PodInfo small = TestPods.info("r", "example.com/mig=1");
        assertThat(decider.decide(small, state.snapshot(), 0, 1))
                .isInstanceOfSatisfying(Decision.Place.class, place -> {
                    assertThat(place.feasible()).isEqualTo(2);
                });
    }

    @Test
    void aClaimThatKeepsAPodFromEveryNodeGivesItsDevicesBack() {
        ClusterState state = cluster();
        ResourceClaim elsewhere = new ResourceClaimBuilder(claim("c", gpus("")).build())
                .withStatus(read(ResourceClaim.class, """
                        {status: {allocation: {nodeSelector: {nodeSelectorTerms: [{matchFields: [{key: metadata.name,
                         operator: In, values: [gone]}]}]}}}}""").getStatus())
                .build();
        state.devices().put(DeviceClaimFacts.of(elsewhere));
        Decider decider = new Decider(DefaultPlugins.profile("default-scheduler"));
        assertThat(decider.decide(pod("p", "c"), state.snapshot(), 0, 1))
                .isInstanceOfSatisfying(Decision.NoFit.class, noFit -> {
                    assertThat(noFit.message()).contains("deallocation of ResourceClaim completed, preemption: ");
                    assertThat(noFit.remedy())
                            .isInstanceOfSatisfying(
                                    PostFilterPlugin.Remedy.None.class,
                                    none -> assertThat(none.takeBack()).contains(new ObjectKey("default", "c")));
                });
        elsewhere.getStatus().setReservedFor(List.of(new ResourceClaimConsumerReference("", "other", "pods", "uid-x")));
        elsewhere.getMetadata().setResourceVersion("11");
        state.devices().put(DeviceClaimFacts.of(elsewhere));
        assertThat(decider.decide(pod("p", "c"), state.snapshot(), 0, 1))
                .isInstanceOfSatisfying(
                        Decision.NoFit.class,
                        noFit -> assertThat(noFit.message()).contains("still not schedulable"));
    }

    @Test
    void administratorsUseDevicesThatOthersOwn() {
        ClusterState state = cluster();
        state.devices().put(DeviceClaimFacts.of(claim("a", gpus(", count: 3")).build()));
        DynamicResourcesPlugin plugin = new DynamicResourcesPlugin();
        var snapshot = state.snapshot();
        assertThat(plugin.reserve(pod("one", "a"), requireNonNull(snapshot.node("n")), snapshot, state))
                .isEqualTo(Outcome.DONE);
        DeviceClaimFacts admin =
                DeviceClaimFacts.of(claim("admin", gpus(", adminAccess: true")).build());
        assertThat(new Allocator(List.of(admin), state.devices().view(), new DeviceExpressions())
                        .on(requireNonNull(snapshot.node("n")).facts()))
                .isPresent();
    }

    private static String reason(NodeFilter filter, NodeInfo node) {
        return filter.check(node) instanceof Verdict.Unfit unfit ? String.join(", ", unfit.reasons()) : NONE;
    }

    @Test
    void aPodIsToldWhyItsClaimCannotBeUsed() {
        ClusterState state = cluster();
        DynamicResourcesPlugin plugin = new DynamicResourcesPlugin();
        NodeInfo node = nodeInfo(NODE);
        assertThat(plugin.prepare(pod("p"), state.snapshot())).isSameAs(NodeFilter.NONE);
        assertThat(reason(plugin.prepare(pod("p", "c"), state.snapshot()), node))
                .isEqualTo("resourceclaim.resource.k8s.io \"c\" not found");
        state.devices()
                .put(DeviceClaimFacts.of(claim("c", "{requests: [{name: r, exactly: {deviceClassName: nothing}}]}")
                        .build()));
        assertThat(reason(plugin.prepare(pod("p", "c"), state.snapshot()), node))
                .isEqualTo("request r: device class nothing does not exist");
        ResourceClaim onM = new ResourceClaimBuilder(claim("c", gpus("")).build())
                .editMetadata()
                .withResourceVersion("11")
                .endMetadata()
                .withStatus(read(ResourceClaim.class, """
                        {status: {allocation: {nodeSelector: {nodeSelectorTerms: [{matchFields: [{key: metadata.name,
                         operator: In, values: [m]}]}]}}}}""").getStatus())
                .build();
        state.devices().put(DeviceClaimFacts.of(onM));
        NodeFilter filter = plugin.prepare(pod("p", "c"), state.snapshot());
        assertThat(reason(filter, node)).isEqualTo("resourceclaim not available on the node");
        assertThat(reason(filter, nodeInfo(node("m", "cpu=1")))).isEqualTo(NONE);
        // News from before what is known are no news.
        state.devices().put(DeviceClaimFacts.of(claim("c", gpus("")).build()));
        assertThat(requireNonNull(state.devices().view().claim(new ObjectKey("default", "c")))
                        .allocation())
                .isPresent();
    }

    @ParameterizedTest
    @CsvSource({
        "1.2.3, 1.10.0, -1",
        "2.0.0, 2.0.0+build, 0",
        "1.0.0-rc.1, 1.0.0, -1",
        "1.0.0-rc.10, 1.0.0-rc.9, 1",
        "1.0.0-alpha, 1.0.0-1, 1"
    })
    void versionsAreOrderedAsSemverOrdersThem(String one, String other, int order) {
        assertThat(Integer.signum(SemanticVersion.parse(one).compareTo(SemanticVersion.parse(other))))
                .isEqualTo(order);
    }
}
