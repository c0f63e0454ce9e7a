package io.mokube.scheduler.cycle;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.InformerFactory;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.WriteGuard;
import io.mokube.client.rest.WriteGuard.WriteRefusedException;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.time.Clock;
import io.mokube.scheduler.cycle.SchedulerMetrics.Result;
import io.mokube.scheduler.explain.DecisionLog;
import io.mokube.scheduler.explain.DecisionLog.Kept;
import io.mokube.scheduler.explain.DecisionLog.Refusal;
import io.mokube.scheduler.framework.ApiObjects;
import io.mokube.scheduler.framework.BindOutcome;
import io.mokube.scheduler.framework.BindPlugin;
import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.Decider;
import io.mokube.scheduler.framework.Decision;
import io.mokube.scheduler.framework.Extender;
import io.mokube.scheduler.framework.Extenders;
import io.mokube.scheduler.framework.Outcome;
import io.mokube.scheduler.framework.PermitPlugin;
import io.mokube.scheduler.framework.PermitPlugin.Permission;
import io.mokube.scheduler.framework.Plugin;
import io.mokube.scheduler.framework.PostFilterPlugin.Remedy;
import io.mokube.scheduler.framework.PreBindPlugin;
import io.mokube.scheduler.framework.Profile;
import io.mokube.scheduler.framework.Profiles;
import io.mokube.scheduler.framework.ReservePlugin;
import io.mokube.scheduler.queue.QueuedPod;
import io.mokube.scheduler.queue.SchedulingQueue;
import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes pods from the queue one after the other and decides on them. Decisions are made by one thread; what follows from
 * them is written beside it, by as many threads as there are writes under way, up to a bound at which deciding waits.
 */
public final class SchedulingLoop {

    private static final Logger log = LoggerFactory.getLogger(SchedulingLoop.class);

    private static final String UNSCHEDULABLE = "Unschedulable";
    private static final String SCHEDULER_ERROR = "SchedulerError";

    private static final int MOST_WRITES = 128;
    private static final Duration SYNC_PATIENCE = Duration.ofSeconds(5);

    /** One profile at work. */
    private record Lane(Profile profile, Decider decider, EventRecorder events) {}

    /** What may be written while this scheduler leads, by itself and by plugins. */
    private record Term(ApiWrites writes, ApiObjects objects) {}

    private final Profiles profiles;
    private final Extenders extenders;
    private final Map<String, Lane> lanes = new HashMap<>();
    private final WaitingRoom waiting;
    private final ClusterState state;
    private final SchedulingQueue queue;
    private final InformerFactory informers;
    private final ApiWrites writes;
    private final SchedulerMetrics metrics;
    private final DecisionLog decisions;
    private final Clock clock;
    /** Chooses between equally good nodes: seeded once, because every decision draws. */
    private final SplittableRandom draws;

    private final Semaphore writers = new Semaphore(MOST_WRITES);

    private @Nullable Thread thread;
    /** Where the next search begins. Only the deciding thread uses it, and it outlives terms. */
    private int nextStart;

    /**
     * A loop.
     *
     * @param events who reports what happens to the pods of each profile, by the profile's name
     */
    public SchedulingLoop(
            Profiles profiles,
            Extenders extenders,
            Map<String, EventRecorder> events,
            WaitingRoom waiting,
            ClusterState state,
            SchedulingQueue queue,
            InformerFactory informers,
            ApiWrites writes,
            SchedulerMetrics metrics,
            DecisionLog decisions,
            Platform platform) {
        this.profiles = profiles;
        this.extenders = extenders;
        for (Profile profile : profiles.all()) {
            String name = profile.schedulerName();
            lanes.put(
                    name, new Lane(profile, new Decider(profile, extenders), Objects.requireNonNull(events.get(name))));
        }
        this.waiting = waiting;
        this.state = state;
        this.queue = queue;
        this.informers = informers;
        this.writes = writes;
        this.metrics = metrics;
        this.decisions = decisions;
        this.clock = platform.clock();
        this.draws = new SplittableRandom(platform.random().nextLong());
    }

