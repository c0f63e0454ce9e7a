package io.mokube.scheduler.plugins;

import static io.mokube.scheduler.TestPods.info;
import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.nodeInfo;
import static io.mokube.scheduler.TestPods.placed;
import static io.mokube.scheduler.TestPods.pod;
import static io.mokube.scheduler.TestPods.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PodBuilder;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.framework.TestScores;
import io.mokube.scheduler.plugins.ScoringStrategy.Kind;
import io.mokube.scheduler.plugins.ScoringStrategy.WeightedResource;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What score plugins make of their arguments. */
class ConfiguredScoresTest {

    private static final Kind RISING =
            new Kind.RequestedToCapacityRatio(List.of(new Kind.Point(0, 0), new Kind.Point(100, 100)));

    /** The example of Kubernetes' documentation on bin packing, whose scores from 0 to 10 count tenfold. */
    @Test
    void requestedToCapacityFollowsTheCurveAndTheWeights() {
        ScorePlugin plugin = fit(
                RISING,
                new WeightedResource("example.com/foo", 5),
                new WeightedResource("memory", 1),
                new WeightedResource("cpu", 3));
        PodInfo pod = info("p", "example.com/foo=2,memory=256Mi,cpu=2");
        NodeInfo first = nodeInfo(
                node("one", "example.com/foo=4,memory=1Gi,cpu=8"),
                placed("x", "example.com/foo=1,memory=256Mi,cpu=1", "one"));
        NodeInfo second = nodeInfo(
                node("two", "example.com/foo=8,memory=1Gi,cpu=8"),
                placed("y", "example.com/foo=2,memory=512Mi,cpu=6", "two"));
        // (75 x 5 + 50 + 37 x 3) / 9, and (50 x 5 + 75 + 100 x 3) / 9, rounded.
        assertThat(scores(plugin, pod, first, second)).containsExactly(60L, 69L);
    }

    @Test
    void theCurveIsStraightBetweenItsPointsAndLevelOutside() {
        Kind.RequestedToCapacityRatio curve = new Kind.RequestedToCapacityRatio(
                List.of(new Kind.Point(20, 10), new Kind.Point(60, 50), new Kind.Point(80, 0)));
        assertThat(List.of(curve.at(0), curve.at(20), curve.at(40), curve.at(60), curve.at(70), curve.at(100)))
                .containsExactly(10L, 10L, 30L, 50L, 25L, 0L);
    }

    @Test
    void whatIsMissingDoesNotCount() {
        ScorePlugin plugin = fit(RISING, new WeightedResource("example.com/foo", 1), new WeightedResource("cpu", 1));
        assertThat(scores(plugin, info("p", "cpu=1"), nodeInfo(node("a", "cpu=2,example.com/foo=4"))))
                .as("a resource that the pod does not want")
                .containsExactly(50L);
        assertThat(scores(plugin, info("p", "cpu=1,example.com/foo=1"), nodeInfo(node("a", "cpu=2"))))
                .as("a resource that the node does not have")
                .containsExactly(50L);
    }

    @Test
    void theMostAllocatedNodeIsBest() {
        ScorePlugin plugin =
                fit(new Kind.MostAllocated(), new WeightedResource("cpu", 1), new WeightedResource("memory", 1));
        assertThat(scores(
                        plugin,
                        info("p", "cpu=1,memory=1Gi"),
                        nodeInfo(node("a", "cpu=4,memory=4Gi"), placed("x", "cpu=1,memory=1Gi", "a")),
                        nodeInfo(node("b", "cpu=4,memory=4Gi")),
                        nodeInfo(node("c", "cpu=500m,memory=4Gi"))))
                .containsExactly(50L, 25L, 62L);
    }

    @Test
    void leastAllocatedCountsByWeight() {
        ScorePlugin plugin = fit(
                new Kind.LeastAllocated(),
                new WeightedResource("cpu", 3),
                new WeightedResource("ephemeral-storage", 1));
        assertThat(scores(plugin, info("p", "cpu=1"), nodeInfo(node("a", "cpu=4,ephemeral-storage=10Gi"))))
                .containsExactly((75L * 3 + 100) / 4);
    }

    @Test
    void balanceOfMoreThanTwoResourcesIsTheirDeviation() {
        ScorePlugin plugin = new NodeResourcesBalancedAllocationPlugin(List.of("cpu", "memory", "example.com/gpu"));
        assertThat(scores(
                        plugin,
                        info("p", "cpu=2,memory=2Gi,example.com/gpu=2"),
                        nodeInfo(node("even", "cpu=4,memory=4Gi,example.com/gpu=4")),
                        nodeInfo(node("uneven", "cpu=2,memory=4Gi,example.com/gpu=8"))))
                // Shares 1, 0.5, 0.25: their mean is 0.583, their standard deviation 0.312.
                .containsExactly(100L, 68L);
    }

    @Test
    void requirementsOfOthersCountAsConfigured() {
        NodeInfo[] nodes = {
            nodeInfo(node("near", "cpu=4"), near("friend", true).onNode("near")),
            nodeInfo(node("liked", "cpu=4"), near("admirer", false).onNode("liked")),
            nodeInfo(node("far", "cpu=4"))
        };
        PodInfo pod = info(web("p"));
        assertThat(scores(new InterPodAffinityPlugin(1, false), pod, nodes)).containsExactly(20L, 100L, 0L);
        assertThat(scores(new InterPodAffinityPlugin(10, false), pod, nodes)).containsExactly(100L, 50L, 0L);
        assertThat(scores(new InterPodAffinityPlugin(0, false), pod, nodes)).containsExactly(0L, 100L, 0L);
        assertThat(scores(new InterPodAffinityPlugin(10, true), pod, nodes))
                .as("without preferences of its own")
                .isEmpty();
    }

    private static PodBuilder web(String name) {
        return pod(name, "").editMetadata().addToLabels("app", "web").endMetadata();
    }

    /** A pod that wants pods of the app web near: it must have them, or would like to by 5. */
    private static PodInfo near(String name, boolean required) {
        var affinity = pod(name, "").editSpec().withNewAffinity().withNewPodAffinity();
        if (required) {
            affinity.addNewRequiredDuringSchedulingIgnoredDuringExecution()
                    .withTopologyKey("kubernetes.io/hostname")
                    .withNewLabelSelector()
                    .addToMatchLabels("app", "web")
                    .endLabelSelector()
                    .endRequiredDuringSchedulingIgnoredDuringExecution();
        } else {
            affinity.addNewPreferredDuringSchedulingIgnoredDuringExecution()
                    .withWeight(5)
                    .withNewPodAffinityTerm()
                    .withTopologyKey("kubernetes.io/hostname")
                    .withNewLabelSelector()
                    .addToMatchLabels("app", "web")
                    .endLabelSelector()
                    .endPodAffinityTerm()
                    .endPreferredDuringSchedulingIgnoredDuringExecution();
        }
        return info(affinity.endPodAffinity().endAffinity().endSpec());
    }

    private static ScorePlugin fit(Kind kind, WeightedResource... resources) {
        return new NodeResourcesFitPlugin(new ScoringStrategy(kind, List.of(resources)), Set.of(), Set.of());
    }

    private static List<Long> scores(ScorePlugin plugin, PodInfo pod, NodeInfo... nodes) {
        return TestScores.of(plugin, pod, snapshot(nodes), nodes);
    }
}
