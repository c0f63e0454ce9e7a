package io.mokube.kubelet.lifecycle;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.HostIP;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodIP;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.mokube.kubelet.lifecycle.PodState.StartFailure;
import io.mokube.kubelet.lifecycle.ProbeVerdict.Failed;
import io.mokube.kubelet.lifecycle.RuntimeView.ObservedContainer;
import io.mokube.kubelet.lifecycle.RuntimeView.ObservedSandbox;
import io.mokube.kubelet.pods.PodContainer;
import io.mokube.kubelet.pods.PodContainer.Kind;
import io.mokube.kubelet.pods.PodFacts;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Says how a pod is, in Kubernetes' words. */
final class PodStatuses {

    static final String PAST_DEADLINE = "Pod was active on the node longer than the specified deadline";

    private static final int KILLED = 137;

    private final PodInputs in;
    private final PodState state;
    private final Pod pod;
    private final boolean over;
    private final boolean pastDeadline;
    private final String restartPolicy;

    PodStatuses(PodInputs in, PodState state, boolean over, boolean pastDeadline, String restartPolicy) {
        this.in = in;
        this.state = state;
        this.pod = in.pod();
        this.over = over;
        this.pastDeadline = pastDeadline;
        this.restartPolicy = restartPolicy;
    }

    /** Whether the pod has ended for good. */
    static boolean terminal(PodStatus status) {
        return PodFacts.ended(status);
    }

    /** What the probes say of a running container; without probes, running is enough. */
    static ProbeVerdict verdict(PodInputs in, PodContainer container, ObservedContainer running) {
        ProbeVerdict known = in.probes().get(running.id());
        if (known != null) {
            return known;
        }
        boolean started = container.spec().getStartupProbe() == null;
        return new ProbeVerdict(started, started && container.spec().getReadinessProbe() == null, Failed.NONE);
    }

    /** The number of the next container of that name. */
    static int nextAttempt(String name, Optional<ObservedContainer> current, PodStatus last) {
        if (current.isPresent()) {
            return current.get().attempt() + 1;
        }
        return find(last, name)
                .filter(status -> status.getContainerID() != null
                        && !status.getContainerID().isEmpty())
                .map(status -> Objects.requireNonNullElse(status.getRestartCount(), 0) + 1)
                .orElse(0);
    }

    /** Whether the status tells of a container of that name that was made. */
    static boolean existed(PodStatus status, String name) {
        return find(status, name)
                .filter(known -> known.getContainerID() != null
                        && !known.getContainerID().isEmpty())
                .isPresent();
    }

    private static Optional<ContainerStatus> find(PodStatus status, String name) {
        List<ContainerStatus> all = new ArrayList<>(status.getContainerStatuses());
        all.addAll(status.getInitContainerStatuses());
        all.addAll(status.getEphemeralContainerStatuses());
        return all.stream()
                .filter(container -> name.equals(container.getName()))
                .findFirst();
    }

