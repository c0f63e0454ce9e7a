package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Persistent volume claims. */
final class VolumeClaimStrategy extends SpecStatusStrategy {

    @Override
    public void applyDefaults(KubeObject claim) {
        Tree.orElse(Tree.child(claim.root(), "spec"), "volumeMode", "Filesystem");
    }

    @Override
    public void prepareForCreate(KubeObject claim) {
        claim.root().putObject("status").put("phase", "Pending");
    }

    @Override
    public void validateCreate(KubeObject claim, List<FieldError> errors) {
        JsonNode spec = claim.at("spec");
        if (spec.path("accessModes").isEmpty()) {
            errors.add(FieldError.required("spec.accessModes", "at least 1 access mode is required"));
        }
        if (!spec.path("resources").path("requests").has("storage")) {
            errors.add(FieldError.required("spec.resources[storage]", ""));
        }
        PodSpecValidation.resources(spec.path("resources"), "spec.resources", errors);
        Check.selector(spec.path("selector"), "spec.selector", errors);
    }

    @Override
    public void validateUpdate(KubeObject claim, KubeObject old, List<FieldError> errors) {
        validateCreate(claim, errors);
        ObjectNode now = Tree.child(claim.root(), "spec").deepCopy();
        ObjectNode before = Tree.child(old.root(), "spec").deepCopy();
        if (Tree.text(before, "volumeName").isEmpty()) {
            // Binding fills these in.
            now.remove("volumeName");
            before.remove("volumeName");
            if (!before.has("storageClassName")) {
                now.remove("storageClassName");
            }
        }
        for (ObjectNode spec : List.of(now, before)) {
            spec.remove("volumeAttributesClassName");
            if (Tree.text(old.at("status"), "phase").equals("Bound")) {
                Tree.child(spec, "resources").remove("requests");
            }
        }
        if (!now.equals(before)) {
            errors.add(FieldError.forbidden(
                    "spec",
                    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound"
                            + " claims"));
        }
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }
}
