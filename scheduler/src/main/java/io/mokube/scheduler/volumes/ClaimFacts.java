package io.mokube.scheduler.volumes;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimSpec;
import io.fabric8.kubernetes.api.model.Quantity;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.scheduler.snapshot.Selectors;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What scheduling needs to know of a PersistentVolumeClaim.
 *
 * @param resourceVersion the version these facts were read from
 * @param ownerUid the UID of the object that controls the claim, {@code ""} for none
 * @param volumeName the volume it names, whether or not that knows; {@code ""} for none
 * @param bound whether claim and volume are bound for good
 * @param lost whether its volume is gone
 * @param className {@code ""} for none
 * @param bytes how much it asks for
 * @param asksForRoom whether it asks for an amount at all
 * @param selector the volumes it takes; empty when it has none and takes all
 * @param selectsNothing whether its selector can't be understood
 * @param selectedNode the node that the scheduler chose for a volume to be made, {@code ""} for none
 */
public record ClaimFacts(
        ObjectKey key,
        String uid,
        String resourceVersion,
        String ownerUid,
        boolean terminating,
        String volumeName,
        boolean bound,
        boolean lost,
        String className,
        long bytes,
        boolean asksForRoom,
        List<String> accessModes,
        String volumeMode,
        String attributesClass,
        Optional<LabelSelector> selector,
        boolean selectsNothing,
        String selectedNode) {

    /** The scheduler's word to provisioners: make the volume so that this node can use it. */
    public static final String SELECTED_NODE = "volume.kubernetes.io/selected-node";

    private static final String BIND_COMPLETED = "pv.kubernetes.io/bind-completed";
    private static final String OLD_CLASS = "volume.beta.kubernetes.io/storage-class";
    private static final String READ_WRITE_ONCE_POD = "ReadWriteOncePod";

    public ClaimFacts {
        accessModes = List.copyOf(accessModes);
    }

    public static ClaimFacts of(PersistentVolumeClaim claim) {
        ObjectMeta metadata = claim.getMetadata();
        PersistentVolumeClaimSpec spec = claim.getSpec();
        Map<String, String> annotations = orEmpty(metadata.getAnnotations());
        String volumeName = orEmpty(spec.getVolumeName());
        Quantity asked = spec.getResources() == null || spec.getResources().getRequests() == null
                ? null
                : spec.getResources().getRequests().get("storage");
        Optional<LabelSelector> selector = Selectors.of(spec.getSelector());
        String oldClass = annotations.get(OLD_CLASS);
        return new ClaimFacts(
                new ObjectKey(orEmpty(metadata.getNamespace()), metadata.getName()),
                orEmpty(metadata.getUid()),
                orEmpty(metadata.getResourceVersion()),
                controller(metadata),
                metadata.getDeletionTimestamp() != null,
                volumeName,
                !volumeName.isEmpty() && annotations.containsKey(BIND_COMPLETED),
                claim.getStatus() != null && "Lost".equals(claim.getStatus().getPhase()),
                oldClass == null ? orEmpty(spec.getStorageClassName()) : oldClass,
                amount(asked),
                asked != null,
                spec.getAccessModes() == null ? List.of() : spec.getAccessModes(),
                mode(spec.getVolumeMode()),
                orEmpty(spec.getVolumeAttributesClassName()),
                selector,
                spec.getSelector() != null && selector.isEmpty(),
                orEmpty(annotations.get(SELECTED_NODE)));
    }

    static String controller(ObjectMeta metadata) {
        for (OwnerReference owner : metadata.getOwnerReferences()) {
            if (Boolean.TRUE.equals(owner.getController())) {
                return owner.getUid();
            }
        }
        return "";
    }

    /** This claim with a node chosen for the volume that is to be made for it. */
    ClaimFacts selecting(String node) {
        return new ClaimFacts(
                key,
                uid,
                resourceVersion,
                ownerUid,
                terminating,
                volumeName,
                bound,
                lost,
                className,
                bytes,
                asksForRoom,
                accessModes,
                volumeMode,
                attributesClass,
                selector,
                selectsNothing,
                node);
    }

    /** Whether one pod alone may use it. */
    public boolean forOnePod() {
        return accessModes.contains(READ_WRITE_ONCE_POD);
    }

    static long amount(@Nullable Quantity quantity) {
        return quantity == null
                ? 0
                : io.mokube.machinery.quantity.Quantity.parse(quantity.toString())
                        .value();
    }

    static String mode(@Nullable String volumeMode) {
        return volumeMode == null ? "Filesystem" : volumeMode;
    }

    static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    static Map<String, String> orEmpty(@Nullable Map<String, String> map) {
        return map == null ? Map.of() : map;
    }
}
