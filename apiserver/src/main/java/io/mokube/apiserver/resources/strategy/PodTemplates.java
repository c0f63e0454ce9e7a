package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.validation.ObjectMetaValidation;
import io.mokube.machinery.error.FieldError;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.node.ObjectNode;

/** What must hold of the template of pods in a workload. */
final class PodTemplates {

    private PodTemplates() {}

    /** Adds what is wrong with a template, whose pods may have only some restart policies. */
    static void validate(ObjectNode template, String path, Set<String> restartPolicies, List<FieldError> errors) {
        ObjectMetaValidation.labels(
                path + ".metadata.labels", Tree.texts(template.path("metadata").path("labels")), errors);
        ObjectMetaValidation.annotations(
                path + ".metadata.annotations",
                Tree.texts(template.path("metadata").path("annotations")),
                errors);
        ObjectNode spec = Tree.child(template, "spec");
        PodSpecValidation.validate(spec, path + ".spec", errors);
        String restartPolicy = Tree.text(spec, "restartPolicy");
        if (restartPolicy.equals("Always") && !restartPolicies.contains(restartPolicy)) {
            // It may be the default: what is missing is a choice.
            errors.add(FieldError.required(path + ".spec.restartPolicy", "valid values: \"OnFailure\", \"Never\""));
        } else if (PodSpecValidation.RESTART_POLICIES.contains(restartPolicy)
                && !restartPolicies.contains(restartPolicy)) {
            errors.add(FieldError.notSupported(
                    path + ".spec.restartPolicy", restartPolicy, new TreeSet<>(restartPolicies)));
        }
        if (!spec.path("ephemeralContainers").isEmpty()) {
            errors.add(FieldError.forbidden(
                    path + ".spec.ephemeralContainers", "ephemeral containers not allowed in pod template"));
        }
        if (restartPolicies.contains("Always") && spec.has("activeDeadlineSeconds")) {
            errors.add(FieldError.forbidden(
                    path + ".spec.activeDeadlineSeconds", "activeDeadlineSeconds in this workload is not Supported"));
        }
    }
}
