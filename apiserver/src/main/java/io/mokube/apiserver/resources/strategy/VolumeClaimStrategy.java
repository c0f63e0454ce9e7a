package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.names.NameFormat;
import io.mokube.machinery.object.KubeObject;
import io.mokube.machinery.quantity.Quantity;
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
        VolumeStrategy.accessModes(spec, "spec.accessModes", "at least 1 access mode is required", errors);
        String size = Tree.text(spec.path("resources").path("requests"), "storage");
        if (size.isEmpty()) {
            errors.add(FieldError.required("spec.resources[storage]", ""));
        } else if (Quantity.parse(size).compareTo(Quantity.ZERO) <= 0) {
            errors.add(FieldError.invalid("spec.resources[storage]", size, "must be greater than zero"));
        }
        Check.optionalName(spec, "storageClassName", NameFormat::dnsSubdomain, "spec", errors);
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
        shrinking(claim, old, errors);
    }

    /**
     * A claim may take back what it asked for while it has not got it yet, but no more than that. One that was given more
     * than it asked for asks for less than it has from the beginning.
     */
    private static void shrinking(KubeObject claim, KubeObject old, List<FieldError> errors) {
        String size = Tree.text(claim.at("spec", "resources", "requests"), "storage");
        String before = Tree.text(old.at("spec", "resources", "requests"), "storage");
        String had = Tree.text(old.at("status", "capacity"), "storage");
        boolean shrinks =
                !size.isEmpty() && !before.isEmpty() && Quantity.parse(size).compareTo(Quantity.parse(before)) < 0;
        if (shrinks && !had.isEmpty() && Quantity.parse(size).compareTo(Quantity.parse(had)) <= 0) {
            errors.add(FieldError.forbidden(
                    "spec.resources.requests.storage", "field can not be less than status.capacity"));
        }
    }

    @Override
    public boolean hasGeneration() {
        return false;
    }
}
