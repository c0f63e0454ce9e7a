package io.mokube.scheduler.plugins;

import static io.mokube.scheduler.TestPods.info;
import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.nodeInfo;
import static io.mokube.scheduler.TestPods.placed;
import static io.mokube.scheduler.TestPods.pod;
import static io.mokube.scheduler.TestPods.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.framework.TestScores;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How each plugin rates nodes against each other. */
class ScorePluginsTest {

    @Test
    void theLeastAllocatedNodeIsBest() {
        ScorePlugin plugin = new NodeResourcesFitPlugin();
        // (4000 - 3000) / 4000 = 25 %, (10 - 5) / 10 = 50 %, mean 37; and 50 % twice.
        assertThat(scores(
                        plugin,
                        info("p", "cpu=3,memory=5Gi"),
                        nodeInfo(node("a", "cpu=4,memory=10Gi")),
                        nodeInfo(node("b", "cpu=6,memory=10Gi"))))
                .containsExactly(37, 50);
        // What stands there counts too.
        assertThat(scores(
                        plugin,
                        info("p", "cpu=1,memory=1Gi"),
                        nodeInfo(node("a", "cpu=4,memory=4Gi"), placed("x", "cpu=1,memory=1Gi", "a")),
                        nodeInfo(node("b", "cpu=4,memory=4Gi"))))
                .containsExactly(50, 75);
    }

    @Test
    void aContainerThatAsksForNothingCountsALittle() {
        ScorePlugin plugin = new NodeResourcesFitPlugin();
        assertThat(scores(plugin, info("p", ""), nodeInfo(node("a", "cpu=1,memory=1000Mi"))))
                .containsExactly((90 + 80) / 2);
    }

    @Test
    void requestsBeyondTheNodeScoreNothing() {
        assertThat(scores(
                        new NodeResourcesFitPlugin(),
                        info("p", "cpu=3,memory=5Gi"),
                        nodeInfo(node("a", "cpu=2,memory=10Gi"))))
                .containsExactly(25);
    }

    @Test
    void balanceIsTheDistanceOfTheShares() {
        ScorePlugin plugin = new NodeResourcesBalancedAllocationPlugin();
        // 75 % and 50 %: half of the distance is 12.5 %; 50 % and 50 %: nothing.
        assertThat(scores(
                        plugin,
                        info("p", "cpu=3,memory=5Gi"),
                        nodeInfo(node("a", "cpu=4,memory=10Gi")),
                        nodeInfo(node("b", "cpu=6,memory=10Gi"))))
                .containsExactly(87, 100);
        assertThat(scores(plugin, info("p", ""), nodeInfo(node("a", "cpu=4,memory=10Gi"))))
                .as("a pod without requests follows no balance")
                .isEmpty();
    }

    @Test
    void fewerDiscouragingTaintsAreBetter() {
        ScorePlugin plugin = new TaintTolerationPlugin();
        PodInfo pod = info(pod("p", "")
                .editSpec()
                .addNewToleration()
                .withKey("ok")
                .withOperator("Exists")
                .withEffect("PreferNoSchedule")
                .endToleration()
                .endSpec());
        assertThat(scores(
                        plugin,
                        pod,
                        discouraging("a", "x", "y"),
                        discouraging("b", "x", "ok"),
                        discouraging("c", "ok")))
                .containsExactly(0, 50, 100);
        assertThat(scores(plugin, pod, nodeInfo(node("a", "")), nodeInfo(node("b", ""))))
                .isEmpty();
    }

    private static NodeInfo discouraging(String name, String... keys) {
        NodeBuilder node = node(name, "");
        for (String key : keys) {
            node = node.editSpec()
                    .addNewTaint()
                    .withKey(key)
                    .withEffect("PreferNoSchedule")
                    .endTaint()
                    .endSpec();
        }
        return nodeInfo(node);
    }

    @Test
    void preferredTermsAddUpTheirWeights() {
        PodInfo pod = info(pod("p", "")
                .editSpec()
                .withNewAffinity()
                .withNewNodeAffinity()
                .addNewPreferredDuringSchedulingIgnoredDuringExecution()
                .withWeight(30)
                .withNewPreference()
                .addToMatchExpressions(new NodeSelectorRequirement("disk", "In", List.of("ssd")))
                .endPreference()
                .endPreferredDuringSchedulingIgnoredDuringExecution()
                .addNewPreferredDuringSchedulingIgnoredDuringExecution()
                .withWeight(10)
                .withNewPreference()
                .addToMatchExpressions(new NodeSelectorRequirement("gpu", "Exists", List.of()))
                .endPreference()
                .endPreferredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .endSpec());
        assertThat(scores(
                        new NodeAffinityPlugin(),
                        pod,
                        nodeInfo(node("a", "")
                                .editMetadata()
                                .addToLabels("disk", "ssd")
                                .addToLabels("gpu", "")
                                .endMetadata()),
                        nodeInfo(node("b", "")
                                .editMetadata()
                                .addToLabels("disk", "ssd")
                                .endMetadata()),
                        nodeInfo(node("c", "")
                                .editMetadata()
                                .addToLabels("gpu", "yes")
                                .endMetadata()),
                        nodeInfo(node("d", ""))))
                .containsExactly(100, 75, 25, 0);
    }

    @Test
    void imagesPresentCountBySizeAndSpread() {
        long megabyte = 1L << 20;
        NodeInfo with = nodeInfo(node("a", "")
                .editStatus()
                .addNewImage()
                .withNames("demo:1")
                .withSizeBytes(523 * 2 * megabyte)
                .endImage()
                .endStatus());
        // One of two nodes has it: half of its size counts, 523 MB, of the range from 23 to 1000.
        assertThat(scores(new ImageLocalityPlugin(), info("p", ""), with, nodeInfo(node("b", ""))))
                .containsExactly(51, 0);
        assertThat(scores(new ImageLocalityPlugin(), info("p", ""), nodeInfo(node("b", ""))))
                .isEmpty();
    }

    /** The normalized scores, in the order of the nodes; empty when the plugin sees no difference. */
    private static List<Integer> scores(ScorePlugin plugin, PodInfo pod, NodeInfo... nodes) {
        return TestScores.of(plugin, pod, snapshot(nodes), nodes).stream()
                .map(Math::toIntExact)
                .toList();
    }
}
