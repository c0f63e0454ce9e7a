package io.mokube.controllermanager.controllers.podautoscaler;

import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerCondition;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerConditionBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerStatus;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerStatusBuilder;
import io.fabric8.kubernetes.api.model.autoscaling.v2.MetricStatus;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.controllermanager.controllers.podautoscaler.Pace.Because;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An autoscaler's status while it is decided on. Belongs to one decision and one thread. */
final class AutoscalerStatus {

    static final String ABLE_TO_SCALE = "AbleToScale";
    static final String SCALING_ACTIVE = "ScalingActive";
    static final String SCALING_LIMITED = "ScalingLimited";

    private final List<HorizontalPodAutoscalerCondition> conditions = new ArrayList<>();
    private final Instant now;
    private HorizontalPodAutoscalerStatus status;

    /** @param before null for an autoscaler that has none yet */
    AutoscalerStatus(@Nullable HorizontalPodAutoscalerStatus before, Instant now) {
        this.now = now;
        this.status = before == null ? new HorizontalPodAutoscalerStatus() : before;
        if (status.getConditions() != null) {
            conditions.addAll(status.getConditions());
        }
    }

    /** Sets a condition; the time of its last transition stays while its truth does. */
    void set(String type, boolean truth, Because because) {
        String word = truth ? "True" : "False";
        HorizontalPodAutoscalerConditionBuilder condition = new HorizontalPodAutoscalerConditionBuilder()
                .withType(type)
                .withStatus(word)
                .withReason(because.reason())
                .withMessage(because.message())
                .withLastTransitionTime(Times.format(now));
        for (int i = 0; i < conditions.size(); i++) {
            HorizontalPodAutoscalerCondition old = conditions.get(i);
            if (old.getType().equals(type)) {
                conditions.set(
                        i,
                        old.getStatus().equals(word)
                                ? condition
                                        .withLastTransitionTime(old.getLastTransitionTime())
                                        .build()
                                : condition.build());
                return;
            }
        }
        conditions.add(condition.build());
    }

    /** What there is, when nothing could be decided. */
    void replicas(int current) {
        status = new HorizontalPodAutoscalerStatusBuilder(status)
                .withCurrentReplicas(current)
                .build();
    }

    /** What there is and what it shall become. */
    void replicas(int current, int desired, List<MetricStatus> metrics, boolean rescaled) {
        HorizontalPodAutoscalerStatusBuilder next = new HorizontalPodAutoscalerStatusBuilder(status)
                .withCurrentReplicas(current)
                .withDesiredReplicas(desired)
                .withCurrentMetrics(metrics);
        status = (rescaled ? next.withLastScaleTime(Times.format(now)) : next).build();
    }

    HorizontalPodAutoscalerStatus build() {
        return new HorizontalPodAutoscalerStatusBuilder(status)
                .withConditions(conditions)
                .build();
    }
}
