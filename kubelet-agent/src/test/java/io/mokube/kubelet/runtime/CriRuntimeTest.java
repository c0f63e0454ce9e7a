package io.mokube.kubelet.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.kubelet.runtime.cri.CriRuntime;
import io.mokube.kubelet.runtime.cri.DemoImage;
import io.mokube.testkit.Await;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The contract on a real containerd. */
class CriRuntimeTest extends ContainerRuntimeContract {

    private static @Nullable TestContainerd containerd;
    private static @Nullable CriRuntime runtime;

    @BeforeAll
    static void start() {
        // CI has containerd and must run this; elsewhere its absence skips the class, saying what is missing.
        if (System.getenv("CI") == null) {
            Assumptions.assumeTrue(
                    ContainerdLauncher.missing().isEmpty(),
                    () -> ContainerdLauncher.missing().orElseThrow());
        }
        containerd = TestContainerd.start();
        runtime = containerd.connect();
    }

    @AfterAll
    static void stop() {
        if (runtime != null) {
            runtime.close();
        }
        if (containerd != null) {
            containerd.close();
            assertThat(containerd.mounts()).isEmpty();
        }
    }

    @Override
    ContainerRuntime runtime() {
        return java.util.Objects.requireNonNull(runtime);
    }

    @Override
    String image() {
        return DemoImage.NAME;
    }

    @Test
    void theConnectionIsMadeAgainAfterContainerdWasKilled() {
        TestContainerd server = java.util.Objects.requireNonNull(containerd);
        server.launcher().kill();
        server.launcher().start();
        Await.until("containerd answers again", () -> {
            try {
                return runtime().status().ready();
            } catch (RuntimeCallException e) {
                return false;
            }
        });
    }
}