    /**
     * Begins to decide, as soon as all that there is in the cluster is known.
     *
     * @param guard lets writes pass that follow from decisions made until {@link #end}, and only those
     */
    public synchronized void begin(WriteGuard guard) {
        if (thread == null) {
            ApiWrites guarded = writes.guardedBy(guard);
            Term term = new Term(guarded, new BindingObjects(guarded, this::report, clock, writers));
            thread = Thread.ofPlatform().name("scheduling").daemon().start(() -> run(term));
        }
    }

    /** Decides nothing more, and returns when that is so. Writes under way may still end. */
    public void end() {
        Thread ending;
        synchronized (this) {
            ending = thread;
            thread = null;
        }
        if (ending == null) {
            return;
        }
        ending.interrupt();
        boolean interrupted = false;
        while (true) {
            try {
                ending.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        waiting.clear("the scheduler ends");
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for writes under way; false when some are left after that time. */
    public boolean awaitWrites(Duration patience) {
        try {
            if (writers.tryAcquire(MOST_WRITES, patience.toNanos(), TimeUnit.NANOSECONDS)) {
                writers.release(MOST_WRITES);
                return true;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    private void run(Term term) {
        try {
            while (!informers.awaitSynced(SYNC_PATIENCE)) {
                log.atInfo()
                        .setMessage("waiting for the first list")
                        .addKeyValue("of", informers.notSynced())
                        .log();
            }
            log.atInfo()
                    .setMessage("scheduling begins")
                    .addKeyValue("nodes", state.nodeCount())
                    .log();
            for (Optional<QueuedPod> next = queue.take(); next.isPresent(); next = queue.take()) {
                QueuedPod taken = next.get();
                try {
                    schedule(taken, term);
                } catch (InterruptedException e) {
                    queue.failed(taken);
                    throw e;
                } catch (Extender.FailedException e) {
                    undecided(taken, String.valueOf(e.getMessage()), term);
                } catch (RuntimeException e) {
                    log.atError()
                            .setMessage("deciding on a pod failed")
                            .addKeyValue("pod", taken.pod().key())
                            .setCause(e)
                            .log();
                    undecided(taken, "running the scheduler failed: " + e, term);
                }
            }
        } catch (InterruptedException e) {
            // The term is over.
        }
    }

    private Lane lane(PodInfo pod) {
        return Objects.requireNonNull(lanes.get(profiles.of(pod).schedulerName()));
    }

    private void schedule(QueuedPod taken, Term term) throws InterruptedException {
        // Room kept for the pod may have been given to another since the pod was last seen.
        PodInfo pod = taken.pod().nominatedTo(state.nominatedNode(taken.pod().uid()));
        if (pod.terminating() || state.isPlaced(pod.uid())) {
            queue.done(pod.uid());
            return;
        }
        Lane lane = lane(pod);
        long begun = clock.nanoTime();
        Snapshot snapshot = state.snapshot();
        Decision decision = lane.decider().decide(pod, snapshot, nextStart, draws.nextLong());
        metrics.decided(clock.nanoTime() - begun);
        decisions.add(new Kept(lane.profile(), pod, snapshot, nextStart, decision, clock.instant()));
        nextStart += decision.evaluated();
        switch (decision) {
            case Decision.Place place -> place(taken, lane, place, snapshot, begun, term);
            case Decision.NoFit noFit -> {
                metrics.attempted(lane.profile(), Result.UNSCHEDULABLE, clock.nanoTime() - begun);
                switch (noFit.remedy()) {
                    case Remedy.None none -> {
                        if (none.hopeless()) {
                            state.withdrawNomination(pod.uid());
                        }
                        queue.rejected(taken, noFit.plugins());
                        String nomination = none.hopeless() ? "" : null;
                        writers.acquire();
                        write(pod, () -> {
                            none.takeBack().ifPresent(claim -> term.writes().takeBack(claim, pod));
                            explain(pod, UNSCHEDULABLE, noFit.message(), nomination, term);
                        });
                    }
                    case Remedy.Evict evict -> {
                        metrics.preempted(evict.victims().size());
                        state.nominate(pod, evict.node());
                        // The room that is made may have been kept for less important pods, which look elsewhere now.
                        List<PodInfo> lesser = state.withdrawLesserNominations(evict.node(), pod.priority());
                        queue.rejected(taken, noFit.plugins());
                        lesser.forEach(other -> queue.retry(other.uid()));
                        writers.acquire();
                        write(pod, () -> preempt(pod, noFit.message(), evict, lesser, term));
                    }
                }
            }
        }
    }

    /** Takes the room and whatever else the pod needs on its node, and has it bound beside the next decision. */
    private void place(QueuedPod taken, Lane lane, Decision.Place place, Snapshot snapshot, long begun, Term term)
            throws InterruptedException {
        PodInfo pod = taken.pod();
        String node = place.node();
        writers.acquire();
        if (!state.assume(pod, node)) {
            // The node went, or the pod was bound, after the snapshot was taken.
            writers.release();
            queue.failed(taken);
            return;
        }
        Map<String, Duration> patience;
        try {
            patience = reserve(pod, lane.profile(), node, snapshot);
        } catch (StepFailedException e) {
            // The place among the writers is used to say so.
            undo(taken, lane, place, e);
            metrics.attempted(lane.profile(), e.result(), clock.nanoTime() - begun);
            write(pod, () -> explain(pod, e.reason(), e.message(), "", term));
            return;
        } catch (RuntimeException e) {
            writers.release();
            unreserve(pod, lane.profile(), node);
            throw e;
        }
        if (patience.isEmpty()) {
            write(pod, () -> bind(taken, lane, place, begun, term));
            return;
        }
        writers.release();
        WaitingRoom.Ticket ticket = waiting.enter(pod, node, patience);
        Thread.ofVirtual().name("permit " + pod.key()).start(() -> {
            try {
                Optional<WaitingRoom.Denial> denial = ticket.await();
                writers.acquire();
                write(
                        pod,
                        denial.isEmpty()
                                ? () -> bind(taken, lane, place, begun, term)
                                : () -> denied(taken, lane, place, denial.get(), begun, term));
            } catch (InterruptedException e) {
                undo(taken, lane, node);
            }
        });
    }

    /**
     * Reserves what plugins have to set aside, and asks for their permission.
     *
     * @return who wants to say later whether the pod may go, and how long that may take; empty when it may go
     */
    private Map<String, Duration> reserve(PodInfo pod, Profile profile, String nodeName, Snapshot snapshot)
            throws StepFailedException {
        if (profile.reserves().isEmpty() && profile.permits().isEmpty()) {
            return Map.of();
        }
        NodeInfo node = Objects.requireNonNull(snapshot.node(nodeName));
        for (ReservePlugin plugin : profile.reserves()) {
            check("Reserve", plugin, plugin.reserve(pod, node, snapshot, state));
        }
        Map<String, Duration> patience = new LinkedHashMap<>();
        for (PermitPlugin plugin : profile.permits()) {
            switch (plugin.permit(pod, nodeName, snapshot)) {
                case Permission.Allowed() -> {}
                case Permission.Denied(String reason) ->
                    throw new StepFailedException(new Refusal("Permit", plugin.name(), reason), true);
                case Permission.Wait(Duration longest) -> patience.put(plugin.name(), longest);
            }
        }
        return patience;
    }

    private static void check(String point, Plugin plugin, Outcome outcome) throws StepFailedException {
        switch (outcome) {
            case Outcome.Done() -> {}
            case Outcome.Rejected(String reason) ->
                throw new StepFailedException(new Refusal(point, plugin.name(), reason), true);
            case Outcome.Failed(String reason) ->
                throw new StepFailedException(new Refusal(point, plugin.name(), reason), false);
        }
    }

    /** A step after the decision did not succeed: everything before it is undone. */
    @SuppressWarnings("serial") // never leaves the thread
    private static final class StepFailedException extends Exception {

        private final Refusal refusal;
        /** Whether the pod was turned away; otherwise something went wrong that is not its fault. */
        private final boolean turnedAway;

        StepFailedException(Refusal refusal, boolean turnedAway) {
            // Users know these words: one node was asked, and it did not fit after all.
            super(
                    turnedAway
                            ? "0/1 nodes are available: 1 " + refusal.reason() + "."
                            : "running " + refusal.point() + " plugin \"" + refusal.plugin() + "\": "
                                    + refusal.reason(),
                    null,
                    false,
                    false);
            this.refusal = refusal;
            this.turnedAway = turnedAway;
        }

        String message() {
            return String.valueOf(getMessage());
        }

        String reason() {
            return turnedAway ? UNSCHEDULABLE : SCHEDULER_ERROR;
        }

        Result result() {
            return turnedAway ? Result.UNSCHEDULABLE : Result.ERROR;
        }
    }

    /** Runs a write on a thread of its own. The caller has acquired a place for it. */
    private void write(PodInfo pod, Write write) {
        Thread.ofVirtual().name("write " + pod.key()).start(() -> {
            try {
                write.run();
            } catch (WriteRefusedException e) {
                // The term is over: the next leader sees what is left to do.
            } catch (ApiException | ConnectionException e) {
                log.atInfo()
                        .setMessage("a write failed")
                        .addKeyValue("pod", pod.key())
                        .addKeyValue("reason", e.getMessage())
                        .log();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException e) {
                log.atError()
                        .setMessage("a write failed unexpectedly")
                        .addKeyValue("pod", pod.key())
                        .setCause(e)
                        .log();
            } finally {
                writers.release();
            }
        });
    }

    @FunctionalInterface
    private interface Write {
        void run() throws InterruptedException;
    }

    private void bind(QueuedPod taken, Lane lane, Decision.Place place, long begun, Term term)
            throws InterruptedException {
        PodInfo pod = taken.pod();
        Profile profile = lane.profile();
        BindOutcome outcome;
        try {
            for (PreBindPlugin plugin : profile.preBinds()) {
                check("PreBind", plugin, plugin.preBind(pod, place.node(), state, term.objects()));
            }
            outcome = bound(pod, profile, place.node(), term);
        } catch (StepFailedException e) {
            undo(taken, lane, place, e);
            metrics.attempted(profile, e.result(), clock.nanoTime() - begun);
            explain(pod, e.reason(), e.message(), "", term);
            return;
        } catch (InterruptedException | RuntimeException e) {
            undo(taken, lane, place.node());
            throw e;
        }
        long now = clock.nanoTime();
        switch (outcome) {
            case BindOutcome.Bound() -> {
                queue.done(pod.uid());
                metrics.attempted(profile, Result.SCHEDULED, now - begun);
                metrics.bound(taken.attempts(), now - taken.firstSeenNanos());
                log.atInfo()
                        .setMessage("bound")
                        .addKeyValue("pod", pod.key())
                        .addKeyValue("node", place.node())
                        .addKeyValue("evaluated", place.evaluated())
                        .addKeyValue("feasible", place.feasible())
                        .log();
                report(pod, "Scheduled", "Successfully assigned " + pod.key() + " to " + place.node());
                profile.postBinds().forEach(plugin -> plugin.bound(pod, place.node(), state));
            }
            case BindOutcome.Overtaken(String why) -> {
                unreserve(pod, profile, place.node());
                queue.done(pod.uid());
                log.atInfo()
                        .setMessage("not bound: nothing left to do")
                        .addKeyValue("pod", pod.key())
                        .addKeyValue("reason", why)
                        .log();
            }
            case BindOutcome.Refused(String why) -> {
                undo(taken, lane, place.node());
                decisions.refused(pod, place, new Refusal("Bind", "", why));
                metrics.attempted(profile, Result.ERROR, now - begun);
                log.atWarn()
                        .setMessage("binding was refused")
                        .addKeyValue("pod", pod.key())
                        .addKeyValue("node", place.node())
                        .addKeyValue("reason", why)
                        .log();
                explain(pod, SCHEDULER_ERROR, "binding rejected: " + why, "", term);
            }
        }
    }

    private BindOutcome bound(PodInfo pod, Profile profile, String node, Term term) throws InterruptedException {
        for (Extender extender : extenders.binding(pod)) {
            BindOutcome outcome = term.writes().bindBy(extender, pod, node);
            if (!(outcome instanceof BindOutcome.Refused && extender.ignorable())) {
                return outcome;
            }
        }
        for (BindPlugin plugin : profile.binds()) {
            Optional<BindOutcome> outcome = plugin.bind(pod, node, term.objects());
            if (outcome.isPresent()) {
                return outcome.get();
            }
        }
        return new BindOutcome.Refused("no bind plugin takes the pod");
    }

    private void denied(
            QueuedPod taken, Lane lane, Decision.Place place, WaitingRoom.Denial denial, long begun, Term term) {
        if (denial.plugin().isEmpty()) {
            undo(taken, lane, place.node());
            return;
        }
        StepFailedException refused =
                new StepFailedException(new Refusal("Permit", denial.plugin(), denial.reason()), true);
        undo(taken, lane, place, refused);
        metrics.attempted(lane.profile(), refused.result(), clock.nanoTime() - begun);
        explain(taken.pod(), refused.reason(), refused.message(), "", term);
    }

    /** Gives back everything that was taken for a pod, and tries it again: when what turned it away changes, or later. */
    private void undo(QueuedPod taken, Lane lane, Decision.Place place, StepFailedException failed) {
        decisions.refused(taken.pod(), place, failed.refusal);
        if (failed.turnedAway) {
            unreserve(taken.pod(), lane.profile(), place.node());
            queue.rejected(taken, Set.of(failed.refusal.plugin()));
        } else {
            undo(taken, lane, place.node());
        }
    }

    /** Gives back everything that was taken for a pod, and tries it again later. */
    private void undo(QueuedPod taken, Lane lane, String node) {
        unreserve(taken.pod(), lane.profile(), node);
        queue.failed(taken);
    }

    private void unreserve(PodInfo pod, Profile profile, String node) {
        for (ReservePlugin plugin : profile.reserves().reversed()) {
            plugin.unreserve(pod, node, state);
        }
        PodInfo assumed = state.forget(pod.uid());
        if (assumed != null) {
            queue.happened(ClusterChange.removed(ClusterEvent.ASSIGNED_POD_REMOVED, assumed));
        }
    }

    private void explain(PodInfo pod, String reason, String message, @Nullable String nominatedNode, Term term) {
        lane(pod).events().record(reference(pod), EventRecorder.Type.WARNING, "FailedScheduling", message);
        term.writes().explain(pod, reason, message, nominatedNode);
    }

    /** Makes room for a pod: says so first, so that a restarted scheduler keeps the room free too. */
    private void preempt(PodInfo pod, String message, Remedy.Evict evict, List<PodInfo> lesser, Term term) {
        Lane lane = lane(pod);
        try {
            explain(pod, UNSCHEDULABLE, message, evict.node(), term);
            lesser.forEach(term.writes()::clearNomination);
            for (PodInfo victim : evict.victims()) {
                if (!victim.terminating()) {
                    term.writes().evict(victim, lane.profile().schedulerName());
                    lane.events()
                            .record(
                                    reference(victim),
                                    EventRecorder.Type.NORMAL,
                                    "Preempted",
                                    "Preempted by pod " + pod.uid() + " on node " + evict.node());
                    log.atInfo()
                            .setMessage("preempted")
                            .addKeyValue("pod", victim.key())
                            .addKeyValue("node", evict.node())
                            .addKeyValue("for", pod.key())
                            .log();
                }
            }
        } catch (RuntimeException e) {
            state.withdrawNomination(pod.uid());
            throw e;
        }
    }

    /** There was no decision, by no fault of the pod: it is tried again later, and others are not held up. */
    private void undecided(QueuedPod taken, String message, Term term) throws InterruptedException {
        PodInfo pod = taken.pod();
        metrics.attempted(lane(pod).profile(), Result.ERROR, 0);
        queue.failed(taken);
        writers.acquire();
        write(pod, () -> explain(pod, SCHEDULER_ERROR, message, null, term));
    }

    private void report(PodInfo pod, String reason, String message) {
        lane(pod).events().record(reference(pod), EventRecorder.Type.NORMAL, reason, message);
    }

    private static ObjectReference reference(PodInfo pod) {
        return new ObjectReferenceBuilder()
                .withApiVersion("v1")
                .withKind("Pod")
                .withNamespace(pod.key().namespace())
                .withName(pod.key().name())
                .withUid(pod.uid())
                .build();
    }
}
