package io.mokube.kubelet.lifecycle;

import io.fabric8.kubernetes.api.model.PodStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of a pod between decisions. All of it may be lost with the agent: the runtime and the API server hold
 * what must not be.
 *
 * @param status the status decided last, at first that of the API server
 * @param crashes the back-off of containers that ended and were started again, by name
 * @param failures why containers could not be started, by name
 * @param sandboxFailure why there is no sandbox
 * @param stoppedSandboxes sandboxes whose address was given back
 * @param told what was said in events already
 * @param terminatingSince when the end of the pod began
 * @param left what is left of the pod on disk
 */
public record PodState(
        PodStatus status,
        Map<String, BackOff> crashes,
        Map<String, StartFailure> failures,
        @Nullable StartFailure sandboxFailure,
        Set<String> stoppedSandboxes,
        Set<String> told,
        @Nullable Instant terminatingSince,
        Left left) {

    private static final Duration SHORT_RETRY = Duration.ofSeconds(10);
    private static final Duration LONGEST_SANDBOX_RETRY = Duration.ofSeconds(60);

    /** Nothing is remembered but the status at the API server. */
    public static PodState initial(PodStatus status) {
        return new PodState(status, Map.of(), Map.of(), null, Set.of(), Set.of(), null, Left.ALL);
    }

    /** What is left of a pod on disk. */
    public enum Left {
        /** Perhaps everything. */
        ALL,
        /** Its logs and last words; its volumes were taken back. */
        LOGS,
        NOTHING
    }

    /**
     * A failed start, and when to try again.
     *
     * @param image the image that could not be had; empty when it was something else
     */
    public record StartFailure(String reason, String message, String image, Instant at, BackOff backOff) {

        /** Whether the image could not be pulled, so that the wait has a name of its own. */
        boolean isPull() {
            return reason.equals("ErrImagePull");
        }

        Instant retryAt() {
            return at.plus(backOff.delay());
        }
    }

    /** The memory after an action. */
    public PodState after(Action action, ActionResult result, Instant now) {
        return switch (action) {
            case Action.RunSandbox(int attempt) ->
                switch (result) {
                    case ActionResult.Done() -> withSandboxFailure(null);
                    case ActionResult.Failed failed -> withSandboxFailure(sandboxFailure(failed, now));
                };
            case Action.StartContainer start ->
                switch (result) {
                    case ActionResult.Done() -> withFailure(start.name(), null);
                    case ActionResult.Failed failed -> withFailure(start.name(), failure(start.name(), failed, now));
                };
            case Action.ResizeContainer resize ->
                switch (result) {
                    case ActionResult.Done() -> withFailure(resize.key(), null);
                    case ActionResult.Failed failed -> withFailure(resize.key(), failure(resize.key(), failed, now));
                };
            case Action.StopSandbox(String id) ->
                switch (result) {
                    case ActionResult.Done() -> withStopped(id);
                    case ActionResult.Failed failed -> this;
                };
            case Action.ReleaseVolumes() ->
                switch (result) {
                    case ActionResult.Done() -> withLeft(Left.LOGS);
                    case ActionResult.Failed failed -> this;
                };
            case Action.CleanUp() ->
                switch (result) {
                    case ActionResult.Done() -> withLeft(Left.NOTHING);
                    case ActionResult.Failed failed -> this;
                };
            case Action.ReleaseDevices release -> this;
            case Action.StopContainer stop -> this;
            case Action.RemoveContainer remove -> this;
            case Action.RemoveSandbox remove -> this;
            case Action.DeleteObject delete -> this;
        };
    }

    private StartFailure sandboxFailure(ActionResult.Failed failed, Instant now) {
        Duration delay = sandboxFailure == null
                ? Duration.ofSeconds(1)
                : sandboxFailure.backOff().delay().multipliedBy(2);
        return new StartFailure(
                failed.reason(),
                failed.message(),
                "",
                now,
                new BackOff(delay.compareTo(LONGEST_SANDBOX_RETRY) > 0 ? LONGEST_SANDBOX_RETRY : delay, now));
    }

    private StartFailure failure(String name, ActionResult.Failed failed, Instant now) {
        StartFailure before = failures.get(name);
        boolean pull = failed.reason().equals("ErrImagePull");
        // What only a change of the pod or its config map can mend is looked at again soon, as it costs nothing.
        BackOff backOff =
                pull ? BackOff.next(before == null ? null : before.backOff(), now, now) : new BackOff(SHORT_RETRY, now);
        return new StartFailure(failed.reason(), failed.message(), failed.image(), now, backOff);
    }

    PodState withStatus(PodStatus next) {
        return new PodState(next, crashes, failures, sandboxFailure, stoppedSandboxes, told, terminatingSince, left);
    }

    PodState withCrash(String container, BackOff backOff) {
        Map<String, BackOff> next = new HashMap<>(crashes);
        next.put(container, backOff);
        return new PodState(
                status, Map.copyOf(next), failures, sandboxFailure, stoppedSandboxes, told, terminatingSince, left);
    }

    PodState withFailure(String container, @Nullable StartFailure failure) {
        Map<String, StartFailure> next = new HashMap<>(failures);
        if (failure == null) {
            next.remove(container);
        } else {
            next.put(container, failure);
        }
        return new PodState(
                status, crashes, Map.copyOf(next), sandboxFailure, stoppedSandboxes, told, terminatingSince, left);
    }

    private PodState withSandboxFailure(@Nullable StartFailure failure) {
        return new PodState(status, crashes, failures, failure, stoppedSandboxes, told, terminatingSince, left);
    }

    private PodState withStopped(String sandbox) {
        return new PodState(
                status,
                crashes,
                failures,
                sandboxFailure,
                plus(stoppedSandboxes, sandbox),
                told,
                terminatingSince,
                left);
    }

    PodState withTold(String what) {
        return new PodState(
                status, crashes, failures, sandboxFailure, stoppedSandboxes, plus(told, what), terminatingSince, left);
    }

    PodState withTerminatingSince(Instant time) {
        return new PodState(status, crashes, failures, sandboxFailure, stoppedSandboxes, told, time, left);
    }

    private PodState withLeft(Left rest) {
        return new PodState(status, crashes, failures, sandboxFailure, stoppedSandboxes, told, terminatingSince, rest);
    }

    private static Set<String> plus(Set<String> set, String element) {
        Set<String> next = new HashSet<>(set);
        next.add(element);
        return Set.copyOf(next);
    }
}
