package io.mokube.scheduler.plugins;

import static io.mokube.scheduler.TestPods.info;
import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.placed;
import static io.mokube.scheduler.TestPods.pod;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.RejectingPlugin;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.PodInfo;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Which changes are worth another try of a pod that a plugin turned away. */
class QueueingHintsTest {

    private static final RejectingPlugin FIT = new NodeResourcesFitPlugin();
    private static final RejectingPlugin TAINT = new TaintTolerationPlugin();
    private static final RejectingPlugin AFFINITY = new NodeAffinityPlugin();
    private static final RejectingPlugin PORTS = new NodePortsPlugin();
    private static final RejectingPlugin CORDON = new NodeUnschedulablePlugin();
    private static final RejectingPlugin SPREAD = new PodTopologySpreadPlugin();
    private static final RejectingPlugin NEAR = new InterPodAffinityPlugin();

    static Stream<Arguments> cases() {
        NodeBuilder plain = node("n", "cpu=4,memory=8Gi");
        NodeBuilder tainted = new NodeBuilder(plain.build())
                .editSpec()
                .addNewTaint()
                .withKey("k")
                .withEffect("NoSchedule")
                .endTaint()
                .endSpec();
        NodeBuilder cordoned = new NodeBuilder(plain.build())
                .editSpec()
                .withUnschedulable(true)
                .endSpec();
        NodeBuilder disks = labelled(plain, "disk", "ssd");
        NodeBuilder zoned = labelled(plain, "zone", "a");
        PodInfo wantsSsd =
                info(pod("p", "").editSpec().addToNodeSelector("disk", "ssd").endSpec());
        PodInfo wantsPort = info(port("p", 80));
        return Stream.of(
                arguments("a node that is big enough", FIT, info("p", "cpu=2"), added(plain), true),
                arguments("a node that is too small", FIT, info("p", "cpu=5"), added(plain), false),
                arguments(
                        "a node that grew in what is wanted",
                        FIT,
                        info("p", "cpu=2"),
                        resized("cpu=1,memory=8Gi", "cpu=4,memory=8Gi"),
                        true),
                arguments(
                        "a node that grew in something else",
                        FIT,
                        info("p", "cpu=2"),
                        resized("cpu=4,memory=1Gi", "cpu=4,memory=8Gi"),
                        false),
                arguments("a pod that goes", FIT, info("p", "cpu=2"), gone(placed("x", "", "n")), true),
                arguments(
                        "a pod that takes less",
                        FIT,
                        info("p", "cpu=2"),
                        changed(placed("x", "cpu=2", "n"), placed("x", "cpu=1", "n")),
                        true),
                arguments(
                        "a pod that takes less of something else",
                        FIT,
                        info("p", "cpu=2"),
                        changed(placed("x", "cpu=2,memory=2Gi", "n"), placed("x", "cpu=2,memory=1Gi", "n")),
                        false),
                arguments("a node without taints", TAINT, info("p", ""), added(plain), true),
                arguments("a node with a taint", TAINT, info("p", ""), added(tainted), false),
                arguments("a taint that goes", TAINT, info("p", ""), taints(tainted, plain), true),
                arguments("a taint that comes", TAINT, info("p", ""), taints(plain, tainted), false),
                arguments("a node that is not cordoned", CORDON, info("p", ""), taints(cordoned, plain), true),
                arguments("a node that is cordoned", CORDON, info("p", ""), taints(plain, cordoned), false),
                arguments("a node with the label", AFFINITY, wantsSsd, added(disks), true),
                arguments("a node without it", AFFINITY, wantsSsd, added(plain), false),
                arguments("a label that comes", AFFINITY, wantsSsd, labels(plain, disks), true),
                arguments("another label that comes", AFFINITY, wantsSsd, labels(plain, zoned), false),
                arguments(
                        "a pod with the port goes",
                        PORTS,
                        wantsPort,
                        gone(info(port("x", 80)).onNode("n")),
                        true),
                arguments(
                        "a pod with another port goes",
                        PORTS,
                        wantsPort,
                        gone(info(port("x", 81)).onNode("n")),
                        false),
                arguments("a pod alike goes", SPREAD, spread(), gone(placed("web", "", "n")), true),
                arguments("another pod goes", SPREAD, spread(), gone(placed("other", "", "n")), false),
                arguments("a node in a zone", SPREAD, spread(), added(zoned), true),
                arguments("a node in no zone", SPREAD, spread(), added(plain), false),
                arguments("a pod to be near comes", NEAR, near(false), come(placed("web", "", "n")), true),
                arguments("another pod comes", NEAR, near(false), come(placed("other", "", "n")), false),
                arguments("a pod to be near goes", NEAR, near(false), gone(placed("web", "", "n")), false),
                arguments("a pod to be away from goes", NEAR, near(true), gone(placed("web", "", "n")), true),
                arguments("a pod to be away from comes", NEAR, near(true), come(placed("web", "", "n")), false),
                arguments("a node in the zones", NEAR, near(false), added(zoned), true),
                arguments("a node outside of them", NEAR, near(false), added(plain), false),
                arguments(
                        "a pod that wanted this one away goes",
                        NEAR,
                        info(pod("web", "")),
                        gone(near(true).onNode("n")),
                        true));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void wakes(String what, RejectingPlugin plugin, PodInfo pod, ClusterChange change, boolean expected) {
        assertThat(plugin.unblockedBy()).contains(change.event());
        assertThat(plugin.mayUnblock(pod, change)).as(what).isEqualTo(expected);
    }

    private static NodeBuilder labelled(NodeBuilder node, String key, String value) {
        return new NodeBuilder(node.build())
                .editMetadata()
                .addToLabels(key, value)
                .endMetadata();
    }

    private static NodeFacts facts(NodeBuilder node) {
        return NodeFacts.of(node.build());
    }

    private static ClusterChange added(NodeBuilder node) {
        return ClusterChange.added(ClusterEvent.NODE_ADDED, facts(node));
    }

    private static ClusterChange resized(String before, String now) {
        return new ClusterChange(
                ClusterEvent.NODE_ALLOCATABLE_CHANGED, facts(node("n", before)), facts(node("n", now)));
    }

    private static ClusterChange taints(NodeBuilder before, NodeBuilder now) {
        return new ClusterChange(ClusterEvent.NODE_TAINTS_CHANGED, facts(before), facts(now));
    }

    private static ClusterChange labels(NodeBuilder before, NodeBuilder now) {
        return new ClusterChange(ClusterEvent.NODE_LABELS_CHANGED, facts(before), facts(now));
    }

    private static ClusterChange gone(PodInfo pod) {
        return ClusterChange.removed(ClusterEvent.ASSIGNED_POD_REMOVED, pod);
    }

    private static ClusterChange come(PodInfo pod) {
        return ClusterChange.added(ClusterEvent.ASSIGNED_POD_ADDED, pod);
    }

    private static ClusterChange changed(PodInfo before, PodInfo now) {
        return new ClusterChange(ClusterEvent.ASSIGNED_POD_CHANGED, before, now);
    }

    private static PodBuilder port(String name, int port) {
        return pod(name, "")
                .editSpec()
                .editFirstContainer()
                .addNewPort()
                .withHostPort(port)
                .endPort()
                .endContainer()
                .endSpec();
    }

    /** A pod that is spread over zones with the pods of the app web. */
    private static PodInfo spread() {
        return info(pod("p", "")
                .editSpec()
                .addNewTopologySpreadConstraint()
                .withTopologyKey("zone")
                .withMaxSkew(1)
                .withWhenUnsatisfiable("DoNotSchedule")
                .withNewLabelSelector()
                .addToMatchLabels("app", "web")
                .endLabelSelector()
                .endTopologySpreadConstraint()
                .endSpec());
    }

    /** A pod that must be in a zone with pods of the app web, or in one without them. */
    private static PodInfo near(boolean away) {
        var affinity = pod("p", "").editSpec().withNewAffinity();
        if (away) {
            affinity.withNewPodAntiAffinity()
                    .addNewRequiredDuringSchedulingIgnoredDuringExecution()
                    .withTopologyKey("zone")
                    .withNewLabelSelector()
                    .addToMatchLabels("app", "web")
                    .endLabelSelector()
                    .endRequiredDuringSchedulingIgnoredDuringExecution()
                    .endPodAntiAffinity();
        } else {
            affinity.withNewPodAffinity()
                    .addNewRequiredDuringSchedulingIgnoredDuringExecution()
                    .withTopologyKey("zone")
                    .withNewLabelSelector()
                    .addToMatchLabels("app", "web")
                    .endLabelSelector()
                    .endRequiredDuringSchedulingIgnoredDuringExecution()
                    .endPodAffinity();
        }
        return info(affinity.endAffinity().endSpec());
    }
}
