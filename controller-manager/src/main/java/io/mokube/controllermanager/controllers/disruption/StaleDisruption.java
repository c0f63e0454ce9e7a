package io.mokube.controllermanager.controllers.disruption;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.mokube.client.informer.Store;
import io.mokube.client.reconcile.Outcome;
import io.mokube.client.reconcile.Reconciler;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Takes the condition DisruptionTarget back from pods that somebody meant to disrupt and, two minutes later, has not
 * begun to delete. What the kubelet set stays: it may take long to end a pod.
 */
final class StaleDisruption implements Reconciler<ObjectKey> {

    private static final Duration TIMEOUT = Duration.ofMinutes(2);
    private static final String DISRUPTION_TARGET = "DisruptionTarget";

    private final Store<Pod> pods;
    private final ResourceClient<Pod> client;
    private final Clock clock;

    StaleDisruption(Store<Pod> pods, ResourceClient<Pod> client, Clock clock) {
        this.pods = pods;
        this.client = client;
        this.clock = clock;
    }

    /** When the pod's condition is stale, unless the pod goes before; empty for a pod without such a condition. */
    static Optional<Instant> staleAt(Pod pod) {
        if (!PodFacts.isActive(pod)) {
            return Optional.empty();
        }
        return PodFacts.condition(pod, DISRUPTION_TARGET)
                .filter(target -> target.getStatus().equals("True"))
                .filter(target -> !"TerminationByKubelet".equals(target.getReason()))
                .map(target -> Times.parse(target.getLastTransitionTime())
                        .map(since -> since.plus(TIMEOUT))
                        .orElse(Instant.EPOCH));
    }

    @Override
    public Outcome reconcile(ObjectKey key) {
        Optional<Pod> pod = pods.get(key);
        Optional<Instant> staleAt = pod.flatMap(StaleDisruption::staleAt);
        if (pod.isEmpty() || staleAt.isEmpty()) {
            return Outcome.done();
        }
        Instant now = clock.instant();
        if (staleAt.get().isAfter(now)) {
            return Outcome.again(Duration.between(now, staleAt.get()));
        }
        try {
            client.updateStatus(cleared(pod.get(), now));
        } catch (ApiException e) {
            if (!e.isNotFound() && !e.isConflict()) { // what changed the pod brings its key back
                throw e;
            }
        }
        return Outcome.done();
    }

    private static Pod cleared(Pod pod, Instant now) {
        PodCondition condition = new PodConditionBuilder()
                .withType(DISRUPTION_TARGET)
                .withStatus("False")
                .withObservedGeneration(pod.getMetadata().getGeneration())
                .withLastTransitionTime(Times.format(now))
                .build();
        return new PodBuilder(pod)
                .editStatus()
                .removeMatchingFromConditions(old -> DISRUPTION_TARGET.equals(old.getType()))
                .addToConditions(condition)
                .endStatus()
                .build();
    }
}
