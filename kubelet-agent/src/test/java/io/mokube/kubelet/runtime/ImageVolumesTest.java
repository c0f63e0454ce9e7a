package io.mokube.kubelet.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.kubelet.runtime.ContainerRuntime.RuntimeVersion;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which runtimes are trusted to mount images themselves. */
class ImageVolumesTest {

    @ParameterizedTest
    @CsvSource({
        "containerd, 1.6.20, false",
        "containerd, 1.10.0, false",
        "containerd, 2.1.6, false",
        "containerd, 2.2.0-rc.1, true",
        "containerd, v2.10.3, true",
        "containerd, 3.0.0, true",
        "cri-o, 1.32.9, false",
        "cri-o, 1.33.0, true",
        "cri-o, 2.0.0, true",
        "docker, 20.10.24, false",
        "docker, 28.0.0, true",
        "docker, library-import, false",
        "other, 99.0.0, false",
    })
    void thoseThatKnowPartsOfImages(String name, String version, boolean mounts) {
        assertThat(ImageVolumes.mountedBy(new RuntimeVersion(name, version))).isEqualTo(mounts);
    }
}
