package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.selector.LabelSelector;
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
        ObjectNode spec = Tree.child(job.root(), "spec");
        validateSpec(spec, "spec", errors);
        selector(job, spec, errors);
        long completions = spec.path("completions").asLong(0);
        if (isIndexed(spec) && completions > 0) {
            String longest = job.name() + "-" + (completions - 1);
            if (NameFormat.dnsLabel(longest).isPresent()) {
                errors.add(FieldError.invalid(
                        "metadata.name", job.name(), "will not able to create pod with invalid DNS label: " + longest));
            }
        }
    }

    static boolean isIndexed(JsonNode spec) {
        return Tree.text(spec, "completionMode").equals("Indexed");
    }

    /** The selector must be the one that is made for the job, or its user's own choice; its pods must match it. */
    private static void selector(KubeObject job, ObjectNode spec, List<FieldError> errors) {
        JsonNode selector = spec.path("selector");
        if (selector.isMissingNode()) {
            errors.add(FieldError.required("spec.selector", ""));
            return;
        }
        LabelSelector parsed = Check.selector(selector, "spec.selector", errors);
        if (parsed == null) {
            return;
        }
        Map<String, String> labels =
                Tree.texts(spec.path("template").path("metadata").path("labels"));
        if (!spec.path("manualSelector").asBoolean(false)
                && !job.uid().isEmpty()
                && !parsed.matches(Map.of(
                        "controller-uid", job.uid(),
                        "batch.kubernetes.io/controller-uid", job.uid(),
                        "job-name", job.name(),
                        "batch.kubernetes.io/job-name", job.name()))) {
            errors.add(FieldError.invalid("spec.selector", selector, "`selector` not auto-generated"));
        } else if (!parsed.matches(labels)) {
            errors.add(FieldError.invalid(
                    "spec.template.metadata.labels",
                    Check.show(spec.path("template").path("metadata").path("labels")),
                    "`selector` does not match template `labels`"));
        }
    }

    /** Adds what is wrong with the spec of a job or of a cron job's template. */
    static void validateSpec(ObjectNode spec, String path, List<FieldError> errors) {
        JobSpecValidation.validate(spec, path, errors);
        if (!(spec.get("template") instanceof ObjectNode template)) {
            errors.add(FieldError.required(path + ".template", ""));
            return;
        }
        PodTemplates.validate(template, path + ".template", RESTART_POLICIES, errors);
    }

    @Override
    public void validateUpdate(KubeObject job, KubeObject old, List<FieldError> errors) {
        ObjectNode spec = Tree.child(job.root(), "spec");
        validateSpec(spec, "spec", errors);
        for (String field : List.of(
                "selector",
                "completionMode",
                "podFailurePolicy",
                "backoffLimitPerIndex",
                "managedBy",
                "successPolicy")) {
            Check.immutable(spec, old.at("spec"), field, "spec." + field, errors);
        }
        if (!isIndexed(old.at("spec"))) {
            Check.immutable(spec, old.at("spec"), "completions", "spec.completions", errors);
        } else if (!Tree.sameField(spec, old.at("spec"), "completions")
                && spec.has("completions")
                && !spec.path("completions").equals(spec.path("parallelism"))) {
            errors.add(FieldError.invalid(
                    "spec.completions",
                    spec.path("completions"),
                    "can only be modified in tandem with spec.parallelism"));
        }
        template(job, old, errors);
    }

    @Override
    public void validateSubresourceUpdate(String subresource, KubeObject job, KubeObject old, List<FieldError> errors) {
        if (subresource.equals("status")) {
            JobStatusValidation.validate(job, old, errors);
        }
    }

    /** The template never changes, but for where pods may run and what they get, while the job is suspended for sure. */
    private static void template(KubeObject job, KubeObject old, List<FieldError> errors) {
        JsonNode now = job.at("spec", "template");
        JsonNode before = old.at("spec", "template");
        if (isAtRest(old)
                && now instanceof ObjectNode changed
                && before instanceof ObjectNode kept
                && withoutChoices(changed).equals(withoutChoices(kept))) {
            return;
        }
        if (!Tree.same(now, before)) {
            errors.add(FieldError.invalid("spec.template", now, "field is immutable"));
        }
    }

    private static boolean isAtRest(KubeObject job) {
        boolean suspended = job.at("spec", "suspend").asBoolean(false);
        boolean never = !job.at("status").has("startTime");
        boolean marked = Tree.items(job.at("status"), "conditions").stream()
                .anyMatch(condition -> Tree.text(condition, "type").equals("Suspended")
                        && Tree.text(condition, "status").equals("True"));
        return suspended && (never || marked) && job.at("status", "active").asLong(0) == 0;
    }

    private static ObjectNode withoutChoices(ObjectNode template) {
        ObjectNode rest = template.deepCopy();
        ObjectNode metadata = Tree.child(rest, "metadata");
        metadata.remove("labels");
        metadata.remove("annotations");
        ObjectNode spec = Tree.child(rest, "spec");
        spec.remove("nodeSelector");
        spec.remove("tolerations");
        spec.remove("schedulingGates");
        if (spec.get("affinity") instanceof ObjectNode affinity) {
            affinity.remove("nodeAffinity");
            if (affinity.isEmpty()) {
                spec.remove("affinity");
            }
        }
        for (String list : List.of("containers", "initContainers")) {
            Tree.items(spec, list).forEach(container -> container.remove("resources"));
        }
        return rest;
    }

    @Override
    public Map<String, Function<KubeObject, String>> selectableFields() {
        return Map.of(
                "status.successful",
                job -> Long.toString(job.at("status", "succeeded").asLong(0)));
    }
}
