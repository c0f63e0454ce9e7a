package io.mokube.scheduler.plugins;

import static io.mokube.scheduler.TestPods.info;
import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.nodeInfo;
import static io.mokube.scheduler.TestPods.placed;
import static io.mokube.scheduler.TestPods.pod;
import static io.mokube.scheduler.TestPods.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What each filter says of a pod and a node: nothing, or its reasons. */
class FilterPluginsTest {

    private static final FilterPlugin FIT = new NodeResourcesFitPlugin();
    private static final FilterPlugin TAINT = new TaintTolerationPlugin();
    private static final FilterPlugin AFFINITY = new NodeAffinityPlugin();
    private static final FilterPlugin PORTS = new NodePortsPlugin();
    private static final FilterPlugin CORDON = new NodeUnschedulablePlugin();
    private static final FilterPlugin FEATURES = new NodeDeclaredFeaturesPlugin();
    private static final FilterPlugin NAME = new NodeNamePlugin();

    private static final List<String> NO_MATCH = List.of("node(s) didn't match Pod's node affinity/selector");
    private static final List<String> TAINTED = List.of("node(s) had untolerated taint(s)");
    private static final List<String> PORT_TAKEN =
            List.of("node(s) didn't have free ports for the requested pod ports");
    private static final List<String> CORDONED = List.of("node(s) were unschedulable");

    private static List<String> unsatisfied(String features) {
        return List.of("node declared features check failed - unsatisfied requirements: " + features);
    }

    private static PodInfo restartingAll() {
        return info(pod("p", "")
                .editSpec()
                .editFirstContainer()
                .addNewRestartPolicyRule()
                .withAction("RestartAllContainers")
                .endRestartPolicyRule()
                .endContainer()
                .endSpec());
    }

    private static NodeInfo declaring(String... features) {
        return nodeInfo(
                node("n", "cpu=4").editStatus().withDeclaredFeatures(features).endStatus());
    }

