package io.mokube.controllermanager.controllers.deployment;

import static io.mokube.controllermanager.controllers.ModelServer.pick;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Deployment and ReplicaSet decisions together, in a cluster where everything goes wrong in any order. */
class RolloutModelTest {

    private static final int HISTORY = 2;

    @Property(tries = 300, shrinking = ShrinkingMode.BOUNDED, seed = "8945726958801950182")
    void neverMorePodsThanTheSurgeAllowsAndAlwaysThereInTheEnd(
            @ForAll @IntRange(min = 0, max = 8) int replicas,
            @ForAll @IntRange(min = 0, max = 3) int maxSurge,
            @ForAll @IntRange(min = 0, max = 3) int maxUnavailable,
            @ForAll boolean recreate,
            @ForAll @Size(max = 250) List<@IntRange(min = 0, max = 100_000) Integer> story) {
        Deployment deployment = new DeploymentBuilder(
                        recreate
                                ? Deployments.recreate(replicas)
                                : Deployments.deployment(replicas, maxSurge, maxUnavailable))
                .editSpec()
                .withRevisionHistoryLimit(HISTORY)
                .endSpec()
                .build();
        ModelCluster cluster = new ModelCluster(deployment);
        for (int chapter : story) {
            happens(cluster, chapter);
            assertThat(cluster.activePods()).isLessThanOrEqualTo(cluster.mostAllowed());
        }
        settle(cluster);
    }

    /** A pod whose creation got no answer once ran beside those of the next template. */
    @Property(tries = 300, shrinking = ShrinkingMode.BOUNDED, seed = "5403670130516139914")
    void storiesWithPodsThatNobodyKnewOf(
            @ForAll @IntRange(min = 0, max = 8) int replicas,
            @ForAll @IntRange(min = 0, max = 3) int maxSurge,
            @ForAll @IntRange(min = 0, max = 3) int maxUnavailable,
            @ForAll boolean recreate,
            @ForAll @Size(max = 250) List<@IntRange(min = 0, max = 100_000) Integer> story) {
        neverMorePodsThanTheSurgeAllowsAndAlwaysThereInTheEnd(replicas, maxSurge, maxUnavailable, recreate, story);
    }

    @Property(tries = 60, shrinking = ShrinkingMode.BOUNDED, seed = "8945726958801950182")
    void aRolloutWithoutFailuresKeepsEnoughPodsAvailable(
            @ForAll @IntRange(min = 1, max = 8) int replicas,
            @ForAll @IntRange(min = 0, max = 3) int maxSurge,
            @ForAll @IntRange(min = 0, max = 3) int maxUnavailable,
            @ForAll @Size(max = 250) List<@IntRange(min = 0, max = 100_000) Integer> story) {
        ModelCluster cluster = new ModelCluster(Deployments.deployment(replicas, maxSurge, maxUnavailable));
        settle(cluster);
        cluster.change(Deployments.withImage(cluster.deployment(), "web:2"));
        int fewest = Limits.of(cluster.deployment()).fewestAvailable();
        for (int chapter : story) {
            int kind = chapter % 10;
            switch (kind) {
                case 0 -> pick(cluster.pods.live.values(), chapter).ifPresent(cluster::podIsGone);
                case 1 -> pick(cluster.pods.live.values(), chapter).ifPresent(cluster::podBecomesReady);
                default -> controllersMove(cluster, kind, chapter / 10);
            }
            cluster.tick();
            assertThat(cluster.pods.live.values().stream()
                            .filter(PodFacts::isActive)
                            .filter(PodFacts::isReady))
                    .hasSizeGreaterThanOrEqualTo(fewest);
        }
        settle(cluster);
    }

    private static void happens(ModelCluster cluster, int chapter) {
        int detail = chapter / 20;
        switch (chapter % 20) {
            case 0 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podFails);
            case 1 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podIsDeleted);
            case 2, 3 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podIsGone);
            case 4, 5, 6 -> pick(cluster.pods.live.values(), detail).ifPresent(cluster::podBecomesReady);
            case 7 -> cluster.change(Deployments.withImage(cluster.deployment(), "web:" + detail % 4));
            case 8 -> cluster.change(Deployments.withReplicas(cluster.deployment(), detail % 9));
            case 9 -> cluster.change(Deployments.paused(cluster.deployment(), detail % 2 == 0));
            case 10 -> cluster.loseAnswers(1 + detail % 3);
            case 11 -> cluster.restartControllers();
            default -> controllersMove(cluster, chapter % 20, detail);
        }
        cluster.tick();
    }

    /** Caches move by some events or jump; controllers look at whatever they show. */
    private static void controllersMove(ModelCluster cluster, int kind, int detail) {
        switch (kind % 8) {
            case 0 -> cluster.deployments.deliver(1 + detail % 5);
            case 1 -> cluster.replicaSets.deliver(1 + detail % 7);
            case 2 -> cluster.pods.deliver(1 + detail % 9);
            case 3 -> cluster.replicaSets.relist();
            case 4 -> cluster.pods.relist();
            case 5 -> cluster.reconcileDeployment();
            default -> pick(cluster.replicaSets.cache.values(), detail).ifPresent(cluster::reconcileReplicaSet);
        }
    }

    /** Nothing goes wrong any more: the Deployment must get where it wants to be. */
    private static void settle(ModelCluster cluster) {
        cluster.loseAnswers(0);
        cluster.change(Deployments.paused(cluster.deployment(), false));
        long before = -1;
        for (int round = 0; round < 200 && cluster.revision() != before; round++) {
            before = cluster.revision();
            cluster.deployments.deliver(Integer.MAX_VALUE);
            cluster.replicaSets.deliver(Integer.MAX_VALUE);
            cluster.pods.deliver(Integer.MAX_VALUE);
            cluster.reconcileDeployment();
            cluster.replicaSets.deliver(Integer.MAX_VALUE);
            List.copyOf(cluster.replicaSets.cache.values()).forEach(cluster::reconcileReplicaSet);
            for (Pod pod : List.copyOf(cluster.pods.live.values())) {
                if (Ownership.isBeingDeleted(pod)) {
                    cluster.podIsGone(pod);
                } else if (!PodFacts.isReady(pod)) {
                    cluster.podBecomesReady(pod);
                }
            }
            cluster.tick();
            assertThat(cluster.activePods()).isLessThanOrEqualTo(cluster.mostAllowed());
        }
        Deployment deployment = cluster.deployment();
        int replicas = deployment.getSpec().getReplicas();
        assertThat(Ownership.orZero(deployment.getStatus().getUpdatedReplicas()))
                .isEqualTo(replicas);
        assertThat(Ownership.orZero(deployment.getStatus().getReplicas())).isEqualTo(replicas);
        assertThat(Ownership.orZero(deployment.getStatus().getAvailableReplicas()))
                .isEqualTo(replicas);
        assertThat(cluster.activePods()).isEqualTo(replicas);
        List<ReplicaSet> old = new ArrayList<>(cluster.replicaSets.live.values());
        old.removeIf(replicaSet -> PodTemplates.same(
                replicaSet.getSpec().getTemplate(), deployment.getSpec().getTemplate()));
        assertThat(old)
                .allSatisfy(replicaSet -> assertThat(
                                cluster.podsOf(replicaSet).stream().filter(PodFacts::isActive))
                        .isEmpty());
        assertThat(old).hasSizeLessThanOrEqualTo(deployment.getSpec().getRevisionHistoryLimit());
    }
}
