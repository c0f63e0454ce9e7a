package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What the status of a Job may become. Jobs may be another controller's business ({@code spec.managedBy}), and whoever waits
 * for one relies on it that an end is final and that counts only grow.
 *
 * <p>Most rules look only at what an update changes, as in Kubernetes: a status that broke one because of a change of the
 * spec can still be mended step by step.
 */
final class JobStatusValidation {

    private static final String CONDITIONS = "status.conditions";
    private static final String COMPLETE = "Complete";
    private static final String FAILED = "Failed";
    private static final String FAILURE_TARGET = "FailureTarget";
    private static final String SUCCESS_CRITERIA_MET = "SuccessCriteriaMet";

    private final JsonNode spec;
    private final JsonNode status;
    private final JsonNode old;
    private final List<FieldError> errors;

    private final boolean complete;
    private final boolean failed;
    private final boolean failing;
    private final boolean succeeding;

    private JobStatusValidation(KubeObject job, KubeObject old, List<FieldError> errors) {
        this.spec = job.at("spec");
        this.status = job.at("status");
        this.old = old.at("status");
        this.errors = errors;
        this.complete = isTrue(status, COMPLETE);
        this.failed = isTrue(status, FAILED);
        this.failing = isTrue(status, FAILURE_TARGET);
        this.succeeding = isTrue(status, SUCCESS_CRITERIA_MET);
    }

    /** Adds what is wrong with a new status. */
    static void validate(KubeObject job, KubeObject old, List<FieldError> errors) {
        JobStatusValidation validation = new JobStatusValidation(job, old, errors);
        validation.counts();
        validation.uncounted();
        validation.conditions();
        validation.times();
        validation.end();
        validation.indexes();
        validation.readyPods();
        validation.transitions();
    }

    private void counts() {
        for (String count : List.of("active", "succeeded", "failed", "ready", "terminating")) {
            Check.notNegative(status, count, "status", errors);
        }
    }

    private void uncounted() {
        Set<String> seen = new HashSet<>();
        for (String list : List.of("succeeded", "failed")) {
            int i = 0;
            for (JsonNode each : status.path("uncountedTerminatedPods").path(list)) {
                String path = "status.uncountedTerminatedPods." + list + "[" + i++ + "]";
                String uid = each.asString("");
                if (uid.isEmpty()) {
                    errors.add(FieldError.invalid(path, uid, "must not be empty"));
                } else if (!seen.add(uid)) {
                    errors.add(FieldError.duplicate(path, uid));
                }
            }
        }
    }

