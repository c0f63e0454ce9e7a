package io.mokube.scheduler.framework;

import static io.mokube.scheduler.TestPods.info;
import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.nodeInfo;
import static io.mokube.scheduler.TestPods.placed;
import static io.mokube.scheduler.TestPods.pod;
import static io.mokube.scheduler.TestPods.snapshot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.mokube.scheduler.framework.PostFilterPlugin.Remedy;
import io.mokube.scheduler.plugins.DefaultPlugins;
import io.mokube.scheduler.plugins.NodeResourcesFitPlugin;
import io.mokube.scheduler.plugins.PrioritySortPlugin;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole decisions with the default plugins. */
class DeciderTest {

    private static final Profile PROFILE = DefaultPlugins.profile("default-scheduler");
    private static final Decider DECIDER = new Decider(PROFILE);

    @Test
    void takesTheEmptierNode() {
        Snapshot cluster = snapshot(
                nodeInfo(node("a", "cpu=4,memory=8Gi"), placed("x", "cpu=1,memory=2Gi", "a")),
                nodeInfo(node("b", "cpu=4,memory=8Gi")));
        assertThat(DECIDER.decide(info("p", "cpu=1,memory=2Gi"), cluster, 0, 1))
                .isEqualTo(new Decision.Place("b", 2, 2));
    }

    @Test
    void drawsEvenlyAmongEquals() {
        Snapshot cluster = snapshot(
                nodeInfo(node("a", "cpu=4,memory=8Gi")),
                nodeInfo(node("b", "cpu=4,memory=8Gi")),
                nodeInfo(node("c", "cpu=4,memory=8Gi")));
        int[] drawn = new int[3];
        for (long seed = 1; seed <= 3000; seed++) {
            Decision.Place place = (Decision.Place) DECIDER.decide(info("p", "cpu=1"), cluster, 0, seed);
            drawn["abc".indexOf(place.node())]++;
        }
        for (int count : drawn) {
            assertThat(count).isBetween(900, 1100);
        }
        assertThat(DECIDER.decide(info("p", "cpu=1"), cluster, 0, 42))
                .isEqualTo(DECIDER.decide(info("p", "cpu=1"), cluster, 0, 42));
    }

    @Test
    void saysWhyNothingFits() {
        NodeBuilder tainted = node("c", "cpu=4")
                .editSpec()
                .addNewTaint()
                .withKey("node-role.kubernetes.io/control-plane")
                .withEffect("NoSchedule")
                .endTaint()
                .endSpec();
        Snapshot cluster = snapshot(
                nodeInfo(node("a", "cpu=2"), placed("x", "cpu=1500m", "a")),
                nodeInfo(node("b", "cpu=2"), placed("y", "cpu=1500m", "b")),
                nodeInfo(tainted));
        assertThat(DECIDER.decide(info("p", "cpu=1"), cluster, 0, 1))
                .isInstanceOfSatisfying(Decision.NoFit.class, noFit -> {
                    assertThat(noFit.message())
                            .isEqualTo(
                                    "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu."
                                            + " no new claims to deallocate, preemption: 0/3 nodes are available:"
                                            + " 1 Preemption is not helpful for scheduling,"
                                            + " 2 No preemption victims found for incoming pod.");
                    assertThat(noFit.plugins()).containsExactlyInAnyOrder("NodeResourcesFit", "TaintToleration");
                    assertThat(PROFILE.unblockedBy(noFit.plugins()))
                            .contains(ClusterEvent.ASSIGNED_POD_REMOVED, ClusterEvent.NODE_TAINTS_CHANGED)
                            .doesNotContain(ClusterEvent.NODE_LABELS_CHANGED);
                });
        assertThat(DECIDER.decide(info("p", "cpu=3"), cluster, 0, 1))
                .isInstanceOfSatisfying(
                        Decision.NoFit.class,
                        noFit -> assertThat(noFit.message())
                                .isEqualTo(
                                        "0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu."
                                                + " no new claims to deallocate, preemption: 0/3 nodes are available:"
                                                + " 3 Preemption is not helpful for scheduling."));
    }

