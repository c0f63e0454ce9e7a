package io.mokube.apiserver.resources.strategy;

import io.mokube.apiserver.resources.ResourceStrategy;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.KubeObject;
import java.util.List;
import java.util.Map;

/** Priority classes. */
final class PriorityClassStrategy implements ResourceStrategy {

    private static final long MAX_USER_PRIORITY = 1_000_000_000;
    private static final Map<String, Long> SYSTEM_CLASSES =
            Map.of("system-node-critical", 2_000_001_000L, "system-cluster-critical", 2_000_000_000L);

    @Override
    public void applyDefaults(KubeObject priorityClass) {
        Tree.orElse(priorityClass.root(), "value", 0);
        Tree.orElse(priorityClass.root(), "preemptionPolicy", "PreemptLowerPriority");
    }

    @Override
    public void validateCreate(KubeObject priorityClass, List<FieldError> errors) {
        String name = priorityClass.name();
        long value = priorityClass.at("value").asLong(0);
        if (name.startsWith("system-")) {
            Long expected = SYSTEM_CLASSES.get(name);
            if (expected == null || expected != value) {
                errors.add(FieldError.forbidden(
                        "metadata.name",
                        "priority class names with 'system-' prefix are reserved for system use only. error: " + name
                                + " is not a known system priority class"));
            }
        } else if (value > MAX_USER_PRIORITY) {
            errors.add(FieldError.forbidden(
                    "value", "maximum allowed value of a user defined priority is " + MAX_USER_PRIORITY));
        }
    }

    @Override
    public void validateUpdate(KubeObject priorityClass, KubeObject old, List<FieldError> errors) {
        if (!Tree.sameField(priorityClass.root(), old.root(), "value")) {
            errors.add(FieldError.forbidden("value", "may not be changed in an update."));
        }
        Check.immutable(priorityClass.root(), old.root(), "preemptionPolicy", "preemptionPolicy", errors);
    }
}
