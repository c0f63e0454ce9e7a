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

/** Replication controllers, whose selector is a plain map that the template's labels may stand in for. */
final class ReplicationControllerStrategy extends SpecStatusStrategy {

    @Override
    public void applyDefaults(KubeObject object) {
        ObjectNode spec = Tree.child(object.root(), "spec");
        Tree.orElse(spec, "replicas", 1);
        JsonNode labels = spec.path("template").path("metadata").path("labels");
        if (labels.isObject()) {
            if (spec.path("selector").isEmpty()) {
                spec.set("selector", labels.deepCopy());
            }
            if (object.labels().isEmpty()) {
                object.metadata().set("labels", labels.deepCopy());
            }
        }
        PodSpecDefaults.applyToTemplate(spec);
    }

    @Override
    public void validateCreate(KubeObject object, List<FieldError> errors) {
        ObjectNode spec = Tree.child(object.root(), "spec");
        Check.notNegative(spec, "replicas", "spec", errors);
        Check.notNegative(spec, "minReadySeconds", "spec", errors);
        if (spec.path("selector").isEmpty()) {
            errors.add(FieldError.required("spec.selector", ""));
        }
        if (!(spec.get("template") instanceof ObjectNode template)) {
            errors.add(FieldError.required("spec.template", ""));
            return;
        }
        PodTemplates.validate(template, "spec.template", Set.of("Always"), errors);
        Map<String, String> labels = Tree.texts(template.path("metadata").path("labels"));
        if (!LabelSelector.ofLabels(Tree.texts(spec.path("selector"))).matches(labels)) {
            errors.add(FieldError.invalid(
                    "spec.template.metadata.labels",
                    template.path("metadata").path("labels"),
                    "`selector` does not match template `labels`"));
        }
    }

    @Override
    public void validateUpdate(KubeObject object, KubeObject old, List<FieldError> errors) {
        validateCreate(object, errors);
    }

    @Override
    public Map<String, Function<KubeObject, String>> selectableFields() {
        return WorkloadStrategy.selectableReplicas();
    }
}
