package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Jobs, whose selector is made from their UID. */
final class JobStrategy extends SpecStatusStrategy {

    private static final Set<String> RESTART_POLICIES = Set.of("OnFailure", "Never");

    @Override
    public void applyDefaults(KubeObject job) {
        ObjectNode spec = Tree.child(job.root(), "spec");
        if (!spec.has("completions") && !spec.has("parallelism")) {
            spec.put("completions", 1);
        }
        Tree.orElse(spec, "parallelism", 1);
        Tree.orElse(spec, "backoffLimit", spec.has("backoffLimitPerIndex") ? Integer.MAX_VALUE : 6);
        Tree.orElse(spec, "completionMode", "NonIndexed");
        Tree.orElse(spec, "suspend", false);
        Tree.orElse(spec, "manualSelector", false);
        Tree.orElse(spec, "podReplacementPolicy", spec.has("podFailurePolicy") ? "Failed" : "TerminatingOrFailed");
        JsonNode labels = spec.path("template").path("metadata").path("labels");
        if (job.labels().isEmpty() && !labels.isEmpty()) {
            job.metadata().set("labels", labels.deepCopy());
        }
        PodSpecDefaults.applyToTemplate(spec);
    }

    @Override
    public void prepareForCreate(KubeObject job) {
        super.prepareForCreate(job);
        ObjectNode spec = Tree.child(job.root(), "spec");
        if (spec.path("manualSelector").asBoolean(false)
                || job.uid().isEmpty()
                || !(spec.get("template") instanceof ObjectNode template)) {
            return;
        }
        ObjectNode labels = Tree.child(Tree.child(template, "metadata"), "labels");
        labels.put("controller-uid", job.uid());
        labels.put("batch.kubernetes.io/controller-uid", job.uid());
        labels.put("job-name", job.name());
        labels.put("batch.kubernetes.io/job-name", job.name());
        Tree.child(Tree.child(spec, "selector"), "matchLabels").put("batch.kubernetes.io/controller-uid", job.uid());
    }

    @Override
    public void validateCreate(KubeObject job, List<FieldError> errors) {
        validateSpec(Tree.child(job.root(), "spec"), "spec", errors);
    }

    /** Adds what is wrong with the spec of a job or of a cron job's template. */
    static void validateSpec(ObjectNode spec, String path, List<FieldError> errors) {
        for (String count : List.of(
                "parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished")) {
            Check.notNegative(spec, count, path, errors);
        }
        Check.oneOf(spec, "completionMode", path, Set.of("NonIndexed", "Indexed"), errors);
        if (Tree.text(spec, "completionMode").equals("Indexed") && !spec.has("completions")) {
            errors.add(FieldError.required(path + ".completions", "when completion mode is Indexed"));
        }
        if (!(spec.get("template") instanceof ObjectNode template)) {
            errors.add(FieldError.required(path + ".template", ""));
            return;
        }
        PodTemplates.validate(template, path + ".template", RESTART_POLICIES, errors);
    }

    @Override
    public void validateUpdate(KubeObject job, KubeObject old, List<FieldError> errors) {
        validateCreate(job, errors);
        Check.immutable(job.at("spec"), old.at("spec"), "selector", "spec.selector", errors);
        Check.immutable(job.at("spec"), old.at("spec"), "completionMode", "spec.completionMode", errors);
        boolean indexed = Tree.text(old.at("spec"), "completionMode").equals("Indexed");
        if (!indexed) {
            Check.immutable(job.at("spec"), old.at("spec"), "completions", "spec.completions", errors);
        }
        boolean waits =
                old.at("spec", "suspend").asBoolean(false) && !old.at("status").has("startTime");
        if (!waits) {
            Check.immutable(job.at("spec"), old.at("spec"), "template", "spec.template", errors);
        }
    }

    @Override
    public Map<String, Function<KubeObject, String>> selectableFields() {
        return Map.of(
                "status.successful",
                job -> Long.toString(job.at("status", "succeeded").asLong(0)));
    }
}
