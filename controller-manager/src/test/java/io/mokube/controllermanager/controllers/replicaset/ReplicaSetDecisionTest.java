package io.mokube.controllermanager.controllers.replicaset;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetBuilder;
import io.fabric8.kubernetes.api.model.apps.ReplicaSetStatus;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.ownership.PodChanges.Failure;
import io.mokube.controllermanager.controllers.replicaset.ReplicaSetDecision.Change;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReplicaSetDecisionTest {

    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

    @Test
    void createsWhatIsMissing() {
        assertThat(change(replicaSet(3), Pods.pending("a"))).isEqualTo(new Change.Create(2));
        assertThat(change(replicaSet(3))).isEqualTo(new Change.Create(3));
    }

    @Test
    void createsAtMostABurst() {
        assertThat(change(replicaSet(2000))).isEqualTo(new Change.Create(ReplicaSetDecision.BURST));
    }

    @Test
    void leavesTheRightNumberAlone() {
        assertThat(change(replicaSet(1), Pods.pending("a"))).isEqualTo(new Change.None());
        assertThat(change(replicaSet(0))).isEqualTo(new Change.None());
    }

    @Test
    void changesNothingWhileBeingDeleted() {
        ReplicaSet going = new ReplicaSetBuilder(replicaSet(3))
                .editMetadata()
                .withDeletionTimestamp("2026-01-01T11:00:00Z")
                .endMetadata()
                .build();
        assertThat(change(going)).isEqualTo(new Change.None());
    }

    @Test
    void deletesTheLeastUsefulFirst() {
        Pod unassigned = Pods.onNode(Pods.pending("unassigned"), null);
        Pod pending = Pods.onNode(Pods.pending("pending"), "node-1");
        Pod notReady = Pods.notReady(Pods.pending("not-ready"), NOW.minusSeconds(5000));
        Pod cheap = cost(Pods.ready("cheap", NOW.minusSeconds(9000)), "-10");
        Pod crowded = Pods.onNode(Pods.ready("crowded", NOW.minusSeconds(9000)), "crowded-node");
        Pod fresh = Pods.ready("fresh", NOW.minusSeconds(10));
        Pod restarted = restarts(Pods.ready("restarted", NOW.minusSeconds(9000)), 4);
        Pod young = created(Pods.ready("young", NOW.minusSeconds(9000)), NOW.minusSeconds(60));
        Pod old = Pods.ready("zz-old", NOW.minusSeconds(9000));
        List<Pod> ranked = List.of(unassigned, pending, notReady, cheap, crowded, fresh, restarted, young, old);
        List<Pod> related = new ArrayList<>(ranked);
        IntStream.range(0, 9)
                .mapToObj(i -> Pods.onNode(Pods.ready("neighbour-" + i, NOW), "crowded-node"))
                .forEach(related::add);

        List<Pod> shuffled = new ArrayList<>(ranked);
        for (int count = 1; count < ranked.size(); count++) {
            Collections.shuffle(shuffled, new Random(count));
            assertThat(DeletionOrder.first(count, shuffled, related, NOW)).isEqualTo(ranked.subList(0, count));
        }
    }

    /** The steps lie at powers of two of a nanosecond: 8.6 s, 17.2 s, 34.4 s. */
    @ParameterizedTest
    @CsvSource({"8, 9, false", "9, 17, true", "17, 18, false", "18, 34, true", "0, 1, false"})
    void agesCountByPowersOfTwoOfNanoseconds(int younger, int older, boolean same) {
        Pod first = Pods.ready("b", NOW.minusSeconds(younger));
        Pod second = Pods.ready("a", NOW.minusSeconds(older));
        assertThat(DeletionOrder.first(1, List.of(second, first), List.of(), NOW))
                .as("the younger one, or that of the lower UID among equals")
                .containsExactly(same ? second : first);
    }

    @Test
    void aCostThatIsNoNumberCountsAsNone() {
        Pod odd = cost(Pods.ready("odd", NOW), "cheap");
        Pod dear = cost(Pods.ready("dear", NOW), "5");
        assertThat(DeletionOrder.first(1, List.of(dear, odd), List.of(), NOW)).containsExactly(odd);
    }

    @Test
    void countsReadyAvailableAndLabelled() {
        ReplicaSet replicaSet = new ReplicaSetBuilder(replicaSet(4))
                .editSpec()
                .withMinReadySeconds(30)
                .withNewTemplate()
                .withNewMetadata()
                .withLabels(Map.of("app", "web", "tier", "front"))
                .endMetadata()
                .endTemplate()
                .endSpec()
                .build();
        Pod labelled = new PodBuilder(Pods.ready("a", NOW.minusSeconds(31)))
                .editMetadata()
                .withLabels(Map.of("app", "web", "tier", "front", "more", "x"))
                .endMetadata()
                .build();
        List<Pod> pods = List.of(labelled, Pods.ready("b", NOW.minusSeconds(29)), Pods.pending("c"));

        ReplicaSetStatus status = ReplicaSetDecision.status(replicaSet, pods, 2, Optional.empty(), NOW);

        assertThat(status.getReplicas()).isEqualTo(3);
        assertThat(status.getReadyReplicas()).isEqualTo(2);
        assertThat(status.getAvailableReplicas()).isEqualTo(1);
        assertThat(status.getFullyLabeledReplicas()).isEqualTo(1);
        assertThat(status.getTerminatingReplicas()).isEqualTo(2);
        assertThat(status.getObservedGeneration()).isEqualTo(4);
        assertThat(ReplicaSetDecision.nextAvailable(replicaSet, pods, NOW)).contains(Duration.ofSeconds(1));
    }

    @Test
    void aFailureIsAConditionUntilItIsOver() {
        Failure failure = Failure.creating("pods \"x\" is forbidden: no");
        ReplicaSetStatus failed = ReplicaSetDecision.status(replicaSet(1), List.of(), 0, Optional.of(failure), NOW);
        assertThat(failed.getConditions()).singleElement().satisfies(condition -> {
            assertThat(condition.getType()).isEqualTo("ReplicaFailure");
            assertThat(condition.getReason()).isEqualTo("FailedCreate");
            assertThat(condition.getMessage()).isEqualTo("pods \"x\" is forbidden: no");
            assertThat(condition.getLastTransitionTime()).isEqualTo("2026-01-01T12:00:00Z");
        });
        ReplicaSet withFailure =
                new ReplicaSetBuilder(replicaSet(1)).withStatus(failed).build();
        Instant later = NOW.plusSeconds(60);
        assertThat(ReplicaSetDecision.status(withFailure, List.of(), 0, Optional.of(failure), later))
                .isEqualTo(failed);
        assertThat(ReplicaSetDecision.status(withFailure, List.of(), 0, Optional.empty(), later)
                        .getConditions())
                .isEmpty();
    }

    private static Change change(ReplicaSet replicaSet, Pod... pods) {
        return ReplicaSetDecision.change(replicaSet, List.of(pods), () -> List.of(pods), NOW);
    }

    private static ReplicaSet replicaSet(int replicas) {
        return new ReplicaSetBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("web")
                .withUid("uid-web")
                .withGeneration(4L)
                .endMetadata()
                .withNewSpec()
                .withReplicas(replicas)
                .endSpec()
                .build();
    }

    private static Pod cost(Pod pod, String cost) {
        return new PodBuilder(pod)
                .editMetadata()
                .addToAnnotations("controller.kubernetes.io/pod-deletion-cost", cost)
                .endMetadata()
                .build();
    }

    private static Pod restarts(Pod pod, int count) {
        return new PodBuilder(pod)
                .editStatus()
                .addNewContainerStatus()
                .withName("c")
                .withRestartCount(count)
                .endContainerStatus()
                .endStatus()
                .build();
    }

    private static Pod created(Pod pod, Instant time) {
        return new PodBuilder(pod)
                .editMetadata()
                .withCreationTimestamp(time.toString())
                .endMetadata()
                .build();
    }
}
