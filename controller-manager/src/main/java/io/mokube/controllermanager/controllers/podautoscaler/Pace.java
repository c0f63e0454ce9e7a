package io.mokube.controllermanager.controllers.podautoscaler;

import io.fabric8.kubernetes.api.model.autoscaling.v2.HPAScalingPolicy;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HPAScalingRules;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerBehavior;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscalerSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How fast an autoscaler may go: what metrics ask for is made steady, then held within policies and bounds. Pure.
 *
 * <p>Without a behavior replicas may double, or become four, at once, and go down by the highest recommendation of five
 * minutes.
 */
final class Pace {

    private static final Duration SCALE_DOWN_WINDOW = Duration.ofMinutes(5);
    private static final int LEAST_UP_LIMIT = 4;

    private static final String WITHIN = "DesiredWithinRange";

    private final HorizontalPodAutoscalerSpec spec;
    private final @Nullable HorizontalPodAutoscalerBehavior behavior;

    Pace(HorizontalPodAutoscalerSpec spec) {
        this.spec = spec;
        this.behavior = spec.getBehavior();
    }

    /** A reason and its sentence. */
    record Because(String reason, String message) {}

    /**
     * What comes out.
     *
     * @param able why this was made of the recommendation
     * @param limited whether bounds or policies hold it back
     * @param limit by which
     * @param history with this recommendation
     */
    record Steady(int replicas, Because able, boolean limited, Because limit, History history) {}

    /** @param desired what the metrics ask for */
    Steady steady(int current, int desired, History history, Instant now) {
        int recommendation = behavior == null
                ? history.recommended(SCALE_DOWN_WINDOW, now).reduce(desired, Math::max)
                : between(current, desired, history, now);
        Because able = recommendation == desired
                ? new Because("ReadyForNewScale", "recommended size matches current size")
                : stabilized(behavior != null && desired >= current);
        History next = history.recommend(desired, now, longest(upWindow(), downWindow()));
        if (recommendation > current) {
            int limit = Math.max(current, upLimit(current, history, now));
            return limit < spec.getMaxReplicas()
                    ? within(Math.min(recommendation, limit), recommendation, able, next, SCALE_UP_LIMIT)
                    : within(Math.min(recommendation, spec.getMaxReplicas()), recommendation, able, next, TOO_MANY);
        }
        if (recommendation < current) {
            int limit = Math.min(current, downLimit(current, history, now));
            int least = least(spec);
            return limit > least
                    ? within(Math.max(recommendation, limit), recommendation, able, next, SCALE_DOWN_LIMIT)
                    : within(Math.max(recommendation, least), recommendation, able, next, TOO_FEW);
        }
        return within(recommendation, recommendation, able, next, TOO_MANY);
    }

    private static final Because SCALE_UP_LIMIT =
            new Because("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate");
    private static final Because SCALE_DOWN_LIMIT =
            new Because("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate");
    private static final Because TOO_MANY =
            new Because("TooManyReplicas", "the desired replica count is more than the maximum replica count");
    private static final Because TOO_FEW =
            new Because("TooFewReplicas", "the desired replica count is less than the minimum replica count");

    private static Steady within(int replicas, int recommendation, Because able, History history, Because limit) {
        boolean limited = replicas != recommendation;
        return new Steady(
                replicas,
                able,
                limited,
                limited ? limit : new Because(WITHIN, "the desired count is within the acceptable range"),
                history);
    }

    static int least(HorizontalPodAutoscalerSpec spec) {
        return spec.getMinReplicas() == null ? 1 : spec.getMinReplicas();
    }

    private static Because stabilized(boolean up) {
        return up
                ? new Because(
                        "ScaleUpStabilized",
                        "recent recommendations were lower than current one, applying the lowest recent recommendation")
                : new Because(
                        "ScaleDownStabilized",
                        "recent recommendations were higher than current one, applying the highest recent recommendation");
    }

    /** The current number, unless all recent recommendations are beyond it on one side. */
    private int between(int current, int desired, History history, Instant now) {
        int low = history.recommended(upWindow(), now).reduce(desired, Math::min);
        int high = history.recommended(downWindow(), now).reduce(desired, Math::max);
        return Math.min(Math.max(current, low), high);
    }

    private int upLimit(int current, History history, Instant now) {
        HPAScalingRules up = behavior == null ? null : behavior.getScaleUp();
        if (up == null) {
            return Math.max(2 * current, LEAST_UP_LIMIT);
        }
        // A part of a pod is rounded up, or it would never come to a pod.
        return select(up, true, policy -> {
                    int start = history.before(current, period(policy), now);
                    return isPercent(policy)
                            ? (int) Math.ceil(start * (1 + policy.getValue() / 100.0))
                            : start + policy.getValue();
                })
                .orElse(current);
    }

    private int downLimit(int current, History history, Instant now) {
        HPAScalingRules down = behavior == null ? null : behavior.getScaleDown();
        if (down == null) {
            return 0;
        }
        return select(down, false, policy -> {
                    int start = history.before(current, period(policy), now);
                    return isPercent(policy)
                            ? (int) (start * (1 - policy.getValue() / 100.0))
                            : start - policy.getValue();
                })
                .orElse(current);
    }

    /** The bound by the policy that allows the most change, or the least; nothing when no change is allowed. */
    private static Optional<Integer> select(HPAScalingRules rules, boolean up, ToIntFunction<HPAScalingPolicy> bound) {
        String selected = rules.getSelectPolicy() == null ? "Max" : rules.getSelectPolicy();
        if (selected.equals("Disabled")) {
            return Optional.empty();
        }
        IntStream bounds = rules.getPolicies().stream().mapToInt(bound);
        boolean highest = selected.equals("Min") != up;
        return (highest ? bounds.max() : bounds.min()).stream().boxed().findFirst();
    }

    private static boolean isPercent(HPAScalingPolicy policy) {
        return "Percent".equals(policy.getType());
    }

    private static Duration period(HPAScalingPolicy policy) {
        return Duration.ofSeconds(policy.getPeriodSeconds());
    }

    private Duration upWindow() {
        return window(behavior == null ? null : behavior.getScaleUp(), Duration.ZERO);
    }

    private Duration downWindow() {
        return window(behavior == null ? null : behavior.getScaleDown(), SCALE_DOWN_WINDOW);
    }

    private static Duration window(@Nullable HPAScalingRules rules, Duration otherwise) {
        Integer seconds = rules == null ? null : rules.getStabilizationWindowSeconds();
        return seconds == null ? otherwise : Duration.ofSeconds(seconds);
    }

    /** How long changes matter to the policies. */
    Duration longestPeriod() {
        return behavior == null
                ? Duration.ZERO
                : Stream.of(Optional.ofNullable(behavior.getScaleUp()), Optional.ofNullable(behavior.getScaleDown()))
                        .flatMap(Optional::stream)
                        .map(HPAScalingRules::getPolicies)
                        .flatMap(List::stream)
                        .map(Pace::period)
                        .reduce(Duration.ZERO, Pace::longest);
    }

    /** How far from the target nothing is done. */
    Tolerance tolerance() {
        return new Tolerance(
                tolerance(behavior == null ? null : behavior.getScaleDown()),
                tolerance(behavior == null ? null : behavior.getScaleUp()));
    }

    private static double tolerance(@Nullable HPAScalingRules rules) {
        return rules == null || rules.getTolerance() == null
                ? Tolerance.STANDARD.above()
                : rules.getTolerance().getNumericalAmount().doubleValue();
    }

    private static Duration longest(Duration a, Duration b) {
        return a.compareTo(b) > 0 ? a : b;
    }
}
