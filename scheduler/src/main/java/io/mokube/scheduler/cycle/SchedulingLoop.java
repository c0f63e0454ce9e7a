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
import io.mokube.scheduler.framework.BindOutcome;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.Decider;
import io.mokube.scheduler.framework.Decision;
import io.mokube.scheduler.framework.PostFilterPlugin.Remedy;
import io.mokube.scheduler.framework.Profile;
import io.mokube.scheduler.queue.QueuedPod;
import io.mokube.scheduler.queue.SchedulingQueue;
import io.mokube.scheduler.snapshot.ClusterState;
import io.mokube.scheduler.snapshot.PodInfo;
import java.time.Duration;
import java.util.Optional;
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

    private final Profile profile;
    private final Decider decider;
    private final ClusterState state;
    private final SchedulingQueue queue;
    private final InformerFactory informers;
    private final ApiWrites writes;
    private final EventRecorder events;
    private final SchedulerMetrics metrics;
    private final Clock clock;
    /** Chooses between equally good nodes: seeded once, because every decision draws. */
    private final SplittableRandom draws;

    private final Semaphore writers = new Semaphore(MOST_WRITES);

    private @Nullable Thread thread;
    /** Where the next search begins. Only the deciding thread uses it, and it outlives terms. */
    private int nextStart;

    public SchedulingLoop(
            Profile profile,
            ClusterState state,
            SchedulingQueue queue,
            InformerFactory informers,
            ApiWrites writes,
            EventRecorder events,
            SchedulerMetrics metrics,
            Platform platform) {
        this.profile = profile;
        this.decider = new Decider(profile);
        this.state = state;
        this.queue = queue;
        this.informers = informers;
        this.writes = writes;
        this.events = events;
        this.metrics = metrics;
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
            thread = Thread.ofPlatform().name("scheduling").daemon().start(() -> run(guarded));
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

    private void run(ApiWrites guarded) {
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
                    schedule(taken, guarded);
                } catch (InterruptedException e) {
                    queue.failed(taken);
                    throw e;
                } catch (RuntimeException e) {
                    error(taken, e, guarded);
                }
            }
        } catch (InterruptedException e) {
            // The term is over.
        }
    }

    private void schedule(QueuedPod taken, ApiWrites guarded) throws InterruptedException {
        PodInfo pod = taken.pod();
        if (pod.terminating() || state.isPlaced(pod.uid())) {
            queue.done(pod.uid());
            return;
        }
        long begun = clock.nanoTime();
        Decision decision = decider.decide(pod, state.snapshot(), nextStart, draws.nextLong());
        metrics.decided(clock.nanoTime() - begun);
        nextStart += decision.evaluated();
        switch (decision) {
            case Decision.Place place -> {
                writers.acquire();
                if (!state.assume(pod, place.node())) {
                    // The node went, or the pod was bound, after the snapshot was taken.
                    writers.release();
                    queue.failed(taken);
                    return;
                }
                write(pod, () -> bind(taken, place, begun, guarded));
            }
            case Decision.NoFit noFit -> {
                metrics.attempted(Result.UNSCHEDULABLE, clock.nanoTime() - begun);
                switch (noFit.remedy()) {
                    case Remedy.None none -> {
                        if (none.hopeless()) {
                            state.withdrawNomination(pod.uid());
                        }
                        queue.rejected(taken, noFit.plugins(), profile.unblockedBy(noFit.plugins()));
                        String kept = none.hopeless() ? "" : pod.nominatedNode();
                        writers.acquire();
                        write(pod, () -> explain(pod, UNSCHEDULABLE, noFit.message(), kept, guarded));
                    }
                    case Remedy.Evict evict -> {
                        metrics.preempted(evict.victims().size());
                        state.nominate(pod, evict.node());
                        queue.rejected(taken, noFit.plugins(), profile.unblockedBy(noFit.plugins()));
                        writers.acquire();
                        write(pod, () -> preempt(pod, noFit.message(), evict, guarded));
                    }
                }
            }
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

    private void bind(QueuedPod taken, Decision.Place place, long begun, ApiWrites guarded)
            throws InterruptedException {
        PodInfo pod = taken.pod();
        BindOutcome outcome;
        try {
            outcome = guarded.bind(pod, place.node());
        } catch (InterruptedException | RuntimeException e) {
            forget(taken);
            throw e;
        }
        long now = clock.nanoTime();
        switch (outcome) {
            case BindOutcome.Bound() -> {
                queue.done(pod.uid());
                metrics.attempted(Result.SCHEDULED, now - begun);
                metrics.bound(taken.attempts(), now - taken.firstSeenNanos());
                log.atInfo()
                        .setMessage("bound")
                        .addKeyValue("pod", pod.key())
                        .addKeyValue("node", place.node())
                        .addKeyValue("evaluated", place.evaluated())
                        .addKeyValue("feasible", place.feasible())
                        .log();
                events.record(
                        reference(pod),
                        EventRecorder.Type.NORMAL,
                        "Scheduled",
                        "Successfully assigned " + pod.key() + " to " + place.node());
            }
            case BindOutcome.Overtaken(String why) -> {
                if (state.forget(pod.uid())) {
                    queue.happened(ClusterEvent.ASSIGNED_POD_REMOVED);
                }
                queue.done(pod.uid());
                log.atInfo()
                        .setMessage("not bound: nothing left to do")
                        .addKeyValue("pod", pod.key())
                        .addKeyValue("reason", why)
                        .log();
            }
            case BindOutcome.Refused(String why) -> {
                forget(taken);
                metrics.attempted(Result.ERROR, now - begun);
                log.atWarn()
                        .setMessage("binding was refused")
                        .addKeyValue("pod", pod.key())
                        .addKeyValue("node", place.node())
                        .addKeyValue("reason", why)
                        .log();
                explain(pod, SCHEDULER_ERROR, "binding rejected: " + why, pod.nominatedNode(), guarded);
            }
        }
    }

    /** Gives back the room assumed for a pod, and tries the pod again later. */
    private void forget(QueuedPod taken) {
        if (state.forget(taken.pod().uid())) {
            queue.happened(ClusterEvent.ASSIGNED_POD_REMOVED);
        }
        queue.failed(taken);
    }

    private void explain(PodInfo pod, String reason, String message, String nominatedNode, ApiWrites guarded) {
        events.record(reference(pod), EventRecorder.Type.WARNING, "FailedScheduling", message);
        guarded.explain(pod, reason, message, nominatedNode);
    }

    /** Makes room for a pod: says so first, so that a restarted scheduler keeps the room free too. */
    private void preempt(PodInfo pod, String message, Remedy.Evict evict, ApiWrites guarded) {
        try {
            explain(pod, UNSCHEDULABLE, message, evict.node(), guarded);
            for (PodInfo victim : evict.victims()) {
                if (!victim.terminating()) {
                    guarded.evict(victim);
                    events.record(
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

    /** A decision failed by a fault in this program: the pod is tried again later, and others are not held up. */
    private void error(QueuedPod taken, RuntimeException fault, ApiWrites guarded) throws InterruptedException {
        PodInfo pod = taken.pod();
        log.atError()
                .setMessage("deciding on a pod failed")
                .addKeyValue("pod", pod.key())
                .setCause(fault)
                .log();
        metrics.attempted(Result.ERROR, 0);
        queue.failed(taken);
        writers.acquire();
        write(
                pod,
                () -> explain(
                        pod, SCHEDULER_ERROR, "running the scheduler failed: " + fault, pod.nominatedNode(), guarded));
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
