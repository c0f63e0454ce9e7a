package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What must hold of a job's spec, by itself or in the template of a cron job. */
final class JobSpecValidation {

    private static final int MOST_INDEXES = 100_000;
    private static final int MOST_RULES = 20;
    private static final int MOST_EXIT_CODES = 255;
    private static final int LONGEST_MANAGER = 63;
    private static final Set<String> ACTIONS = new TreeSet<>(Set.of("Count", "FailIndex", "FailJob", "Ignore"));
    private static final Set<String> OPERATORS = new TreeSet<>(Set.of("In", "NotIn"));
    private static final Set<String> STATUSES = new TreeSet<>(Set.of("False", "True", "Unknown"));

    private final ObjectNode spec;
    private final String path;
    private final List<FieldError> errors;
    private final boolean indexed;

    private JobSpecValidation(ObjectNode spec, String path, List<FieldError> errors) {
        this.spec = spec;
        this.path = path;
        this.errors = errors;
        this.indexed = Tree.text(spec, "completionMode").equals("Indexed");
    }

    /** Adds what is wrong beside the template. */
    static void validate(ObjectNode spec, String path, List<FieldError> errors) {
        JobSpecValidation validation = new JobSpecValidation(spec, path, errors);
        for (String count : List.of(
                "parallelism",
                "completions",
                "backoffLimit",
                "activeDeadlineSeconds",
                "ttlSecondsAfterFinished",
                "backoffLimitPerIndex",
                "maxFailedIndexes")) {
            Check.notNegative(spec, count, path, errors);
        }
        Check.oneOf(spec, "completionMode", path, Set.of("NonIndexed", "Indexed"), errors);
        validation.indexes();
        validation.manager();
        validation.failurePolicy();
        validation.successPolicy();
        Check.oneOf(
                spec,
                "podReplacementPolicy",
                path,
                spec.has("podFailurePolicy") ? Set.of("Failed") : Set.of("Failed", "TerminatingOrFailed"),
                errors);
    }

    private void invalid(String field, Object value, String detail) {
        errors.add(FieldError.invalid(path + "." + field, value, detail));
    }

    private void indexes() {
        if (spec.has("maxFailedIndexes") && !spec.has("backoffLimitPerIndex")) {
            errors.add(FieldError.required(path + ".backoffLimitPerIndex", "when maxFailedIndexes is specified"));
        }
        if (!indexed) {
            for (String field : List.of("backoffLimitPerIndex", "maxFailedIndexes")) {
                if (spec.has(field)) {
                    invalid(field, spec.path(field), "requires indexed completion mode");
                }
            }
            return;
        }
        long completions = spec.path("completions").asLong(0);
        long parallelism = spec.path("parallelism").asLong(0);
        long maxFailed = spec.path("maxFailedIndexes").asLong(0);
        if (!spec.has("completions")) {
            errors.add(FieldError.required(path + ".completions", "when completion mode is Indexed"));
        } else if (maxFailed > completions) {
            invalid("maxFailedIndexes", maxFailed, "must be less than or equal to completions");
        }
        if (parallelism > MOST_INDEXES) {
            invalid(
                    "parallelism",
                    parallelism,
                    "must be less than or equal to " + MOST_INDEXES + " when completion mode is Indexed");
        }
        if (maxFailed > MOST_INDEXES) {
            invalid("maxFailedIndexes", maxFailed, "must be less than or equal to " + MOST_INDEXES);
        }
        if (completions > MOST_INDEXES && spec.has("backoffLimitPerIndex")) {
            many(parallelism, maxFailed);
        }
    }

    private void many(long parallelism, long maxFailed) {
        int most = MOST_INDEXES / 10;
        String limit = "must be less than or equal to " + most + " when completions are above " + MOST_INDEXES
                + " and used with backoff limit per index";
        if (!spec.has("maxFailedIndexes")) {
            errors.add(FieldError.required(
                    path + ".maxFailedIndexes", "must be specified when completions is above " + MOST_INDEXES));
        }
        if (parallelism > most) {
            invalid("parallelism", parallelism, limit);
        }
        if (maxFailed > most) {
            invalid("maxFailedIndexes", maxFailed, limit);
        }
    }

    private void manager() {
        String manager = Tree.text(spec, "managedBy");
        if (spec.has("managedBy")) {
            Check.domainPath(manager, path + ".managedBy", errors);
            if (manager.length() > LONGEST_MANAGER) {
                errors.add(FieldError.tooLong(path + ".managedBy", LONGEST_MANAGER));
            }
        }
    }

    private void failurePolicy() {
        if (!spec.has("podFailurePolicy")) {
            return;
        }
        Set<String> containers = new HashSet<>();
        JsonNode pod = spec.path("template").path("spec");
        for (String list : List.of("containers", "initContainers")) {
            Tree.items(pod, list).forEach(container -> containers.add(Tree.text(container, "name")));
        }
        List<ObjectNode> rules = Tree.items(spec.path("podFailurePolicy"), "rules");
        tooMany(rules.size(), MOST_RULES, path + ".podFailurePolicy.rules");
        for (int i = 0; i < rules.size(); i++) {
            failureRule(rules.get(i), path + ".podFailurePolicy.rules[" + i + "]", containers);
        }
        String restartPolicy = Tree.text(pod, "restartPolicy");
        if (restartPolicy.equals("OnFailure")) {
            invalid(
                    "template.spec.restartPolicy",
                    restartPolicy,
                    "only \"Never\" is supported when podFailurePolicy is specified");
        }
    }

