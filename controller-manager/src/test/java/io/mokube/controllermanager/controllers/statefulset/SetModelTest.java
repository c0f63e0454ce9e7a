package io.mokube.controllermanager.controllers.statefulset;

import static io.mokube.controllermanager.controllers.ModelServer.pick;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetStatus;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.statefulset.SetCluster.Deed;
import io.mokube.controllermanager.controllers.statefulset.SetPlan.Step;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** StatefulSets in a cluster where everything goes wrong in any order. */
class SetModelTest {

    private static final int HISTORY = 2;

    @Property(tries = 400, shrinking = ShrinkingMode.BOUNDED, seed = "4217718094411356821")
    void neverTwoPodsOfOneOrdinalAndAllThereInTheEnd(
            @ForAll @IntRange(min = 0, max = 6) int replicas,
            @ForAll boolean parallel,
            @ForAll @IntRange(min = 0, max = 3) int partition,
            @ForAll @IntRange(min = 1, max = 3) int maxUnavailable,
            @ForAll @Size(max = 250) List<@IntRange(min = 0, max = 100_000) Integer> story) {
        SetCluster cluster = cluster(replicas, parallel, partition, maxUnavailable);
        for (int chapter : story) {
            happens(cluster, chapter);
            eachOrdinalOnce(cluster);
        }
        settle(cluster);
    }

    /** Nobody deletes pods but the controller, and none fails: whatever lags or gets lost, the order is kept. */
    @Property(tries = 300, shrinking = ShrinkingMode.BOUNDED, seed = "-2841904470911350116")
    void anOrderedSetMakesNoPodBeforeThoseBelowAreReadyAndTakesThemFromTheTop(
            @ForAll @IntRange(min = 0, max = 6) int replicas,
            @ForAll @IntRange(min = 0, max = 3) int partition,
            @ForAll @IntRange(min = 1, max = 3) int maxUnavailable,
            @ForAll @Size(max = 250) List<@IntRange(min = 0, max = 100_000) Integer> story) {
        orderedStory(cluster(replicas, false, partition, maxUnavailable), story);
    }

