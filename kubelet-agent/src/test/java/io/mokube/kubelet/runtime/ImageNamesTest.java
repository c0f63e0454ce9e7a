package io.mokube.kubelet.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names as Docker has them, and as Kubernetes' other runtimes do. */
class ImageNamesTest {

    @ParameterizedTest
    @CsvSource({
        "busybox:1, docker.io/library/busybox:1",
        "busybox, docker.io/library/busybox",
        "mokube/demo:1, docker.io/mokube/demo:1",
        "docker.io/mokube/demo:1, docker.io/mokube/demo:1",
        "localhost/demo:1, localhost/demo:1",
        "127.0.0.1:5000/demo, 127.0.0.1:5000/demo",
        "mokube.io/pause:1, mokube.io/pause:1",
        "demo@sha256:00, docker.io/library/demo@sha256:00"
    })
    void everyNameHasARegistry(String docker, String full) {
        assertThat(ImageNames.full(docker)).isEqualTo(full);
    }

    @ParameterizedTest
    @CsvSource({
        "busybox, docker.io, docker.io/library/busybox",
        "busybox:1, docker.io, docker.io/library/busybox",
        "127.0.0.1:5000/demo:2, 127.0.0.1:5000, 127.0.0.1:5000/demo",
        "localhost/a/b@sha256:00, localhost, localhost/a/b",
        "registry.test/a:1@sha256:00, registry.test, registry.test/a"
    })
    void aRepositoryIsTheNameWithoutTagAndDigest(String name, String registry, String repository) {
        assertThat(ImageNames.registry(name)).isEqualTo(registry);
        assertThat(ImageNames.repository(name)).isEqualTo(repository);
    }

    @ParameterizedTest
    @CsvSource({
        "busybox, busybox, latest",
        "busybox:1, busybox, 1",
        "127.0.0.1:5000/demo, 127.0.0.1:5000/demo, latest",
        "127.0.0.1:5000/demo:2, 127.0.0.1:5000/demo, 2",
        "demo@sha256:00, demo@sha256:00, ''"
    })
    void aPullNamesOneImage(String reference, String repository, String tag) {
        assertThat(ImageNames.pull(reference)).isEqualTo(new ImageNames.Pull(repository, tag));
    }
}
