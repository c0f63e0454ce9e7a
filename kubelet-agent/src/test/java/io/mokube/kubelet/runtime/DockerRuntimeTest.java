package io.mokube.kubelet.runtime;

import io.mokube.kubelet.runtime.cri.DemoImage;
import io.mokube.kubelet.runtime.docker.DockerRuntime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The contract on a real Docker Engine. */
class DockerRuntimeTest extends ContainerRuntimeContract {

    private static @Nullable TestDocker docker;
    private static @Nullable DockerRuntime runtime;

    @BeforeAll
    static void start() {
        docker = TestDocker.start();
        runtime = docker.connect();
    }

    @AfterAll
    static void stop() {
        if (runtime != null) {
            runtime.close();
        }
        if (docker != null) {
            docker.close();
        }
    }

    @Override
    ContainerRuntime runtime() {
        return Objects.requireNonNull(runtime);
    }

    @Override
    String image() {
        return DemoImage.NAME;
    }
}