    private void conditions() {
        boolean completeChanged = changed(COMPLETE);
        boolean failedChanged = changed(FAILED);
        boolean failingChanged = changed(FAILURE_TARGET);
        refuse(
                (completeChanged || failedChanged) && complete && failed,
                "cannot set Complete=True and Failed=true conditions");
        refuse(
                (completeChanged || failingChanged) && complete && failing,
                "cannot set Complete=True and FailureTarget=true conditions");
        refuse(
                (failedChanged || failingChanged) && failed && !failing,
                "cannot set Failed=True condition without the FailureTarget=true condition");
        refuse(
                (completeChanged || changed(SUCCESS_CRITERIA_MET)) && complete && !succeeding,
                "cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
        refuse(succeeding && failed, "cannot set SuccessCriteriaMet=True and Failed=true conditions");
        refuse(succeeding && failing, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
        refuse(
                spec.has("successPolicy") && complete && !succeeding,
                "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True");
    }

    private void times() {
        JsonNode completion = status.path("completionTime");
        boolean completionChanged = changedField("completionTime");
        if (changed(COMPLETE) || completionChanged) {
            if (!completion.isMissingNode() && !complete) {
                invalid("completionTime", "cannot set completionTime when there is no Complete=True condition");
            }
            if (completion.isMissingNode() && complete) {
                required("completionTime", "completionTime is required for Complete jobs");
            }
        }
        Optional<Instant> start = time(status, "startTime");
        Optional<Instant> end = time(status, "completionTime");
        if ((completionChanged || changedField("startTime"))
                && start.isPresent()
                && end.isPresent()
                && end.get().isBefore(start.get())) {
            invalid("completionTime", "completionTime cannot be set before startTime");
        }
    }

    private void end() {
        boolean finished = complete || failed;
        boolean finishedChanged = finished != (isTrue(old, COMPLETE) || isTrue(old, FAILED));
        if (!finished) {
            return;
        }
        if ((finishedChanged || changedCount("active")) && count(status, "active") > 0) {
            invalid("active", "active>0 is invalid for finished job");
        }
        if ((finishedChanged || changedField("startTime")) && !status.has("startTime")) {
            required("startTime", "startTime is required for finished job");
        }
        if ((finishedChanged || changedField("uncountedTerminatedPods")) && hasUncounted()) {
            invalid("uncountedTerminatedPods", "uncountedTerminatedPods needs to be empty for finished job");
        }
        if ((finishedChanged || changedCount("terminating")) && count(status, "terminating") > 0) {
            invalid("terminating", "terminating>0 is invalid for finished job");
        }
    }

    private boolean hasUncounted() {
        JsonNode uncounted = status.path("uncountedTerminatedPods");
        return !uncounted.path("succeeded").isEmpty()
                || !uncounted.path("failed").isEmpty();
    }

    private void indexes() {
        boolean completedChanged = !Tree.text(status, "completedIndexes").equals(Tree.text(old, "completedIndexes"));
        boolean failedChanged = changedField("failedIndexes");
        long completions = count(spec, "completions");
        IndexIntervals completed = IndexIntervals.parse(Tree.text(status, "completedIndexes"), completions);
        IndexIntervals failedOnes = IndexIntervals.parse(Tree.text(status, "failedIndexes"), completions);
        if (completedChanged && spec.has("completions")) {
            completed
                    .error()
                    .ifPresent(error -> invalid("completedIndexes", "error parsing completedIndexes: " + error));
        }
        boolean limited = spec.has("backoffLimitPerIndex");
        if (failedChanged && spec.has("completions") && limited) {
            failedOnes.error().ifPresent(error -> invalid("failedIndexes", "error parsing failedIndexes: " + error));
        }
        if (completedChanged && !Tree.text(status, "completedIndexes").isEmpty() && !JobStrategy.isIndexed(spec)) {
            invalid("completedIndexes", "cannot set non-empty completedIndexes when non-indexed completion mode");
        }
        if (failedChanged && !limited && status.has("failedIndexes")) {
            invalid("failedIndexes", "cannot set non-null failedIndexes when backoffLimitPerIndex is null");
        }
        if ((completedChanged || failedChanged) && spec.has("completions")) {
            completed
                    .firstCommon(failedOnes)
                    .ifPresent(index ->
                            invalid("failedIndexes", "failedIndexes and completedIndexes overlap at index: " + index));
        }
    }

    private void readyPods() {
        if ((changedCount("ready") || changedCount("active")) && count(status, "ready") > count(status, "active")) {
            invalid("ready", "cannot set more ready pods than active");
        }
    }

    private void transitions() {
        for (String end : List.of(FAILED, COMPLETE, FAILURE_TARGET)) {
            refuse(isTrue(old, end) && !isTrue(status, end), "cannot disable the terminal " + end + "=True condition");
        }
        refuse(
                isTrue(old, SUCCESS_CRITERIA_MET) && !succeeding,
                "cannot disable the SuccessCriteriaMet=True condition");
        refuse(
                isTrue(old, COMPLETE) && !isTrue(old, SUCCESS_CRITERIA_MET) && succeeding,
                "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions");
        if (count(status, "failed") < count(old, "failed")) {
            errors.add(
                    FieldError.invalid("status.failed", count(status, "failed"), "cannot decrease the failed counter"));
        }
        // Indexes beyond the completions are no successes any more. Kubernetes looks at the parallelism alone, which
        // was equal
        // when the completions became fewer; but it may have changed again since.
        boolean mayShrink = JobStrategy.isIndexed(spec)
                && (spec.path("completions").equals(spec.path("parallelism"))
                        || IndexIntervals.parse(Tree.text(old, "completedIndexes"), count(spec, "completions"))
                                .error()
                                .isPresent());
        if (!mayShrink && count(status, "succeeded") < count(old, "succeeded")) {
            errors.add(FieldError.invalid(
                    "status.succeeded", count(status, "succeeded"), "cannot decrease the succeeded counter"));
        }
        if (status.has("completionTime") && old.has("completionTime") && changedField("completionTime")) {
            invalid("completionTime", "completionTime cannot be mutated");
        }
        if (old.has("startTime")
                && changedField("startTime")
                && !spec.path("suspend").asBoolean(false)) {
            invalid("startTime", "field is immutable for unsuspended job once set");
        }
    }

    private void refuse(boolean wrong, String detail) {
        if (wrong) {
            errors.add(FieldError.invalid(CONDITIONS, detail));
        }
    }

    private void invalid(String field, String detail) {
        errors.add(FieldError.invalid("status." + field, Check.show(status.path(field)), detail));
    }

    private void required(String field, String detail) {
        errors.add(FieldError.required("status." + field, detail));
    }

    private boolean changed(String condition) {
        return isTrue(status, condition) != isTrue(old, condition);
    }

    private boolean changedField(String field) {
        return !Tree.sameField(status, old, field);
    }

    private boolean changedCount(String field) {
        return count(status, field) != count(old, field);
    }

    private static long count(JsonNode parent, String field) {
        return parent.path(field).asLong(0);
    }

    private static Optional<Instant> time(JsonNode status, String field) {
        try {
            return status.has(field) ? Optional.of(Instant.parse(Tree.text(status, field))) : Optional.empty();
        } catch (DateTimeException e) { // the schema has said so
            return Optional.empty();
        }
    }

    private static boolean isTrue(JsonNode status, String type) {
        for (ObjectNode condition : Tree.items(status, "conditions")) {
            if (Tree.text(condition, "type").equals(type)
                    && Tree.text(condition, "status").equals("True")) {
                return true;
            }
        }
        return false;
    }
}
