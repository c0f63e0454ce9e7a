package io.mokube.kubelet.lifecycle;

import io.fabric8.kubernetes.api.model.PodStatus;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to do about a pod now.
 *
 * @param state what to remember
 * @param status what to tell the API server
 * @param actions what to do, in this order where it matters; several may be in progress together
 * @param events what to tell the user
 * @param wakeUp when to decide again if nothing happens; null for never
 * @param giveUpPulls whether image pulls in progress are of no use any more
 * @param finished nothing is left to do, ever
 */
public record Plan(
        PodState state,
        PodStatus status,
        List<Action> actions,
        List<PodEvent> events,
        @Nullable Instant wakeUp,
        boolean giveUpPulls,
        boolean finished) {}
