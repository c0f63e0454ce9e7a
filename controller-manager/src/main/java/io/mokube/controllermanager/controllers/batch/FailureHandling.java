package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicy;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyOnExitCodesRequirement;
import io.fabric8.kubernetes.api.model.batch.v1.PodFailurePolicyRule;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a pod's failure means, by the first rule of its Job's policy that matches it. Pure. */
sealed interface FailureHandling {

    /** It counts towards the limits of failures, as every failure does that no rule speaks of. */
    record Count() implements FailureHandling {}

    /** It counts towards no limit; the pod is replaced. */
    record Ignore() implements FailureHandling {}

    /** The pod's index has failed. */
    record FailIndex() implements FailureHandling {}

    /** The whole Job has failed. */
    record FailJob(String message) implements FailureHandling {}

    /** Whether the failure counts. */
    default boolean counts() {
        return !(this instanceof Ignore);
    }

    static FailureHandling of(Job job, Pod failed) {
        @Nullable PodFailurePolicy policy = job.getSpec().getPodFailurePolicy();
        List<PodFailurePolicyRule> rules = policy == null ? List.of() : policy.getRules();
        for (int i = 0; i < rules.size(); i++) {
            PodFailurePolicyRule rule = rules.get(i);
            Optional<String> match = match(rule, failed);
            if (match.isPresent()) {
                Optional<FailureHandling> handling =
                        handling(rule, match.get() + " matching " + rule.getAction() + " rule at index " + i);
                if (handling.isPresent()) {
                    return handling.get();
                }
            }
        }
        return new Count();
    }

    private static Optional<FailureHandling> handling(PodFailurePolicyRule rule, String message) {
        return switch (rule.getAction()) {
            case "Count" -> Optional.of(new Count());
            case "Ignore" -> Optional.of(new Ignore());
            case "FailIndex" -> Optional.of(new FailIndex());
            case "FailJob" -> Optional.of(new FailJob(message));
            default -> Optional.empty(); // an action of the future: the rule is passed over
        };
    }

    /** What matched, in words. */
    private static Optional<String> match(PodFailurePolicyRule rule, Pod pod) {
        String name = Ownership.namespace(pod) + "/" + pod.getMetadata().getName();
        @Nullable PodFailurePolicyOnExitCodesRequirement exitCodes = rule.getOnExitCodes();
        if (exitCodes != null) {
            for (ContainerStatus status : JobPod.statuses(pod)) {
                Optional<Integer> code = JobPod.terminated(status)
                        .map(end -> Ownership.orZero(end.getExitCode()))
                        .filter(exit -> exit != 0);
                if (code.isPresent() && matches(exitCodes, status.getName(), code.get())) {
                    return Optional.of("Container " + status.getName() + " for pod " + name + " failed with exit code "
                            + code.get());
                }
            }
            return Optional.empty();
        }
        if (rule.getOnPodConditions() == null || pod.getStatus() == null) {
            return Optional.empty();
        }
        @Nullable List<PodCondition> conditions = pod.getStatus().getConditions();
        for (PodCondition condition : conditions == null ? List.<PodCondition>of() : conditions) {
            boolean matches = rule.getOnPodConditions().stream()
                    .anyMatch(pattern -> pattern.getType().equals(condition.getType())
                            && pattern.getStatus().equals(condition.getStatus()));
            if (matches) {
                return Optional.of("Pod " + name + " has condition " + condition.getType());
            }
        }
        return Optional.empty();
    }

    private static boolean matches(PodFailurePolicyOnExitCodesRequirement wanted, String container, int code) {
        @Nullable String only = wanted.getContainerName();
        if (only != null && !only.equals(container)) {
            return false;
        }
        return switch (wanted.getOperator()) {
            case "In" -> wanted.getValues().contains(code);
            case "NotIn" -> !wanted.getValues().contains(code);
            default -> false;
        };
    }
}
