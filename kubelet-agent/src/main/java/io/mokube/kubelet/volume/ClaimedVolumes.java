package io.mokube.kubelet.volume;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeSpec;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Volume;
import io.mokube.kubelet.pods.PodFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Finds the persistent volumes that pods have claims on: folders of the host, local disks and volumes of CSI drivers.
 * Others are refused, and a claim that has no volume yet makes the pod wait; both in the kubelet's words.
 */
final class ClaimedVolumes {

    /**
     * A persistent volume on this node.
     *
     * @param name the PersistentVolume's
     * @param managed whether what is in it is given to the pod's group
     */
    record Found(String name, Path path, boolean managed) {}

    private final ClaimSource source;
    private final @Nullable CsiVolumes csi;

    /** By the pod's UID and the volume's name in the pod: a bound claim keeps its volume. */
    private final Map<String, Found> known = new ConcurrentHashMap<>();

    /**
     * @param csi volumes of drivers; null when there can be no drivers
     */
    ClaimedVolumes(ClaimSource source, @Nullable CsiVolumes csi) {
        this.source = source;
        this.csi = csi;
    }

    /** Whether this kind of volume is found through a claim. */
    static boolean isClaimed(Volume volume) {
        return volume.getPersistentVolumeClaim() != null || volume.getEphemeral() != null;
    }

    /**
     * Where a pod's volume is.
     *
     * @throws VolumeException when it can't be used, or not yet
     */
    Found find(Pod pod, Volume volume) throws IOException {
        String key = PodFacts.uid(pod) + "/" + volume.getName();
        Found before = known.get(key);
        if (before != null) {
            return before;
        }
        PersistentVolume bound = bound(pod, volume);
        Found found = locate(pod, volume, bound);
        known.put(key, found);
        return found;
    }

    /** Makes the file systems of drivers' volumes grow after their volumes, and says so in the claim. */
    void expand(Pod pod, Volume volume) throws IOException {
        Found found = known.get(PodFacts.uid(pod) + "/" + volume.getName());
        if (csi == null || found == null || !csi.isPublished(pod, found.name())) {
            return;
        }
        PersistentVolume bound = bound(pod, volume);
        PersistentVolumeClaim claim = source.claim(
                        pod.getMetadata().getNamespace(),
                        bound.getSpec().getClaimRef().getName())
                .orElseThrow();
        Quantity wanted = bound.getSpec().getCapacity().get("storage");
        Quantity reached = claim.getStatus().getCapacity().get("storage");
        if (wanted == null || reached == null || bytes(wanted) <= bytes(reached)) {
            return;
        }
        if (csi.expand(pod, bound, bytes(wanted))) {
            source.expanded(claim, wanted);
        }
    }

    private static long bytes(Quantity quantity) {
        return io.mokube.machinery.quantity.Quantity.parse(quantity.toString()).value();
    }

    /** The volume that was found before. */
    Optional<Found> known(Pod pod, Volume volume) {
        return Optional.ofNullable(known.get(PodFacts.uid(pod) + "/" + volume.getName()));
    }

    /** The name of the claim of a volume that has one. */
    static String claimName(Pod pod, Volume volume) {
        return volume.getEphemeral() != null
                ? pod.getMetadata().getName() + "-" + volume.getName()
                : volume.getPersistentVolumeClaim().getClaimName();
    }

    /** Forgets a pod. */
    void forget(String uid) {
        known.keySet().removeIf(key -> key.startsWith(uid + "/"));
    }

