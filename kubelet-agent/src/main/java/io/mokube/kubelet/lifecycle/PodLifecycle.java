package io.mokube.kubelet.lifecycle;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.mokube.kubelet.lifecycle.PodState.StartFailure;
import io.mokube.kubelet.lifecycle.RuntimeView.ObservedContainer;
import io.mokube.kubelet.lifecycle.RuntimeView.ObservedSandbox;
import io.mokube.kubelet.pods.PodContainer;
import io.mokube.kubelet.pods.PodContainer.Kind;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.runtime.ContainerStatus.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Decides what to do about one pod. The decision is a pure function of its input: deciding again without anything having
 * happened orders the same actions, which whoever carries them out leaves out while they are in progress.
 *
 * <p>Follows Kubernetes: init containers one after the other, sidecars among them kept running, then the main containers in
 * their order, one start at a time; restarts by the pod's policy with growing delays; a pod that ended never runs again; a
 * deleted pod's containers get the grace period, the main ones before the sidecars, and its object goes last.
 */
public final class PodLifecycle {

    /** How long a failed pull is shown as such before it is shown as waiting for the next try. */
    private static final Duration SHOW_FAILED_PULL = Duration.ofSeconds(2);

    private PodLifecycle() {}

    /** Decides. */
    public static Plan plan(PodInputs in, PodState before) {
        return new Decision(in, before).decide();
    }

    /** One decision being made. */
    private static final class Decision {

        private final PodInputs in;
        private final Pod pod;
        private final RuntimeView view;
        private final Instant now;
        private final String restartPolicy;
        private final List<Action> actions = new ArrayList<>();
        private final List<PodEvent> events = new ArrayList<>();
        private PodState state;
        private @Nullable Instant wakeUp;

        Decision(PodInputs in, PodState before) {
            this.in = in;
            this.pod = in.pod();
            this.view = in.view();
            this.now = in.now();
            this.restartPolicy = PodFacts.restartPolicy(pod);
            this.state = forgetTheGone(before, view);
        }

        /** Sandboxes and containers that are gone need no memory, which would grow with every restart. */
        private static PodState forgetTheGone(PodState state, RuntimeView view) {
            Set<String> sandboxes =
                    view.sandboxes().stream().map(ObservedSandbox::id).collect(Collectors.toSet());
            Set<String> containers =
                    view.containers().stream().map(ObservedContainer::id).collect(Collectors.toSet());
            return new PodState(
                    state.status(),
                    state.crashes(),
                    state.failures(),
                    state.sandboxFailure(),
                    state.stoppedSandboxes().stream()
                            .filter(sandboxes::contains)
                            .collect(Collectors.toUnmodifiableSet()),
                    state.told().stream()
                            .filter(what -> containers.contains(what.substring(what.indexOf('/') + 1))
                                    || state.failures().containsKey(what.substring(what.indexOf('/') + 1)))
                            .collect(Collectors.toUnmodifiableSet()),
                    state.terminatingSince(),
                    state.left());
        }

        Plan decide() {
            boolean deleted = !in.wanted() || PodFacts.beingDeleted(pod);
            boolean finished = false;
            boolean over = deleted
                    || state.terminatingSince() != null
                    || PodStatuses.terminal(state.status())
                    || in.ending() != null
                    || pastDeadline()
                    || ranToItsEnd();
            if (over) {
                if (state.terminatingSince() == null) {
                    state = state.withTerminatingSince(now);
                    if (!deleted && pastDeadline()) {
                        events.add(PodEvent.normal("DeadlineExceeded", PodStatuses.PAST_DEADLINE, ""));
                    }
                }
                finished = end(deleted);
            } else {
                run();
            }
            PodStatus status = new PodStatuses(in, state, over, pastDeadline(), restartPolicy).status();
            state = state.withStatus(status);
            return new Plan(state, status, List.copyOf(actions), List.copyOf(events), wakeUp, over, finished);
        }

        // ---- a pod that is to run

        private void run() {
            Optional<ObservedSandbox> newest = view.newestSandbox();
            if (newest.isEmpty() || !newest.get().ready()) {
                makeSandbox(newest);
                return;
            }
            String sandbox = newest.get().id();
            for (PodContainer container : PodContainer.ephemeralContainers(pod)) {
                runOnce(container, sandbox);
            }
            if (initialize(sandbox)) {
                for (PodContainer container : PodContainer.mainContainers(pod)) {
                    keepRunning(container, sandbox);
                }
            }
            collectGarbage(sandbox);
        }

