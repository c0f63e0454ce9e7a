package io.mokube.scheduler.framework;

import static io.mokube.scheduler.TestPods.info;
import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.nodeInfo;
import static io.mokube.scheduler.TestPods.placed;
import static io.mokube.scheduler.TestPods.pod;
import static io.mokube.scheduler.TestPods.snapshot;
import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.scheduler.framework.Explanation.NodeAnswer;
import io.mokube.scheduler.framework.Explanation.Standing;
import io.mokube.scheduler.plugins.DefaultPlugins;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What is said of a decision afterwards is what it was made of. */
class ExplainerTest {

    private static final Profile PROFILE = DefaultPlugins.profile("default-scheduler");
    private static final Decider DECIDER = new Decider(PROFILE);
    private static final Explainer EXPLAINER = new Explainer(PROFILE);

    @Test
    void theChosenNodeHasTheHighestTotalOfThoseAsked() {
        SplittableRandom random = new SplittableRandom(7);
        for (int round = 0; round < 50; round++) {
            NodeInfo[] nodes = new NodeInfo[300];
            for (int i = 0; i < nodes.length; i++) {
                String name = "n" + i;
                nodes[i] = nodeInfo(
                        node(name, "cpu=4,memory=8Gi"),
                        placed("on-" + name, "cpu=" + random.nextInt(4000) + "m,memory=1Gi", name));
            }
            Snapshot cluster = snapshot(nodes);
            PodInfo pod = info("p", "cpu=1,memory=1Gi");
            int start = random.nextInt(1000);
            Decision decision = DECIDER.decide(pod, cluster, start, random.nextLong());
            Explanation explanation = EXPLAINER.explain(pod, cluster, start, decision);
            NodeAnswer first = explanation.nodes().getFirst();
            assertThat(first.node()).isEqualTo(((Decision.Place) decision).node());
            assertThat(first.standing()).isEqualTo(Standing.CHOSEN);
            List<NodeAnswer> others = explanation.nodes().stream()
                    .filter(answer -> answer.standing() == Standing.FITS)
                    .toList();
            assertThat(others).hasSize(((Decision.Place) decision).feasible() - 1);
            assertThat(others).allMatch(answer -> answer.total() <= first.total());
            assertThat(explanation.nodes()).hasSize(300);
            assertThat(explanation.nodes())
                    .allMatch(answer -> (answer.standing() == Standing.UNFIT)
                            == !answer.objections().isEmpty());
        }
    }

    @Test
    void everyPluginSaysWhatItHasAgainstANode() {
        NodeInfo bad = nodeInfo(node("bad", "cpu=1")
                .editSpec()
                .withUnschedulable(true)
                .addNewTaint()
                .withKey("k")
                .withEffect("NoSchedule")
                .endTaint()
                .endSpec());
        Snapshot cluster = snapshot(bad, nodeInfo(node("good", "cpu=4")));
        PodInfo pod = info("p", "cpu=2");
        Explanation explanation = EXPLAINER.explain(pod, cluster, 0, DECIDER.decide(pod, cluster, 0, 1));
        assertThat(explanation.nodes().get(1).objections())
                .extracting(Verdict.Unfit::plugin)
                .containsExactly("NodeUnschedulable", "TaintToleration", "NodeResourcesFit");
        assertThat(explanation.nodes().getFirst().scores())
                .as("one node is not compared")
                .isEmpty();
    }

    @Test
    void roomKeptForOthersIsAReason() {
        PodInfo waiting =
                info(pod("w", "cpu=2").editSpec().withPriority(10).endSpec()).nominatedTo("a");
        Snapshot cluster = snapshot(nodeInfo(node("a", "cpu=2")).withNominated(List.of(waiting)));
        PodInfo pod = info("p", "cpu=1");
        Explanation explanation = EXPLAINER.explain(pod, cluster, 0, DECIDER.decide(pod, cluster, 0, 1));
        assertThat(explanation.nodes().getFirst().standing()).isEqualTo(Standing.UNFIT);
        assertThat(explanation.nodes().getFirst().objections().getFirst().reasons())
                .containsExactly("Insufficient cpu");
    }

    @Test
    void withoutNodesThereIsNothingToExplain() {
        PodInfo pod = info("p", "");
        assertThat(EXPLAINER
                        .explain(pod, Snapshot.EMPTY, 0, DECIDER.decide(pod, Snapshot.EMPTY, 0, 1))
                        .nodes())
                .isEmpty();
    }
}
