package io.mokube.controllermanager.controllers.attachments;

import io.fabric8.kubernetes.api.model.CSIPersistentVolumeSource;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachmentBuilder;
import io.mokube.machinery.digest.Sha256;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A volume of a CSI driver, with the names that Kubernetes gives it. Pure.
 *
 * @param volume the name of the persistent volume
 * @param exclusive whether it may be attached to one node only
 */
record Attachable(String volume, String driver, String handle, boolean exclusive) {

    private static final Pattern NAME = Pattern.compile("csi-[0-9a-f]{64}");

    /** The volume, when it is one of a CSI driver. */
    static Optional<Attachable> of(PersistentVolume volume) {
        @Nullable CSIPersistentVolumeSource csi = volume.getSpec().getCsi();
        if (csi == null) {
            return Optional.empty();
        }
        @Nullable List<String> modes = volume.getSpec().getAccessModes();
        boolean isShared =
                modes == null || modes.isEmpty() || modes.contains("ReadWriteMany") || modes.contains("ReadOnlyMany");
        return Optional.of(
                new Attachable(volume.getMetadata().getName(), csi.getDriver(), csi.getVolumeHandle(), !isShared));
    }

    /** What the volume is called in a node's status. */
    String uniqueName() {
        return "kubernetes.io/csi/" + driver + "^" + handle;
    }

    /** The name of its attachment to a node. */
    String attachmentName(String node) {
        return "csi-" + Sha256.hex(handle + driver + node);
    }

    VolumeAttachment attachment(String node) {
        return new VolumeAttachmentBuilder()
                .withNewMetadata()
                .withName(attachmentName(node))
                .endMetadata()
                .withNewSpec()
                .withAttacher(driver)
                .withNodeName(node)
                .withNewSource()
                .withPersistentVolumeName(volume)
                .endSource()
                .endSpec()
                .build();
    }

    /** Whether an attachment is one that this controller makes; others are somebody else's. */
    static boolean isOurs(VolumeAttachment attachment) {
        return NAME.matcher(attachment.getMetadata().getName()).matches();
    }
}
