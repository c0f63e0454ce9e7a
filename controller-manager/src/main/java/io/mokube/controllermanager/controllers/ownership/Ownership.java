package io.mokube.controllermanager.controllers.ownership;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads and writes the ties between an owner and its dependents. Pure. */
public final class Ownership {

    private Ownership() {}

    public static ObjectKey key(HasMetadata object) {
        return new ObjectKey(namespace(object), object.getMetadata().getName());
    }

    /** Whether two objects of one kind are the same one, and not namesakes. */
    public static boolean isSame(HasMetadata one, HasMetadata other) {
        return one.getMetadata().getUid().equals(other.getMetadata().getUid());
    }

    /** The namespace, {@code ""} for cluster-scoped objects. */
    public static String namespace(HasMetadata object) {
        @Nullable String namespace = object.getMetadata().getNamespace();
        return namespace == null ? "" : namespace;
    }

    /** The owner marked as the controller; there is at most one. */
    public static Optional<OwnerReference> controllerOf(HasMetadata object) {
        @Nullable List<OwnerReference> owners = object.getMetadata().getOwnerReferences();
        if (owners != null) {
            for (OwnerReference owner : owners) {
                if (Boolean.TRUE.equals(owner.getController())) {
                    return Optional.of(owner);
                }
            }
        }
        return Optional.empty();
    }

    public static boolean isControlledBy(HasMetadata object, HasMetadata owner) {
        return controllerOf(object)
                .filter(reference ->
                        reference.getUid().equals(owner.getMetadata().getUid()))
                .isPresent();
    }

    /** The reference a dependent carries to its controller; deleting the owner in the foreground waits for it. */
    public static OwnerReference controllerReference(HasMetadata owner) {
        return new OwnerReferenceBuilder()
                .withApiVersion(owner.getApiVersion())
                .withKind(owner.getKind())
                .withName(owner.getMetadata().getName())
                .withUid(owner.getMetadata().getUid())
                .withController(true)
                .withBlockOwnerDeletion(true)
                .build();
    }

    public static boolean isBeingDeleted(HasMetadata object) {
        @Nullable String deletionTimestamp = object.getMetadata().getDeletionTimestamp();
        return deletionTimestamp != null;
    }

    public static Map<String, String> labels(HasMetadata object) {
        @Nullable Map<String, String> labels = object.getMetadata().getLabels();
        return labels == null ? Map.of() : labels;
    }

    public static Map<String, String> annotations(HasMetadata object) {
        @Nullable Map<String, String> annotations = object.getMetadata().getAnnotations();
        return annotations == null ? Map.of() : annotations;
    }

    /** The revision of the object's last write, 0 when it was never written. */
    public static long revision(HasMetadata object) {
        @Nullable String resourceVersion = object.getMetadata().getResourceVersion();
        return resourceVersion == null || resourceVersion.isEmpty() ? 0 : Long.parseLong(resourceVersion);
    }

    public static long generation(HasMetadata object) {
        @Nullable Long generation = object.getMetadata().getGeneration();
        return generation == null ? 0 : generation;
    }

    public static int orZero(@Nullable Integer value) {
        return value == null ? 0 : value;
    }

    /**
     * The selector an object carries. No selector at all selects nothing, so an owner without one claims nothing.
     *
     * @return empty when there is none, or none that can be understood
     */
    public static Optional<LabelSelector> selector(io.fabric8.kubernetes.api.model.@Nullable LabelSelector selector) {
        if (selector == null) {
            return Optional.empty();
        }
        List<LabelSelector.Requirement> requirements = new ArrayList<>();
        @Nullable Map<String, String> labels = selector.getMatchLabels();
        if (labels != null) {
            requirements.addAll(LabelSelector.ofLabels(labels).requirements());
        }
        @Nullable List<LabelSelectorRequirement> expressions = selector.getMatchExpressions();
        try {
            if (expressions != null) {
                for (LabelSelectorRequirement expression : expressions) {
                    @Nullable List<String> values = expression.getValues();
                    requirements.add(LabelSelector.requirement(
                            expression.getKey(), expression.getOperator(), values == null ? List.of() : values));
                }
            }
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        return Optional.of(new LabelSelector(requirements));
    }
}