        private void makeSandbox(Optional<ObservedSandbox> dead) {
            if (in.inProgress().contains("sandbox")) {
                return;
            }
            if (dead.isPresent()
                    && !state.stoppedSandboxes().contains(dead.get().id())) {
                if (!in.inProgress().contains("sandbox/" + dead.get().id())) {
                    events.add(PodEvent.normal(
                            "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.", ""));
                }
                actions.add(new Action.StopSandbox(dead.get().id()));
                return;
            }
            StartFailure failure = state.sandboxFailure();
            if (failure != null && now.isBefore(failure.retryAt())) {
                wakeAt(failure.retryAt());
                return;
            }
            actions.add(new Action.RunSandbox(
                    dead.map(sandbox -> sandbox.attempt() + 1).orElse(0)));
        }

        /** Brings the init containers forward; true when the main ones may run. */
        private boolean initialize(String sandbox) {
            boolean mainHasRun = PodContainer.mainContainers(pod).stream()
                    .anyMatch(container -> inSandbox(container.name(), sandbox).isPresent());
            List<PodContainer> inits = PodContainer.initContainers(pod);
            int reached = mainHasRun ? inits.size() : lastBegun(inits, sandbox);
            for (int i = 0; i < inits.size(); i++) {
                PodContainer container = inits.get(i);
                Optional<ObservedContainer> newest = inSandbox(container.name(), sandbox);
                if (container.kind() == Kind.SIDECAR) {
                    keepRunning(container, sandbox);
                    boolean started = newest.filter(ObservedContainer::running)
                            .map(running ->
                                    PodStatuses.verdict(in, container, running).started())
                            .orElse(false);
                    if (!started && reached <= i) {
                        return false;
                    }
                } else if (i >= reached
                        && !newest.map(ObservedContainer::succeeded).orElse(false)) {
                    keepRunning(container, sandbox);
                    return false;
                }
            }
            return true;
        }

        /** The index of the last init container that was begun: all before it are done, even when they are gone. */
        private int lastBegun(List<PodContainer> inits, String sandbox) {
            for (int i = inits.size() - 1; i >= 0; i--) {
                if (inSandbox(inits.get(i).name(), sandbox).isPresent()) {
                    return i;
                }
            }
            return 0;
        }

        private Optional<ObservedContainer> inSandbox(String name, String sandbox) {
            return view.newest(name).filter(container -> container.sandboxId().equals(sandbox));
        }

        /** Starts the container when it does not run and should, replaces it when it must not run on as it is. */
        private void keepRunning(PodContainer container, String sandbox) {
            Optional<ObservedContainer> current = view.newest(container.name());
            if (current.isPresent() && current.get().running()) {
                condemn(container, current.get());
                return;
            }
            if (current.isPresent() && current.get().exited() && !restarts(container, current.get(), sandbox)) {
                return;
            }
            StartFailure failure = state.failures().get(container.name());
            if (failure != null && now.isBefore(failure.retryAt())) {
                waitForRetry(container, failure);
                return;
            }
            if (current.isPresent() && current.get().exited() && crashDelay(container, current.get())) {
                return;
            }
            boolean startInProgress = in.inProgress().stream().anyMatch(key -> key.startsWith("start/"))
                    || actions.stream().anyMatch(Action.StartContainer.class::isInstance);
            if (startInProgress) {
                return;
            }
            if (current.isPresent() && current.get().state() == State.CREATED) {
                // Its start was broken off. It may run without its runtime's knowledge, and must not beside another.
                actions.add(remove(current.get()));
                return;
            }
            current.filter(ObservedContainer::exited).ifPresent(dead -> countCrash(container, dead));
            actions.add(new Action.StartContainer(
                    container.name(), sandbox, PodStatuses.nextAttempt(container.name(), current, state.status())));
        }

        /** Starts an ephemeral container that was never begun, whatever else the pod is waiting for. */
        private void runOnce(PodContainer container, String sandbox) {
            boolean begun =
                    view.newest(container.name()).isPresent() || PodStatuses.existed(state.status(), container.name());
            if (!begun) {
                keepRunning(container, sandbox);
            }
        }

        /** Orders the end of a running container that a probe condemns or whose specification changed. */
        private void condemn(PodContainer container, ObservedContainer running) {
            String why =
                    switch (PodStatuses.verdict(in, container, running).failed()) {
                        case LIVENESS -> "failed liveness probe, will be restarted";
                        case STARTUP -> "failed startup probe, will be restarted";
                        case NONE ->
                            running.hash().isEmpty() || running.hash().equals(PodFacts.containerHash(container.spec()))
                                    ? ""
                                    : "definition changed, will be restarted";
                    };
            if (why.isEmpty()) {
                switch (in.resizing().step(running.id(), container.spec())) {
                    case NOTHING -> {
                        return;
                    }
                    case IN_PLACE -> {
                        actions.add(new Action.ResizeContainer(running.id(), container.name()));
                        return;
                    }
                    case RESTART -> why = "resize requires restart";
                }
            }
            if (tell("killing/" + running.id())) {
                events.add(
                        PodEvent.normal("Killing", "Container " + container.name() + " " + why, container.fieldPath()));
            }
            actions.add(new Action.StopContainer(running.id(), container.name(), PodFacts.gracePeriod(pod)));
        }

