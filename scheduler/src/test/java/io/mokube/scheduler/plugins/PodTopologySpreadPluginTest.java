package io.mokube.scheduler.plugins;

import static io.mokube.scheduler.TestPods.info;
import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.nodeInfo;
import static io.mokube.scheduler.TestPods.pod;
import static io.mokube.scheduler.TestPods.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraintBuilder;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.TestScores;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import io.mokube.scheduler.snapshot.SpreadConstraint;
import io.mokube.scheduler.snapshot.Workloads;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Clusters are written as {@code zone=pods}, one node each; the nodes that fit are the answer. */
class PodTopologySpreadPluginTest {

    private static final String ZONE = "topology.kubernetes.io/zone";
    private static final String UNEVEN = "node(s) didn't match pod topology spread constraints";

    static Stream<Arguments> clusters() {
        return Stream.of(
                arguments("the emptier zone", zone(1), List.of("a=1", "b=0"), List.of(1)),
                arguments("even: both", zone(1), List.of("a=1", "b=1"), List.of(0, 1)),
                arguments("a zone of two nodes counts both", zone(1), List.of("a=1", "a=1", "b=1"), List.of(2)),
                arguments("more skew allowed", zone(2), List.of("a=1", "b=0"), List.of(0, 1)),
                arguments("nodes without a zone are out", zone(1), List.of("=0", "b=3"), List.of(1)),
                arguments(
                        "too few zones: the fewest count as none",
                        new TopologySpreadConstraintBuilder(zone(1))
                                .withMinDomains(3)
                                .build(),
                        List.of("a=1", "b=1"),
                        List.of()),
                arguments(
                        "by host", constraint("kubernetes.io/hostname", 1), List.of("a=1", "a=0", "a=2"), List.of(1)));
    }

    @ParameterizedTest(name = "{0}: {2} -> {3}")
    @MethodSource("clusters")
    void hardConstraintsRuleNodesOut(
            String what, TopologySpreadConstraint constraint, List<String> cluster, List<Integer> fitting) {
        PodInfo pod = info(
                like("p").editSpec().withTopologySpreadConstraints(constraint).endSpec());
        NodeInfo[] nodes = nodes(cluster);
        NodeFilter filter = new PodTopologySpreadPlugin().prepare(pod, snapshot(nodes));
        List<Integer> passed = new ArrayList<>();
        for (int i = 0; i < nodes.length; i++) {
            if (filter.check(nodes[i]) == Verdict.FITS) {
                passed.add(i);
            }
        }
        assertThat(passed).as(what).isEqualTo(fitting);
    }

    @Test
    void saysWhy() {
        PodInfo pod =
                info(like("p").editSpec().withTopologySpreadConstraints(zone(1)).endSpec());
        NodeInfo[] nodes = nodes(List.of("a=2", "b=0", "=0"));
        NodeFilter filter = new PodTopologySpreadPlugin().prepare(pod, snapshot(nodes));
        assertThat(filter.check(nodes[0])).isEqualTo(new Verdict.Unfit("PodTopologySpread", List.of(UNEVEN), true));
        assertThat(filter.check(nodes[2]))
                .isEqualTo(
                        new Verdict.Unfit("PodTopologySpread", List.of(UNEVEN + " (missing required label)"), false));
    }

    @Test
    void podsOfOtherKindsNamespacesAndThoseLeavingDoNotCount() {
        PodInfo pod =
                info(like("p").editSpec().withTopologySpreadConstraints(zone(1)).endSpec());
        NodeInfo crowded = nodeInfo(
                node("n0", "cpu=4").editMetadata().addToLabels(ZONE, "a").endMetadata(),
                info("other", "").onNode("n0"),
                info(like("elsewhere")
                                .editMetadata()
                                .withNamespace("kube-system")
                                .endMetadata())
                        .onNode("n0"),
                info(like("leaving")
                                .editMetadata()
                                .withDeletionTimestamp("2026-01-01T00:00:00Z")
                                .endMetadata())
                        .onNode("n0"));
        NodeInfo empty = nodeInfo(
                node("n1", "cpu=4").editMetadata().addToLabels(ZONE, "b").endMetadata());
        NodeFilter filter = new PodTopologySpreadPlugin().prepare(pod, snapshot(crowded, empty));
        assertThat(filter.check(crowded)).isEqualTo(Verdict.FITS);
    }

    @Test
    void takingAPodAwayIsSeen() {
        PodInfo pod =
                info(like("p").editSpec().withTopologySpreadConstraints(zone(1)).endSpec());
        NodeInfo[] nodes = nodes(List.of("a=1", "b=0"));
        Snapshot cluster = snapshot(nodes);
        NodeFilter filter = new PodTopologySpreadPlugin().prepare(pod, cluster);
        NodeInfo emptied = nodes[0].withoutPod("uid-n0-0");
        assertThat(filter.check(nodes[0])).isNotEqualTo(Verdict.FITS);
        assertThat(filter.in(cluster.imagining(emptied)).check(emptied)).isEqualTo(Verdict.FITS);
    }

