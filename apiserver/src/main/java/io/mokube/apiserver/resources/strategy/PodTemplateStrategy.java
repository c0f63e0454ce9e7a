package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** Pod templates that stand alone. */
final class PodTemplateStrategy implements ResourceStrategy {

    @Override
    public void applyDefaults(KubeObject object) {
        PodSpecDefaults.applyToTemplate(object.root());
    }

    @Override
    public void validateCreate(KubeObject object, List<FieldError> errors) {
        if (object.root().get("template") instanceof ObjectNode template) {
            PodTemplates.validate(template, "template", PodSpecValidation.RESTART_POLICIES, errors);
        }
    }

    @Override
    public void validateUpdate(KubeObject object, KubeObject old, List<FieldError> errors) {
        validateCreate(object, errors);
    }
}
