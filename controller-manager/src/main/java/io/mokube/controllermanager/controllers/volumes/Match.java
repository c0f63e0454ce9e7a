package io.mokube.controllermanager.controllers.volumes;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.selector.LabelSelector;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Which volume suits a claim. Pure. */
final class Match {

    /** Of those that suit, the one that gives away least: few ways to use it, little room. */
    private static final Comparator<PersistentVolume> LEAST = Comparator.<PersistentVolume>comparingInt(
                    volume -> Claims.modes(volume.getSpec().getAccessModes()).size())
            .thenComparing(Claims::capacity)
            .thenComparing(volume -> volume.getMetadata().getName());

    private Match() {}

    /**
     * The volume for a claim that names none. One that is reserved for the claim comes first, whatever its class and
     * labels.
     *
     * @param delayed whether only a reserved one will do, because the scheduler chooses among the others
     */
    static Optional<PersistentVolume> best(
            PersistentVolumeClaim claim, Collection<PersistentVolume> volumes, boolean delayed) {
        Optional<PersistentVolume> reserved = volumes.stream()
                .filter(volume -> Claims.isFor(volume, claim) && canHold(volume, claim))
                .min(LEAST);
        if (reserved.isPresent() || delayed) {
            return reserved;
        }
        Optional<LabelSelector> selector = selector(claim);
        return volumes.stream()
                .filter(volume -> volume.getSpec().getClaimRef() == null
                        && Claims.phase(volume).equals("Available")
                        && Claims.className(volume).equals(Claims.className(claim))
                        && canHold(volume, claim)
                        && selector.filter(each -> each.matches(Ownership.labels(volume)))
                                .isPresent())
                .min(LEAST);
    }

    /** What the claim selects: everything when it has no selector, nothing when that can't be understood. */
    private static Optional<LabelSelector> selector(PersistentVolumeClaim claim) {
        return claim.getSpec().getSelector() == null
                ? Optional.of(LabelSelector.EVERYTHING)
                : Ownership.selector(claim.getSpec().getSelector());
    }

    private static boolean canHold(PersistentVolume volume, PersistentVolumeClaim claim) {
        return !Ownership.isBeingDeleted(volume)
                && Claims.capacity(volume).compareTo(Claims.request(claim)) >= 0
                && modesAgree(volume, claim)
                && allows(volume, claim)
                && attributesAgree(volume, claim);
    }

    static boolean modesAgree(PersistentVolume volume, PersistentVolumeClaim claim) {
        return Claims.mode(volume.getSpec().getVolumeMode())
                .equals(Claims.mode(claim.getSpec().getVolumeMode()));
    }

    private static boolean allows(PersistentVolume volume, PersistentVolumeClaim claim) {
        return Claims.modes(volume.getSpec().getAccessModes())
                .containsAll(Claims.modes(claim.getSpec().getAccessModes()));
    }

    private static boolean attributesAgree(PersistentVolume volume, PersistentVolumeClaim claim) {
        return Claims.orEmpty(volume.getSpec().getVolumeAttributesClassName())
                .equals(Claims.orEmpty(claim.getSpec().getVolumeAttributesClassName()));
    }

    /** Why a volume that a claim asks for by name is not for it, in Kubernetes' words; empty when it is. */
    static Optional<String> mismatch(PersistentVolume volume, PersistentVolumeClaim claim) {
        if (Ownership.isBeingDeleted(volume)) {
            return Optional.of("the volume is marked for deletion \""
                    + volume.getMetadata().getName() + "\"");
        }
        if (Claims.capacity(volume).compareTo(Claims.request(claim)) < 0) {
            return Optional.of("requested PV is too small");
        }
        if (!Claims.className(volume).equals(Claims.className(claim))) {
            return Optional.of("storageClassName does not match");
        }
        if (!attributesAgree(volume, claim)) {
            return Optional.of("volumeAttributesClassName does not match");
        }
        if (!modesAgree(volume, claim)) {
            return Optional.of("incompatible volumeMode");
        }
        return allows(volume, claim) ? Optional.empty() : Optional.of("incompatible accessMode");
    }
}
