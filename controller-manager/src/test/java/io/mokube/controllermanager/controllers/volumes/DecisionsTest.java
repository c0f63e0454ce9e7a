package io.mokube.controllermanager.controllers.volumes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.names.ObjectKey;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of claims and volumes when nothing goes wrong, and what is said of them. */
class DecisionsTest {

    private ModelStorage storage = new ModelStorage(new Random(0), 0);

    @BeforeEach
    void empty() {
        storage = new ModelStorage(new Random(0), 0);
    }

    @Test
    void aBindingIsWrittenOnBothSides() {
        put(Storage.volume("v", 5, "ReadWriteOnce", "ReadWriteMany"));
        put(Storage.claim("c", "u1", 2, "ReadWriteOnce"));
        workOnClaim("c");
        PersistentVolume volume = volume("v");
        PersistentVolumeClaim claim = claim("c");
        assertThat(Ownership.annotations(volume)).containsEntry("pv.kubernetes.io/bound-by-controller", "yes");
        assertThat(volume.getSpec().getClaimRef().getUid()).isEqualTo("u1");
        assertThat(volume.getStatus().getPhase()).isEqualTo("Bound");
        assertThat(Ownership.annotations(claim))
                .containsEntry("pv.kubernetes.io/bind-completed", "yes")
                .containsEntry("pv.kubernetes.io/bound-by-controller", "yes");
        assertThat(claim.getSpec().getVolumeName()).isEqualTo("v");
        assertThat(claim.getStatus().getPhase()).isEqualTo("Bound");
        assertThat(claim.getStatus().getAccessModes()).containsExactly("ReadWriteOnce", "ReadWriteMany");
        assertThat(claim.getStatus().getCapacity()).containsEntry("storage", new Quantity("5Gi"));
    }

    @Test
    void whatAPersonReservedIsNotMarkedAsTheControllersChoice() {
        put(Storage.reservedFor("c", "", Storage.volume("v", 5, "ReadWriteOnce")));
        put(asking("v", Storage.claim("c", "u1", 2, "ReadWriteOnce")));
        workOnClaim("c");
        assertThat(Ownership.annotations(volume("v"))).isEmpty();
        assertThat(Ownership.annotations(claim("c"))).containsOnlyKeys("pv.kubernetes.io/bind-completed");
        assertThat(volume("v").getSpec().getClaimRef().getUid()).isEqualTo("u1");
    }

    @Test
    void aBoundClaimThatLosesItsVolumeIsLost() {
        bind("c", "v");
        storage.volumes.remove(new ObjectKey("", "v"));
        workOnClaim("c");
        assertThat(claim("c").getStatus().getPhase()).isEqualTo("Lost");
        assertSaid("ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!");

        bind("d", "w");
        storage.change(new ObjectKey("default", "d"), each -> asking(null, each));
        workOnClaim("d");
        assertThat(claim("d").getStatus().getPhase()).isEqualTo("Lost");
        assertSaid("ClaimLost", "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!");

        bind("e", "x");
        put(Storage.reservedFor("other", "u9", volume("x")));
        workOnClaim("e");
        assertThat(claim("e").getStatus().getPhase()).isEqualTo("Lost");
        assertSaid("ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly");
    }

    @Test
    void aClaimThatWaitsForItsPodSaysForWhich() {
        storage.classes.put("late", Storage.storageClass("late", "example.com/disks", "WaitForFirstConsumer"));
        put(inClass("late", Storage.claim("pod-data", "u1", 1, "ReadWriteOnce")));
        workOnClaim("pod-data");
        assertSaid("WaitForPodScheduled", "waiting for pods p1,p2 to be scheduled");
    }