    @Test
    void withoutNodesThereIsNothingToSay() {
        assertThat(DECIDER.decide(info("p", "cpu=1"), Snapshot.EMPTY, 0, 1))
                .isInstanceOfSatisfying(Decision.NoFit.class, noFit -> {
                    assertThat(noFit.message()).isEqualTo("no nodes available to schedule pods");
                    assertThat(PROFILE.unblockedBy(noFit.plugins())).containsExactly(ClusterEvent.NODE_ADDED);
                });
    }

    @ParameterizedTest
    @CsvSource({"1,1", "99,99", "100,100", "200,100", "1000,420", "5000,500", "6000,300", "15000,750"})
    void enoughNodesIsAFallingShare(int nodes, int enough) {
        assertEquals(enough, PROFILE.enoughNodes(nodes));
    }

    @Test
    void aBigClusterIsSearchedInTurns() {
        NodeInfo[] nodes = new NodeInfo[300];
        for (int i = 0; i < nodes.length; i++) {
            nodes[i] = nodeInfo(node("n" + i, "cpu=4"));
        }
        Snapshot cluster = snapshot(nodes);
        int enough = PROFILE.enoughNodes(300);
        Set<String> seen = new HashSet<>();
        int start = 0;
        for (long seed = 0; seed < 5000; seed++) {
            Decision.Place place = (Decision.Place) DECIDER.decide(info("p", "cpu=1"), cluster, start, seed);
            assertThat(place.evaluated()).isEqualTo(enough);
            start += place.evaluated();
            seen.add(place.node());
        }
        assertThat(seen).hasSize(300);
        assertThat(DECIDER.decide(info("p", "cpu=1"), cluster, Integer.MIN_VALUE, 1))
                .isInstanceOf(Decision.Place.class);
    }

    @Test
    void roomMadeForOthersIsTaken() {
        PodInfo waiting = important("w", "cpu=2", 10).nominatedTo("a");
        Snapshot cluster = snapshot(nodeInfo(node("a", "cpu=2")).withNominated(List.of(waiting)));
        assertThat(DECIDER.decide(info("p", "cpu=1"), cluster, 0, 1)).isInstanceOf(Decision.NoFit.class);
        assertThat(DECIDER.decide(important("p", "cpu=1", 11), cluster, 0, 1)).isInstanceOf(Decision.Place.class);
        assertThat(DECIDER.decide(waiting, cluster, 0, 1)).isEqualTo(new Decision.Place("a", 1, 1));
    }

    @Test
    void takesTheLeastImportantPodsAway() {
        Snapshot cluster = snapshot(
                nodeInfo(
                        node("a", "cpu=2"),
                        important("a1", "cpu=1", 5).onNode("a"),
                        important("a2", "cpu=1", 2).onNode("a")),
                nodeInfo(
                        node("b", "cpu=2"),
                        important("b1", "cpu=1", 5).onNode("b"),
                        important("b2", "cpu=1", 3).onNode("b")),
                nodeInfo(node("c", "cpu=2"), important("c1", "cpu=2", 50).onNode("c")));
        assertThat(DECIDER.decide(important("p", "cpu=1", 10), cluster, 0, 1))
                .isInstanceOfSatisfying(Decision.NoFit.class, noFit -> {
                    assertThat(noFit.message()).isEqualTo("0/3 nodes are available: 3 Insufficient cpu.");
                    assertThat(noFit.remedy()).isInstanceOfSatisfying(Remedy.Evict.class, evict -> {
                        assertThat(evict.node()).isEqualTo("a");
                        assertThat(evict.victims())
                                .extracting(victim -> victim.key().name())
                                .containsExactly("a2");
                    });
                });
    }

    @Test
    void aPodThatNamesItsNodesIsAskedAboutNoOthers() {
        NodeInfo[] nodes = new NodeInfo[300];
        for (int i = 0; i < nodes.length; i++) {
            nodes[i] = nodeInfo(node("n" + i, "cpu=4"));
        }
        Snapshot cluster = snapshot(nodes);
        assertThat(DECIDER.decide(naming("cpu=1", "n7", "gone"), cluster, 12, 1))
                .isEqualTo(new Decision.Place("n7", 1, 1));
        assertThat(DECIDER.decide(naming("cpu=1", "gone"), cluster, 0, 1))
                .isInstanceOfSatisfying(Decision.NoFit.class, noFit -> {
                    assertThat(noFit.message())
                            .startsWith(
                                    "0/300 nodes are available: 300 node(s) didn't satisfy plugin(s) [NodeAffinity].");
                    assertThat(noFit.plugins()).containsExactly("NodeAffinity");
                });
        assertThat(DECIDER.decide(naming("cpu=5", "n7"), cluster, 0, 1))
                .isInstanceOfSatisfying(
                        Decision.NoFit.class,
                        noFit -> assertThat(noFit.message())
                                .startsWith("0/300 nodes are available: 1 Insufficient cpu,"
                                        + " 299 node(s) didn't satisfy plugin(s) [NodeAffinity]."));
    }

