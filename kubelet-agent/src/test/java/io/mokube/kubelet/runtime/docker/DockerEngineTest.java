package io.mokube.kubelet.runtime.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.machinery.component.ComponentException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which engine is meant, and what is said when there is none. */
class DockerEngineTest {

    @Test
    void dockerHostNamesASocketOfThisMachine() {
        assertThat(DockerEngine.named(null).socket()).isEqualTo(Path.of("/var/run/docker.sock"));
        assertThat(DockerEngine.named("").socket()).isEqualTo(Path.of("/var/run/docker.sock"));
        assertThat(DockerEngine.named("unix:///run/user/1000/docker.sock").socket())
                .isEqualTo(Path.of("/run/user/1000/docker.sock"));
        assertThatThrownBy(() -> DockerEngine.named("tcp://10.0.0.1:2375"))
                .isInstanceOf(ComponentException.class)
                .hasMessage(
                        "DOCKER_HOST is tcp://10.0.0.1:2375, but nodes need an engine that shares this machine's files:"
                                + " set it to a Unix socket such as unix:///var/run/docker.sock");
    }

    @Test
    void whereNoneAnswersTheUserHearsWhatToDo(@TempDir Path folder) {
        DockerEngine engine = new DockerEngine(folder.resolve("sock"));
        assertThat(engine.missing())
                .hasValue("no Docker Engine answers on " + engine.socket()
                        + " (Docker can't be reached: No such file or directory): start it (systemctl start docker, or"
                        + " dockerd), or set DOCKER_HOST=unix://… to where it listens");
        assertThatThrownBy(() -> engine.removeAll("mk0"))
                .isInstanceOf(ComponentException.class)
                .hasMessageEndingWith("start it and run `mokube down` again");
    }
}
