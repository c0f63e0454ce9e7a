package io.mokube.controllermanager.controllers.volumes;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.volumes.Step.Note;
import io.mokube.machinery.names.ObjectKey;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What is to be done next for a volume. Pure, with the rules and words of Kubernetes. */
final class VolumeDecision {

    /** Kubernetes' words, and what to do: it has long advised against recycling. */
    private static final String NO_RECYCLER = "No recycler plugin found for the volume! The reclaim policy Recycle is"
            + " deprecated and not supported; use Delete with dynamic provisioning, or Retain";

    private final StorageView view;
    private final Optional<HostPathVolumes> hostPaths;

    VolumeDecision(StorageView view, Optional<HostPathVolumes> hostPaths) {
        this.view = view;
        this.hostPaths = hostPaths;
    }

    Step next(PersistentVolume volume) {
        Optional<Step> finalizer = finalizer(volume);
        if (finalizer.isPresent()) {
            return finalizer.get();
        }
        Optional<ObjectKey> key = Claims.claimOf(volume);
        String uid = key.isEmpty()
                ? ""
                : Claims.orEmpty(volume.getSpec().getClaimRef().getUid());
        if (key.isEmpty() || uid.isEmpty()) { // free, or reserved for a claim that has not come
            return phase(volume, "Available", "", List.of());
        }
        Optional<PersistentVolumeClaim> claim = claim(volume, key.get(), uid);
        if (claim.isEmpty()) {
            return released(volume);
        }
        String name = volume.getMetadata().getName();
        String wanted = Claims.volumeName(claim.get());
        if (wanted.isEmpty()) {
            return Match.modesAgree(volume, claim.get())
                    ? new Step.LookAtClaim(claim.get())
                    : new Step.Done(
                            List.of(
                                    Note.warning(
                                            volume,
                                            "VolumeMismatch",
                                            "Cannot bind PersistentVolume to requested PersistentVolumeClaim \""
                                                    + claim.get().getMetadata().getName()
                                                    + "\" due to incompatible volumeMode."),
                                    Note.warning(
                                            claim.get(),
                                            "VolumeMismatch",
                                            "Cannot bind PersistentVolume \"" + name
                                                    + "\" to requested PersistentVolumeClaim due to incompatible"
                                                    + " volumeMode.")),
                            true);
        }
        if (wanted.equals(name)) {
            return phase(volume, "Bound", "", List.of());
        }
        // The claim has got another one.
        boolean wasMadeForIt = Claims.hasAnnotation(volume, Claims.PROVISIONED_BY)
                && "Delete".equals(volume.getSpec().getPersistentVolumeReclaimPolicy());
        return wasMadeForIt ? released(volume) : unbind(volume);
    }

    /** The claim of that UID. A cache that lags behind must not release a volume, so only the server can say it is gone. */
    private Optional<PersistentVolumeClaim> claim(PersistentVolume volume, ObjectKey key, String uid) {
        Optional<PersistentVolumeClaim> cached = withUid(view.claim(key), uid);
        boolean isReleased =
                Claims.phase(volume).equals("Released") || Claims.phase(volume).equals("Failed");
        return cached.isPresent() || isReleased ? cached : withUid(view.claimOnServer(key), uid);
    }

    private static Optional<PersistentVolumeClaim> withUid(Optional<PersistentVolumeClaim> claim, String uid) {
        return claim.filter(each -> uid.equals(each.getMetadata().getUid()));
    }

    private Step released(PersistentVolume volume) {
        String phase = Claims.phase(volume);
        if (!phase.equals("Released") && !phase.equals("Failed")) {
            return phase(volume, "Released", "", List.of());
        }
        return switch (Claims.orEmpty(volume.getSpec().getPersistentVolumeReclaimPolicy())) {
            case "Retain" -> Step.done();
            case "Delete" -> delete(volume);
            case "Recycle" -> fail(volume, "VolumeFailedRecycle", NO_RECYCLER);
            default ->
                fail(volume, "VolumeUnknownReclaimPolicy", "Volume has unrecognized PersistentVolumeReclaimPolicy");
        };
    }