    @Test
    void namesThatContradictEachOtherAreThePodsOwnFault() {
        Snapshot cluster = snapshot(nodeInfo(node("a", "cpu=4")), nodeInfo(node("b", "cpu=4")));
        PodInfo torn = info(pod("p", "cpu=1")
                .editSpec()
                .withNewAffinity()
                .withNewNodeAffinity()
                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                .addNewNodeSelectorTerm()
                .addToMatchFields(nodeNamed("a"), nodeNamed("b"), nodeNamed("a"))
                .endNodeSelectorTerm()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .endSpec());
        assertThat(DECIDER.decide(torn, cluster, 0, 1))
                .isInstanceOfSatisfying(
                        Decision.NoFit.class,
                        noFit -> assertThat(noFit.message())
                                .startsWith("0/2 nodes are available: pod affinity terms conflict."));
    }

    private static NodeSelectorRequirement nodeNamed(String name) {
        return new NodeSelectorRequirement("metadata.name", "In", List.of(name));
    }

    private static PodInfo naming(String requests, String... nodes) {
        return info(pod("p", requests)
                .editSpec()
                .withNewAffinity()
                .withNewNodeAffinity()
                .withNewRequiredDuringSchedulingIgnoredDuringExecution()
                .addNewNodeSelectorTerm()
                .addNewMatchField()
                .withKey("metadata.name")
                .withOperator("In")
                .withValues(nodes)
                .endMatchField()
                .endNodeSelectorTerm()
                .endRequiredDuringSchedulingIgnoredDuringExecution()
                .endNodeAffinity()
                .endAffinity()
                .endSpec());
    }

    @Test
    void aPluginCanTurnThePodItselfAway() {
        Profile strict = Profile.of(
                "default-scheduler",
                List.of(new PrioritySortPlugin(), new NodeResourcesFitPlugin(), new Nowhere()),
                Map.of(),
                0);
        Snapshot cluster = snapshot(nodeInfo(node("a", "cpu=1")), nodeInfo(node("b", "cpu=1")));
        assertThat(new Decider(strict).decide(info("p", "cpu=2"), cluster, 0, 1))
                .isInstanceOfSatisfying(Decision.NoFit.class, noFit -> {
                    assertThat(noFit.message()).isEqualTo("0/2 nodes are available: the claim is missing.");
                    assertThat(noFit.plugins()).containsExactly("Nowhere");
                });
    }

    private record Nowhere() implements FilterPlugin {

        @Override
        public String name() {
            return "Nowhere";
        }

        @Override
        public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
            return NodeFilter.nowhere(new Verdict.Unfit(name(), List.of("the claim is missing"), false));
        }

        @Override
        public Set<ClusterEvent> unblockedBy() {
            return Set.of(ClusterEvent.NODE_ADDED);
        }
    }

    @Test
    void aPodMayDeclineToPushOthersAway() {
        Snapshot cluster =
                snapshot(nodeInfo(node("a", "cpu=1"), important("x", "cpu=1", 1).onNode("a")));
        PodInfo meek = info(pod("p", "cpu=1")
                .editSpec()
                .withPriority(10)
                .withPreemptionPolicy("Never")
                .endSpec());
        assertThat(DECIDER.decide(meek, cluster, 0, 1))
                .isInstanceOfSatisfying(
                        Decision.NoFit.class,
                        noFit -> assertThat(noFit.message())
                                .isEqualTo("0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate,"
                                        + " preemption: not eligible due to preemptionPolicy=Never."));
    }

    private static PodInfo important(String name, String requests, int priority) {
        return info(pod(name, requests).editSpec().withPriority(priority).endSpec());
    }
}