    PodStatus status() {
        PodStatus last = state.status();
        if (over && in.view().isEmpty() && terminal(last)) {
            // What was true at the end stays true when the runtime has forgotten it.
            return last;
        }
        List<ContainerStatus> inits = PodContainer.initContainers(pod).stream()
                .map(this::containerStatus)
                .toList();
        List<ContainerStatus> mains = PodContainer.mainContainers(pod).stream()
                .map(this::containerStatus)
                .toList();
        String phase = toldPhase(phase(inits, mains));
        Optional<ObservedSandbox> sandbox = in.view().newestSandbox();
        List<String> addresses = addresses(sandbox, last);
        PodStatusBuilder status = new PodStatusBuilder()
                .withPhase(phase)
                .withObservedGeneration(pod.getMetadata().getGeneration())
                .withStartTime(last.getStartTime() == null ? seconds(in.now()) : last.getStartTime())
                .withQosClass(PodFacts.qosClass(pod))
                .withInitContainerStatuses(inits)
                .withContainerStatuses(
                        (phase.equals("Failed") || phase.equals("Succeeded"))
                                        && incomplete(inits).isEmpty()
                                ? atTheEnd(mains)
                                : mains)
                .withEphemeralContainerStatuses(PodContainer.ephemeralContainers(pod).stream()
                        .map(this::containerStatus)
                        .toList())
                .withConditions(conditions(phase, inits, mains, sandbox))
                .withReason(last.getReason())
                .withMessage(last.getMessage())
                .withNominatedNodeName(last.getNominatedNodeName());
        Ending ending = in.ending();
        boolean failsNow = phase.equals("Failed") && !terminal(last);
        if (failsNow && ending != null) {
            status.withReason(ending.reason()).withMessage(ending.message());
        } else if (failsNow && pastDeadline) {
            status.withReason("DeadlineExceeded").withMessage(PAST_DEADLINE);
        }
        if (!in.hostAddresses().isEmpty()) {
            status.withHostIP(in.hostAddresses().getFirst())
                    .withHostIPs(in.hostAddresses().stream().map(HostIP::new).toList());
        }
        if (!addresses.isEmpty()) {
            status.withPodIP(addresses.getFirst())
                    .withPodIPs(addresses.stream().map(PodIP::new).toList());
        }
        return status.build();
    }

    /** In a pod that has ended nothing is waited for: containers that never were count as failed. */
    private static List<ContainerStatus> atTheEnd(List<ContainerStatus> mains) {
        return mains.stream()
                .map(each -> each.getState().getWaiting() == null
                        ? each
                        : new ContainerStatusBuilder(each)
                                .withNewState()
                                .withNewTerminated()
                                .withExitCode(KILLED)
                                .withReason("ContainerStatusUnknown")
                                .withMessage("The container could not be located when the pod was terminated")
                                .endTerminated()
                                .endState()
                                .build())
                .toList();
    }

    private List<String> addresses(Optional<ObservedSandbox> sandbox, PodStatus last) {
        if (PodFacts.hostNetwork(pod)) {
            return sandbox.isPresent() ? in.hostAddresses() : List.of();
        }
        if (sandbox.isPresent() && !sandbox.get().addresses().isEmpty()) {
            return sandbox.get().addresses();
        }
        // A pod that ended keeps showing the address it had.
        return over ? last.getPodIPs().stream().map(PodIP::getIp).toList() : List.of();
    }

    // ---- containers

    private ContainerStatus containerStatus(PodContainer container) {
        Optional<ContainerStatus> last = find(state.status(), container.name());
        List<ObservedContainer> history = in.view().history(container.name());
        if (history.isEmpty()) {
            return withoutContainer(container, last);
        }
        ObservedContainer current = history.getFirst();
        ContainerState before = history.size() > 1
                ? terminated(history.get(1))
                : last.filter(status -> Objects.equals(status.getContainerID(), containerId(current)))
                        .map(ContainerStatus::getLastState)
                        .orElseGet(() -> endOf(last));
        ContainerStatusBuilder status = new ContainerStatusBuilder()
                .withName(container.name())
                .withImage(current.image())
                .withImageID(current.imageId())
                .withContainerID(containerId(current))
                .withRestartCount(current.attempt())
                .withReady(false)
                .withStarted(false)
                .withLastState(before);
        return switch (current.state()) {
            case RUNNING -> running(container, current, status);
            case CREATED -> status.withState(waiting(defaultReason(), null)).build();
            case EXITED, UNKNOWN -> exited(container, current, status);
        };
    }

    private static ContainerState endOf(Optional<ContainerStatus> last) {
        ContainerState state = last.map(ContainerStatus::getState).orElse(null);
        if (state != null && state.getTerminated() != null) {
            return new ContainerStateBuilder()
                    .withTerminated(state.getTerminated())
                    .build();
        }
        return last.map(ContainerStatus::getLastState).orElseGet(ContainerState::new);
    }

