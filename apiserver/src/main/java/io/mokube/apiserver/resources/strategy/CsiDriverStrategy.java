package io.mokube.apiserver.resources.strategy;

import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.node.ObjectNode;

/** CSI drivers. */
final class CsiDriverStrategy extends SpecStatusStrategy {

    private static final int LONGEST_NAME = 63;

    @Override
    public void applyDefaults(KubeObject driver) {
        ObjectNode spec = Tree.child(driver.root(), "spec");
        Tree.orElse(spec, "attachRequired", true);
        Tree.orElse(spec, "podInfoOnMount", false);
        Tree.orElse(spec, "storageCapacity", false);
        Tree.orElse(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
        if (spec.path("volumeLifecycleModes").isEmpty()) {
            spec.putArray("volumeLifecycleModes").add("Persistent");
        }
        Tree.orElse(spec, "requiresRepublish", false);
        Tree.orElse(spec, "seLinuxMount", false);
    }

    @Override
    public void validateCreate(KubeObject driver, List<FieldError> errors) {
        if (driver.name().length() > LONGEST_NAME) {
            errors.add(FieldError.tooLong("metadata.name", LONGEST_NAME));
        }
        Check.oneOf(
                driver.at("spec"), "fsGroupPolicy", "spec", Set.of("File", "None", "ReadWriteOnceWithFSType"), errors);
        Set<String> modes = Set.of("Ephemeral", "Persistent");
        driver.at("spec", "volumeLifecycleModes").forEach(mode -> {
            if (!modes.contains(mode.asString(""))) {
                errors.add(FieldError.notSupported(
                        "spec.volumeLifecycleModes",
                        mode.asString(""),
                        modes.stream().sorted().toList()));
            }
        });
    }

    @Override
    public void validateUpdate(KubeObject driver, KubeObject old, List<FieldError> errors) {
        validateCreate(driver, errors);
        for (String field : List.of("attachRequired", "fsGroupPolicy", "volumeLifecycleModes")) {
            Check.immutable(driver.at("spec"), old.at("spec"), field, "spec." + field, errors);
        }
    }
}
