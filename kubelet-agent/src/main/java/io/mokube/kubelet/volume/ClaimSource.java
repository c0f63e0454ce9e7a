package io.mokube.kubelet.volume;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.Optional;

/** The claims and volumes that pods use, read when they are needed; and what is said of them. */
public interface ClaimSource {

    Optional<PersistentVolumeClaim> claim(String namespace, String name);

    Optional<PersistentVolume> volume(String name);

    /** Says in the claim how large its file system has become. */
    void expanded(PersistentVolumeClaim claim, Quantity size);
}
