package io.mokube.controllermanager.controllers.statefulset;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.StatefulSetStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What to do about a set.
 *
 * @param steps in their order; when one fails the rest is left to the next round
 * @param together whether steps may be taken at the same time, because none waits for another
 * @param status what the pods show, before any step
 * @param again when to look again though nothing changes
 */
record SetPlan(List<Step> steps, boolean together, StatefulSetStatus status, Optional<Duration> again) {

    /** One thing to do. */
    sealed interface Step {
        /** Make a pod, and before it those of its claims that are not there. */
        record CreatePod(Pod pod, List<PersistentVolumeClaim> claims) implements Step {}

        /** Make claims that a waiting pod misses. */
        record CreateClaims(Pod pod, List<PersistentVolumeClaim> claims) implements Step {}

        /** A pod can't be made yet; say why. */
        record Report(Pod pod, String obstacle) implements Step {}

        /** Give a pod its labels back. */
        record UpdatePod(Pod pod) implements Step {}

        /**
         * Change who owns a claim.
         *
         * @param foreign whether it has a controller that has nothing to do with the set
         */
        record UpdateClaim(PersistentVolumeClaim claim, boolean foreign) implements Step {}

        record DeletePod(Pod pod) implements Step {}
    }
}
