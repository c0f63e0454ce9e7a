package io.mokube.kubelet.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.kubelet.runtime.ImageVolumes.ByAgent;
import io.mokube.kubelet.runtime.TestContainerd;
import io.mokube.kubelet.runtime.TwoLayers;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.kubelet.runtime.cri.CriRuntime;
import io.mokube.testkit.Await;
import io.mokube.testkit.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images as volumes, on a real containerd that does not mount them itself. */
class ImageMountsTest {

    private static final String UID = "11111111-2222-3333-4444-555555555555";

    @TempDir
    private Path folder;

    private TestContainerd containerd;
    private CriRuntime runtime;
    private Path pods;
    private String image;

    @BeforeEach
    void start() throws Exception {
        Needs.part(
                ContainerdLauncher.missing().orElse("containerd"),
                ContainerdLauncher.missing().isEmpty());
        containerd = TestContainerd.start();
        runtime = containerd.connect();
        pods = Files.createDirectory(folder.resolve("pods"));
        containerd.launcher().importImage(TwoLayers.archive(folder));
        image = runtime.imageStatus(TwoLayers.NAME).orElseThrow().id();
    }

    @AfterEach
    void stop() throws IOException {
        PodVolumes.unmountBelow(pods);
        runtime.close();
        containerd.close();
    }

    private ByAgent layers() {
        return (ByAgent) runtime.imageVolumes();
    }

    @Test
    void layersAreMountedAsOneToBeReadOnly() throws Exception {
        ImageMounts mounts = new ImageMounts(pods, runtime);
        Path mounted = mounts.mount(UID, "tools", image, layers());
        assertThat(mounted.resolve("changed")).hasContent("by the upper layer");
        assertThat(mounted.resolve("removed")).doesNotExist();
        assertThat(mounted.resolve("bin/busybox")).exists();
        assertThatThrownBy(() -> Files.createFile(mounted.resolve("new")))
                .hasMessageContaining("Read-only file system");
        assertThatThrownBy(
                        () -> new ProcessBuilder(mounted.resolve("bin/busybox").toString(), "true").start())
                .hasMessageContaining("Permission denied");
        // Another mount of it that may be run is read-only all the same.
        Path other = Files.createDirectory(folder.resolve("other"));
        PodVolumes.run(List.of("mount", "--bind", mounted.toString(), other.toString()), folder);
        PodVolumes.run(List.of("mount", "-o", "remount,bind,rw", other.toString()), folder);
        try {
            assertThatThrownBy(() -> Files.createFile(other.resolve("new")))
                    .hasMessageContaining("Read-only file system");
        } finally {
            PodVolumes.run(List.of("umount", other.toString()), folder);
        }
    }

    @Test
    void itStaysWhenItsImageGoesAndGoesWhenItIsReleased() throws Exception {
        Path mounted = new ImageMounts(pods, runtime).mount(UID, "tools", image, layers());
        List<Path> kept = layers().keep(key(mounted), image);
        assertThat(kept).hasSize(2).allSatisfy(layer -> assertThat(layer).isDirectory());
        // The image's end is the moment at which containerd removes what nobody refers to.
        runtime.removeImage(image);
        assertThat(runtime.imageStatus(TwoLayers.NAME)).isEmpty();
        assertThat(mounted.resolve("changed")).hasContent("by the upper layer");
        assertThat(kept).allSatisfy(layer -> assertThat(layer).isDirectory());

        // The next agent knows of it by its folder alone.
        ImageMounts next = new ImageMounts(pods, runtime);
        PodVolumes.unmountBelow(pods);
        next.release(UID);
        next.release(UID);
        containerd.launcher().importImage(TwoLayers.archive(folder));
        runtime.removeImage(runtime.imageStatus(TwoLayers.NAME).orElseThrow().id());
        Await.passes(() -> assertThat(kept).noneMatch(Files::exists));
    }

    @Test
    void anAgentThatEndedBeforeItMountedGoesOn() throws Exception {
        ImageMounts mounts = new ImageMounts(pods, runtime);
        Path where = mounts.mount(UID, "tools", image, layers());
        PodVolumes.unmountBelow(pods);
        assertThat(where).isEmptyDirectory();
        Path again = new ImageMounts(pods, runtime).mount(UID, "tools", image, layers());
        assertThat(again).isEqualTo(where);
        assertThat(new ImageMounts(pods, runtime).mount(UID, "tools", image, layers()))
                .isEqualTo(where);
        assertThat(Files.readAllLines(Path.of("/proc/self/mounts")).stream()
                        .filter(line -> line.contains(where.toString())))
                .as("mounted once")
                .hasSize(1);
    }

    private static String key(Path mounted) {
        return ImageMounts.key(UID, mounted);
    }

    @Test
    void namesOfLayersAreShort() {
        List<Path> layers = List.of(Path.of("/var/lib/c/snapshots/12/fs"), Path.of("/var/lib/c/snapshots/1/fs"));
        Path near = ImageMounts.near(layers);
        assertThat(near).isEqualTo(Path.of("/var/lib/c/snapshots"));
        assertThat(ImageMounts.command(near, layers, Path.of("/v")))
                .containsExactly("mount", "-t", "overlay", "-o", "ro,noexec,lowerdir=12/fs:1/fs:/v", "overlay", "/v");
        assertThat(ImageMounts.near(List.of(Path.of("/a/1/fs")))).isEqualTo(Path.of("/a/1"));
    }
}
