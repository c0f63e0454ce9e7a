package io.mokube.controllermanager.controllers.daemonset;

import static io.mokube.controllermanager.controllers.ModelServer.pick;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.DaemonSetStatus;
import io.mokube.controllermanager.controllers.daemonset.DaemonTemplate.Fit;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** DaemonSets in a cluster where everything goes wrong in any order. */
class DaemonModelTest {

    private static final List<String> NODES = List.of("a", "b", "c", "d");

    @Property(tries = 200, shrinking = ShrinkingMode.BOUNDED, seed = "3120984710293847561")
    void neverMoreThanAllowedOnANodeAndAllThereInTheEnd(
            @ForAll boolean surge,
            @ForAll @IntRange(min = 1, max = 3) int limit,
            @ForAll @Size(max = 250) List<@IntRange(min = 0, max = 100_000) Integer> story) {
        DaemonCluster cluster = cluster(surge, limit);
        for (int chapter : story) {
            happens(cluster, chapter);
            noNodeHasTooMany(cluster, surge);
        }
        settle(cluster, surge);
    }

    @Property(tries = 100, shrinking = ShrinkingMode.BOUNDED, seed = "-8812039471023984712")
    void anUpdateLeavesEnoughNodesServed(
            @ForAll boolean surge,
            @ForAll @IntRange(min = 1, max = 3) int limit,
            @ForAll @Size(max = 250) List<@IntRange(min = 0, max = 100_000) Integer> story) {
        DaemonCluster cluster = cluster(surge, limit);
        settle(cluster, surge);
        cluster.change(Daemonsets.withImage(cluster.set(), "log:2"));
        for (int chapter : story) {
            int detail = chapter / 10;
            switch (chapter % 10) {
                case 0 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podIsGone);
                case 1, 2 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podBecomesReady);
                case 3 -> cluster.loseAnswers(1 + detail % 3);
                default -> controllerMoves(cluster, chapter % 10, detail);
            }
            cluster.tick();
            Map<String, List<Pod>> active = activeByNode(cluster);
            assertThat(active.values().stream().filter(pods -> pods.stream().anyMatch(PodFacts::isReady)))
                    .hasSizeGreaterThanOrEqualTo(NODES.size() - (surge ? 0 : limit));
            assertThat(active.values().stream().filter(pods -> pods.size() > 1))
                    .hasSizeLessThanOrEqualTo(surge ? limit : 0);
        }
        settle(cluster, surge);
    }

    private static DaemonCluster cluster(boolean surge, int limit) {
        return new DaemonCluster(Daemonsets.rolling(Daemonsets.set(), surge ? 0 : limit, surge ? limit : 0), NODES);
    }

    private static void happens(DaemonCluster cluster, int chapter) {
        int detail = chapter / 20;
        switch (chapter % 20) {
            case 0 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podFails);
            case 1 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podIsDeleted);
            case 2, 3 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podIsGone);
            case 4, 5 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podBecomesReady);
            case 6 -> cluster.change(Daemonsets.withImage(cluster.set(), "log:" + detail % 3));
            case 7 -> {
                Node node = Daemonsets.node(NODES.get(detail % NODES.size()));
                cluster.nodes.store(
                        switch (detail / 4 % 3) {
                            case 0 -> Daemonsets.tainted(node, "x", "NoSchedule");
                            case 1 -> Daemonsets.tainted(node, "x", "NoExecute");
                            default -> node;
                        });
            }
            case 8 -> cluster.loseAnswers(1 + detail % 3);
            case 9 -> cluster.delayRequests(1 + detail % 2);
            case 10 -> cluster.carryOutLate(detail);
            case 11 -> cluster.restartController();
            default -> controllerMoves(cluster, chapter % 20, detail);
        }
        cluster.tick();
    }

    private static void controllerMoves(DaemonCluster cluster, int kind, int detail) {
        switch (kind % 8) {
            case 0 -> cluster.sets.deliver(1 + detail % 5);
            case 1 -> cluster.revisions.deliver(1 + detail % 3);
            case 2 -> cluster.nodes.deliver(1 + detail % 3);
            case 3 -> cluster.pods.deliver(1 + detail % 7);
            case 4 -> cluster.pods.relist();
            default -> cluster.reconcile();
        }
    }

    private static Map<String, List<Pod>> activeByNode(DaemonCluster cluster) {
        return cluster.pods.live.values().stream()
                .filter(PodFacts::isActive)
                .collect(Collectors.groupingBy(pod -> pod.getSpec().getNodeName()));
    }

    private static void noNodeHasTooMany(DaemonCluster cluster, boolean surge) {
        assertThat(activeByNode(cluster).values())
                .allSatisfy(pods -> assertThat(pods).hasSizeLessThanOrEqualTo(surge ? 2 : 1));
    }

    /** Nothing goes wrong any more: the set must get where it wants to be. */
    private static void settle(DaemonCluster cluster, boolean surge) {
        cluster.loseAnswers(0);
        cluster.delayRequests(0);
        while (cluster.delayedRequests() > 0) {
            cluster.carryOutLate(0);
        }
        long before = -1;
        for (int round = 0; round < 200 && cluster.revision() != before; round++) {
            before = cluster.revision();
            cluster.sets.deliver(Integer.MAX_VALUE);
            cluster.nodes.deliver(Integer.MAX_VALUE);
            cluster.revisions.deliver(Integer.MAX_VALUE);
            cluster.pods.deliver(Integer.MAX_VALUE);
            cluster.reconcile();
            for (Pod pod : List.copyOf(cluster.pods.live.values())) {
                if (Ownership.isBeingDeleted(pod)) {
                    cluster.podIsGone(pod);
                } else if (!PodFacts.isReady(pod)) {
                    cluster.podBecomesReady(pod);
                }
            }
            cluster.tick();
            noNodeHasTooMany(cluster, surge);
        }
        DaemonSet set = cluster.set();
        Map<String, List<Pod>> active = activeByNode(cluster);
        int wanted = 0;
        for (Node node : cluster.nodes.live.values()) {
            List<Pod> pods = active.getOrDefault(node.getMetadata().getName(), List.of());
            Fit fit = DaemonTemplate.fit(set, node);
            wanted += fit == Fit.WANTED ? 1 : 0;
            assertThat(pods)
                    .as(node.getMetadata().getName() + " " + fit)
                    .hasSizeBetween(fit == Fit.WANTED ? 1 : 0, fit == Fit.UNFIT ? 0 : 1);
            if (fit == Fit.WANTED) {
                assertThat(pods.getFirst().getSpec().getContainers())
                        .isEqualTo(set.getSpec().getTemplate().getSpec().getContainers());
            }
        }
        DaemonSetStatus status = set.getStatus();
        assertThat(List.of(
                        status.getDesiredNumberScheduled(),
                        status.getCurrentNumberScheduled(),
                        status.getNumberReady(),
                        status.getNumberAvailable(),
                        status.getUpdatedNumberScheduled()))
                .containsOnly(wanted);
        assertThat(status.getNumberUnavailable()).isZero();
        assertThat(status.getObservedGeneration()).isEqualTo(Ownership.generation(set));
    }
}
