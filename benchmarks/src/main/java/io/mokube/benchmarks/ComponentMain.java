package io.mokube.benchmarks;

import io.mokube.client.rest.ClientConfig;
import io.mokube.controllermanager.ControllerManager;
import io.mokube.controllermanager.ControllerManagerConfig;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Component;
import io.mokube.machinery.component.Platform;
import io.mokube.scheduler.Scheduler;
import io.mokube.scheduler.SchedulerConfig;
import java.nio.file.Path;
import java.time.Duration;

/** A component beside the API server in a process of its own: {@code KUBECONFIG controller-manager|scheduler}. */
final class ComponentMain {

    private ComponentMain() {}

    public static void main(String[] arguments) throws Exception {
        CarrierThreads.provide();
        ClientConfig config = ClientConfig.fromKubeconfig(Path.of(arguments[0]));
        Component component =
                switch (arguments[1]) {
                    case "controller-manager" ->
                        new ControllerManager(ControllerManagerConfig.standard(config), Platform.system());
                    case "scheduler" -> new Scheduler(SchedulerConfig.of(config), Platform.system());
                    default -> throw new IllegalArgumentException("no component is called " + arguments[1]);
                };
        component.start();
        JavaSubject.sayReady(config.server(), config.server());
        JavaSubject.serveParent();
        component.stop(Duration.ZERO);
        System.exit(0);
    }
}
