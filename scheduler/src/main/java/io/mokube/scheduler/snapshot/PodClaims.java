package io.mokube.scheduler.snapshot;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EphemeralVolumeSource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodResourceClaim;
import io.fabric8.kubernetes.api.model.PodResourceClaimStatus;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a pod has claims on besides room.
 *
 * @param volumes its persistent volume claims, in the order of its volumes
 * @param devices its resource claims, in the order of the pod's list
 * @param disks disks that it names itself, instead of claiming them
 * @param extended what its containers ask for of extended resources, which devices may stand behind
 */
public record PodClaims(
        List<VolumeClaim> volumes, List<DeviceClaim> devices, List<Disk> disks, List<ContainerRequest> extended) {

    public static final PodClaims NONE = new PodClaims(List.of(), List.of(), List.of(), List.of());

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
     * What a container asks for of an extended resource.
     *
     * @param index the container's among all, init containers first
     * @param lasting whether it runs beside the others; an init container that ends leaves what it had to them
     * @param resourceIndex the resource's among all that the container asks for, by name
     */
    public record ContainerRequest(
            String container, int index, boolean lasting, String resource, int resourceIndex, long count) {}

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
        extended = List.copyOf(extended);
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
        List<ContainerRequest> extended = extended(pod);
        return volumes.isEmpty() && devices.isEmpty() && disks.isEmpty() && extended.isEmpty()
                ? NONE
                : new PodClaims(volumes, devices, disks, extended);
    }

    private static List<ContainerRequest> extended(Pod pod) {
        List<ContainerRequest> requests = new ArrayList<>();
        List<Container> initContainers = pod.getSpec().getInitContainers();
        List<Container> containers = new ArrayList<>(initContainers);
        containers.addAll(pod.getSpec().getContainers());
        for (int i = 0; i < containers.size(); i++) {
            Container container = containers.get(i);
            if (container.getResources() == null || container.getResources().getRequests() == null) {
                continue;
            }
            int resourceIndex = 0;
            boolean lasting = i >= initContainers.size() || PodRequests.isSidecar(container);
            for (Map.Entry<String, Quantity> entry :
                    new TreeMap<>(container.getResources().getRequests()).entrySet()) {
                if (isExtended(entry.getKey())) {
                    long count = Resources.parse(entry.getValue()).value();
                    if (count > 0) {
                        requests.add(new ContainerRequest(
                                container.getName(), i, lasting, entry.getKey(), resourceIndex, count));
                    }
                }
                resourceIndex++;
            }
        }
        return requests;
    }

    private static boolean isExtended(String resource) {
        return resource.startsWith("deviceclass.resource.kubernetes.io/")
                || (resource.contains("/") && !resource.contains("kubernetes.io/"));
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
