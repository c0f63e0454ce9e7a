package io.mokube.benchmarks;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.mokube.machinery.time.Clock;
import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.Decider;
import io.mokube.scheduler.framework.Decision;
import io.mokube.scheduler.framework.PostFilterPlugin.Remedy;
import io.mokube.scheduler.framework.Profile;
import io.mokube.scheduler.framework.Profiles;
import io.mokube.scheduler.plugins.DefaultPlugins;
import io.mokube.scheduler.queue.SchedulingQueue;
import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.PodInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Decisions of one case without API server and watches: the next pod of the queue, snapshot, decision, assumption, again.
 * Whoever has to make room goes at once, and then the pod is decided on again.
 */
final class SchedulingReplay {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final String CHURNED = "node-churn";

    private final SchedulingCase scheduled;
    private final Profile profile = DefaultPlugins.profile("default-scheduler");
    private final Decider decider = new Decider(profile);
    private final ClusterState state = new ClusterState();
    private final SchedulingQueue queue = new SchedulingQueue(
            Clock.system(), SchedulingQueue.Delays.DEFAULT, new Profiles(List.of(profile)), state::snapshot);
    private final Deque<PodInfo> standing = new ArrayDeque<>();
    private int start;
    private long draws;
    private int made;
    private boolean churned;

    /** How long the pods of one round took. */
    record Round(int pods, double seconds, double cpuSeconds) {

        double perSecond() {
            return pods / seconds;
        }

        double microsPerPod() {
            return seconds * 1e6 / pods;
        }

        double cpuMicrosPerPod() {
            return cpuSeconds * 1e6 / pods;
        }
    }

    private SchedulingReplay(SchedulingCase scheduled) {
        this.scheduled = scheduled;
    }

    /** Fills a cluster of so many nodes, and measures once. */
    static Round run(SchedulingCase scheduled, int nodes) {
        SchedulingReplay replay = new SchedulingReplay(scheduled);
        for (int i = 0; i < nodes; i++) {
            replay.state.putNode(NodeFacts.of(node(scheduled, i)));
        }
        for (PodShape shape : scheduled.standing()) {
            for (PodInfo pod : replay.pods(shape, "sched-0", scheduled.standingOfEach(nodes))) {
                // On all nodes by turns, which is about where decisions would have put them.
                replay.state.assume(pod, name(replay.standing.size() % nodes));
                replay.standing.add(pod);
            }
        }
        if (scheduled.beside() == SchedulingCase.Beside.DELETION) {
            replay.pods(PodShape.GATED, "sched-0", scheduled.standingOfEach(nodes) / 2)
                    .forEach(replay.queue::put);
        }
        List<PodInfo> measured = replay.pods(scheduled.measured(), "sched-1", scheduled.measuredPods(nodes));
        List<PodInfo> beside = replay.pods(
                scheduled.beside() == SchedulingCase.Beside.PREEMPTION
                        ? PodShape.HIGH_PRIORITY
                        : PodShape.HIGH_PRIORITY_LARGE,
                "sched-1",
                measured.size() / scheduled.every() + 1);
        measured.forEach(replay.queue::put);
        Round round = replay.measure(measured.size(), beside);
        replay.queue.close();
        return round;
    }

    private Round measure(int pods, List<PodInfo> beside) {
        long cpu = THREADS.getCurrentThreadCpuTime();
        long begun = System.nanoTime();
        for (int i = 0; i < pods; i++) {
            if (i % scheduled.every() == 0) {
                happen(beside.get(i / scheduled.every()));
            }
            PodInfo pod = queue.poll().orElseThrow().pod();
            if (!schedule(pod)) {
                throw new IllegalStateException(pod.key() + " of " + scheduled.name() + " fits nowhere");
            }
            queue.done(pod.uid());
        }
        return new Round(pods, (System.nanoTime() - begun) / 1e9, (THREADS.getCurrentThreadCpuTime() - cpu) / 1e9);
    }

    private void happen(PodInfo pod) {
        switch (scheduled.beside()) {
            case NOTHING -> {}
            case PREEMPTION, UNSCHEDULABLE -> schedule(pod);
            case DELETION -> {
                PodInfo gone = state.removePod(standing.remove().uid());
                queue.happened(ClusterChange.removed(ClusterEvent.ASSIGNED_POD_REMOVED, Objects.requireNonNull(gone)));
            }
            case CHURN -> {
                if (churned) {
                    state.removeNode(CHURNED);
                } else {
                    state.putNode(NodeFacts.of(new NodeBuilder()
                            .withNewMetadata()
                            .withName(CHURNED)
                            .endMetadata()
                            .build()));
                    schedule(pod);
                }
                churned = !churned;
            }
        }
    }

    /** Whether the pod found a node. */
    private boolean schedule(PodInfo pod) {
        return switch (decide(pod)) {
            case Decision.Place place -> state.assume(pod, place.node());
            case Decision.NoFit noFit ->
                switch (noFit.remedy()) {
                    case Remedy.None none -> false;
                    case Remedy.Evict evict -> {
                        state.nominate(pod, evict.node());
                        evict.victims().forEach(victim -> state.removePod(victim.uid()));
                        PodInfo nominated = pod.nominatedTo(evict.node());
                        yield decide(nominated) instanceof Decision.Place place
                                && state.assume(nominated, place.node());
                    }
                };
        };
    }

    private Decision decide(PodInfo pod) {
        Decision decision = decider.decide(pod, state.snapshot(), start, draws++);
        start += decision.evaluated();
        return decision;
    }

    private List<PodInfo> pods(PodShape shape, String namespace, int count) {
        List<PodInfo> pods = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            Pod pod = shape.pod(namespace, "pod-" + made);
            pod.getMetadata().setUid("uid-" + made++);
            pods.add(PodInfo.of(pod));
        }
        return pods;
    }

    private static String name(int number) {
        return number == 0 ? PodShape.NAMED_NODE : "node-" + number;
    }

    /** A node of the original's size. The first is the one that pods name who name a node; it has room for all of them. */
    static Node node(SchedulingCase scheduled, int number) {
        String name = name(number);
        Map<String, String> labels = new HashMap<>(Map.of(PodShape.HOSTNAME, name));
        if (!scheduled.zones().isEmpty()) {
            labels.put(
                    PodShape.ZONE,
                    scheduled.zones().get(number % scheduled.zones().size()));
        }
        Map<String, Quantity> capacity = Map.of(
                "cpu",
                new Quantity("4"),
                "memory",
                new Quantity("32Gi"),
                "pods",
                new Quantity(number == 0 ? "90000" : "110"));
        return new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(labels)
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .withCapacity(capacity)
                .withAllocatable(capacity)
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build();
    }
}
