package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.SuccessPolicy;
import io.fabric8.kubernetes.api.model.batch.v1.SuccessPolicyRule;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** When the indexes that have succeeded are success enough, by a Job's success policy. Pure. */
final class SuccessRules {

    private SuccessRules() {}

    /** The message for the condition, when a rule is met. */
    static Optional<String> met(Job job, Indexes succeeded) {
        @Nullable SuccessPolicy policy = job.getSpec().getSuccessPolicy();
        if (policy == null || succeeded.isEmpty()) {
            return Optional.empty();
        }
        int completions = JobFacts.completions(job).orElse(0);
        List<SuccessPolicyRule> rules = policy.getRules();
        for (int i = 0; i < rules.size(); i++) {
            if (isMet(rules.get(i), completions, succeeded)) {
                return Optional.of("Matched rules at index " + i);
            }
        }
        return Optional.empty();
    }

    private static boolean isMet(SuccessPolicyRule rule, int completions, Indexes succeeded) {
        @Nullable Integer count = rule.getSucceededCount();
        @Nullable String indexes = rule.getSucceededIndexes();
        if (indexes == null) {
            return count != null && succeeded.size() >= count;
        }
        Indexes wanted = Indexes.parse(indexes, completions);
        int reached = wanted.overlap(succeeded);
        return !wanted.isEmpty() && (reached == wanted.size() || (count != null && reached >= count));
    }
}
