package io.mokube.controllermanager.controllers.volumes;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Volumes that are folders of the host, as Kubernetes' provisioner {@code kubernetes.io/host-path} makes them: for clusters
 * whose nodes and controllers share one machine. The node that mounts a folder first creates it.
 *
 * @param root the folder that holds them all
 */
record HostPathVolumes(Path root) {

    static final String PROVISIONER = "kubernetes.io/host-path";

    /** Keeps a volume until its folder is gone. */
    static final String FINALIZER = "kubernetes.io/pv-controller";

    /** The volume for a claim. Its name comes from the claim's UID, so the same claim never gets a second one. */
    PersistentVolume make(PersistentVolumeClaim claim, ObjectReference reference, StorageClass storageClass) {
        String name = "pvc-" + claim.getMetadata().getUid();
        @Nullable String policy = storageClass.getReclaimPolicy();
        return new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName(name)
                .addToAnnotations(Claims.BOUND_BY_CONTROLLER, "yes")
                .addToAnnotations(Claims.PROVISIONED_BY, PROVISIONER)
                .endMetadata()
                .withNewSpec()
                .withAccessModes(claim.getSpec().getAccessModes())
                .withCapacity(claim.getSpec().getResources().getRequests())
                .withClaimRef(reference)
                .withStorageClassName(storageClass.getMetadata().getName())
                .withMountOptions(storageClass.getMountOptions())
                .withPersistentVolumeReclaimPolicy(policy == null ? "Delete" : policy)
                .withNewHostPath()
                .withPath(root.resolve(name).toString())
                .withType("DirectoryOrCreate")
                .endHostPath()
                .endSpec()
                .build();
    }

    /** Whether the volume's folder is one that may be removed; a path that leads out of the root is not. */
    boolean holds(PersistentVolume volume) {
        return folder(volume).isPresent();
    }

    /** Removes the volume's folder with everything in it; links are removed, never followed. */
    void remove(PersistentVolume volume) {
        Optional<Path> folder = folder(volume).filter(Files::exists);
        try {
            if (folder.isPresent()) {
                Files.walkFileTree(folder.get(), new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                        Files.delete(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
                            throws IOException {
                        if (failure != null) {
                            throw failure;
                        }
                        Files.delete(directory);
                        return FileVisitResult.CONTINUE;
                    }
                });
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Optional<Path> folder(PersistentVolume volume) {
        if (volume.getSpec().getHostPath() == null) {
            return Optional.empty();
        }
        Path folder = Path.of(volume.getSpec().getHostPath().getPath()).normalize();
        boolean isInside = folder.startsWith(root.normalize()) && !folder.equals(root.normalize());
        return isInside ? Optional.of(folder) : Optional.empty();
    }
}
