package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobConditionBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.Times;
import io.mokube.machinery.selector.LabelSelector;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** What a Job asks for and has reached. Pure. */
final class JobFacts {

    static final String COMPLETE = "Complete";
    static final String FAILED = "Failed";
    static final String SUSPENDED = "Suspended";
    static final String FAILURE_TARGET = "FailureTarget";
    static final String SUCCESS_CRITERIA_MET = "SuccessCriteriaMet";

    private static final String OWN_CONTROLLER = "kubernetes.io/job-controller";

    private JobFacts() {}

    /** The condition of this type, when it is true. */
    static Optional<JobCondition> isTrue(@Nullable JobStatus status, String type) {
        return condition(status, type).filter(condition -> "True".equals(condition.getStatus()));
    }

    static Optional<JobCondition> condition(@Nullable JobStatus status, String type) {
        @Nullable List<JobCondition> conditions = status == null ? null : status.getConditions();
        return conditions == null
                ? Optional.empty()
                : conditions.stream()
                        .filter(condition -> condition.getType().equals(type))
                        .findFirst();
    }

    static JobCondition condition(String type, String status, String reason, String message, Instant now) {
        return new JobConditionBuilder()
                .withType(type)
                .withStatus(status)
                .withReason(reason)
                .withMessage(message)
                .withLastProbeTime(Times.format(now))
                .withLastTransitionTime(Times.format(now))
                .build();
    }

    /** The condition that says how the Job ended; empty while it goes on. */
    static Optional<JobCondition> ending(Job job) {
        return isTrue(job.getStatus(), COMPLETE).or(() -> isTrue(job.getStatus(), FAILED));
    }

    static boolean isFinished(Job job) {
        return ending(job).isPresent();
    }

    static boolean isIndexed(Job job) {
        return "Indexed".equals(job.getSpec().getCompletionMode());
    }

    /** Whether each index may fail by itself, without the Job. */
    static boolean limitsEachIndex(Job job) {
        return isIndexed(job) && job.getSpec().getBackoffLimitPerIndex() != null;
    }

    static boolean isSuspended(Job job) {
        return Boolean.TRUE.equals(job.getSpec().getSuspend());
    }

    /** Whether a pod that is on its way out is replaced, and counted, only once it has ended. */
    static boolean waitsForTermination(Job job) {
        return "Failed".equals(job.getSpec().getPodReplacementPolicy())
                || job.getSpec().getPodFailurePolicy() != null;
    }

    static int parallelism(Job job) {
        @Nullable Integer parallelism = job.getSpec().getParallelism();
        return parallelism == null ? 1 : parallelism;
    }

    /** How many pods are to succeed; empty when one success tells the pods to end. */
    static OptionalInt completions(Job job) {
        @Nullable Integer completions = job.getSpec().getCompletions();
        return completions == null ? OptionalInt.empty() : OptionalInt.of(completions);
    }

    static int backoffLimit(Job job) {
        @Nullable Integer limit = job.getSpec().getBackoffLimit();
        return limit == null ? 6 : limit;
    }

    /** Whether somebody else's controller runs this Job. */
    static boolean isManagedElsewhere(Job job) {
        @Nullable String controller = job.getSpec().getManagedBy();
        return controller != null && !controller.equals(OWN_CONTROLLER);
    }

    static Optional<LabelSelector> selector(Job job) {
        return Ownership.selector(job.getSpec().getSelector()).filter(selector -> !selector.isEmpty());
    }
}
