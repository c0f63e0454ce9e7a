package io.mokube.controllermanager.controllers.batch;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.ownership.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Whether a Job goes on. Once decided it is in the status, as FailureTarget or SuccessCriteriaMet, and stays. Pure. */
sealed interface Verdict {

    /** A century: what is longer would not fit a timer. */
    long LONGEST_SECONDS = Duration.ofDays(36_525).toSeconds();

    record GoesOn() implements Verdict {}

    record Succeeds(String reason, String message) implements Verdict {}

    record Fails(String reason, String message) implements Verdict {}

    /** The condition that makes this known before the last pods are gone; empty for a Job that goes on. */
    default Optional<JobCondition> first(Instant now) {
        return switch (this) {
            case GoesOn() -> Optional.empty();
            case Succeeds(String reason, String message) ->
                Optional.of(JobFacts.condition(JobFacts.SUCCESS_CRITERIA_MET, "True", reason, message, now));
            case Fails(String reason, String message) ->
                Optional.of(JobFacts.condition(JobFacts.FAILURE_TARGET, "True", reason, message, now));
        };
    }

    /** The condition that ends the Job; empty for a Job that goes on. */
    default Optional<JobCondition> last(Instant now) {
        return switch (this) {
            case GoesOn() -> Optional.empty();
            case Succeeds(String reason, String message) ->
                Optional.of(JobFacts.condition(JobFacts.COMPLETE, "True", reason, message, now));
            case Fails(String reason, String message) ->
                Optional.of(JobFacts.condition(JobFacts.FAILED, "True", reason, message, now));
        };
    }

    /** Decides in the order that Kubernetes does: what the status says already, failures, successes. */
    static Verdict of(JobTally tally, Instant now) {
        Job job = tally.job();
        @Nullable JobStatus status = job.getStatus();
        return JobFacts.isTrue(status, JobFacts.SUCCESS_CRITERIA_MET)
                .<Verdict>map(met -> new Succeeds(reason(met), message(met)))
                .or(() -> JobFacts.isTrue(status, JobFacts.FAILURE_TARGET)
                        .map(target -> new Fails(reason(target), message(target))))
                .or(() -> failure(tally, now))
                .or(() -> success(tally))
                .orElseGet(GoesOn::new);
    }

    private static String reason(JobCondition condition) {
        return Objects.requireNonNullElse(condition.getReason(), "");
    }

    private static String message(JobCondition condition) {
        return Objects.requireNonNullElse(condition.getMessage(), "");
    }

    private static Optional<Verdict> failure(JobTally tally, Instant now) {
        Job job = tally.job();
        for (Pod pod : tally.pods()) {
            if (JobPod.hasFailed(pod, job)
                    && FailureHandling.of(job, pod) instanceof FailureHandling.FailJob(String message)) {
                return Optional.of(new Fails("PodFailurePolicy", message));
            }
        }
        if (tally.failed() > JobFacts.backoffLimit(job) || restartedTooOften(tally)) {
            return Optional.of(new Fails("BackoffLimitExceeded", "Job has reached the specified backoff limit"));
        }
        if (untilDeadline(job, now).filter(left -> !left.isPositive()).isPresent()) {
            return Optional.of(new Fails("DeadlineExceeded", "Job was active longer than specified deadline"));
        }
        int failed = tally.failedIndexes().size();
        @Nullable Integer most = job.getSpec().getMaxFailedIndexes();
        if (most != null && failed > most) {
            return Optional.of(new Fails(
                    "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes"));
        }
        boolean allEnded = failed + (long) tally.succeededIndexes().size()
                >= JobFacts.completions(job).orElse(Integer.MAX_VALUE);
        return failed > 0 && allEnded
                ? Optional.of(new Fails("FailedIndexes", "Job has failed indexes"))
                : Optional.empty();
    }

    /** Whether containers that are restarted in their pods were so as often as pods might have failed. */
    private static boolean restartedTooOften(JobTally tally) {
        Job job = tally.job();
        if (!"OnFailure".equals(job.getSpec().getTemplate().getSpec().getRestartPolicy())) {
            return false;
        }
        int restarts = tally.pods().stream()
                .filter(pod -> !PodFacts.isFinished(pod))
                .mapToInt(JobPod::restarts)
                .sum();
        return restarts >= Math.max(1, JobFacts.backoffLimit(job));
    }

    /** How long the Job may still be active; empty when there is no deadline, or it does not run. */
    static Optional<Duration> untilDeadline(Job job, Instant now) {
        @Nullable Long seconds = job.getSpec().getActiveDeadlineSeconds();
        if (seconds == null || JobFacts.isSuspended(job)) {
            return Optional.empty();
        }
        Instant start = Optional.ofNullable(job.getStatus())
                .flatMap(status -> Times.parse(status.getStartTime()))
                .orElse(now);
        return Optional.of(Duration.between(now, start.plusSeconds(Math.min(seconds, LONGEST_SECONDS))));
    }

    private static Optional<Verdict> success(JobTally tally) {
        Optional<Verdict> byPolicy = SuccessRules.met(tally.job(), tally.succeededIndexes())
                .map(message -> new Succeeds("SuccessPolicy", message));
        if (byPolicy.isPresent()) {
            return byPolicy;
        }
        OptionalInt completions = JobFacts.completions(tally.job());
        boolean enough = completions.isPresent()
                ? tally.succeeded() >= completions.getAsInt()
                // One success tells the others to end; they are waited for.
                : tally.succeeded() > 0 && tally.active().isEmpty();
        return enough
                ? Optional.of(new Succeeds("CompletionsReached", "Reached expected number of succeeded pods"))
                : Optional.empty();
    }
}
