package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.selector.LabelSelector;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What deployments, replica sets, stateful sets and daemon sets have in common: a selector and a template it matches. */
abstract class WorkloadStrategy extends SpecStatusStrategy {

    private final String words;

    /**
     * A strategy.
     *
     * @param words the kind as messages name it, such as {@code deployment}
     */
    WorkloadStrategy(String words) {
        this.words = words;
    }

    /** Defaults of the spec beside those of the template. */
    abstract void specDefaults(ObjectNode spec);

    /** Adds what is wrong with the spec beside selector, template and replicas. */
    abstract void validateSpec(ObjectNode spec, List<FieldError> errors);

    /** What pods are really made from: the template, with what the workload adds. */
    ObjectNode podTemplate(ObjectNode spec, ObjectNode template) {
        return template;
    }

    @Override
    public void applyDefaults(KubeObject object) {
        ObjectNode spec = Tree.child(object.root(), "spec");
        specDefaults(spec);
        PodSpecDefaults.applyToTemplate(spec);
    }

    @Override
    public void validateCreate(KubeObject object, List<FieldError> errors) {
        ObjectNode spec = Tree.child(object.root(), "spec");
        Check.notNegative(spec, "replicas", "spec", errors);
        Check.notNegative(spec, "minReadySeconds", "spec", errors);
        Check.notNegative(spec, "revisionHistoryLimit", "spec", errors);
        template(spec, errors);
        validateSpec(spec, errors);
    }

    @Override
    public void validateUpdate(KubeObject object, KubeObject old, List<FieldError> errors) {
        validateCreate(object, errors);
        Check.immutable(object.at("spec"), old.at("spec"), "selector", "spec.selector", errors);
    }

    @Override
    public void validateSubresourceUpdate(
            String subresource, KubeObject object, KubeObject old, List<FieldError> errors) {
        if (!subresource.equals("status")) {
            return;
        }
        JsonNode status = object.at("status");
        for (String count : List.of("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")) {
            Check.notNegative(status, count, "status", errors);
        }
        for (String count : List.of("updatedReplicas", "readyReplicas", "availableReplicas")) {
            atMost(status, count, "replicas", "cannot be greater than status.replicas", errors);
        }
        atMost(status, "availableReplicas", "readyReplicas", "cannot be greater than readyReplicas", errors);
    }

    private static void atMost(JsonNode status, String count, String bound, String sentence, List<FieldError> errors) {
        long value = status.path(count).asLong(0);
        if (value > status.path(bound).asLong(0) && status.has("replicas")) {
            errors.add(FieldError.invalid("status." + count, value, sentence));
        }
    }

    private void template(ObjectNode spec, List<FieldError> errors) {
        JsonNode selector = spec.path("selector");
        LabelSelector parsed = null;
        if (selector.isMissingNode()) {
            errors.add(FieldError.required("spec.selector", ""));
        } else if (selector.path("matchLabels").isEmpty()
                && selector.path("matchExpressions").isEmpty()) {
            errors.add(FieldError.invalid("spec.selector", selector, "empty selector is invalid for " + words));
        } else {
            parsed = Check.selector(selector, "spec.selector", errors);
        }
        if (!(spec.get("template") instanceof ObjectNode template)) {
            errors.add(FieldError.required("spec.template", ""));
            return;
        }
        JsonNode labels = template.path("metadata").path("labels");
        PodTemplates.validate(podTemplate(spec, template), "spec.template", Set.of("Always"), errors);
        if (parsed != null && !parsed.matches(Tree.texts(labels))) {
            errors.add(FieldError.invalid(
                    "spec.template.metadata.labels",
                    labels.isMissingNode() ? "" : labels,
                    "`selector` does not match template `labels`"));
        }
    }

    /** The observed number of replicas, which clients may select by. */
    static Map<String, Function<KubeObject, String>> selectableReplicas() {
        return Map.of(
                "status.replicas",
                object -> Long.toString(object.at("status", "replicas").asLong(0)));
    }
}
