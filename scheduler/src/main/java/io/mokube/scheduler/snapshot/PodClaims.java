package io.mokube.scheduler.snapshot;

import io.fabric8.kubernetes.api.model.EphemeralVolumeSource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.PodResourceClaimStatus;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a pod has claims on besides room.
 *
 * @param volumes its persistent volume claims, in the order of its volumes
 * @param devices its resource claims, in the order of the pod's list
 * @param disks disks that it names itself, instead of claiming them
 */
public record PodClaims(List<VolumeClaim> volumes, List<DeviceClaim> devices, List<Disk> disks) {

    public static final PodClaims NONE = new PodClaims(List.of(), List.of(), List.of());

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

    /**
     * A disk that a pod names itself.
     *
     * @param id what it is called there
     * @param servers those of which one must be common for two to be the same disk; empty when the name says it all
     * @param readOnly whether the pod only reads it; then others may read it too, where the kind allows that
     */
    public record Disk(Kind kind, String id, Set<String> servers, boolean readOnly) {

        /** What kind of disk. */
        public enum Kind {
            GCE,
            /** Never for two pods of one node, whatever they do with it. */
            AWS,
            ISCSI,
            RBD
        }

        public Disk {
            servers = Set.copyOf(servers);
        }

        /** Whether two pods on one node can't have both. */
        public boolean conflictsWith(Disk other) {
            return kind == other.kind
                    && id.equals(other.id)
                    && (servers.isEmpty() || !Collections.disjoint(servers, other.servers))
                    && !(readOnly && other.readOnly && kind != Kind.AWS);
        }

        private static Optional<Disk> of(Volume volume) {
            if (volume.getGcePersistentDisk() != null) {
                var disk = volume.getGcePersistentDisk();
                return Optional.of(new Disk(Kind.GCE, disk.getPdName(), Set.of(), isTrue(disk.getReadOnly())));
            }
            if (volume.getAwsElasticBlockStore() != null) {
                var disk = volume.getAwsElasticBlockStore();
                return Optional.of(new Disk(Kind.AWS, disk.getVolumeID(), Set.of(), isTrue(disk.getReadOnly())));
            }
            if (volume.getIscsi() != null) {
                var disk = volume.getIscsi();
                return Optional.of(new Disk(Kind.ISCSI, disk.getIqn(), Set.of(), isTrue(disk.getReadOnly())));
            }
            if (volume.getRbd() != null) {
                var disk = volume.getRbd();
                return Optional.of(new Disk(
                        Kind.RBD,
                        disk.getPool() + "/" + disk.getImage(),
                        Set.copyOf(disk.getMonitors()),
                        isTrue(disk.getReadOnly())));
            }
            return Optional.empty();
        }

        private static boolean isTrue(@Nullable Boolean value) {
            return Boolean.TRUE.equals(value);
        }
    }

    public PodClaims {
        volumes = List.copyOf(volumes);
        devices = List.copyOf(devices);
        disks = List.copyOf(disks);
    }

    static PodClaims of(Pod pod) {
        String namespace = pod.getMetadata().getNamespace() == null
                ? ""
                : pod.getMetadata().getNamespace();
        List<VolumeClaim> volumes = new ArrayList<>();
        List<Disk> disks = new ArrayList<>();
        for (Volume volume : pod.getSpec().getVolumes()) {
            if (volume.getPersistentVolumeClaim() != null) {
                String name = volume.getPersistentVolumeClaim().getClaimName();
                volumes.add(new VolumeClaim(new ObjectKey(namespace, name), false));
            } else if (volume.getEphemeral() != null) {
                String name = pod.getMetadata().getName() + "-" + volume.getName();
                volumes.add(new VolumeClaim(new ObjectKey(namespace, name), true));
            } else {
                Disk.of(volume).ifPresent(disks::add);
            }
        }
        List<DeviceClaim> devices = new ArrayList<>();
        for (PodResourceClaim claim : pod.getSpec().getResourceClaims()) {
            devices.add(device(pod, namespace, claim));
        }
        return volumes.isEmpty() && devices.isEmpty() && disks.isEmpty()
                ? NONE
                : new PodClaims(volumes, devices, disks);
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
            if (volume.getPersistentVolumeClaim() != null || Disk.of(volume).isPresent()) {
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