    static Stream<Arguments> cases() {
        NodeBuilder small = node("n", "cpu=2,memory=2Gi,ephemeral-storage=1Gi,example.com/gpu=2");
        return Stream.of(
                arguments(
                        "fits exactly",
                        FIT,
                        info("p", "cpu=1500m,memory=1Gi"),
                        nodeInfo(small, placed("a", "cpu=500m,memory=1Gi", "n")),
                        List.of()),
                arguments(
                        "cpu by one thousandth",
                        FIT,
                        info("p", "cpu=1501m"),
                        nodeInfo(small, placed("a", "cpu=500m", "n")),
                        List.of("Insufficient cpu")),
                arguments(
                        "two at once",
                        FIT,
                        info("p", "cpu=2,memory=2Gi"),
                        nodeInfo(small, placed("a", "cpu=1m,memory=1", "n")),
                        List.of("Insufficient cpu", "Insufficient memory")),
                arguments(
                        "disk",
                        FIT,
                        info("p", "ephemeral-storage=2Gi"),
                        nodeInfo(small),
                        List.of("Insufficient ephemeral-storage")),
                arguments(
                        "extended",
                        FIT,
                        info("p", "example.com/gpu=2"),
                        nodeInfo(small, placed("a", "example.com/gpu=1", "n")),
                        List.of("Insufficient example.com/gpu")),
                arguments(
                        "extended that the node lacks",
                        FIT,
                        info("p", "example.com/fpga=1"),
                        nodeInfo(small),
                        List.of("Insufficient example.com/fpga")),
                arguments(
                        "extended fits",
                        FIT,
                        info("p", "example.com/gpu=1"),
                        nodeInfo(small, placed("a", "example.com/gpu=1", "n")),
                        List.of()),
                arguments(
                        "nothing asked on a full node",
                        FIT,
                        info("p", ""),
                        nodeInfo(small, placed("a", "cpu=2,memory=2Gi", "n")),
                        List.of()),
                arguments(
                        "no room for another pod",
                        FIT,
                        info("p", "cpu=1"),
                        nodeInfo(node("n", "cpu=2,pods=1"), placed("a", "cpu=1500m", "n")),
                        List.of("Too many pods", "Insufficient cpu")),
                arguments("needs nothing special", FEATURES, info("p", ""), nodeInfo(small), List.of()),
                arguments(
                        "needs a feature",
                        FEATURES,
                        restartingAll(),
                        nodeInfo(small),
                        unsatisfied("RestartAllContainersOnContainerExits")),
                arguments(
                        "needs a feature that the node has",
                        FEATURES,
                        restartingAll(),
                        declaring("GuaranteedQoSPodCPUResize", "RestartAllContainersOnContainerExits"),
                        List.of()),
                arguments(
                        "needs another feature",
                        FEATURES,
                        info(pod("p", "")
                                .editSpec()
                                .withHostNetwork(true)
                                .withHostUsers(false)
                                .endSpec()),
                        declaring("RestartAllContainersOnContainerExits"),
                        unsatisfied("UserNamespacesHostNetworkSupport")),
                arguments("no taints", TAINT, info("p", ""), nodeInfo(small), List.of()),
                arguments("untolerated", TAINT, info("p", ""), tainted("k", "v", "NoSchedule"), TAINTED),
                arguments("no execute", TAINT, info("p", ""), tainted("k", "v", "NoExecute"), TAINTED),
                arguments("only discouraging", TAINT, info("p", ""), tainted("k", "v", "PreferNoSchedule"), List.of()),
                arguments(
                        "equal",
                        TAINT,
                        tolerating("k", "Equal", "v", "NoSchedule"),
                        tainted("k", "v", "NoSchedule"),
                        List.of()),
                arguments(
                        "default operator is equal",
                        TAINT,
                        tolerating("k", null, "v", null),
                        tainted("k", "v", "NoSchedule"),
                        List.of()),
                arguments(
                        "other value",
                        TAINT,
                        tolerating("k", "Equal", "w", null),
                        tainted("k", "v", "NoSchedule"),
                        TAINTED),
                arguments(
                        "other effect",
                        TAINT,
                        tolerating("k", "Equal", "v", "NoExecute"),
                        tainted("k", "v", "NoSchedule"),
                        TAINTED),
                arguments(
                        "exists",
                        TAINT,
                        tolerating("k", "Exists", null, null),
                        tainted("k", "v", "NoSchedule"),
                        List.of()),
                arguments(
                        "everything",
                        TAINT,
                        tolerating(null, "Exists", null, null),
                        tainted("k", "v", "NoSchedule"),
                        List.of()),
                arguments("no selector", AFFINITY, info("p", ""), labelled("a", "b"), List.of()),
                arguments("selector", AFFINITY, selecting(Map.of("a", "b")), labelled("a", "b"), List.of()),
                arguments("selector, other value", AFFINITY, selecting(Map.of("a", "c")), labelled("a", "b"), NO_MATCH),
                arguments("in", AFFINITY, requiring("a", "In", "x", "b"), labelled("a", "b"), List.of()),
                arguments("not in", AFFINITY, requiring("a", "NotIn", "b"), labelled("a", "b"), NO_MATCH),
                arguments("not in, absent", AFFINITY, requiring("z", "NotIn", "b"), labelled("a", "b"), List.of()),
                arguments("exists", AFFINITY, requiring("a", "Exists"), labelled("a", "b"), List.of()),
                arguments("does not exist", AFFINITY, requiring("a", "DoesNotExist"), labelled("a", "b"), NO_MATCH),
                arguments("greater", AFFINITY, requiring("a", "Gt", "4"), labelled("a", "5"), List.of()),
                arguments("not less", AFFINITY, requiring("a", "Lt", "5"), labelled("a", "5"), NO_MATCH),
                arguments("greater, no number", AFFINITY, requiring("a", "Gt", "4"), labelled("a", "b"), NO_MATCH),
                arguments(
                        "no terms match nothing",
                        AFFINITY,
                        info(pod("p", "")
                                .editSpec()
                                .withNewAffinity()
                                .withNewNodeAffinity()
                                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                                .endRequiredDuringSchedulingIgnoredDuringExecution()
                                .endNodeAffinity()
                                .endAffinity()
                                .endSpec()),
                        labelled("a", "b"),
                        NO_MATCH),
                arguments("one of two terms", AFFINITY, twoTerms("a", "b", "c", "d"), labelled("c", "d"), List.of()),
                arguments("neither of two terms", AFFINITY, twoTerms("a", "b", "c", "d"), labelled("e", "f"), NO_MATCH),
                arguments("field", AFFINITY, requiringName("n"), labelled("a", "b"), List.of()),
                arguments("other field value", AFFINITY, requiringName("m"), labelled("a", "b"), NO_MATCH),
                arguments(
                        "port free",
                        PORTS,
                        port("p", 80, "TCP", null),
                        nodeInfo(small, port("a", 81, "TCP", null)),
                        List.of()),
                arguments(
                        "port taken",
                        PORTS,
                        port("p", 80, "TCP", null),
                        nodeInfo(small, port("a", 80, "TCP", null)),
                        PORT_TAKEN),
                arguments(
                        "other protocol",
                        PORTS,
                        port("p", 80, "UDP", null),
                        nodeInfo(small, port("a", 80, "TCP", null)),
                        List.of()),
                arguments(
                        "other address",
                        PORTS,
                        port("p", 80, "TCP", "10.0.0.1"),
                        nodeInfo(small, port("a", 80, "TCP", "10.0.0.2")),
                        List.of()),
                arguments(
                        "all addresses",
                        PORTS,
                        port("p", 80, "TCP", "10.0.0.1"),
                        nodeInfo(small, port("a", 80, "TCP", "0.0.0.0")),
                        PORT_TAKEN),
                arguments("cordoned", CORDON, info("p", ""), cordoned(), CORDONED),
                arguments(
                        "cordoned, tolerated",
                        CORDON,
                        tolerating("node.kubernetes.io/unschedulable", "Exists", null, "NoSchedule"),
                        cordoned(),
                        List.of()),
                arguments("named", NAME, placed("p", "", "n"), nodeInfo(small), List.of()),
                arguments(
                        "other named",
                        NAME,
                        placed("p", "", "m"),
                        nodeInfo(small),
                        List.of("node(s) didn't match the requested node name")));
    }

