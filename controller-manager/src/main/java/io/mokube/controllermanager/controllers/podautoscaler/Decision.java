package io.mokube.controllermanager.controllers.podautoscaler;

import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerSpec;
import io.mokube.controllermanager.controllers.podautoscaler.MetricJudge.Judgement;
import io.mokube.controllermanager.controllers.podautoscaler.Pace.Because;
import io.mokube.controllermanager.controllers.podautoscaler.Pace.Steady;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** How many replicas an autoscaler's target shall have. Pure. */
sealed interface Decision {

    /** The target has none, by its owner's will: nothing is done. */
    record Disabled() implements Decision {}

    /** The bounds alone decide. */
    record Bounded(int replicas, String reason) implements Decision {}

    /**
     * Metrics decide.
     *
     * @param reason why there shall be another number, {@code ""} when there shall not
     */
    record Measured(Steady steady, String metric, String reason) implements Decision {}

    /**
     * Too little is known.
     *
     * @param active why scaling is not active
     * @param error all of it in one sentence
     */
    record Unknown(Because active, String error) implements Decision {}

    /** What is decided without looking at any metric. */
    static Optional<Decision> withoutMetrics(HorizontalPodAutoscalerSpec spec, int current) {
        int least = Pace.least(spec);
        if (current == 0 && least != 0) {
            return Optional.of(new Disabled());
        } else if (current > spec.getMaxReplicas()) {
            return Optional.of(new Bounded(spec.getMaxReplicas(), "Current number of replicas above Spec.MaxReplicas"));
        } else if (current < least) {
            return Optional.of(new Bounded(least, "Current number of replicas below Spec.MinReplicas"));
        }
        return Optional.empty();
    }

    /**
     * What metrics decide: the highest of their proposals, if all of them are known or it is no less than there is.
     *
     * @param judgements one for each metric
     */
    static Decision of(
            HorizontalPodAutoscalerSpec spec, int current, List<Judgement> judgements, History history, Instant now) {
        int desired = 0;
        String metric = "";
        Judgement.Failed failed = null;
        int failures = 0;
        for (Judgement judgement : judgements) {
            switch (judgement) {
                case Judgement.Found found -> {
                    if (metric.isEmpty() || found.replicas() > desired) {
                        desired = found.replicas();
                        metric = found.name();
                    }
                }
                case Judgement.Failed failure -> {
                    failed = failed == null ? failure : failed;
                    failures++;
                }
            }
        }
        if (failed != null && (metric.isEmpty() || desired < current)) {
            return new Unknown(
                    new Because(
                            failed.reason(), "the HPA was unable to compute the replica count: " + failed.message()),
                    "invalid metrics (" + failures + " invalid out of " + judgements.size() + "), first error is: "
                            + failed.error());
        }
        String reason =
                desired > current ? metric + " above target" : desired < current ? "All metrics below target" : "";
        return new Measured(new Pace(spec).steady(current, desired, history, now), metric, reason);
    }
}
