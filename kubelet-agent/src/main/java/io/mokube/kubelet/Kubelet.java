package io.mokube.kubelet;

import io.mokube.machinery.component.Component;
import io.mokube.machinery.component.Platform;
import java.time.Duration;

/** Placeholder. */
public final class Kubelet implements Component {
    public Kubelet(KubeletConfig config, Platform platform) {}

    @Override
    public String name() {
        return "kubelet";
    }

    @Override
    public void start() {}

    @Override
    public Readiness readiness() {
        return Readiness.waitingFor("x");
    }

    @Override
    public void stop(Duration grace) {}
}
