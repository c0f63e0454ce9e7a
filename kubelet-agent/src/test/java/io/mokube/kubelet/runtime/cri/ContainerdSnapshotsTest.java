package io.mokube.kubelet.runtime.cri;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.cri.snapshots.v1.SnapshotMount;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the mounts that containerd describes are made of. */
class ContainerdSnapshotsTest {

    private static SnapshotMount mount(String type, String source, String... options) {
        return SnapshotMount.newBuilder()
                .setType(type)
                .setSource(source)
                .addAllOptions(List.of(options))
                .build();
    }

    @Test
    void severalLayersAreAnOverlay() {
        assertThat(ContainerdSnapshots.layers(
                        List.of(mount("overlay", "overlay", "index=off", "lowerdir=/s/2/fs:/s/1/fs"))))
                .containsExactly(Path.of("/s/2/fs"), Path.of("/s/1/fs"));
    }

    @Test
    void oneLayerIsAFolder() {
        assertThat(ContainerdSnapshots.layers(List.of(mount("bind", "/s/1/fs", "ro", "rbind"))))
                .containsExactly(Path.of("/s/1/fs"));
    }

    @Test
    void whatIsNotMadeOfFoldersIsRefused() {
        assertThatThrownBy(() -> ContainerdSnapshots.layers(List.of(mount("ext4", "/dev/mapper/snap-1", "ro"))))
                .isInstanceOf(RuntimeCallException.class)
                .hasMessage("containerd's snapshotter has no folders of layers, but [ext4]");
    }
}