    private static void orderedStory(SetCluster cluster, List<Integer> story) {
        for (int chapter : story) {
            int detail = chapter / 20;
            switch (chapter % 20) {
                case 0, 1 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podIsGone);
                case 2, 3, 4 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podBecomesReady);
                case 5 -> changed(cluster, withImage(cluster.set(), detail % 4), detail);
                case 6, 9 -> changed(cluster, withReplicas(cluster.set(), detail % 7), detail);
                case 7 -> cluster.loseAnswers(1 + detail % 3);
                case 8 -> cluster.restartController();
                default -> controllerMoves(cluster, chapter % 20, detail);
            }
            cluster.tick();
            cluster.deeds.forEach(SetModelTest::inOrder);
            cluster.deeds.clear();
            eachOrdinalOnce(cluster);
        }
        settle(cluster);
    }

    /** Half of the time the controller hears of a change before it sees what its last deeds came to. */
    private static void changed(SetCluster cluster, StatefulSet set, int detail) {
        cluster.change(set);
        if (detail % 2 == 0) {
            cluster.sets.deliver(Integer.MAX_VALUE);
            cluster.reconcile();
        }
    }

    @Property(tries = 100, shrinking = ShrinkingMode.BOUNDED, seed = "7710234918450923381")
    void anUpdateKeepsEnoughPodsAvailable(
            @ForAll @IntRange(min = 1, max = 6) int replicas,
            @ForAll boolean parallel,
            @ForAll @IntRange(min = 1, max = 3) int maxUnavailable,
            @ForAll @Size(max = 250) List<@IntRange(min = 0, max = 100_000) Integer> story) {
        updateStory(cluster(replicas, parallel, 0, maxUnavailable), replicas - maxUnavailable, story);
    }

    private static void updateStory(SetCluster cluster, int least, List<Integer> story) {
        settle(cluster);
        cluster.change(withImage(cluster.set(), 1));
        for (int chapter : story) {
            int detail = chapter / 10;
            switch (chapter % 10) {
                case 0 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podIsGone);
                case 1 -> changed(cluster, withImage(cluster.set(), detail % 3), detail);
                case 2, 3 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podBecomesReady);
                default -> controllerMoves(cluster, chapter % 10, detail);
            }
            cluster.tick();
            assertThat(cluster.pods.live.values().stream()
                            .filter(PodFacts::isActive)
                            .filter(PodFacts::isReady))
                    .hasSizeGreaterThanOrEqualTo(least);
        }
        settle(cluster);
    }

    /** A model that finds nothing proves nothing. */
    @Test
    void notWaitingForOwnWritesIsFound() {
        assertThat(found(story -> orderedStory(forgetful(cluster(story.nextInt(7), false, 0, 1)), chapters(story))))
                .as("in the order")
                .isPositive();
        assertThat(found(story -> {
                    int replicas = 2 + story.nextInt(5);
                    updateStory(forgetful(cluster(replicas, true, 0, 1)), replicas - 1, chapters(story));
                }))
                .as("in an update")
                .isPositive();
    }

    private static SetCluster forgetful(SetCluster cluster) {
        cluster.dontWaitForOwnWrites();
        return cluster;
    }

    private static List<Integer> chapters(Random random) {
        return random.ints(250, 0, 100_001).boxed().toList();
    }

    /** In how many stories a fault shows. */
    private static int found(Consumer<Random> story) {
        int found = 0;
        for (int seed = 0; seed < 100; seed++) {
            try {
                story.accept(new Random(seed));
            } catch (AssertionError e) {
                found++;
            }
        }
        return found;
    }

    @Test
    void aCacheFromBeforeItsOwnDeletionMisleadsNobody() {
        SetCluster cluster = cluster(3, false, 0, 1);
        settle(cluster);
        cluster.change(withReplicas(cluster.set(), 2));
        cluster.sets.deliver(Integer.MAX_VALUE);
        cluster.reconcile();
        assertThat(cluster.deeds).hasSize(1);
        cluster.change(withReplicas(cluster.set(), 4));
        cluster.sets.deliver(Integer.MAX_VALUE);
        // The cache still shows web-2 ready, and web-3 would be made beside a pod that is on its way out.
        cluster.reconcile();
        assertThat(cluster.deeds).isEmpty();
        settle(cluster);
    }

    private static SetCluster cluster(int replicas, boolean parallel, int partition, int maxUnavailable) {
        StatefulSet set = Sets.rolling(Sets.set(replicas), partition, maxUnavailable);
        return new SetCluster(Sets.with(
                parallel ? Sets.parallel(set) : set,
                builder -> builder.editSpec().withRevisionHistoryLimit(HISTORY).endSpec()));
    }

    private static StatefulSet withImage(StatefulSet set, int image) {
        return Sets.with(
                set,
                builder -> builder.editSpec()
                        .withTemplate(Sets.template("web:" + image))
                        .endSpec());
    }

    private static StatefulSet withReplicas(StatefulSet set, int replicas) {
        return Sets.with(
                set, builder -> builder.editSpec().withReplicas(replicas).endSpec());
    }

    private static void happens(SetCluster cluster, int chapter) {
        int detail = chapter / 20;
        switch (chapter % 20) {
            case 0 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podFails);
            case 1 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podIsDeleted);
            case 2, 3 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podIsGone);
            case 4, 5 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podBecomesReady);
            case 6 -> cluster.change(withImage(cluster.set(), detail % 4));
            case 7 -> cluster.change(withReplicas(cluster.set(), detail % 7));
            case 8 ->
                cluster.change(
                        detail % 2 == 0
                                ? Sets.from(cluster.set(), detail / 2 % 3)
                                : Sets.rolling(cluster.set(), detail / 2 % 4, 1 + detail / 8 % 3));
            case 9 -> cluster.loseAnswers(1 + detail % 3);
            case 10 -> cluster.delayRequests(1 + detail % 2);
            case 11 -> cluster.carryOutLate(detail);
            case 12 -> cluster.restartController();
            default -> controllerMoves(cluster, chapter % 20, detail);
        }
        cluster.tick();
    }

    /** Caches move by some events or jump; the controller looks at whatever they show. */
    private static void controllerMoves(SetCluster cluster, int kind, int detail) {
        switch (kind % 7) {
            case 0 -> cluster.sets.deliver(1 + detail % 5);
            case 1 -> cluster.revisions.deliver(1 + detail % 3);
            case 2 -> cluster.pods.deliver(1 + detail % 7);
            case 3 -> cluster.pods.relist();
            default -> cluster.reconcile();
        }
    }

    private static void eachOrdinalOnce(SetCluster cluster) {
        Set<String> ordinals = new HashSet<>();
        for (Pod pod : cluster.pods.live.values()) {
            assertThat(ordinals.add(Ownership.labels(pod).get(Members.POD_INDEX)))
                    .isTrue();
            assertThat(pod.getMetadata().getName())
                    .isEqualTo("web-" + Ownership.labels(pod).get(Members.POD_INDEX));
        }
    }

    /** What was done, against the pods as they really were. */
    private static void inOrder(Deed deed) {
        StatefulSet set = deed.seen();
        List<Integer> available = deed.livePods().stream()
                .filter(PodFacts::isActive)
                .filter(PodFacts::isReady)
                .map(SetModelTest::ordinal)
                .toList();
        switch (deed.step()) {
            case Step.CreatePod(Pod pod, var claims) ->
                assertThat(available)
                        .containsAll(IntStream.range(Members.first(set), ordinal(pod))
                                .boxed()
                                .toList());
            case Step.DeletePod(Pod pod) -> {
                if (Members.isInRange(set, ordinal(pod))) { // an update
                    assertThat(deed.livePods()).allMatch(other -> Members.isInRange(set, ordinal(other)));
                } else {
                    assertThat(deed.livePods()).allMatch(other -> ordinal(other) <= ordinal(pod));
                    assertThat(available).hasSizeGreaterThanOrEqualTo(Members.replicas(set));
                }
            }
            case Step.CreateClaims step -> throw new AssertionError(step);
            case Step.UpdateClaim step -> throw new AssertionError(step);
            case Step.UpdatePod step -> throw new AssertionError(step);
            case Step.Report step -> throw new AssertionError(step);
        }
    }

    private static int ordinal(Pod pod) {
        return Integer.parseInt(Ownership.labels(pod).get(Members.POD_INDEX));
    }

    /** Nothing goes wrong any more: the set must get where it wants to be. */
    private static void settle(SetCluster cluster) {
        cluster.loseAnswers(0);
        cluster.delayRequests(0);
        while (cluster.delayedRequests() > 0) {
            cluster.carryOutLate(0);
        }
        cluster.change(Sets.rolling(cluster.set(), 0, 1));
        long before = -1;
        for (int round = 0; round < 300 && cluster.revision() != before; round++) {
            before = cluster.revision();
            cluster.sets.deliver(Integer.MAX_VALUE);
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
            eachOrdinalOnce(cluster);
        }
        StatefulSet set = cluster.set();
        StatefulSetStatus status = set.getStatus();
        int replicas = Members.replicas(set);
        assertThat(cluster.pods.live.values().stream().map(SetModelTest::ordinal))
                .containsExactlyInAnyOrderElementsOf(IntStream.range(Members.first(set), Members.end(set))
                        .boxed()
                        .toList());
        assertThat(cluster.pods.live.values()).allSatisfy(pod -> {
            assertThat(PodFacts.isReady(pod)).isTrue();
            assertThat(pod.getSpec().getContainers())
                    .isEqualTo(set.getSpec().getTemplate().getSpec().getContainers());
            assertThat(Members.revision(pod)).isEqualTo(status.getUpdateRevision());
        });
        assertThat(List.of(
                        status.getReplicas(),
                        status.getReadyReplicas(),
                        status.getAvailableReplicas(),
                        status.getUpdatedReplicas(),
                        status.getCurrentReplicas()))
                .containsOnly(replicas);
        assertThat(status.getCurrentRevision()).isEqualTo(status.getUpdateRevision());
        assertThat(status.getObservedGeneration()).isEqualTo(Ownership.generation(set));
        assertThat(cluster.revisions.live.values().stream()
                        .map(ControllerRevision::getData)
                        .distinct())
                .hasSameSizeAs(cluster.revisions.live.values())
                .hasSizeLessThanOrEqualTo(HISTORY + 1);
    }
}
