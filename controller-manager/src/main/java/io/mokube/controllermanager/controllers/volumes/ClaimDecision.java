package io.mokube.controllermanager.controllers.volumes;

import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimStatus;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimStatusBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.volumes.Step.Note;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is to be done next for a claim. Pure, with the rules and words of Kubernetes. */
final class ClaimDecision {

    private static final String FAILED_BINDING = "FailedBinding";
    private static final String MISMATCH = "VolumeMismatch";
    private static final String PROVISIONING_FAILED = "ProvisioningFailed";

    private final StorageView view;
    private final Optional<HostPathVolumes> hostPaths;

    ClaimDecision(StorageView view, Optional<HostPathVolumes> hostPaths) {
        this.view = view;
        this.hostPaths = hostPaths;
    }

    Step next(PersistentVolumeClaim claim) {
        if (Claims.hasAnnotation(claim, Claims.BIND_COMPLETED)) {
            return bound(claim);
        }
        if (Ownership.isBeingDeleted(claim)) {
            return Step.done();
        }
        return Claims.volumeName(claim).isEmpty() ? unbound(claim) : asksFor(claim, Claims.volumeName(claim));
    }

    /** A claim that was bound once keeps its volume, or is lost. */
    private Step bound(PersistentVolumeClaim claim) {
        String name = Claims.volumeName(claim);
        if (name.isEmpty()) {
            return lost(
                    claim,
                    "ClaimLost",
                    "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!");
        }
        Optional<PersistentVolume> volume = view.volume(name);
        if (volume.isEmpty()) {
            return lost(claim, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
        }
        boolean isOthers = volume.get().getSpec().getClaimRef() != null
                && !Objects.equals(
                        volume.get().getSpec().getClaimRef().getUid(),
                        claim.getMetadata().getUid());
        return isOthers
                ? lost(claim, "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly")
                : bind(claim, volume.get());
    }

    private static Step lost(PersistentVolumeClaim claim, String reason, String message) {
        return status(claim, "Lost", null, List.of(Note.warning(claim, reason, message)));
    }

    private Step unbound(PersistentVolumeClaim claim) {
        Optional<StorageClass> storageClass = view.storageClass(Claims.className(claim));
        boolean delayed = storageClass
                .filter(each -> "WaitForFirstConsumer".equals(each.getVolumeBindingMode()))
                .isPresent();
        Optional<PersistentVolume> volume = Match.best(claim, view.volumes(), delayed);
        if (volume.isPresent()) {
            return bind(claim, volume.get());
        }
        if (Claims.chosenClass(claim).isEmpty() && view.defaultClass().isPresent()) {
            return new Step.WriteClaim(new PersistentVolumeClaimBuilder(claim)
                    .editSpec()
                    .withStorageClassName(
                            view.defaultClass().get().getMetadata().getName())
                    .endSpec()
                    .build());
        }
        if (delayed && !Claims.hasAnnotation(claim, Claims.SELECTED_NODE)) {
            return pending(claim, waitsForPod(claim));
        }
        if (Claims.className(claim).isEmpty()) {
            return pending(
                    claim,
                    Note.normal(
                            claim,
                            FAILED_BINDING,
                            "no persistent volumes available for this claim and no storage class is set"));
        }
        return storageClass
                .map(found -> provision(claim, found))
                .orElseGet(() -> pending(
                        claim,
                        Note.warning(
                                claim,
                                PROVISIONING_FAILED,
                                "storageclass.storage.k8s.io \"" + Claims.className(claim) + "\" not found")));
    }

    private Note waitsForPod(PersistentVolumeClaim claim) {
        List<String> pods = view.unscheduledPods(claim);
        if (pods.isEmpty()) {
            return Note.normal(
                    claim, "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
        }
        String message = pods.size() == 1
                ? "waiting for pod " + pods.getFirst() + " to be scheduled"
                : "waiting for pods " + String.join(",", pods) + " to be scheduled";
        return Note.normal(claim, "WaitForPodScheduled", message);
    }

    private Step provision(PersistentVolumeClaim claim, StorageClass storageClass) {
        String provisioner = storageClass.getProvisioner();
        boolean isHostPath = hostPaths.isPresent() && provisioner.equals(HostPathVolumes.PROVISIONER);
        if (!isHostPath && provisioner.startsWith("kubernetes.io/")) {
            return pending(
                    claim, Note.warning(claim, PROVISIONING_FAILED, "no volume plugin matched name: " + provisioner));
        }
        if (!provisioner.equals(Ownership.annotations(claim).get(Claims.PROVISIONER))
                || !provisioner.equals(Ownership.annotations(claim).get(Claims.OLD_PROVISIONER))) {
            return new Step.WriteClaim(new PersistentVolumeClaimBuilder(claim)
                    .editMetadata()
                    .addToAnnotations(Claims.PROVISIONER, provisioner)
                    .addToAnnotations(Claims.OLD_PROVISIONER, provisioner)
                    .endMetadata()
                    .build());
        }
        if (!isHostPath) {
            return pending(
                    claim,
                    Note.normal(
                            claim,
                            "ExternalProvisioning",
                            "Waiting for a volume to be created either by the external provisioner '" + provisioner
                                    + "' or manually by the system administrator. If volume creation is delayed, please"
                                    + " verify that the provisioner is running and correctly registered."));
        }
        if ("Block".equals(claim.getSpec().getVolumeMode())) {
            return pending(
                    claim,
                    Note.warning(
                            claim,
                            PROVISIONING_FAILED,
                            "failed to provision volume with StorageClass \""
                                    + storageClass.getMetadata().getName() + "\": " + provisioner
                                    + " does not support block volume provisioning"));
        }
        PersistentVolume made = hostPaths.get().make(claim, reference(claim), storageClass);
        // Its name is the claim's UID, so one that is there already and can't be bound is not made a second time.
        return view.volume(made.getMetadata().getName()).isPresent()
                ? Step.done()
                : new Step.CreateVolume(
                        made,
                        List.of(Note.normal(
                                claim,
                                "ProvisioningSucceeded",
                                "Successfully provisioned volume "
                                        + made.getMetadata().getName() + " using " + provisioner)));
    }

    /** A claim that asks for a volume by name waits until that is there and free. */
    private Step asksFor(PersistentVolumeClaim claim, String name) {
        Optional<PersistentVolume> found = view.volume(name);
        if (found.isEmpty()) {
            return pending(claim, List.of());
        }
        PersistentVolume volume = found.get();
        if (Claims.isFor(volume, claim)) {
            return bind(claim, volume);
        }
        if (volume.getSpec().getClaimRef() != null) {
            return pending(
                    claim,
                    Note.warning(claim, FAILED_BINDING, "volume \"" + name + "\" already bound to a different claim."));
        }
        return Match.mismatch(volume, claim)
                .map(reason -> pending(
                        claim,
                        Note.warning(claim, MISMATCH, "Cannot bind to requested volume \"" + name + "\": " + reason)))
                .orElseGet(() -> bind(claim, volume));
    }

    private static Step bind(PersistentVolumeClaim claim, PersistentVolume volume) {
        boolean isReserved = Claims.isFor(volume, claim);
        if (!isReserved
                || !Objects.equals(
                        volume.getSpec().getClaimRef().getUid(),
                        claim.getMetadata().getUid())) {
            PersistentVolumeBuilder builder = new PersistentVolumeBuilder(volume)
                    .editSpec()
                    .withClaimRef(reference(claim))
                    .endSpec();
            if (!isReserved) {
                builder.editMetadata()
                        .addToAnnotations(Claims.BOUND_BY_CONTROLLER, "yes")
                        .endMetadata();
            }
            return new Step.WriteVolume(builder.build());
        }
        if (!Claims.phase(volume).equals("Bound")) {
            return VolumeDecision.phase(volume, "Bound", "", List.of());
        }
        boolean isAsked = Claims.volumeName(claim).equals(volume.getMetadata().getName());
        if (!isAsked || !Claims.hasAnnotation(claim, Claims.BIND_COMPLETED)) {
            PersistentVolumeClaimBuilder builder = new PersistentVolumeClaimBuilder(claim)
                    .editSpec()
                    .withVolumeName(volume.getMetadata().getName())
                    .endSpec()
                    .editMetadata()
                    .addToAnnotations(Claims.BIND_COMPLETED, "yes")
                    .endMetadata();
            if (!isAsked) {
                builder.editMetadata()
                        .addToAnnotations(Claims.BOUND_BY_CONTROLLER, "yes")
                        .endMetadata();
            }
            return new Step.WriteClaim(builder.build());
        }
        return status(claim, "Bound", volume, List.of());
    }

    private static io.fabric8.kubernetes.api.model.ObjectReference reference(PersistentVolumeClaim claim) {
        return new ObjectReferenceBuilder()
                .withApiVersion("v1")
                .withKind("PersistentVolumeClaim")
                .withNamespace(Ownership.namespace(claim))
                .withName(claim.getMetadata().getName())
                .withUid(claim.getMetadata().getUid())
                .withResourceVersion(claim.getMetadata().getResourceVersion())
                .build();
    }

    private static Step pending(PersistentVolumeClaim claim, Note note) {
        return pending(claim, List.of(note));
    }

    private static Step pending(PersistentVolumeClaim claim, List<Note> notes) {
        Step step = status(claim, "Pending", null, List.of());
        return step instanceof Step.Done ? new Step.Done(notes, true) : step;
    }

    /** Brings the claim's status to a phase; a bound claim says what its volume gives. */
    private static Step status(
            PersistentVolumeClaim claim, String phase, @Nullable PersistentVolume volume, List<Note> notes) {
        PersistentVolumeClaimStatus before =
                claim.getStatus() == null ? new PersistentVolumeClaimStatus() : claim.getStatus();
        PersistentVolumeClaimStatusBuilder builder = new PersistentVolumeClaimStatusBuilder(before).withPhase(phase);
        if (volume == null) {
            builder.withAccessModes(List.of()).withCapacity(null).withCurrentVolumeAttributesClassName(null);
        } else {
            builder.withAccessModes(volume.getSpec().getAccessModes());
            // A bound claim may lag behind its volume's size on purpose, until the file system has grown too.
            if (!phase.equals(before.getPhase())) {
                builder.withCapacity(volume.getSpec().getCapacity())
                        .withCurrentVolumeAttributesClassName(volume.getSpec().getVolumeAttributesClassName());
            }
        }
        PersistentVolumeClaimStatus after = builder.build();
        if (saysTheSame(before, after)) {
            return Step.done();
        }
        return new Step.WriteClaimStatus(
                new PersistentVolumeClaimBuilder(claim).withStatus(after).build(),
                phase.equals(before.getPhase()) ? List.of() : notes);
    }

    /** Compares what is written here; the model tells absent maps from empty ones, the server does not. */
    private static boolean saysTheSame(PersistentVolumeClaimStatus one, PersistentVolumeClaimStatus other) {
        return Objects.equals(one.getPhase(), other.getPhase())
                && Claims.modes(one.getAccessModes()).equals(Claims.modes(other.getAccessModes()))
                && Claims.storage(one.getCapacity()).equals(Claims.storage(other.getCapacity()))
                && Claims.orEmpty(one.getCurrentVolumeAttributesClassName())
                        .equals(Claims.orEmpty(other.getCurrentVolumeAttributesClassName()));
    }
}
