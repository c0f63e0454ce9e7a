package io.mokube.benchmarks;

import io.mokube.client.rest.ClientConfig;
import io.mokube.controllermanager.ControllerManager;
import io.mokube.controllermanager.ControllerManagerConfig;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Platform;
import java.nio.file.Path;
import java.time.Duration;

/** A controller manager in a process of its own: {@code KUBECONFIG}. */
final class ControllerManagerMain {

    private ControllerManagerMain() {}

    public static void main(String[] arguments) throws Exception {
        CarrierThreads.provide();
        ClientConfig config = ClientConfig.fromKubeconfig(Path.of(arguments[0]));
        ControllerManager manager = new ControllerManager(ControllerManagerConfig.standard(config), Platform.system());
        manager.start();
        JavaSubject.sayReady(config.server(), config.server());
        JavaSubject.serveParent();
        manager.stop(Duration.ZERO);
        System.exit(0);
    }
}