        private boolean restarts(PodContainer container, ObservedContainer dead, String sandbox) {
            boolean otherSandbox = !dead.sandboxId().equals(sandbox);
            return switch (container.kind()) {
                case SIDECAR -> true;
                // A new sandbox has lost what the init containers prepared: they all run again.
                case INIT -> otherSandbox || (!dead.succeeded() && !restartPolicy.equals("Never"));
                case MAIN ->
                    switch (restartPolicy) {
                        case "Never" -> false;
                        case "OnFailure" -> !dead.succeeded();
                        default -> true;
                    };
                case EPHEMERAL -> false;
            };
        }

        private void waitForRetry(PodContainer container, StartFailure failure) {
            wakeAt(failure.retryAt());
            if (!failure.isPull()) {
                return;
            }
            Instant shown = failure.at().plus(SHOW_FAILED_PULL);
            if (now.isBefore(shown)) {
                wakeAt(shown);
            } else if (tell("pull-" + failure.at().toEpochMilli() + "/" + container.name())) {
                boolean own = failure.image().equals(container.spec().getImage());
                events.add(PodEvent.normal(
                        "BackOff",
                        "Back-off pulling image \"" + failure.image() + "\"",
                        own ? container.fieldPath() : ""));
                events.add(PodEvent.warning("Failed", "Error: ImagePullBackOff", container.fieldPath()));
            }
        }

        /** Whether a container that ended has to wait before its next start. */
        private boolean crashDelay(PodContainer container, ObservedContainer dead) {
            BackOff backOff = state.crashes().get(container.name());
            boolean waited = state.told().contains("counted/" + dead.id());
            if (backOff == null || waited) {
                return false;
            }
            Instant retry = backOff.retryAfter(dead.ended());
            if (!now.isBefore(retry)) {
                return false;
            }
            wakeAt(retry);
            if (tell("crash/" + dead.id())) {
                events.add(PodEvent.warning(
                        "BackOff",
                        "Back-off restarting failed container " + container.name() + " in pod " + PodFacts.title(pod),
                        container.fieldPath()));
            }
            return true;
        }

        /** Lengthens the delay once for each container that ended, however often its successor's start is tried. */
        private void countCrash(PodContainer container, ObservedContainer dead) {
            if (tell("counted/" + dead.id())) {
                BackOff before = state.crashes().get(container.name());
                state = state.withCrash(container.name(), BackOff.next(before, dead.ended(), now));
            }
        }

        /** Keeps the newest container of each name and the one before it, for its log and its state. */
        private void collectGarbage(String sandbox) {
            for (PodContainer container : PodContainer.all(pod)) {
                view.history(container.name()).stream()
                        .skip(2)
                        .filter(old -> !old.running())
                        .forEach(old -> actions.add(remove(old)));
            }
            for (ObservedSandbox old : view.sandboxes()) {
                boolean empty = view.containers().stream()
                        .noneMatch(container -> container.sandboxId().equals(old.id()));
                if (!old.id().equals(sandbox) && empty) {
                    actions.add(new Action.RemoveSandbox(old.id()));
                }
            }
        }

        // ---- a pod that is over

        /** Whether the containers have ended for good, as the restart policy has it. */
        private boolean ranToItsEnd() {
            for (PodContainer container : PodContainer.initContainers(pod)) {
                Optional<ObservedContainer> newest = view.newest(container.name());
                if (container.kind() == Kind.INIT
                        && restartPolicy.equals("Never")
                        && newest.isPresent()
                        && newest.get().exited()
                        && !newest.get().succeeded()) {
                    return true;
                }
            }
            return !restartPolicy.equals("Always")
                    && PodContainer.mainContainers(pod).stream()
                            .allMatch(container -> view.newest(container.name())
                                    .filter(newest ->
                                            newest.exited() && (restartPolicy.equals("Never") || newest.succeeded()))
                                    .isPresent());
        }

        private boolean pastDeadline() {
            Long seconds = pod.getSpec().getActiveDeadlineSeconds();
            String start = state.status().getStartTime();
            if (seconds == null || start == null || start.isEmpty()) {
                return false;
            }
            Instant deadline = Instant.parse(start).plusSeconds(seconds);
            if (now.isBefore(deadline)) {
                wakeAt(deadline);
                return false;
            }
            return true;
        }