    @Test
    void aClaimThatLeavesTheClassToTheClusterGetsTheDefaultLater() {
        put(inClass(null, Storage.claim("c", "u1", 1, "ReadWriteOnce")));
        workOnClaim("c");
        assertSaid("FailedBinding", "no persistent volumes available for this claim and no storage class is set");
        storage.classes.put("default", Storage.storageClass("default", HostPathVolumes.PROVISIONER, "Immediate"));
        workOnClaim("c");
        assertThat(claim("c").getSpec().getStorageClassName()).isEqualTo("default");
        assertThat(claim("c").getSpec().getVolumeName()).isEqualTo("pvc-u1");
        assertThat(claim("c").getStatus().getPhase()).isEqualTo("Bound");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // policy, provisioner, phase in the end, reason, message
                "Retain  | ''                | Released | '' | ''",
                "Delete  | example.com/disks | Released | '' | ''",
                "Delete  | ''                | Failed   | VolumeFailedDelete | error getting deleter volume plugin for"
                        + " volume \"v\": no deletable volume plugin matched",
                "Recycle | ''                | Failed   | VolumeFailedRecycle | No recycler plugin found for the volume!"
                        + " The reclaim policy Recycle is deprecated and not supported; use Delete with dynamic provisioning, or Retain",
                "Melt    | ''                | Failed   | VolumeUnknownReclaimPolicy | Volume has unrecognized"
                        + " PersistentVolumeReclaimPolicy",
            })
    void whatBecomesOfAVolumeWhoseClaimIsGone(
            String policy, String provisioner, String phase, String reason, String message) {
        put(new PersistentVolumeBuilder(Storage.volume("v", 1, "ReadWriteOnce"))
                .editMetadata()
                .addToAnnotations(provisioner.isEmpty() ? "x" : "pv.kubernetes.io/provisioned-by", provisioner)
                .endMetadata()
                .editSpec()
                .withPersistentVolumeReclaimPolicy(policy)
                .endSpec()
                .build());
        put(Storage.claim("c", "u1", 1, "ReadWriteOnce"));
        workOnClaim("c");
        storage.claims.remove(new ObjectKey("default", "c"));
        workOnVolume("v");
        assertThat(volume("v").getStatus().getPhase()).isEqualTo(phase);
        if (!reason.isEmpty()) {
            assertThat(volume("v").getStatus().getMessage()).isEqualTo(message);
            assertSaid(reason, message);
        }
    }

    @Test
    void aVolumeIsNotReleasedForAClaimThatOnlyTheCacheMisses() {
        put(Storage.volume("v", 1, "ReadWriteOnce"));
        put(Storage.claim("c", "u1", 1, "ReadWriteOnce"));
        workOnClaim("c");
        storage.restart();
        storage.claims.remove(new ObjectKey("default", "c"));
        storage.claims.deliverAll();
        storage.claims.put(claimOf("c", "u1", "v")); // it is there again before the cache knows
        storage.reconcile(new VolumeBinder.Key.Volume("v"));
        assertThat(volume("v").getStatus().getPhase()).isEqualTo("Bound");
    }

    @Test
    void aVolumeTheControllerChoseIsFreeAgainWhenItsClaimGotAnother() {
        put(Storage.volume("v", 1, "ReadWriteOnce"));
        put(Storage.claim("c", "u1", 1, "ReadWriteOnce"));
        workOnClaim("c");
        storage.change(new ObjectKey("default", "c"), each -> asking("other", each));
        workOnVolume("v");
        assertThat(volume("v").getSpec().getClaimRef()).isNull();
        assertThat(volume("v").getStatus().getPhase()).isEqualTo("Available");
        assertThat(Ownership.annotations(volume("v"))).isEmpty();
    }

    // -----------------------------------------------------------------------------------------------------------

    private void put(PersistentVolume volume) {
        storage.volumes.put(volume);
    }

    private void put(PersistentVolumeClaim claim) {
        storage.claims.put(claim);
    }

    private void bind(String claim, String volume) {
        put(Storage.volume(volume, 1, "ReadWriteOnce"));
        put(Storage.claim(claim, "uid-" + claim, 1, "ReadWriteOnce"));
        workOnClaim(claim);
        assertThat(claim(claim).getStatus().getPhase()).isEqualTo("Bound");
    }

    private void workOnClaim(String name) {
        deliver();
        storage.reconcile(new VolumeBinder.Key.Claim(new ObjectKey("default", name)));
        deliver();
    }

    private void workOnVolume(String name) {
        deliver();
        storage.reconcile(new VolumeBinder.Key.Volume(name));
        deliver();
    }

    private void deliver() {
        storage.claims.deliverAll();
        storage.volumes.deliverAll();
    }

    private PersistentVolume volume(String name) {
        return storage.volumes.stored(new ObjectKey("", name)).orElseThrow();
    }

    private PersistentVolumeClaim claim(String name) {
        return storage.claims.stored(new ObjectKey("default", name)).orElseThrow();
    }

    private void assertSaid(String reason, String message) {
        assertThat(storage.told)
                .extracting(Step.Note::reason, Step.Note::message)
                .contains(tuple(reason, message));
    }

    private static PersistentVolumeClaim claimOf(String name, String uid, String volume) {
        return new PersistentVolumeClaimBuilder(asking(volume, Storage.claim(name, uid, 1, "ReadWriteOnce")))
                .editMetadata()
                .addToAnnotations("pv.kubernetes.io/bind-completed", "yes")
                .endMetadata()
                .build();
    }

    private static PersistentVolumeClaim asking(@Nullable String volume, PersistentVolumeClaim claim) {
        return new PersistentVolumeClaimBuilder(claim)
                .editSpec()
                .withVolumeName(volume)
                .endSpec()
                .build();
    }

    private static PersistentVolumeClaim inClass(@Nullable String name, PersistentVolumeClaim claim) {
        return new PersistentVolumeClaimBuilder(claim)
                .editSpec()
                .withStorageClassName(name)
                .endSpec()
                .build();
    }
}
