package io.mokube.controllermanager.controllers.volumes;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimStatus;
import io.fabric8.kubernetes.api.model.PersistentVolumeStatus;
import io.fabric8.kubernetes.api.model.VolumeResourceRequirements;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.quantity.Quantity;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What claims and volumes say about themselves and one another. Pure. */
public final class Claims {

    /** The claim's first binding is over; what is amiss from now on is a loss. */
    static final String BIND_COMPLETED = "pv.kubernetes.io/bind-completed";

    /** The controller chose, and may take it back. */
    static final String BOUND_BY_CONTROLLER = "pv.kubernetes.io/bound-by-controller";

    static final String PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";
    static final String PROVISIONER = "volume.kubernetes.io/storage-provisioner";
    static final String OLD_PROVISIONER = "volume.beta.kubernetes.io/storage-provisioner";

    /** The scheduler has chosen a node, and a volume is to be made that can be used there. */
    static final String SELECTED_NODE = "volume.kubernetes.io/selected-node";

    private static final String OLD_CLASS = "volume.beta.kubernetes.io/storage-class";
    private static final String STORAGE = "storage";

    private Claims() {}

    static boolean hasAnnotation(HasMetadata object, String name) {
        return Ownership.annotations(object).containsKey(name);
    }

    /** The class a claim asks for; {@code ""} asks for volumes without one, empty leaves the choice to the cluster. */
    static Optional<String> chosenClass(PersistentVolumeClaim claim) {
        @Nullable String old = Ownership.annotations(claim).get(OLD_CLASS);
        return old != null
                ? Optional.of(old)
                : Optional.ofNullable(claim.getSpec().getStorageClassName());
    }

    static String className(PersistentVolumeClaim claim) {
        return chosenClass(claim).orElse("");
    }

    static String className(PersistentVolume volume) {
        @Nullable String old = Ownership.annotations(volume).get(OLD_CLASS);
        return old != null ? old : orEmpty(volume.getSpec().getStorageClassName());
    }

    /** The volume a claim names, {@code ""} for none. */
    public static String volumeName(PersistentVolumeClaim claim) {
        return orEmpty(claim.getSpec().getVolumeName());
    }

    public static String phase(PersistentVolumeClaim claim) {
        @Nullable PersistentVolumeClaimStatus status = claim.getStatus();
        return status == null ? "" : orEmpty(status.getPhase());
    }

    public static String phase(PersistentVolume volume) {
        @Nullable PersistentVolumeStatus status = volume.getStatus();
        return status == null ? "" : orEmpty(status.getPhase());
    }

    /** How much a claim asks for. */
    static Quantity request(PersistentVolumeClaim claim) {
        @Nullable VolumeResourceRequirements resources = claim.getSpec().getResources();
        return storage(resources == null ? null : resources.getRequests());
    }

    static Quantity capacity(PersistentVolume volume) {
        return storage(volume.getSpec().getCapacity());
    }

    static Quantity storage(@Nullable Map<String, io.fabric8.kubernetes.api.model.Quantity> amounts) {
        io.fabric8.kubernetes.api.model.@Nullable Quantity amount = amounts == null ? null : amounts.get(STORAGE);
        return amount == null ? Quantity.ZERO : Quantity.parse(amount.toString());
    }

    static String mode(@Nullable String volumeMode) {
        return volumeMode == null ? "Filesystem" : volumeMode;
    }

    static List<String> modes(@Nullable List<String> accessModes) {
        return accessModes == null ? List.of() : accessModes;
    }

    /** The claim a volume is for, whether or not that claim knows. */
    public static Optional<ObjectKey> claimOf(PersistentVolume volume) {
        return Optional.ofNullable(volume.getSpec().getClaimRef())
                .map(reference -> new ObjectKey(orEmpty(reference.getNamespace()), orEmpty(reference.getName())));
    }

    /** Whether the volume is for this claim: by name alone, or by name and UID. */
    public static boolean isFor(PersistentVolume volume, PersistentVolumeClaim claim) {
        @Nullable ObjectReference reference = volume.getSpec().getClaimRef();
        return reference != null
                && orEmpty(reference.getName()).equals(claim.getMetadata().getName())
                && orEmpty(reference.getNamespace()).equals(Ownership.namespace(claim))
                && (orEmpty(reference.getUid()).isEmpty()
                        || reference.getUid().equals(claim.getMetadata().getUid()));
    }

    static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }
}
