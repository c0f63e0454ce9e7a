package io.mokube.controllermanager.controllers.disruption;

import static io.mokube.controllermanager.controllers.ownership.Ownership.orZero;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetSpec;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetStatus;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetStatusBuilder;
import io.mokube.controllermanager.controllers.ownership.NumberOrPercent;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a budget's pods come to. Pure.
 *
 * @param status the status the budget should have
 * @param neverDeleted pods whose eviction was allowed more than two minutes ago and that are still there: they count again
 * @param recheck when the next allowed eviction is given up, unless its pod goes before
 */
record BudgetCount(PodDisruptionBudgetStatus status, List<Pod> neverDeleted, Optional<Instant> recheck) {

    /** How long the API server may take from allowing an eviction to marking the pod. */
    private static final Duration DELETION_TIMEOUT = Duration.ofMinutes(2);

    private static final String DISRUPTION_ALLOWED = "DisruptionAllowed";

    /**
     * Counts.
     *
     * @param pods those the budget selects
     * @param scale how many pods their controllers want together; only read when {@link #countsScale}
     * @throws UncountableException when the budget is no number and no percentage
     */
    static BudgetCount of(PodDisruptionBudget budget, Collection<Pod> pods, int scale, Instant now) {
        Map<String, String> disrupted = new TreeMap<>();
        List<Pod> neverDeleted = new ArrayList<>();
        Optional<Instant> recheck = Optional.empty();
        int healthy = 0;
        Map<String, String> recorded = disruptedPods(budget);
        for (Pod pod : pods) {
            if (Ownership.isBeingDeleted(pod)) {
                continue;
            }
            String name = pod.getMetadata().getName();
            Optional<Instant> end = Times.parse(recorded.get(name)).map(since -> since.plus(DELETION_TIMEOUT));
            if (end.isPresent() && !end.get().isBefore(now)) {
                disrupted.put(name, recorded.get(name));
                recheck = recheck.filter(sooner -> sooner.isBefore(end.get())).or(() -> end);
                continue;
            }
            if (end.isPresent()) {
                neverDeleted.add(pod);
            }
            if (PodFacts.isReady(pod)) {
                healthy++;
            }
        }
        int expected = countsScale(budget) ? scale : pods.size();
        int desired = desiredHealthy(budget.getSpec(), expected);
        // Without expected pods nothing is allowed: the first pods may come before this count is made anew.
        int allowed = expected <= 0 ? 0 : Math.max(0, healthy - desired);
        long generation = Ownership.generation(budget);
        PodDisruptionBudgetStatus status = new PodDisruptionBudgetStatusBuilder()
                .withCurrentHealthy(healthy)
                .withDesiredHealthy(desired)
                .withExpectedPods(expected)
                .withDisruptionsAllowed(allowed)
                .withDisruptedPods(disrupted)
                .withObservedGeneration(generation)
                .withConditions(conditions(
                        budget,
                        allowed > 0 ? "True" : "False",
                        allowed > 0 ? "SufficientPods" : "InsufficientPods",
                        "",
                        generation,
                        now))
                .build();
        return new BudgetCount(status, neverDeleted, recheck);
    }

    /** The status of a budget whose pods can't be counted: nothing is allowed. */
    static PodDisruptionBudgetStatus failed(PodDisruptionBudget budget, String message, Instant now) {
        @Nullable PodDisruptionBudgetStatus status = budget.getStatus();
        @Nullable Long observed = status == null ? null : status.getObservedGeneration();
        return (status == null ? new PodDisruptionBudgetStatusBuilder() : new PodDisruptionBudgetStatusBuilder(status))
                .withDisruptionsAllowed(0)
                .withCurrentHealthy(status == null ? 0 : orZero(status.getCurrentHealthy()))
                .withDesiredHealthy(status == null ? 0 : orZero(status.getDesiredHealthy()))
                .withExpectedPods(status == null ? 0 : orZero(status.getExpectedPods()))
                .withConditions(
                        conditions(budget, "False", "SyncFailed", message, observed == null ? 0 : observed, now))
                .build();
    }

    /** Whether the budget is a share of what the pods' controllers want, and not a number of the pods that there are. */
    static boolean countsScale(PodDisruptionBudget budget) {
        PodDisruptionBudgetSpec spec = budget.getSpec();
        @Nullable IntOrString minAvailable = spec.getMinAvailable();
        return spec.getMaxUnavailable() != null || (minAvailable != null && minAvailable.getStrVal() != null);
    }

    private static int desiredHealthy(PodDisruptionBudgetSpec spec, int expected) {
        if (spec.getMaxUnavailable() != null) {
            return Math.max(0, expected - scaled(spec.getMaxUnavailable(), expected));
        }
        return spec.getMinAvailable() == null ? 0 : scaled(spec.getMinAvailable(), expected);
    }

    /** A number, or a percentage rounded up. */
    private static int scaled(IntOrString value, int total) {
        return NumberOrPercent.read(value, total, true)
                .orElseThrow(() -> new IllegalArgumentException(
                        "invalid value for IntOrString: invalid type: string is not a percentage"));
    }

    private static List<Condition> conditions(
            PodDisruptionBudget budget, String state, String reason, String message, long generation, Instant now) {
        List<Condition> conditions = new ArrayList<>();
        String since = Times.format(now);
        for (Condition condition : oldConditions(budget)) {
            if (!condition.getType().equals(DISRUPTION_ALLOWED)) {
                conditions.add(condition);
            } else if (condition.getStatus().equals(state)) {
                since = condition.getLastTransitionTime();
            }
        }
        conditions.add(new ConditionBuilder()
                .withType(DISRUPTION_ALLOWED)
                .withStatus(state)
                .withReason(reason)
                .withMessage(message)
                .withObservedGeneration(generation)
                .withLastTransitionTime(since)
                .build());
        return conditions;
    }

    private static List<Condition> oldConditions(PodDisruptionBudget budget) {
        @Nullable PodDisruptionBudgetStatus status = budget.getStatus();
        @Nullable List<Condition> conditions = status == null ? null : status.getConditions();
        return conditions == null ? List.of() : conditions;
    }

    private static Map<String, String> disruptedPods(PodDisruptionBudget budget) {
        @Nullable PodDisruptionBudgetStatus status = budget.getStatus();
        @Nullable Map<String, String> pods = status == null ? null : status.getDisruptedPods();
        return pods == null ? Map.of() : pods;
    }
}
