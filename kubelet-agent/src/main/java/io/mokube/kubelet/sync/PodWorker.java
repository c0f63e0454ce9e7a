package io.mokube.kubelet.sync;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.mokube.client.event.EventRecorder;
import io.mokube.kubelet.lifecycle.Action;
import io.mokube.kubelet.lifecycle.ActionResult;
import io.mokube.kubelet.lifecycle.Ending;
import io.mokube.kubelet.lifecycle.Plan;
import io.mokube.kubelet.lifecycle.PodEvent;
import io.mokube.kubelet.lifecycle.PodInputs;
import io.mokube.kubelet.lifecycle.PodLifecycle;
import io.mokube.kubelet.lifecycle.PodState;
import io.mokube.kubelet.lifecycle.RuntimeView;
import io.mokube.kubelet.lifecycle.RuntimeView.ObservedContainer;
import io.mokube.kubelet.lifecycle.RuntimeView.ObservedSandbox;
import io.mokube.kubelet.pods.PodContainer;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.probe.PodProbes;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after one pod, on a thread of its own: looks at everything, decides, starts what is to be done, and waits for
 * something to happen. Actions run on threads of their own, so that the pod's end never waits for its beginning.
 */
final class PodWorker implements ActionExecutor.PodContext, PodProbes.Listener, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(PodWorker.class);
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final RuntimeObserver observer;
    private final ActionExecutor executor;
    private final StatusWriter statuses;
    private final PodProbes probes;
    private final EventRecorder events;
    private final List<String> hostAddresses;
    private final Clock clock;
    private final Consumer<PodWorker> whenFinished;
    private final Consumer<Duration> whenStarted;
    private final Instant seen;

    private final Allocations allocations;
    private volatile Pod pod;
    private volatile boolean wanted;
    private volatile @Nullable Ending ending;
    private volatile List<String> addresses = List.of();
    private volatile int runningContainers;
    private volatile boolean over;
    private volatile boolean reclaimed;
    private volatile boolean roomWanted;
    private volatile boolean forgotten;
    private volatile Pod allocated;
    private volatile Set<String> containerIds = Set.of();
    private PodState state;
    private final Map<String, InProgress> inProgress = new HashMap<>();
    private final List<Finished> finished = new ArrayList<>();
    private boolean signalled = true;
    private boolean lookDue = true;
    private @Nullable RuntimeView lastView;
    private Set<String> seenParts = Set.of();
    private @Nullable Set<String> toldParts;
    private boolean closed;
    private boolean startReported;
    private Clock.@Nullable Timer timer;
    private @Nullable Thread pulling;

    private record InProgress(Action action, Instant since) {}

    private record Finished(Action action, ActionResult result) {}

    /** What all workers of a node share. */
    record Shared(
            RuntimeObserver observer,
            ActionExecutor executor,
            EventRecorder events,
            List<String> hostAddresses,
            Clock clock,
            java.util.function.Function<PodProbes.Listener, PodProbes> probes,
            Supplier<StatusWriter> statuses,
            Allocations allocations) {}

    /**
     * @param wanted false for a pod that only the runtime knows
     * @param whenFinished told when nothing is left of the pod
     * @param whenStarted told once how long the pod took from its first sight to running
     */
    PodWorker(
            Pod pod, boolean wanted, Shared shared, Consumer<PodWorker> whenFinished, Consumer<Duration> whenStarted) {
        this.pod = pod;
        this.allocated = pod;
        this.wanted = wanted;
        this.observer = shared.observer();
        this.executor = shared.executor();
        this.events = shared.events();
        this.hostAddresses = shared.hostAddresses();
        this.clock = shared.clock();
        this.probes = shared.probes().apply(this);
        this.statuses = shared.statuses().get();
        this.allocations = shared.allocations();
        this.whenFinished = whenFinished;
        this.whenStarted = whenStarted;
        this.seen = clock.instant();
        PodStatus status = pod.getStatus() == null ? new PodStatus() : pod.getStatus();
        this.state = PodState.initial(status);
        this.startReported = "Running".equals(status.getPhase());
        statuses.known(pod, status);
    }

    void start() {
        Thread.ofVirtual().name("pod " + PodFacts.key(pod)).start(this::run);
    }

    @Override
    public Pod pod() {
        return allocated;
    }

    @Override
    public void applied(String containerId, Container with) {
        Set<String> present = new HashSet<>(containerIds);
        allocations.applied(pod, containerId, with, present);
    }

    boolean wanted() {
        return wanted;
    }

    /** The pod's addresses as last seen. */
    List<String> addresses() {
        return addresses;
    }

    /**
     * Has the worker look again when a list of what the runtime has of the pod says something else than its last look. Where
     * both say different things of one state, once for each.
     */
    synchronized void listed(Set<String> parts) {
        if (parts.equals(seenParts)) {
            toldParts = null;
        } else if (!parts.equals(toldParts)) {
            toldParts = parts;
            wake(true);
        }
    }

    int runningContainers() {
        return runningContainers;
    }

    /** The pod's object changed, or went. */
    void update(Pod newer, boolean isWanted) {
        boolean lookAnew = !isWanted || !wanted || !PodFacts.sameButForStatus(pod, newer);
        pod = newer;
        wanted = isWanted;
        wake(lookAnew);
    }

    /** Ends the pod for a reason of the node's; the first one counts. */
    synchronized void end(Ending order) {
        if (ending == null) {
            ending = order;
            wake();
        }
    }

    /** Whether the pod was told to end for a reason of the node's. */
    boolean endOrdered() {
        return ending != null;
    }

    /** Whether the pod has ended for good and nothing of it runs. */
    boolean over() {
        return over;
    }

    /** Whether the pod has ended and its volumes were taken back. */
    boolean reclaimed() {
        return reclaimed;
    }

    /** Has what the runtime keeps of the pod removed, now if it has ended, else when it has. */
    void makeRoom() {
        roomWanted = true;
        wake();
    }

    /** Whether the runtime keeps nothing of the pod. */
    boolean forgotten() {
        return forgotten;
    }

    /** Something may have happened to the pod. */
    void wake() {
        wake(true);
    }

    /**
     * Has the pod decided about again.
     *
     * @param lookAnew whether something may have happened in the runtime too. It has not when the object's status alone
     *     changed, which most often is the one that this worker told.
     */
    private synchronized void wake(boolean lookAnew) {
        signalled = true;
        lookDue |= lookAnew;
        notifyAll();
    }

    private void wakeIn(Duration delay) {
        if (timer != null) {
            timer.cancel();
        }
        timer = clock.schedule(delay, this::wake);
    }

    /** Stops looking after the pod, which stays as it is. */
    @Override
    public synchronized void close() {
        closed = true;
        statuses.close();
        probes.close();
        if (timer != null) {
            timer.cancel();
        }
        notifyAll();
    }

    /** Whether the pod's last status is at the API server. */
    boolean written() {
        return statuses.idle();
    }

    /** Whether no action is being carried out. */
    synchronized boolean idle() {
        return inProgress.isEmpty();
    }

    private synchronized boolean awaitSignal() throws InterruptedException {
        while (!signalled && !closed) {
            wait();
        }
        signalled = false;
        return !closed;
    }

    private void run() {
        try {
            while (awaitSignal()) {
                try {
                    if (once()) {
                        close();
                        whenFinished.accept(this);
                        return;
                    }
                } catch (RuntimeCallException e) {
                    log.atWarn()
                            .setMessage("can't see the pod in the runtime")
                            .addKeyValue("pod", PodFacts.key(pod))
                            .addKeyValue("reason", e.text())
                            .log();
                    wakeIn(RETRY);
                } catch (RuntimeException e) {
                    log.atError()
                            .setMessage("the pod's worker failed")
                            .addKeyValue("pod", PodFacts.key(pod))
                            .setCause(e)
                            .log();
                    wakeIn(RETRY);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Decides once; true when nothing is left to do, ever. */
    private boolean once() {
        // What is in progress must be known before the look at the runtime: an action that ends in between is then
        // taken for unfinished, and its end brings the next look.
        Set<String> busy = takeResults();
        RuntimeView view = look();
        boolean stillWanted = wanted;
        Allocations.Answer granted = allocations.resolve(pod);
        Pod current = granted.pod();
        allocated = current;
        probes.watch(targets(current, view));
        Instant now = clock.instant();
        Plan plan = PodLifecycle.plan(
                new PodInputs(
                        current,
                        stillWanted,
                        view,
                        probes.verdicts(),
                        busy,
                        hostAddresses,
                        now,
                        ending,
                        granted.resizing(),
                        executor.holdsDevices(current),
                        // Until its end is known elsewhere, the runtime alone knows of it.
                        roomWanted && statuses.idle()),
                state);
        state = plan.state();
        addresses = view.sandboxes().stream()
                .filter(ObservedSandbox::ready)
                .findFirst()
                .map(ObservedSandbox::addresses)
                .orElse(List.of());
        runningContainers = (int)
                view.containers().stream().filter(ObservedContainer::running).count();
        containerIds = view.containers().stream().map(ObservedContainer::id).collect(Collectors.toUnmodifiableSet());
        over = runningContainers == 0 && PodFacts.ended(plan.status());
        forgotten = view.isEmpty();
        reclaimed = over && plan.state().left() != PodState.Left.ALL;
        if (stillWanted) {
            statuses.report(current, plan.status());
        }
        reportStart(plan.status());
        plan.events().forEach(this::tell);
        if (plan.giveUpPulls()) {
            giveUpPull();
        }
        plan.actions().forEach(action -> begin(action, now));
        Instant wakeUp = plan.wakeUp();
        if (wakeUp != null) {
            wakeIn(Duration.between(now, wakeUp));
        }
        return plan.finished();
    }

    /** What the runtime has of the pod: since the last look nothing began or ended when none is due. */
    private RuntimeView look() {
        RuntimeView view = takeLook() ? null : lastView;
        if (view == null) {
            // What was seen before is old from here on, also when this look fails: a start would be made twice.
            lastView = null;
            view = observer.observe(PodFacts.uid(pod));
            lastView = view;
            saw(RuntimeObserver.parts(view));
        }
        return view;
    }

    private synchronized void saw(Set<String> parts) {
        if (!parts.equals(seenParts)) {
            seenParts = parts;
            toldParts = null;
        }
    }

    private synchronized boolean takeLook() {
        boolean due = lookDue;
        lookDue = false;
        return due;
    }

    private void reportStart(PodStatus status) {
        if (!startReported && "Running".equals(status.getPhase())) {
            startReported = true;
            whenStarted.accept(Duration.between(seen, clock.instant()));
        }
    }

    private Map<String, PodProbes.Target> targets(Pod current, RuntimeView view) {
        Map<String, PodProbes.Target> targets = new HashMap<>();
        if (!wanted || PodFacts.beingDeleted(current)) {
            return targets;
        }
        String address = PodFacts.hostNetwork(current)
                ? hostAddresses.getFirst()
                : view.sandboxes().stream()
                        .filter(ObservedSandbox::ready)
                        .flatMap(sandbox -> sandbox.addresses().stream())
                        .findFirst()
                        .orElse("");
        for (ObservedContainer container : view.containers()) {
            Instant startedAt = container.startedAt();
            if (container.running() && startedAt != null) {
                PodContainer.find(current, container.name())
                        .ifPresent(spec -> targets.put(
                                container.id(), new PodProbes.Target(container.id(), spec.spec(), startedAt, address)));
            }
        }
        return targets;
    }

    private synchronized Set<String> takeResults() {
        for (Finished end : finished) {
            state = state.after(end.action(), end.result(), clock.instant());
            boolean paced = end.action() instanceof Action.RunSandbox || end.action() instanceof Action.StartContainer;
            boolean failed = end.result() instanceof ActionResult.Failed;
            if (paced || !(failed || end.action() instanceof Action.DeleteObject)) {
                inProgress.remove(end.action().key());
            } else {
                // Counted as in progress a little longer, so that what fails at once is not tried in a circle, and a
                // deleted object has time to be seen as gone.
                clock.schedule(RETRY, () -> release(end.action().key()));
            }
        }
        finished.clear();
        return Set.copyOf(inProgress.keySet());
    }

    private synchronized void release(String key) {
        inProgress.remove(key);
        wake();
    }

    private synchronized void begin(Action action, Instant now) {
        InProgress running = inProgress.get(action.key());
        if (closed || (running != null && !hastens(running, action, now))) {
            return;
        }
        inProgress.put(action.key(), new InProgress(action, now));
        Thread.ofVirtual()
                .name(action.key() + " " + pod.getMetadata().getName())
                .start(() -> {
                    ActionResult result;
                    try {
                        result = executor.execute(action, this);
                    } catch (RuntimeException e) {
                        log.atError()
                                .setMessage("an action failed")
                                .addKeyValue("pod", PodFacts.key(pod))
                                .addKeyValue("action", action)
                                .setCause(e)
                                .log();
                        result = new ActionResult.Failed("InternalError", String.valueOf(e.getMessage()));
                    }
                    end(action, result);
                });
    }

    /** Whether a container that is being stopped is to end clearly sooner than was ordered. */
    private static boolean hastens(InProgress running, Action action, Instant now) {
        if (running.action() instanceof Action.StopContainer before && action instanceof Action.StopContainer next) {
            Instant due = running.since().plus(before.grace());
            return now.plus(next.grace()).isBefore(due.minus(Duration.ofSeconds(2)));
        }
        return false;
    }

    private synchronized void end(Action action, ActionResult result) {
        InProgress running = inProgress.get(action.key());
        // A hastened stop ends twice; only the later order counts.
        if (running != null && running.action().equals(action)) {
            finished.add(new Finished(action, result));
        }
        wake();
    }

    @Override
    public void tell(PodEvent event) {
        Pod about = pod;
        if (!wanted) {
            return;
        }
        ObjectReference reference = EventRecorder.reference(about);
        if (!event.fieldPath().isEmpty()) {
            reference.setFieldPath(event.fieldPath());
        }
        events.record(
                reference,
                event.warning() ? EventRecorder.Type.WARNING : EventRecorder.Type.NORMAL,
                event.reason(),
                event.message());
    }

    @Override
    public <T> T pull(Supplier<T> call) {
        synchronized (this) {
            pulling = Thread.currentThread();
        }
        try {
            return call.get();
        } finally {
            synchronized (this) {
                pulling = null;
                // An interrupt meant for the pull must not reach what comes after it.
                var _ = Thread.interrupted();
            }
        }
    }

    private synchronized void giveUpPull() {
        if (pulling != null) {
            pulling.interrupt();
        }
    }

    @Override
    public void awaitStatusWritten() throws InterruptedException {
        statuses.awaitIdle();
    }

    @Override
    public void changed() {
        wake();
    }

    @Override
    public void failed(Container container, String kind, String message) {
        String word = Character.toUpperCase(kind.charAt(0)) + kind.substring(1);
        tell(PodEvent.warning(
                "Unhealthy", word + " probe failed: " + message, "spec.containers{" + container.getName() + "}"));
    }
}
