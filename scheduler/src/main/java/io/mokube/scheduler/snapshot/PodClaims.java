package io.mokube.scheduler.snapshot;

import io.fabric8.kubernetes.api.model.EphemeralVolumeSource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.PodResourceClaimStatus;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a pod has claims on besides room.
 *
 * @param volumes its persistent volume claims, in the order of its volumes
 * @param devices its resource claims, in the order of the pod's list
 */
public record PodClaims(List<VolumeClaim> volumes, List<DeviceClaim> devices) {

    public static final PodClaims NONE = new PodClaims(List.of(), List.of());

    /**
     * A claim on a volume.
     *
     * @param claim the PersistentVolumeClaim
     * @param ephemeral whether it is made for this pod and goes with it
     */
    public record VolumeClaim(ObjectKey claim, boolean ephemeral) {}

    /**
     * A claim on devices.
     *
     * @param name its name in the pod
     * @param claim the ResourceClaim; empty when none is needed
     * @param missing whether it is to be made from a template and is not there yet
     * @param fromTemplate whether it is made for this pod
     */
    public record DeviceClaim(String name, Optional<ObjectKey> claim, boolean missing, boolean fromTemplate) {}

    public PodClaims {
        volumes = List.copyOf(volumes);
        devices = List.copyOf(devices);
    }

    static PodClaims of(Pod pod) {
        String namespace = pod.getMetadata().getNamespace() == null
                ? ""
                : pod.getMetadata().getNamespace();
        List<VolumeClaim> volumes = new ArrayList<>();
        for (Volume volume : pod.getSpec().getVolumes()) {
            if (volume.getPersistentVolumeClaim() != null) {
                String name = volume.getPersistentVolumeClaim().getClaimName();
                volumes.add(new VolumeClaim(new ObjectKey(namespace, name), false));
            } else if (volume.getEphemeral() != null) {
                String name = pod.getMetadata().getName() + "-" + volume.getName();
                volumes.add(new VolumeClaim(new ObjectKey(namespace, name), true));
            }
        }
        List<DeviceClaim> devices = new ArrayList<>();
        for (PodResourceClaim claim : pod.getSpec().getResourceClaims()) {
            devices.add(device(pod, namespace, claim));
        }
        return volumes.isEmpty() && devices.isEmpty() ? NONE : new PodClaims(volumes, devices);
    }

    private static DeviceClaim device(Pod pod, String namespace, PodResourceClaim claim) {
        if (claim.getResourceClaimName() != null) {
            ObjectKey key = new ObjectKey(namespace, claim.getResourceClaimName());
            return new DeviceClaim(claim.getName(), Optional.of(key), false, false);
        }
        if (pod.getStatus() != null) {
            for (PodResourceClaimStatus made : pod.getStatus().getResourceClaimStatuses()) {
                if (made.getName().equals(claim.getName())) {
                    // Without a name the controller found that no claim is needed.
                    Optional<ObjectKey> key = Optional.ofNullable(made.getResourceClaimName())
                            .map(name -> new ObjectKey(namespace, name));
                    return new DeviceClaim(claim.getName(), key, false, true);
                }
            }
        }
        return new DeviceClaim(claim.getName(), Optional.empty(), true, true);
    }

    /** Of a pod's volumes those that scheduling looks at, with no more than it looks at. */
    public static List<Volume> stripped(List<Volume> volumes) {
        List<Volume> kept = new ArrayList<>();
        for (Volume volume : volumes) {
            if (volume.getPersistentVolumeClaim() != null) {
                kept.add(volume);
            } else if (volume.getEphemeral() != null) {
                kept.add(new VolumeBuilder()
                        .withName(volume.getName())
                        .withEphemeral(new EphemeralVolumeSource())
                        .build());
            }
        }
        return kept;
    }
}
