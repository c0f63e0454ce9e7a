package io.mokube.scheduler.queue;

import static io.mokube.scheduler.TestPods.info;
import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.placed;
import static io.mokube.scheduler.TestPods.pod;
import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.EnqueuePlugin;
import io.mokube.scheduler.framework.Profile;
import io.mokube.scheduler.framework.Profiles;
import io.mokube.scheduler.plugins.DefaultPlugins;
import io.mokube.scheduler.plugins.PrioritySortPlugin;
import io.mokube.scheduler.queue.SchedulingQueue.Delays;
import io.mokube.scheduler.queue.SchedulingQueue.Sizes;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import io.mokube.testkit.SimulatedClock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Where pods wait and what brings them back. */
class SchedulingQueueTest {

    private static final Set<String> FIT = Set.of("NodeResourcesFit");
    private static final ClusterChange POD_REMOVED =
            ClusterChange.removed(ClusterEvent.ASSIGNED_POD_REMOVED, placed("other", "cpu=1", "n"));

    private final SimulatedClock clock = new SimulatedClock();
    private final SchedulingQueue queue = queue(DefaultPlugins.profile("default-scheduler"));

    private SchedulingQueue queue(Profile profile) {
        return new SchedulingQueue(clock, Delays.DEFAULT, Profiles.of(profile), () -> Snapshot.EMPTY);
    }

    @Test
    void moreImportantPodsFirstThenTheLongerWaiting() {
        queue.put(info("first", ""));
        clock.advance(Duration.ofMillis(1));
        queue.put(info("second", ""));
        clock.advance(Duration.ofMillis(1));
        queue.put(info(pod("important", "").editSpec().withPriority(7).endSpec()));
        assertThat(List.of(takeName(), takeName(), takeName())).containsExactly("important", "first", "second");
        assertThat(queue.poll()).isEmpty();
    }

    @Test
    void anUnschedulablePodWaitsForItsEventAndItsBackoff() {
        queue.put(info("p", ""));
        queue.rejected(take(), FIT);
        assertThat(queue.sizes()).isEqualTo(new Sizes(0, 0, 1, 0));
        queue.happened(ClusterChange.of(ClusterEvent.NODE_LABELS_CHANGED));
        assertThat(queue.sizes()).isEqualTo(new Sizes(0, 0, 1, 0));
        queue.happened(POD_REMOVED);
        assertThat(queue.sizes()).isEqualTo(new Sizes(0, 1, 0, 0));
        clock.advance(Duration.ofMillis(999));
        assertThat(queue.poll()).isEmpty();
        clock.advance(Duration.ofMillis(1));
        assertThat(take().attempts()).isEqualTo(2);
    }

    @Test
    void aChangeThatCanNotHelpWakesNobody() {
        queue.put(info("p", "cpu=4"));
        queue.rejected(take(), FIT);
        queue.happened(ClusterChange.added(
                ClusterEvent.NODE_ADDED, NodeFacts.of(node("small", "cpu=2").build())));
        assertThat(queue.sizes()).as("a node that is too small").isEqualTo(new Sizes(0, 0, 1, 0));
        queue.happened(ClusterChange.added(
                ClusterEvent.NODE_ADDED, NodeFacts.of(node("big", "cpu=8").build())));
        assertThat(queue.sizes()).isEqualTo(new Sizes(0, 1, 0, 0));
    }

    @Test
    void whatWasAssumedForAPodDoesNotWakeThatPod() {
        queue.put(info("p", ""));
        queue.put(info("q", ""));
        QueuedPod p = take();
        queue.rejected(take(), FIT);
        queue.happened(ClusterChange.removed(ClusterEvent.ASSIGNED_POD_REMOVED, placed("p", "", "n")));
        queue.rejected(p, FIT);
        assertThat(queue.sizes()).as("q is woken, p is not").isEqualTo(new Sizes(0, 1, 1, 0));
    }

    @Test
    void aPluginOpensItsGateWhenSomethingHappens() {
        Set<String> missing = new HashSet<>(Set.of("p"));
        SchedulingQueue gated = queue(Profile.of(
                "default-scheduler", List.of(new PrioritySortPlugin(), new Gatekeeper(missing)), Map.of(), 0));
        gated.put(info("p", ""));
        gated.happened(ClusterChange.of(ClusterEvent.NODE_LABELS_CHANGED));
        missing.clear();
        assertThat(gated.poll()).isEmpty();
        gated.happened(ClusterChange.of(ClusterEvent.NODE_TAINTS_CHANGED));
        assertThat(gated.poll()).isEmpty();
        gated.happened(ClusterChange.of(ClusterEvent.NODE_LABELS_CHANGED));
        assertThat(gated.poll()).isPresent();
        assertThat(gated.sizes()).isEqualTo(new Sizes(0, 0, 0, 0));
    }

