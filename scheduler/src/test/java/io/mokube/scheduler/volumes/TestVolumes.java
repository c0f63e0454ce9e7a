package io.mokube.scheduler.volumes;

import io.fabric8.kubernetes.api.model.NodeSelectorRequirementBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.mokube.scheduler.TestPods;
import java.util.List;
import java.util.Map;

/** Claims, volumes and classes for tests, in few words. */
public final class TestVolumes {

    private TestVolumes() {}

    /** A claim of the namespace {@code default} that nobody has seen to yet. */
    public static PersistentVolumeClaimBuilder claim(String name, String storageClass, String size) {
        return new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName(name)
                .withUid("uid-" + name)
                .withResourceVersion("10")
                .endMetadata()
                .withNewSpec()
                .withStorageClassName(storageClass)
                .withAccessModes("ReadWriteOnce")
                .withNewResources()
                .withRequests(Map.of("storage", new Quantity(size)))
                .endResources()
                .endSpec()
                .withNewStatus()
                .withPhase("Pending")
                .endStatus();
    }

    /** A claim that has a volume for good. */
    public static PersistentVolumeClaimBuilder bound(String name, String volume) {
        return claim(name, "any", "1Gi")
                .editMetadata()
                .addToAnnotations("pv.kubernetes.io/bind-completed", "yes")
                .endMetadata()
                .editSpec()
                .withVolumeName(volume)
                .endSpec()
                .editStatus()
                .withPhase("Bound")
                .endStatus();
    }

    /** A free volume that can be used from everywhere. */
    public static PersistentVolumeBuilder volume(String name, String storageClass, String size) {
        return new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName(name)
                .withUid("uid-" + name)
                .withResourceVersion("10")
                .endMetadata()
                .withNewSpec()
                .withStorageClassName(storageClass)
                .withAccessModes("ReadWriteOnce")
                .withCapacity(Map.of("storage", new Quantity(size)))
                .endSpec()
                .withNewStatus()
                .withPhase("Available")
                .endStatus();
    }

    /** A free volume of these nodes. */
    public static PersistentVolumeBuilder local(String name, String storageClass, String size, String... nodes) {
        return volume(name, storageClass, size)
                .editSpec()
                .withNewNodeAffinity()
                .withNewRequired()
                .addNewNodeSelectorTerm()
                .withMatchExpressions(new NodeSelectorRequirementBuilder()
                        .withKey("kubernetes.io/hostname")
                        .withOperator("In")
                        .withValues(nodes)
                        .build())
                .endNodeSelectorTerm()
                .endRequired()
                .endNodeAffinity()
                .endSpec();
    }

    /** A class whose claims wait for their first pod. */
    public static StorageClassBuilder waiting(String name, String provisioner) {
        return new StorageClassBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withProvisioner(provisioner)
                .withVolumeBindingMode("WaitForFirstConsumer");
    }

    /** A pod that uses these claims. */
    public static PodBuilder podWith(String name, String... claims) {
        PodBuilder pod = TestPods.pod(name, "cpu=100m");
        for (String claim : List.of(claims)) {
            pod.editSpec()
                    .addNewVolume()
                    .withName("of-" + claim)
                    .withNewPersistentVolumeClaim(claim, false)
                    .endVolume()
                    .endSpec();
        }
        return pod;
    }
}