    @Test
    void replicasAreSpreadByDefault() {
        PodInfo replica = info(like("p")
                .editMetadata()
                .addNewOwnerReference()
                .withKind("ReplicaSet")
                .withName("web")
                .withController(true)
                .endOwnerReference()
                .endMetadata());
        NodeInfo[] nodes = nodes(List.of("a=2", "a=0", "b=0"));
        Snapshot cluster = belonging(nodes, Optional.of("ReplicaSet"), Map.of());
        List<Long> scores = TestScores.of(new PodTopologySpreadPlugin(), replica, cluster, nodes);
        assertThat(scores.get(0)).isLessThan(scores.get(1));
        assertThat(scores.get(1)).isLessThan(scores.get(2));
        assertThat(TestScores.of(new PodTopologySpreadPlugin(), info(like("p")), cluster, nodes))
                .as("a pod of its own is not spread")
                .isEmpty();
        assertThat(TestScores.of(
                        new PodTopologySpreadPlugin(),
                        info(like("p")),
                        belonging(nodes, Optional.empty(), Map.of("app", "web")),
                        nodes))
                .as("a pod that a service selects is")
                .isEqualTo(scores);
        assertThat(TestScores.of(
                        new PodTopologySpreadPlugin(),
                        info(like("p")),
                        belonging(nodes, Optional.empty(), Map.of("app", "other")),
                        nodes))
                .as("a pod that no service selects is not")
                .isEmpty();
    }

    @Test
    void statedDefaultsHoldForPodsThatStateNone() {
        NodeInfo[] nodes = nodes(List.of("a=2", "b=0"));
        Snapshot cluster = belonging(nodes, Optional.empty(), Map.of("app", "web"));
        PodTopologySpreadPlugin plugin =
                new PodTopologySpreadPlugin(List.of(SpreadConstraint.ofDefault(constraint(ZONE, 1))));
        NodeFilter filter = plugin.prepare(info(like("p")), cluster);
        assertThat(filter.check(nodes[0])).isNotEqualTo(Verdict.FITS);
        assertThat(filter.check(nodes[1])).isEqualTo(Verdict.FITS);
        PodInfo own = info(like("p")
                .editSpec()
                .withTopologySpreadConstraints(constraint(ZONE, 9))
                .endSpec());
        assertThat(plugin.prepare(own, cluster).check(nodes[0])).isEqualTo(Verdict.FITS);
    }

    /** A cluster with a controller named web of a kind, and a service with a selector. */
    private static Snapshot belonging(NodeInfo[] nodes, Optional<String> kind, Map<String, String> service) {
        ClusterState state = new ClusterState();
        for (NodeInfo node : nodes) {
            state.putNode(node.facts());
            node.pods().forEach(state::putPod);
        }
        ObjectKey web = new ObjectKey("default", "web");
        kind.ifPresent(stated -> state.putController(
                new Workloads.Controller(stated, web), Optional.of(LabelSelector.ofLabels(Map.of("app", "web")))));
        if (!service.isEmpty()) {
            state.putService(web, Optional.of(LabelSelector.ofLabels(service)));
        }
        return state.snapshot();
    }

    private static TopologySpreadConstraint zone(int maxSkew) {
        return constraint(ZONE, maxSkew);
    }

    private static TopologySpreadConstraint constraint(String key, int maxSkew) {
        return new TopologySpreadConstraintBuilder()
                .withTopologyKey(key)
                .withMaxSkew(maxSkew)
                .withWhenUnsatisfiable("DoNotSchedule")
                .withNewLabelSelector()
                .addToMatchLabels("app", "web")
                .endLabelSelector()
                .build();
    }

    private static PodBuilder like(String name) {
        return pod(name, "").editMetadata().withLabels(Map.of("app", "web")).endMetadata();
    }

    private static NodeInfo[] nodes(List<String> cluster) {
        NodeInfo[] nodes = new NodeInfo[cluster.size()];
        for (int i = 0; i < nodes.length; i++) {
            String[] parts = cluster.get(i).split("=", -1);
            String name = "n" + i;
            var builder = node(name, "cpu=4");
            nodes[i] = nodeInfo(
                    parts[0].isEmpty()
                            ? builder
                            : builder.editMetadata().addToLabels(ZONE, parts[0]).endMetadata());
            for (int p = 0; p < Integer.parseInt(parts[1]); p++) {
                nodes[i] = nodes[i].withPod(info(like(name + "-" + p)).onNode(name));
            }
        }
        return nodes;
    }
}