    private ContainerStatus running(PodContainer container, ObservedContainer current, ContainerStatusBuilder status) {
        ProbeVerdict verdict = verdict(in, container, current);
        ResourceRequirements granted = container.spec().getResources();
        if (granted != null && container.kind() != Kind.EPHEMERAL) {
            status.withResources(in.resizing().actual(current.id(), container.spec()))
                    .withAllocatedResources(granted.getRequests());
        }
        return status.withNewState()
                .withNewRunning()
                .withStartedAt(seconds(current.startedAt() == null ? current.createdAt() : current.startedAt()))
                .endRunning()
                .endState()
                .withStarted(verdict.started())
                .withReady(verdict.started() && verdict.ready() && readyWhileItRuns(container.kind()))
                .build();
    }

    private ContainerStatus exited(PodContainer container, ObservedContainer current, ContainerStatusBuilder status) {
        ContainerState end = terminated(current);
        if (container.kind() == Kind.INIT && current.succeeded()) {
            return status.withState(end).withReady(true).build();
        }
        if (over || !comesBack(container, current)) {
            return status.withState(end).build();
        }
        StartFailure failure = state.failures().get(container.name());
        if (failure != null) {
            return status.withState(failed(failure)).withLastState(end).build();
        }
        BackOff backOff = state.crashes().get(container.name());
        boolean counted = state.told().contains("counted/" + current.id());
        if (backOff != null && !counted && in.now().isBefore(backOff.retryAfter(current.ended()))) {
            String message = "back-off " + goDuration(backOff.delay()) + " restarting failed container="
                    + container.name() + " pod=" + PodFacts.title(pod);
            return status.withState(waiting("CrashLoopBackOff", message))
                    .withLastState(end)
                    .build();
        }
        return status.withState(end).build();
    }

    private static boolean readyWhileItRuns(Kind kind) {
        return switch (kind) {
            case MAIN, SIDECAR -> true;
            // An init container is ready when it is done; on an ephemeral one nothing depends.
            case INIT, EPHEMERAL -> false;
        };
    }

    private boolean comesBack(PodContainer container, ObservedContainer dead) {
        return switch (container.kind()) {
            case SIDECAR -> true;
            case EPHEMERAL -> false;
            case INIT, MAIN ->
                restartPolicy.equals("Always") || (restartPolicy.equals("OnFailure") && !dead.succeeded());
        };
    }

    /** The state of a container that the runtime does not have: not made yet, or lost. */
    private ContainerStatus withoutContainer(PodContainer container, Optional<ContainerStatus> last) {
        boolean existed = last.filter(status -> status.getContainerID() != null
                        && !status.getContainerID().isEmpty())
                .isPresent();
        if (existed) {
            ContainerStatus known = last.get();
            ContainerState known1 = known.getState();
            if (known1 != null && known1.getTerminated() != null) {
                return known;
            }
            ContainerState lost = known1 != null && known1.getRunning() != null
                    ? lost(known)
                    : Objects.requireNonNullElseGet(known.getLastState(), ContainerState::new);
            if (over) {
                return new ContainerStatusBuilder(known)
                        .withState(lost.getTerminated() == null ? lost(known) : lost)
                        .withReady(false)
                        .withStarted(false)
                        .build();
            }
            return new ContainerStatusBuilder(known)
                    .withState(waitingFor(container))
                    .withLastState(lost)
                    .withReady(false)
                    .withStarted(false)
                    .build();
        }
        return new ContainerStatusBuilder()
                .withName(container.name())
                .withImage(container.spec().getImage())
                .withImageID("")
                .withRestartCount(0)
                .withReady(false)
                .withStarted(false)
                .withState(waitingFor(container))
                .withLastState(new ContainerState())
                .build();
    }

