package io.mokube.controllermanager.controllers.statefulset;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetPersistentVolumeClaimRetentionPolicy;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.statefulset.SetPlan.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Who owns a set's claims, and so takes them along: the set when they go with it, the pod when it is scaled away and
 * they go with that, nobody when they are kept. Pure.
 */
final class ClaimOwners {

    private ClaimOwners() {}

    /** The owners of a claim that is made for a pod of the set. */
    static List<OwnerReference> ofNewClaim(StatefulSet set) {
        return goWithSet(set) ? List.of(Ownership.controllerReference(set)) : List.of();
    }

    /**
     * The claim with the owners that it should have; empty when it has them. A claim that still names an earlier set or
     * pod of the same name is left to the garbage collector. One with a foreign controller loses the set and its pod as
     * owners, because only one can decide over it.
     */
    static Optional<Step.UpdateClaim> repaired(StatefulSet set, Pod pod, boolean inRange, PersistentVolumeClaim claim) {
        if (namesAnEarlier(set, claim) || namesAnEarlier(pod, claim)) {
            return Optional.empty();
        }
        List<OwnerReference> ours = new ArrayList<>();
        List<OwnerReference> others = new ArrayList<>();
        for (OwnerReference reference : references(claim)) {
            (names(reference, set) || names(reference, pod) ? ours : others).add(reference);
        }
        boolean foreign =
                (goWithSet(set) || goWhenScaled(set)) && others.stream().anyMatch(ClaimOwners::isController);
        List<OwnerReference> wanted = new ArrayList<>();
        if (!foreign && goWhenScaled(set) && !inRange) {
            wanted.add(Ownership.controllerReference(pod));
        } else if (!foreign && goWithSet(set)) {
            wanted.add(Ownership.controllerReference(set));
        }
        if (wanted.equals(ours)) {
            return Optional.empty();
        }
        others.addAll(wanted);
        return Optional.of(new Step.UpdateClaim(
                new PersistentVolumeClaimBuilder(claim)
                        .editMetadata()
                        .withOwnerReferences(others)
                        .endMetadata()
                        .build(),
                foreign));
    }

    /** Whether a claim goes away with an earlier pod of this name, so that a new pod must not have it. */
    static boolean goesWithEarlierPod(StatefulSet set, String podName, PersistentVolumeClaim claim) {
        return goWhenScaled(set)
                && references(claim).stream()
                        .anyMatch(reference -> "v1".equals(reference.getApiVersion())
                                && "Pod".equals(reference.getKind())
                                && podName.equals(reference.getName()));
    }

    private static boolean goWithSet(StatefulSet set) {
        return isDelete(set, StatefulSetPersistentVolumeClaimRetentionPolicy::getWhenDeleted);
    }

    private static boolean goWhenScaled(StatefulSet set) {
        return isDelete(set, StatefulSetPersistentVolumeClaimRetentionPolicy::getWhenScaled);
    }

    private static boolean isDelete(
            StatefulSet set, Function<StatefulSetPersistentVolumeClaimRetentionPolicy, @Nullable String> when) {
        return Optional.ofNullable(set.getSpec().getPersistentVolumeClaimRetentionPolicy())
                .map(when)
                .filter("Delete"::equals)
                .isPresent();
    }

    private static boolean namesAnEarlier(HasMetadata object, PersistentVolumeClaim claim) {
        return references(claim).stream()
                .anyMatch(reference -> names(reference, object)
                        && !reference.getUid().equals(object.getMetadata().getUid()));
    }

    private static boolean names(OwnerReference reference, HasMetadata object) {
        return object.getApiVersion().equals(reference.getApiVersion())
                && object.getKind().equals(reference.getKind())
                && object.getMetadata().getName().equals(reference.getName());
    }

    private static boolean isController(OwnerReference reference) {
        return Boolean.TRUE.equals(reference.getController());
    }

    private static List<OwnerReference> references(PersistentVolumeClaim claim) {
        @Nullable List<OwnerReference> references = claim.getMetadata().getOwnerReferences();
        return references == null ? List.of() : references;
    }
}
