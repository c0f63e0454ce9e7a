package io.mokube.controllermanager.controllers.deployment;

import io.fabric8.kubernetes.api.model.apps.DeploymentStatus;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What to do about a Deployment now.
 *
 * @param steps the writes, in order; none is tried after one that failed
 * @param revision the revision the Deployment is to carry, empty to leave its annotation alone
 * @param status the status once the steps are done
 * @param again when to look again even if nothing happens
 */
record RolloutPlan(List<Step> steps, Optional<String> revision, DeploymentStatus status, Optional<Duration> again) {

    /** One write. */
    sealed interface Step {
        /** As it is to be written, or deleted. */
        ReplicaSet replicaSet();

        /** Create the ReplicaSet of the Deployment's template. */
        record Create(ReplicaSet replicaSet) implements Step {}

        /**
         * Write the ReplicaSet, provided nobody changed it meanwhile.
         *
         * @param from its number of replicas before; the new one is in it
         */
        record Update(ReplicaSet replicaSet, int from) implements Step {
            int to() {
                return replicaSet.getSpec().getReplicas();
            }
        }

        /** Delete a ReplicaSet that the history has no room for. */
        record Delete(ReplicaSet replicaSet) implements Step {}
    }
}