    private static ContainerState lost(ContainerStatus known) {
        return new ContainerStateBuilder()
                .withNewTerminated()
                .withExitCode(KILLED)
                .withReason("ContainerStatusUnknown")
                .withMessage("The container could not be located when the pod was deleted.  "
                        + "The container used to be Running")
                .withContainerID(known.getContainerID())
                .endTerminated()
                .build();
    }

    private ContainerState waitingFor(PodContainer container) {
        StartFailure failure = state.failures().get(container.name());
        return failure == null ? waiting(defaultReason(), null) : failed(failure);
    }

    private ContainerState failed(StartFailure failure) {
        String reason = PodLifecycle.waitingReason(failure, in.now());
        String message = reason.equals("ImagePullBackOff")
                ? "Back-off pulling image \"" + failure.image() + "\": ErrImagePull: " + failure.message()
                : failure.message();
        return waiting(reason, message);
    }

    private String defaultReason() {
        return pod.getSpec().getInitContainers().isEmpty() ? "ContainerCreating" : "PodInitializing";
    }

    private static ContainerState waiting(String reason, @Nullable String message) {
        return new ContainerStateBuilder()
                .withNewWaiting()
                .withReason(reason)
                .withMessage(message)
                .endWaiting()
                .build();
    }

    private ContainerState terminated(ObservedContainer container) {
        String reason =
                container.reason().isEmpty() ? (container.exitCode() == 0 ? "Completed" : "Error") : container.reason();
        ContainerStateTerminated end = new ContainerStateTerminated();
        end.setExitCode(container.exitCode());
        end.setReason(reason);
        end.setMessage(container.message().isEmpty() ? null : container.message());
        end.setStartedAt(container.startedAt() == null ? null : seconds(container.startedAt()));
        end.setFinishedAt(seconds(container.ended()));
        end.setContainerID(containerId(container));
        return new ContainerStateBuilder().withTerminated(end).build();
    }

    private String containerId(ObservedContainer container) {
        return in.view().runtime() + "://" + container.id();
    }

    // ---- the pod

    /**
     * The end is told when nothing runs any more and the devices were taken back: who hears of it gives to others what the pod
     * had for itself.
     */
    private String toldPhase(String phase) {
        boolean ends = phase.equals("Failed") || phase.equals("Succeeded");
        return ends && !terminal(state.status()) && (mayRun() || in.holdsDevices())
                ? Objects.requireNonNullElse(state.status().getPhase(), "Pending")
                : phase;
    }

    private String phase(List<ContainerStatus> inits, List<ContainerStatus> mains) {
        if (terminal(state.status())) {
            return state.status().getPhase();
        }
        if (in.ending() != null) {
            return "Failed";
        }
        if (pastDeadline) {
            return "Failed";
        }
        boolean deleted = !in.wanted() || PodFacts.beingDeleted(pod);
        if (deleted) {
            return endPhase(mains);
        }
        if (initFailed(inits)) {
            return "Failed";
        }
        boolean initialized = initialized(inits, mains);
        int running = 0;
        int waiting = 0;
        int succeeded = 0;
        int failed = 0;
        for (ContainerStatus status : mains) {
            ContainerState now = status.getState();
            ContainerStateTerminated end = now.getTerminated() != null
                    ? now.getTerminated()
                    : now.getWaiting() != null && status.getLastState() != null
                            ? status.getLastState().getTerminated()
                            : null;
            if (now.getRunning() != null) {
                running++;
            } else if (end == null) {
                waiting++;
            } else if (end.getExitCode() == 0) {
                succeeded++;
            } else {
                failed++;
            }
        }
        if (!initialized || waiting > 0) {
            return "Pending";
        }
        if (running > 0 || restartPolicy.equals("Always")) {
            return "Running";
        }
        if (failed == 0 && succeeded > 0) {
            return "Succeeded";
        }
        return restartPolicy.equals("Never") ? "Failed" : "Running";
    }

    private boolean mayRun() {
        return in.view().anyRunning() || in.inProgress().stream().anyMatch(key -> key.startsWith("start/"));
    }