    private void tooMany(int count, int most, String where) {
        if (count > most) {
            errors.add(new FieldError(
                    FieldError.Type.TOO_MANY, where, "Too many: " + count + ": must have at most " + most + " items"));
        }
    }

    private void failureRule(ObjectNode rule, String where, Set<String> containers) {
        String action = Tree.text(rule, "action");
        chosen(action, ACTIONS, where + ".action");
        if (action.equals("FailIndex") && !spec.has("backoffLimitPerIndex")) {
            errors.add(FieldError.invalid(where + ".action", action, "requires the backoffLimitPerIndex to be set"));
        }
        boolean onExitCodes = rule.has("onExitCodes");
        List<ObjectNode> conditions = Tree.items(rule, "onPodConditions");
        if (onExitCodes) {
            exitCodes(rule.path("onExitCodes"), where + ".onExitCodes", containers);
        }
        tooMany(conditions.size(), MOST_RULES, where + ".onPodConditions");
        for (int i = 0; i < conditions.size(); i++) {
            String condition = where + ".onPodConditions[" + i + "]";
            Check.name(Tree.text(conditions.get(i), "type"), NameFormat::qualifiedName, condition + ".type", errors);
            chosen(Tree.text(conditions.get(i), "status"), STATUSES, condition + ".status");
        }
        if (onExitCodes == !conditions.isEmpty()) {
            errors.add(FieldError.invalid(
                    where,
                    onExitCodes
                            ? "specifying both OnExitCodes and OnPodConditions is not supported"
                            : "specifying one of OnExitCodes and OnPodConditions is required"));
        }
    }

    /** A word that must be given and be one of a few. */
    private void chosen(String word, Set<String> few, String where) {
        if (word.isEmpty()) {
            errors.add(FieldError.required(where, "valid values: [\"" + String.join("\" \"", few) + "\"]"));
        } else if (!few.contains(word)) {
            errors.add(FieldError.notSupported(where, word, few));
        }
    }

    private void exitCodes(JsonNode codes, String where, Set<String> containers) {
        String operator = Tree.text(codes, "operator");
        chosen(operator, OPERATORS, where + ".operator");
        String container = Tree.text(codes, "containerName");
        if (codes.has("containerName") && !containers.contains(container)) {
            errors.add(FieldError.invalid(
                    where + ".containerName",
                    container,
                    "must be one of the container or initContainer names in the pod template"));
        }
        JsonNode values = codes.path("values");
        if (values.isEmpty()) {
            errors.add(FieldError.invalid(where + ".values", Check.show(values), "at least one value is required"));
        }
        tooMany(values.size(), MOST_EXIT_CODES, where + ".values");
        Set<Long> seen = new HashSet<>();
        boolean ordered = true;
        for (int i = 0; i < values.size(); i++) {
            long value = values.get(i).asLong(0);
            if (operator.equals("In") && value == 0) {
                errors.add(
                        FieldError.invalid(where + ".values[" + i + "]", value, "must not be 0 for the In operator"));
            }
            if (!seen.add(value)) {
                errors.add(FieldError.duplicate(where + ".values[" + i + "]", value));
            }
            ordered &= i == 0 || values.get(i - 1).asLong(0) <= value;
        }
        if (!ordered) {
            errors.add(FieldError.invalid(where + ".values", values, "must be ordered"));
        }
    }

    private void successPolicy() {
        if (!spec.has("successPolicy")) {
            return;
        }
        if (!indexed) {
            invalid("successPolicy", spec.path("successPolicy"), "requires indexed completion mode");
            return;
        }
        String where = path + ".successPolicy.rules";
        List<ObjectNode> rules = Tree.items(spec.path("successPolicy"), "rules");
        if (rules.isEmpty()) {
            errors.add(FieldError.required(
                    where, "at least one rules must be specified when the successPolicy is specified"));
        }
        tooMany(rules.size(), MOST_RULES, where);
        for (int i = 0; i < rules.size(); i++) {
            successRule(rules.get(i), where + "[" + i + "]");
        }
    }

    private void successRule(ObjectNode rule, String where) {
        long completions = spec.path("completions").asLong(0);
        if (!rule.has("succeededCount") && !rule.has("succeededIndexes")) {
            errors.add(
                    FieldError.required(where, "at least one of succeededCount or succeededIndexes must be specified"));
        }
        long indexes = rule.has("succeededIndexes")
                ? countIndexes(Tree.text(rule, "succeededIndexes"), completions, where + ".succeededIndexes")
                : completions;
        Check.notNegative(rule, "succeededCount", where, errors);
        long count = rule.path("succeededCount").asLong(0);
        if (count > completions) {
            errors.add(FieldError.invalid(
                    where + ".succeededCount",
                    count,
                    "must be less than or equal to " + completions + " (the number of specified completions)"));
        } else if (count > indexes) {
            errors.add(FieldError.invalid(
                    where + ".succeededCount",
                    count,
                    "must be less than or equal to " + indexes
                            + " (the number of indexes in the specified succeededIndexes field)"));
        }
    }

    /** How many indexes a text such as {@code 1,3-5} names; adds an error when it is none. */
    private long countIndexes(String text, long completions, String where) {
        IndexIntervals indexes = IndexIntervals.parse(text, completions);
        indexes.error()
                .ifPresent(wrong ->
                        errors.add(FieldError.invalid(where, text, "error parsing succeededIndexes: " + wrong)));
        return indexes.count();
    }
}
