package io.mokube.kubelet.runtime;

import io.mokube.kubelet.runtime.hollow.HollowRuntime;
import io.mokube.kubelet.runtime.hollow.HollowScript;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.Optional;

class HollowRuntimeTest extends ContainerRuntimeContract {

    private final HollowRuntime runtime = new HollowRuntime(
            "10.1.2.0/24",
            HollowScript.QUIET
                    .withMissingImages(image -> image.contains("absent"))
                    .withEndings(config -> config.command().contains("exit 3")
                            ? Optional.of(new HollowScript.Ending(Duration.ofMillis(5), 3, false))
                            : Optional.empty()),
            Clock.system());

    HollowRuntimeTest() {
        runtime.pullImage(image(), Optional.empty());
    }

    @Override
    ContainerRuntime runtime() {
        return runtime;
    }

    @Override
    String image() {
        return "docker.io/mokube/demo:latest";
    }
}
