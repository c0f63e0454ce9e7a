package io.mokube.controllermanager.controllers.volumes;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import java.util.List;

/** Claims, volumes and classes as tests need them. */
final class Storage {

    private Storage() {}

    /** A claim of the default namespace for as many Gi, without a class. */
    static PersistentVolumeClaim claim(String name, String uid, int gigabytes, String... modes) {
        return new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .withUid(uid)
                .endMetadata()
                .withNewSpec()
                .withStorageClassName("")
                .withAccessModes(List.of(modes))
                .withNewResources()
                .addToRequests("storage", new Quantity(gigabytes + "Gi"))
                .endResources()
                .endSpec()
                .withNewStatus()
                .withPhase("Pending")
                .endStatus()
                .build();
    }

    /** An available volume of as many Gi, without a class, which is kept when its claim goes. */
    static PersistentVolume volume(String name, int gigabytes, String... modes) {
        return new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withAccessModes(List.of(modes))
                .addToCapacity("storage", new Quantity(gigabytes + "Gi"))
                .withPersistentVolumeReclaimPolicy("Retain")
                .withNewNfs()
                .withServer("nfs")
                .withPath("/" + name)
                .endNfs()
                .endSpec()
                .withNewStatus()
                .withPhase("Available")
                .endStatus()
                .build();
    }

    static PersistentVolume reservedFor(String claim, String uid, PersistentVolume volume) {
        return new PersistentVolumeBuilder(volume)
                .editSpec()
                .withNewClaimRef()
                .withNamespace("default")
                .withName(claim)
                .withUid(uid.isEmpty() ? null : uid)
                .endClaimRef()
                .endSpec()
                .build();
    }

    static StorageClass storageClass(String name, String provisioner, String bindingMode) {
        return new StorageClassBuilder()
                .withNewMetadata()
                .withName(name)
                .withCreationTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .withProvisioner(provisioner)
                .withReclaimPolicy("Delete")
                .withVolumeBindingMode(bindingMode)
                .build();
    }
}
