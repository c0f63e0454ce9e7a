package io.mokube.controllermanager.controllers.volumes;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.mokube.machinery.names.ObjectKey;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** The cluster's storage as decisions see it: never older than what the binder itself has written. */
interface StorageView {

    Optional<PersistentVolume> volume(String name);

    Collection<PersistentVolume> volumes();

    Optional<PersistentVolumeClaim> claim(ObjectKey key);

    /** The claim as the server has it now. Asked before a claim counts as gone. */
    Optional<PersistentVolumeClaim> claimOnServer(ObjectKey key);

    Optional<StorageClass> storageClass(String name);

    /** The class of claims that leave the choice to the cluster. */
    Optional<StorageClass> defaultClass();

    /** The names of pods that use the claim and have no node yet. */
    List<String> unscheduledPods(PersistentVolumeClaim claim);
}