    private Step delete(PersistentVolume volume) {
        if (hostPaths.filter(each -> each.holds(volume)).isPresent()) {
            return new Step.RemoveFolder(volume);
        }
        String provisioner = Ownership.annotations(volume).getOrDefault(Claims.PROVISIONED_BY, "");
        if (!provisioner.isEmpty() && !provisioner.startsWith("kubernetes.io/")) {
            return Step.done(); // who made it removes it
        }
        String reason = hostPaths.isPresent() && volume.getSpec().getHostPath() != null
                ? "host_path deleter only supports " + hostPaths.get().root() + "/.+ but received provided "
                        + volume.getSpec().getHostPath().getPath()
                : "error getting deleter volume plugin for volume \""
                        + volume.getMetadata().getName() + "\": no deletable volume plugin matched";
        return fail(volume, "VolumeFailedDelete", reason);
    }

    /** A volume that can't be reclaimed; told once. */
    static Step fail(PersistentVolume volume, String reason, String message) {
        return phase(volume, "Failed", message, List.of(Note.warning(volume, reason, message)));
    }

    /** What the controller chose is taken back; what somebody else reserved stays reserved for the name. */
    private static Step unbind(PersistentVolume volume) {
        if (Claims.hasAnnotation(volume, Claims.BOUND_BY_CONTROLLER)) {
            return new Step.WriteVolume(new PersistentVolumeBuilder(volume)
                    .editMetadata()
                    .removeFromAnnotations(Claims.BOUND_BY_CONTROLLER)
                    .endMetadata()
                    .editSpec()
                    .withClaimRef(null)
                    .endSpec()
                    .build());
        }
        return new Step.WriteVolume(new PersistentVolumeBuilder(volume)
                .editSpec()
                .editClaimRef()
                .withUid(null)
                .endClaimRef()
                .endSpec()
                .build());
    }

    /** Folders that go with their volume keep it until they are gone. */
    private Optional<Step> finalizer(PersistentVolume volume) {
        boolean isOurs = hostPaths.isPresent()
                && HostPathVolumes.PROVISIONER.equals(
                        Ownership.annotations(volume).get(Claims.PROVISIONED_BY));
        if (!isOurs) {
            return Optional.empty();
        }
        boolean wants = "Delete".equals(volume.getSpec().getPersistentVolumeReclaimPolicy());
        boolean has = volume.getMetadata().getFinalizers().contains(HostPathVolumes.FINALIZER);
        if (wants && !has && !Ownership.isBeingDeleted(volume)) {
            return Optional.of(new Step.WriteVolume(new PersistentVolumeBuilder(volume)
                    .editMetadata()
                    .addToFinalizers(HostPathVolumes.FINALIZER)
                    .endMetadata()
                    .build()));
        }
        return has && !wants ? Optional.of(new Step.WriteVolume(withoutFinalizer(volume))) : Optional.empty();
    }

    static PersistentVolume withoutFinalizer(PersistentVolume volume) {
        return new PersistentVolumeBuilder(volume)
                .editMetadata()
                .removeFromFinalizers(HostPathVolumes.FINALIZER)
                .endMetadata()
                .build();
    }

    /** Brings a volume to a phase; the notes are told only if it changes. */
    static Step phase(PersistentVolume volume, String phase, String message, List<Note> notes) {
        if (Objects.equals(Claims.phase(volume), phase)) {
            return Step.done();
        }
        return new Step.WriteVolumeStatus(
                new PersistentVolumeBuilder(volume)
                        .editOrNewStatus()
                        .withPhase(phase)
                        .withMessage(message.isEmpty() ? null : message)
                        .endStatus()
                        .build(),
                notes);
    }
}
