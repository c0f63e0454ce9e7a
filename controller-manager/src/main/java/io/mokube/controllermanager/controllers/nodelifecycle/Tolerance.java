package io.mokube.controllermanager.controllers.nodelifecycle;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.Toleration;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.controllermanager.controllers.placement.Tolerations;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** How long a pod puts up with the NoExecute taints of its node. Pure. */
sealed interface Tolerance {

    /** The pod may stay. */
    record Forever() implements Tolerance {}

    /** The pod has to go at this time, which may be past. */
    record Until(Instant time) implements Tolerance {}

    /**
     * What a pod tolerates. For each taint the first toleration that matches counts, and of all those the one that ends
     * first. Its seconds count from when the taint was added, or the pod came to the node if that was later, so that a
     * restart of the controller doesn't begin them anew.
     *
     * @param firstSeen when a taint that does not say when it was added was first seen
     */
    static Tolerance of(Pod pod, Collection<Taint> noExecute, Function<Taint, Instant> firstSeen) {
        Instant bound = boundAt(pod);
        @Nullable Instant end = null;
        for (Taint taint : noExecute) {
            Optional<Toleration> match = tolerations(pod).stream()
                    .filter(toleration -> Tolerations.matches(toleration, taint))
                    .findFirst();
            if (match.isEmpty()) {
                return new Until(Instant.EPOCH);
            }
            @Nullable Long seconds = match.get().getTolerationSeconds();
            if (seconds == null) {
                continue;
            }
            Instant added = Times.parse(taint.getTimeAdded()).orElseGet(() -> firstSeen.apply(taint));
            Instant from = added.isAfter(bound) ? added : bound;
            Instant until = from.plusSeconds(Math.clamp(seconds, 0L, Integer.MAX_VALUE));
            if (end == null || until.isBefore(end)) {
                end = until;
            }
        }
        return end == null ? new Forever() : new Until(end);
    }

    private static List<Toleration> tolerations(Pod pod) {
        @Nullable List<Toleration> tolerations = pod.getSpec().getTolerations();
        return tolerations == null ? List.of() : tolerations;
    }

    private static Instant boundAt(Pod pod) {
        return PodFacts.condition(pod, "PodScheduled")
                .map(PodCondition::getLastTransitionTime)
                .flatMap(Times::parse)
                .or(() -> Times.parse(pod.getMetadata().getCreationTimestamp()))
                .orElse(Instant.EPOCH);
    }
}
