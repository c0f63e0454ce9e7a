package io.mokube.kubelet.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a pod's claimed volumes are, and what is said when they are not. */
class ClaimedVolumesTest {

    @TempDir
    private Path folder;

    private final Map<String, PersistentVolumeClaim> claims = new HashMap<>();
    private final Map<String, PersistentVolume> volumes = new HashMap<>();

    private final ClaimedVolumes found = new ClaimedVolumes(
            new ClaimSource() {
                @Override
                public Optional<PersistentVolumeClaim> claim(String namespace, String name) {
                    return Optional.ofNullable(claims.get(name));
                }

                @Override
                public Optional<PersistentVolume> volume(String name) {
                    return Optional.ofNullable(volumes.get(name));
                }

                @Override
                public void expanded(PersistentVolumeClaim claim, Quantity size) {
                    throw new AssertionError("no driver's volume here");
                }
            },
            null);

    private static PodBuilder pod() {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("p")
                .withUid("uid-p")
                .endMetadata()
                .withNewSpec()
                .addNewVolume()
                .withName("data")
                .withNewPersistentVolumeClaim("c", false)
                .endVolume()
                .endSpec();
    }

    private static PersistentVolumeClaimBuilder claim(String name) {
        return new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withName(name)
                .withUid("uid-" + name)
                .endMetadata()
                .withNewSpec()
                .withVolumeName("v")
                .endSpec()
                .withNewStatus()
                .withPhase("Bound")
                .endStatus();
    }

    private static PersistentVolumeBuilder volume(String claim) {
        return new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName("v")
                .endMetadata()
                .withNewSpec()
                .withNewClaimRef()
                .withUid("uid-" + claim)
                .endClaimRef()
                .endSpec();
    }

    private ClaimedVolumes.Found find(Pod pod) throws IOException {
        return found.find(pod, pod.getSpec().getVolumes().getFirst());
    }

    private void refuses(Pod pod, String text) {
        assertThatThrownBy(() -> find(pod))
                .isInstanceOfSatisfying(
                        VolumeException.class, e -> assertThat(e.text()).isEqualTo(text));
    }

    private void waits(String why) {
        refuses(
                pod().build(),
                "Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[], failed to process"
                        + " volumes=[data]: error processing PVC default/c: " + why);
    }

    @Test
    void waitsForTheClaimAndItsVolume() {
        waits("failed to fetch PVC from API server: persistentvolumeclaims \"c\" not found");
        claims.put("c", claim("c").editStatus().withPhase("Pending").endStatus().build());
        waits("PVC is not bound");
        claims.put("c", claim("c").build());
        waits("failed to fetch PV v from API server: persistentvolumes \"v\" not found");
        volumes.put("v", volume("another").build());
        waits("PV v is bound to a different claim");
        claims.put(
                "c",
                claim("c")
                        .editMetadata()
                        .withDeletionTimestamp("2026-01-01T00:00:00Z")
                        .endMetadata()
                        .build());
        waits("PVC is being deleted");
    }

    @Test
    void aFolderOfTheHostIsMadeWhenItsTypeSaysSo() throws IOException {
        claims.put("c", claim("c").build());
        Path path = folder.resolve("made");
        volumes.put(
                "v",
                volume("c")
                        .editSpec()
                        .withNewHostPath(path.toString(), "DirectoryOrCreate")
                        .endSpec()
                        .build());
        assertThat(find(pod().build())).isEqualTo(new ClaimedVolumes.Found("v", path, false));
        assertThat(path).isDirectory();
    }

    @Test
    void aLocalVolumeMustBeThere() throws IOException {
        claims.put("c", claim("c").build());
        Path path = folder.resolve("disk");
        volumes.put(
                "v",
                volume("c")
                        .editSpec()
                        .withNewLocal()
                        .withPath(path.toString())
                        .endLocal()
                        .endSpec()
                        .build());
        refuses(pod().build(), "MountVolume.SetUp failed for volume \"v\" : path \"" + path + "\" does not exist");
        Files.createDirectory(path);
        assertThat(find(pod().build())).isEqualTo(new ClaimedVolumes.Found("v", path, true));
        // A bound claim keeps its volume: nobody is asked again until the pod is gone.
        claims.clear();
        assertThat(find(pod().build()).path()).isEqualTo(path);
        found.forget("uid-p");
        waits("failed to fetch PVC from API server: persistentvolumeclaims \"c\" not found");
    }

    @Test
    void volumesThatThisNodeCannotMountAreRefused() {
        claims.put("c", claim("c").build());
        volumes.put(
                "v",
                volume("c")
                        .editSpec()
                        .withNewNfs("/export", false, "server")
                        .endSpec()
                        .build());
        refuses(
                pod().build(),
                "MountVolume.SetUp failed for volume \"v\" : this kind of persistent volume, of the pod's volume"
                        + " \"data\", is not supported by this node");
        volumes.put(
                "v",
                volume("c")
                        .editSpec()
                        .withNewCsi()
                        .withDriver("example.com/disk")
                        .endCsi()
                        .endSpec()
                        .build());
        refuses(
                pod().build(),
                "MountVolume.SetUp failed for volume \"v\" : kubernetes.io/csi: driver name example.com/disk not found"
                        + " in the list of registered CSI drivers");
    }

    @Test
    void anEphemeralVolumesClaimIsThePodsOwn() throws IOException {
        Pod pod = pod().editSpec()
                .withVolumes()
                .addNewVolume()
                .withName("scratch")
                .withNewEphemeral()
                .endEphemeral()
                .endVolume()
                .endSpec()
                .build();
        claims.put("p-scratch", claim("p-scratch").build());
        volumes.put(
                "v",
                volume("p-scratch")
                        .editSpec()
                        .withNewHostPath(folder.toString(), "")
                        .endSpec()
                        .build());
        assertThatThrownBy(() -> find(pod))
                .hasMessageContaining("was not created for pod default/p (pod is not owner)");
        claims.put(
                "p-scratch",
                claim("p-scratch")
                        .editMetadata()
                        .addNewOwnerReference()
                        .withUid("uid-p")
                        .withController(true)
                        .endOwnerReference()
                        .endMetadata()
                        .build());
        assertThat(find(pod).path()).isEqualTo(folder);
    }

    @Test
    void aVolumeIsGivenToAGroupWithEverythingInIt() throws IOException {
        Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "only root gives files away");
        Path volume = Files.createDirectory(folder.resolve("volume"));
        Path secret = Files.writeString(volume.resolve("secret"), "x");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
        Path outside = Files.writeString(folder.resolve("outside"), "x");
        Path link = Files.createSymbolicLink(volume.resolve("link"), outside);
        Object owner = Files.getAttribute(secret, "unix:uid");

        assertThat(Ownership.isGiven(volume, 2000, false)).isFalse();
        Ownership.give(volume, 2000, false);
        assertThat(Ownership.isGiven(volume, 2000, false)).isTrue();
        assertThat(Files.getAttribute(secret, "unix:gid")).isEqualTo(2000);
        assertThat(Files.getAttribute(secret, "unix:uid")).isEqualTo(owner);
        assertThat((Integer) Files.getAttribute(secret, "unix:mode") & 07777).isEqualTo(0660);
        assertThat((Integer) Files.getAttribute(volume, "unix:mode") & 02070).isEqualTo(02070);
        // What a link points to belongs to somebody else.
        assertThat(Files.getAttribute(outside, "unix:gid")).isNotEqualTo(2000);
        assertThat(link).isSymbolicLink();

        Ownership.give(volume, 3000, true);
        assertThat(Files.getAttribute(secret, "unix:gid")).isEqualTo(3000);
    }
}
