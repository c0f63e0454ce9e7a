package io.mokube.controllermanager.controllers.statefulset;

import static io.mokube.controllermanager.controllers.ownership.Ownership.orZero;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetStatus;
import io.fabric8.kubernetes.api.model.apps.StatefulSetStatusBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSetUpdateStrategy;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** What a set's pods come to in its status. Pure. */
final class SetStatus {

    private SetStatus() {}

    /** Whether pods are updated by the set itself, as they are by default. */
    static boolean isRollingUpdate(StatefulSet set) {
        @Nullable StatefulSetUpdateStrategy strategy = set.getSpec().getUpdateStrategy();
        return strategy == null || !"OnDelete".equals(strategy.getType());
    }

    /**
     * The status for these pods. When all are updated, and as many as wanted and ready, the update is complete: its
     * revision becomes the current one.
     *
     * @param current the name of the current revision
     * @param update the name of the revision of the template
     */
    static StatefulSetStatus of(StatefulSet set, String current, String update, Collection<Pod> pods, Instant now) {
        Duration minReady = Duration.ofSeconds(orZero(set.getSpec().getMinReadySeconds()));
        int created = 0;
        int ready = 0;
        int available = 0;
        int currents = 0;
        int updated = 0;
        for (Pod pod : pods) {
            created++;
            if (PodFacts.phase(pod).equals("Running") && PodFacts.isReady(pod)) {
                ready++;
                available += PodFacts.isAvailable(pod, minReady, now) ? 1 : 0;
            }
            if (!Ownership.isBeingDeleted(pod)) {
                currents += Members.revision(pod).equals(current) ? 1 : 0;
                updated += Members.revision(pod).equals(update) ? 1 : 0;
            }
        }
        int wanted = Members.replicas(set);
        boolean complete = isRollingUpdate(set) && updated == wanted && ready == wanted && created == wanted;
        @Nullable StatefulSetStatus old = set.getStatus();
        return (old == null ? new StatefulSetStatusBuilder() : new StatefulSetStatusBuilder(old))
                .withObservedGeneration(Ownership.generation(set))
                .withReplicas(created)
                .withReadyReplicas(ready)
                .withAvailableReplicas(available)
                .withCurrentReplicas(complete ? updated : currents)
                .withUpdatedReplicas(updated)
                .withCurrentRevision(complete ? update : current)
                .withUpdateRevision(update)
                .build();
    }
}