    private PersistentVolume bound(Pod pod, Volume volume) {
        String namespace = pod.getMetadata().getNamespace();
        boolean ephemeral = volume.getEphemeral() != null;
        String name = claimName(pod, volume);
        String where = "error processing PVC " + namespace + "/" + name + ": ";
        PersistentVolumeClaim claim = source.claim(namespace, name)
                .orElseThrow(() -> VolumeException.notReady(
                        volume.getName(),
                        where + "failed to fetch PVC from API server: persistentvolumeclaims \"" + name
                                + "\" not found"));
        if (ephemeral && !isOwned(claim, pod)) {
            throw VolumeException.notReady(
                    volume.getName(),
                    "PVC " + namespace + "/" + name + " was not created for pod " + PodFacts.key(pod)
                            + " (pod is not owner)");
        }
        if (claim.getMetadata().getDeletionTimestamp() != null) {
            throw VolumeException.notReady(volume.getName(), where + "PVC is being deleted");
        }
        String volumeName = claim.getSpec().getVolumeName();
        if (claim.getStatus() == null
                || !"Bound".equals(claim.getStatus().getPhase())
                || volumeName == null
                || volumeName.isEmpty()) {
            throw VolumeException.notReady(volume.getName(), where + "PVC is not bound");
        }
        PersistentVolume found = source.volume(volumeName)
                .orElseThrow(() -> VolumeException.notReady(
                        volume.getName(),
                        "error processing PVC " + namespace + "/" + name + ": failed to fetch PV " + volumeName
                                + " from API server: persistentvolumes \"" + volumeName + "\" not found"));
        ObjectReference owner = found.getSpec().getClaimRef();
        if (owner == null || !claim.getMetadata().getUid().equals(owner.getUid())) {
            throw VolumeException.notReady(
                    volume.getName(), where + "PV " + volumeName + " is bound to a different claim");
        }
        return found;
    }

    private static boolean isOwned(PersistentVolumeClaim claim, Pod pod) {
        for (OwnerReference owner : claim.getMetadata().getOwnerReferences()) {
            if (Boolean.TRUE.equals(owner.getController())) {
                return PodFacts.uid(pod).equals(owner.getUid());
            }
        }
        return false;
    }

    private Found locate(Pod pod, Volume volume, PersistentVolume found) throws IOException {
        String name = found.getMetadata().getName();
        PersistentVolumeSpec spec = found.getSpec();
        if (spec.getCsi() != null) {
            if (csi == null) {
                throw CsiVolumes.noDriver(name, spec.getCsi().getDriver());
            }
            CsiVolumes.Published published = csi.publish(pod, found, isReadOnly(volume));
            return new Found(name, published.path(), published.managed());
        }
        if ("Block".equals(spec.getVolumeMode())) {
            return new Found(name, device(name, spec), false);
        }
        if (spec.getHostPath() != null) {
            return new Found(name, HostPaths.prepare(name, spec.getHostPath()), false);
        }
        if (spec.getLocal() != null) {
            Path path = Path.of(spec.getLocal().getPath());
            if (!Files.exists(path)) {
                throw new VolumeException(name, "path \"" + path + "\" does not exist");
            }
            if (!Files.isDirectory(path)) {
                throw new VolumeException(
                        name,
                        "local volume \"" + path + "\" is no directory: devices with a file"
                                + " system are not supported by this node");
            }
            return new Found(name, path, true);
        }
        throw new VolumeException(
                name,
                "this kind of persistent volume, of the pod's volume \"" + volume.getName()
                        + "\", is not supported by this node");
    }

    /** A disk of the machine that is given to containers as it is. */
    private static Path device(String name, PersistentVolumeSpec spec) throws IOException {
        if (spec.getLocal() == null) {
            throw new VolumeException(name, "this kind of persistent volume has no block devices");
        }
        Path path = Path.of(spec.getLocal().getPath());
        if (!HostPaths.isSpecial(path, "BlockDevice")) {
            throw new VolumeException(name, "\"" + path + "\" is no block device");
        }
        return path;
    }

    /** Whether a pod may only read one of its volumes, whatever its mounts say. */
    static boolean isReadOnly(Volume volume) {
        return volume.getPersistentVolumeClaim() != null
                && Boolean.TRUE.equals(volume.getPersistentVolumeClaim().getReadOnly());
    }
}