    @ParameterizedTest(name = "{0}: {4}")
    @MethodSource("cases")
    void says(String what, FilterPlugin plugin, PodInfo pod, NodeInfo node, List<String> reasons) {
        Verdict verdict = plugin.prepare(pod, snapshot(node)).check(node);
        List<String> said = verdict instanceof Verdict.Unfit unfit ? unfit.reasons() : List.of();
        assertThat(said).as(what).isEqualTo(reasons);
        if (verdict instanceof Verdict.Unfit unfit) {
            assertThat(unfit.plugin()).isEqualTo(plugin.name());
            assertThat(plugin.unblockedBy()).isNotEmpty();
        }
    }

    static Stream<Arguments> hopes() {
        NodeBuilder small = node("n", "cpu=2");
        return Stream.of(
                arguments("others take it", FIT, info("p", "cpu=2"), nodeInfo(small, placed("a", "cpu=1", "n")), true),
                arguments("node too small", FIT, info("p", "cpu=3"), nodeInfo(small), false),
                arguments("port", PORTS, port("p", 80, "TCP", null), nodeInfo(small, port("a", 80, "TCP", null)), true),
                arguments("taint", TAINT, info("p", ""), tainted("k", "v", "NoSchedule"), false));
    }

    @ParameterizedTest(name = "{0}: {4}")
    @MethodSource("hopes")
    void saysWhetherTakingPodsAwayCouldHelp(
            String what, FilterPlugin plugin, PodInfo pod, NodeInfo node, boolean mayHelp) {
        assertThat(plugin.prepare(pod, snapshot(node)).check(node))
                .as(what)
                .isInstanceOfSatisfying(
                        Verdict.Unfit.class,
                        unfit -> assertThat(unfit.preemptionMayHelp()).isEqualTo(mayHelp));
    }

    private static NodeInfo tainted(String key, String value, String effect) {
        return nodeInfo(node("n", "cpu=1")
                .editSpec()
                .addNewTaint()
                .withKey(key)
                .withValue(value)
                .withEffect(effect)
                .endTaint()
                .endSpec());
    }

    private static NodeInfo cordoned() {
        return nodeInfo(node("n", "cpu=1").editSpec().withUnschedulable(true).endSpec());
    }

    private static NodeInfo labelled(String key, String value) {
        return nodeInfo(
                node("n", "cpu=1").editMetadata().addToLabels(key, value).endMetadata());
    }

    private static PodInfo tolerating(
            @Nullable String key, @Nullable String operator, @Nullable String value, @Nullable String effect) {
        return info(pod("p", "")
                .editSpec()
                .addNewToleration()
                .withKey(key)
                .withOperator(operator)
                .withValue(value)
                .withEffect(effect)
                .endToleration()
                .endSpec());
    }

    private static PodInfo selecting(Map<String, String> labels) {
        return info(pod("p", "").editSpec().withNodeSelector(labels).endSpec());
    }

    private static PodInfo requiring(String key, String operator, String... values) {
        return info(required(pod("p", ""), new NodeSelectorRequirement(key, operator, List.of(values))));
    }

    private static PodBuilder required(PodBuilder pod, NodeSelectorRequirement requirement) {
        return pod.editSpec()
                .withNewAffinity()
                .withNewNodeAffinity()
                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                .addNewNodeSelectorTerm()
                .addToMatchExpressions(requirement)
                .endNodeSelectorTerm()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .endSpec();
    }

    private static PodInfo twoTerms(String key1, String value1, String key2, String value2) {
        return info(required(pod("p", ""), new NodeSelectorRequirement(key1, "In", List.of(value1)))
                .editSpec()
                .editAffinity()
                .editNodeAffinity()
                .editRequiredDuringSchedulingIgnoredDuringExecution()
                .addNewNodeSelectorTerm()
                .addToMatchExpressions(new NodeSelectorRequirement(key2, "In", List.of(value2)))
                .endNodeSelectorTerm()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .endSpec());
    }

    private static PodInfo requiringName(String name) {
        return info(pod("p", "")
                .editSpec()
                .withNewAffinity()
                .withNewNodeAffinity()
                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                .addNewNodeSelectorTerm()
                .addToMatchFields(new NodeSelectorRequirement("metadata.name", "In", List.of(name)))
                .endNodeSelectorTerm()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .endSpec());
    }

    private static PodInfo port(String name, int port, String protocol, @Nullable String address) {
        return info(pod(name, "")
                .editSpec()
                .editFirstContainer()
                .addNewPort()
                .withContainerPort(8080)
                .withHostPort(port)
                .withProtocol(protocol)
                .withHostIP(address)
                .endPort()
                .endContainer()
                .endSpec());
    }
}