    /** A deleted pod succeeded when all its containers did; it failed when one did not, or never ran. */
    private static String endPhase(List<ContainerStatus> mains) {
        boolean allSucceeded = mains.stream()
                .allMatch(status -> status.getState().getTerminated() != null
                        && status.getState().getTerminated().getExitCode() == 0);
        return allSucceeded ? "Succeeded" : "Failed";
    }

    private boolean initFailed(List<ContainerStatus> inits) {
        return restartPolicy.equals("Never")
                && initPairs(inits).stream()
                        .anyMatch(pair -> pair.container().kind() == Kind.INIT
                                && pair.status().getState().getTerminated() != null
                                && pair.status().getState().getTerminated().getExitCode() != 0);
    }

    private record InitPair(PodContainer container, ContainerStatus status) {}

    private List<InitPair> initPairs(List<ContainerStatus> inits) {
        List<PodContainer> containers = PodContainer.initContainers(pod);
        List<InitPair> pairs = new ArrayList<>();
        for (int i = 0; i < containers.size(); i++) {
            pairs.add(new InitPair(containers.get(i), inits.get(i)));
        }
        return pairs;
    }

    private boolean initialized(List<ContainerStatus> inits, List<ContainerStatus> mains) {
        boolean mainRan = mains.stream()
                .anyMatch(status -> status.getState().getWaiting() == null
                        || (status.getLastState() != null
                                && status.getLastState().getTerminated() != null));
        return mainRan || incomplete(inits).isEmpty();
    }

    private List<String> incomplete(List<ContainerStatus> inits) {
        return initPairs(inits).stream()
                .filter(pair -> pair.container().kind() == Kind.SIDECAR
                        ? !Boolean.TRUE.equals(pair.status().getStarted())
                        : !Boolean.TRUE.equals(pair.status().getReady()))
                .map(pair -> pair.container().name())
                .toList();
    }

    private List<PodCondition> conditions(
            String phase, List<ContainerStatus> inits, List<ContainerStatus> mains, Optional<ObservedSandbox> sandbox) {
        List<PodCondition> conditions = new ArrayList<>();
        boolean network = sandbox.filter(ready -> ready.ready()
                        && (PodFacts.hostNetwork(pod) || !ready.addresses().isEmpty()))
                .isPresent();
        conditions.add(condition("PodReadyToStartContainers", network, null, null));

        boolean succeeded = phase.equals("Succeeded");
        List<String> incomplete = initialized(inits, mains) ? List.of() : incomplete(inits);
        conditions.add(
                succeeded
                        ? condition("Initialized", true, "PodCompleted", null)
                        : incomplete.isEmpty()
                                ? condition("Initialized", true, null, null)
                                : condition(
                                        "Initialized",
                                        false,
                                        "ContainersNotInitialized",
                                        "containers with incomplete status: " + bracketed(incomplete)));

        List<String> unready = new ArrayList<>();
        initPairs(inits).stream()
                .filter(pair -> pair.container().kind() == Kind.SIDECAR
                        && !Boolean.TRUE.equals(pair.status().getReady()))
                .forEach(pair -> unready.add(pair.container().name()));
        mains.stream()
                .filter(status -> !Boolean.TRUE.equals(status.getReady()))
                .forEach(status -> unready.add(status.getName()));
        String reason = succeeded
                ? "PodCompleted"
                : phase.equals("Failed") ? "PodFailed" : unready.isEmpty() ? null : "ContainersNotReady";
        String message = reason != null && reason.equals("ContainersNotReady")
                ? "containers with unready status: " + bracketed(unready)
                : null;
        boolean containersReady = reason == null;
        PodCondition gate = containersReady ? readinessGate() : null;
        conditions.add(gate != null ? gate : condition("Ready", containersReady, reason, message));
        conditions.add(condition("ContainersReady", containersReady, reason, message));
        conditions.add(condition("PodScheduled", true, null, null));
        disruption(phase).ifPresent(conditions::add);
        conditions.addAll(resizing());
        return conditions;
    }