    /** Holds back the pods of a list, and looks again when a node's labels change. */
    private record Gatekeeper(Set<String> missing) implements EnqueuePlugin {

        @Override
        public String name() {
            return "Gatekeeper";
        }

        @Override
        public Optional<String> holdsBack(PodInfo pod, Supplier<Snapshot> cluster) {
            return missing.contains(pod.key().name()) ? Optional.of("missing") : Optional.empty();
        }

        @Override
        public Set<ClusterEvent> unblockedBy() {
            return Set.of(ClusterEvent.NODE_LABELS_CHANGED);
        }
    }

    @Test
    void backoffDoublesFromOneSecondToTen() {
        queue.put(info("p", ""));
        List<Long> waits = new ArrayList<>();
        for (int attempt = 0; attempt < 6; attempt++) {
            queue.failed(take());
            Duration wait = clock.pendingIn().getFirst();
            waits.add(wait.toSeconds());
            clock.advance(wait);
        }
        assertThat(waits).containsExactly(1L, 2L, 4L, 8L, 10L, 10L);
    }

    @Test
    void anEventDuringTheAttemptIsNotLost() {
        queue.put(info("p", ""));
        QueuedPod taken = take();
        queue.happened(POD_REMOVED);
        queue.rejected(taken, FIT);
        assertThat(queue.sizes()).isEqualTo(new Sizes(0, 1, 0, 0));

        clock.advance(Duration.ofSeconds(1));
        taken = take();
        queue.happened(ClusterChange.of(ClusterEvent.NODE_TAINTS_CHANGED));
        queue.rejected(taken, FIT);
        assertThat(queue.sizes()).as("an event that changes nothing for it").isEqualTo(new Sizes(0, 0, 1, 0));
    }

    @Test
    void afterFiveMinutesItIsTriedAnyway() {
        queue.put(info("p", ""));
        queue.rejected(take(), FIT);
        clock.advance(Duration.ofMinutes(5).minusMillis(1));
        assertThat(queue.poll()).isEmpty();
        clock.advance(Duration.ofMillis(1));
        assertThat(queue.poll()).isPresent();
    }

    @Test
    void aGatedPodWaitsForItself() {
        queue.put(info(pod("p", "").editSpec().addNewSchedulingGate("wait").endSpec()));
        queue.happened(ClusterChange.of(ClusterEvent.NODE_ADDED));
        clock.advance(Duration.ofHours(1));
        assertThat(queue.poll()).isEmpty();
        assertThat(queue.sizes()).isEqualTo(new Sizes(0, 0, 0, 1));
        queue.put(info("p", ""));
        assertThat(take().pod().key().name()).isEqualTo("p");
        assertThat(queue.sizes()).isEqualTo(new Sizes(0, 0, 0, 0));
    }

    @Test
    void aChangedPodIsTriedAgain() {
        queue.put(info("p", "cpu=4"));
        queue.rejected(take(), FIT);
        clock.advance(Duration.ofSeconds(30));
        queue.put(info("p", "cpu=4"));
        assertThat(queue.poll()).as("the same again").isEmpty();
        queue.put(info("p", "cpu=2"));
        assertThat(take().pod().requests().total().milliCpu()).isEqualTo(2000);
    }

    @Test
    void aChangeDuringTheAttemptCounts() {
        queue.put(info("p", "cpu=4"));
        QueuedPod taken = take();
        queue.put(info("p", "cpu=2"));
        queue.rejected(taken, FIT);
        clock.advance(Duration.ofSeconds(1));
        assertThat(take().pod().requests().total().milliCpu()).isEqualTo(2000);
    }

    @Test
    void aRemovedPodNeverComesBack() {
        PodInfo pod = info("p", "");
        queue.put(pod);
        QueuedPod taken = take();
        queue.remove(pod.uid());
        queue.failed(taken);
        clock.advance(Duration.ofMinutes(10));
        assertThat(queue.poll()).isEmpty();

        queue.put(pod);
        queue.rejected(take(), FIT);
        queue.remove(pod.uid());
        clock.advance(Duration.ofMinutes(10));
        assertThat(queue.poll()).isEmpty();
        assertThat(queue.sizes()).isEqualTo(new Sizes(0, 0, 0, 0));
    }

    @Test
    void closingEndsTheWait() throws Exception {
        Thread closer = Thread.startVirtualThread(queue::close);
        assertThat(queue.take()).isEmpty();
        closer.join();
    }

    private QueuedPod take() {
        Optional<QueuedPod> taken = queue.poll();
        assertThat(taken).isPresent();
        return taken.get();
    }

    private String takeName() {
        return take().pod().key().name();
    }
}
