package io.mokube.controllermanager.controllers.ownership;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a pod's status says to its owner. Pure. */
public final class PodFacts {

    private PodFacts() {}

    /** The phase, {@code ""} before the first status. */
    public static String phase(Pod pod) {
        @Nullable PodStatus status = pod.getStatus();
        @Nullable String phase = status == null ? null : status.getPhase();
        return phase == null ? "" : phase;
    }

    /** Whether the pod has ended for good. */
    public static boolean isFinished(Pod pod) {
        String phase = phase(pod);
        return phase.equals("Succeeded") || phase.equals("Failed");
    }

    /** Whether the pod counts: neither ended nor being deleted. */
    public static boolean isActive(Pod pod) {
        return !isFinished(pod) && !Ownership.isBeingDeleted(pod);
    }

    /** Whether the pod is on its way out without having ended. */
    public static boolean isTerminating(Pod pod) {
        return !isFinished(pod) && Ownership.isBeingDeleted(pod);
    }

    public static Optional<PodCondition> condition(Pod pod, String type) {
        @Nullable PodStatus status = pod.getStatus();
        @Nullable List<PodCondition> conditions = status == null ? null : status.getConditions();
        if (conditions != null) {
            for (PodCondition condition : conditions) {
                if (condition.getType().equals(type)) {
                    return Optional.of(condition);
                }
            }
        }
        return Optional.empty();
    }

    public static boolean isReady(Pod pod) {
        return condition(pod, "Ready")
                .filter(ready -> "True".equals(ready.getStatus()))
                .isPresent();
    }

    /** Since when the pod is ready; empty when it is not, or does not say. */
    public static Optional<Instant> readySince(Pod pod) {
        return condition(pod, "Ready")
                .filter(ready -> "True".equals(ready.getStatus()))
                .flatMap(ready -> Times.parse(ready.getLastTransitionTime()));
    }

    /** Whether the pod has been ready for at least {@code minReady}. */
    public static boolean isAvailable(Pod pod, Duration minReady, Instant now) {
        if (!isReady(pod)) {
            return false;
        }
        return minReady.isZero()
                || readySince(pod)
                        .filter(since -> !since.plus(minReady).isAfter(now))
                        .isPresent();
    }

    /** How long until a ready pod becomes available; empty when it is available already or not ready. */
    public static Optional<Duration> untilAvailable(Pod pod, Duration minReady, Instant now) {
        if (!isReady(pod) || isAvailable(pod, minReady, now)) {
            return Optional.empty();
        }
        return readySince(pod).map(since -> Duration.between(now, since.plus(minReady)));
    }
}