    /** That the node ended the pod: told with its end, and from then on. */
    private Optional<PodCondition> disruption(String phase) {
        Optional<PodCondition> told = state.status().getConditions().stream()
                .filter(condition -> "DisruptionTarget".equals(condition.getType()))
                .findFirst();
        Ending ending = in.ending();
        return phase.equals("Failed") && ending != null && ending.disruption() && !terminal(state.status())
                ? Optional.of(condition("DisruptionTarget", true, "TerminationByKubelet", ending.message()))
                : told;
    }

    /** What is still to come of a change of resources. */
    private List<PodCondition> resizing() {
        List<PodCondition> conditions = new ArrayList<>();
        if (over) {
            return conditions;
        }
        in.resizing()
                .pending()
                .ifPresent(pending ->
                        conditions.add(condition("PodResizePending", true, pending.reason(), pending.message())));
        boolean changing = false;
        StartFailure failure = null;
        for (PodContainer container : PodContainer.all(pod)) {
            Optional<ObservedContainer> running =
                    in.view().newest(container.name()).filter(ObservedContainer::running);
            if (running.isPresent()
                    && in.resizing().step(running.get().id(), container.spec()) != Resizing.Step.NOTHING) {
                changing = true;
                failure = failure == null ? state.failures().get(Action.RESIZE + container.name()) : failure;
            }
        }
        if (changing) {
            conditions.add(
                    failure == null
                            ? condition("PodResizeInProgress", true, null, null)
                            : condition("PodResizeInProgress", true, "Error", failure.message()));
        }
        return conditions;
    }

    /** The Ready condition when something outside has not yet agreed that the pod is ready; null when all have. */
    private @Nullable PodCondition readinessGate() {
        List<String> complaints = new ArrayList<>();
        for (var gate : pod.getSpec().getReadinessGates()) {
            Optional<PodCondition> found = pod.getStatus() == null
                    ? Optional.empty()
                    : pod.getStatus().getConditions().stream()
                            .filter(condition -> condition.getType().equals(gate.getConditionType()))
                            .findFirst();
            if (found.isEmpty()) {
                complaints.add("corresponding condition of pod readiness gate \"" + gate.getConditionType()
                        + "\" does not exist.");
            } else if (!found.get().getStatus().equals("True")) {
                complaints.add("the status of pod readiness gate \"" + gate.getConditionType()
                        + "\" is not \"True\", but " + found.get().getStatus());
            }
        }
        return complaints.isEmpty()
                ? null
                : condition("Ready", false, "ReadinessGatesNotReady", String.join(", ", complaints));
    }

    private PodCondition condition(String type, boolean holds, @Nullable String reason, @Nullable String message) {
        String value = holds ? "True" : "False";
        Optional<PodCondition> last = state.status().getConditions().stream()
                .filter(condition -> type.equals(condition.getType()))
                .findFirst();
        String since = last.filter(condition -> value.equals(condition.getStatus()))
                .map(PodCondition::getLastTransitionTime)
                .orElseGet(() -> seconds(in.now()));
        return new PodConditionBuilder()
                .withType(type)
                .withStatus(value)
                .withObservedGeneration(pod.getMetadata().getGeneration())
                .withLastTransitionTime(since)
                .withReason(reason)
                .withMessage(message)
                .build();
    }

    private static String bracketed(List<String> names) {
        return "[" + String.join(" ", names) + "]";
    }

    static String seconds(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** A duration as Go prints it: {@code 10s}, {@code 1m20s}, {@code 5m0s}. */
    static String goDuration(Duration duration) {
        long minutes = duration.toMinutes();
        return minutes == 0 ? duration.toSeconds() + "s" : minutes + "m" + duration.toSecondsPart() + "s";
    }
}