        /** Ends what runs; for a deleted pod also removes what is left. True when nothing is left to do. */
        private boolean end(boolean deleted) {
            if (view.anyRunning()) {
                stopContainers();
                return false;
            }
            if (in.inProgress().stream().anyMatch(key -> key.startsWith("start/") || key.equals("sandbox"))) {
                // What is being started may yet appear.
                return false;
            }
            boolean allStopped = true;
            for (ObservedSandbox sandbox : view.sandboxes()) {
                if (!state.stoppedSandboxes().contains(sandbox.id())) {
                    actions.add(new Action.StopSandbox(sandbox.id()));
                    allStopped = false;
                }
            }
            if (!allStopped) {
                return false;
            }
            if (in.holdsDevices()) {
                actions.add(new Action.ReleaseDevices());
                return false;
            }
            if (!deleted) {
                if (state.left() == PodState.Left.ALL) {
                    actions.add(new Action.ReleaseVolumes());
                } else if (in.roomWanted()) {
                    makeRoom();
                }
                return false;
            }
            if (!view.isEmpty()) {
                view.sandboxes().forEach(sandbox -> actions.add(new Action.RemoveSandbox(sandbox.id())));
                view.containers().stream()
                        .filter(container -> view.sandboxes().stream()
                                .noneMatch(sandbox -> sandbox.id().equals(container.sandboxId())))
                        .forEach(container -> actions.add(remove(container)));
                return false;
            }
            if (state.left() != PodState.Left.NOTHING) {
                actions.add(new Action.CleanUp());
                return false;
            }
            if (in.wanted()) {
                actions.add(new Action.DeleteObject());
                return false;
            }
            return true;
        }

        /** Removes what the runtime keeps of a pod that has ended and whose object stays: first containers, for their logs. */
        private void makeRoom() {
            view.containers().forEach(container -> actions.add(remove(container)));
            if (view.containers().isEmpty()) {
                view.sandboxes().forEach(sandbox -> actions.add(new Action.RemoveSandbox(sandbox.id())));
            }
        }

        private static Action remove(ObservedContainer container) {
            return new Action.RemoveContainer(container.id(), container.name(), container.attempt());
        }

        /** Main containers first, all together; then the sidecars, the last one first. */
        private void stopContainers() {
            List<PodContainer> sidecars = PodContainer.initContainers(pod).stream()
                    .filter(container -> container.kind() == Kind.SIDECAR)
                    .toList();
            Set<String> sidecarNames = sidecars.stream().map(PodContainer::name).collect(Collectors.toSet());
            List<ObservedContainer> others = view.containers().stream()
                    .filter(container -> !container.exited() && !sidecarNames.contains(container.name()))
                    .toList();
            if (!others.isEmpty()) {
                others.forEach(this::stop);
                return;
            }
            for (PodContainer sidecar : sidecars.reversed()) {
                List<ObservedContainer> running = view.history(sidecar.name()).stream()
                        .filter(container -> !container.exited())
                        .toList();
                if (!running.isEmpty()) {
                    running.forEach(this::stop);
                    return;
                }
            }
        }

        private void stop(ObservedContainer container) {
            Instant since = state.terminatingSince() == null ? now : state.terminatingSince();
            Ending ending = in.ending();
            Duration grace =
                    ending == null ? PodFacts.gracePeriod(pod) : ending.grace().orElse(PodFacts.gracePeriod(pod));
            Duration rest = grace.minus(Duration.between(since, now));
            Duration second = Duration.ofSeconds(1);
            if (container.state() == State.RUNNING && tell("killing/" + container.id())) {
                events.add(PodEvent.normal(
                        "Killing",
                        "Stopping container " + container.name(),
                        PodContainer.find(pod, container.name())
                                .map(PodContainer::fieldPath)
                                .orElse("")));
            }
            actions.add(
                    container.state() == State.CREATED
                            ? remove(container)
                            : new Action.StopContainer(
                                    container.id(), container.name(), rest.compareTo(second) < 0 ? second : rest));
        }

        // ---- details

        /** True the first time only. */
        private boolean tell(String what) {
            if (state.told().contains(what)) {
                return false;
            }
            state = state.withTold(what);
            return true;
        }

        private void wakeAt(Instant time) {
            if (wakeUp == null || time.isBefore(wakeUp)) {
                wakeUp = time;
            }
        }
    }

    /** Why a container that could not be started waits: the failure itself at first, then the wait for the next pull. */
    static String waitingReason(StartFailure failure, Instant now) {
        boolean waits = failure.isPull() && !now.isBefore(failure.at().plus(SHOW_FAILED_PULL));
        return waits ? "ImagePullBackOff" : failure.reason();
    }
}
