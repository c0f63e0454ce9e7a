package io.mokube.benchmarks;

import io.mokube.client.rest.ClientConfig;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Platform;
import io.mokube.scheduler.Scheduler;
import io.mokube.scheduler.SchedulerConfig;
import java.nio.file.Path;
import java.time.Duration;

/** A scheduler in a process of its own: {@code KUBECONFIG}. */
final class SchedulerMain {

    private SchedulerMain() {}

    public static void main(String[] arguments) throws Exception {
        CarrierThreads.provide();
        ClientConfig config = ClientConfig.fromKubeconfig(Path.of(arguments[0]));
        Scheduler scheduler = new Scheduler(SchedulerConfig.of(config), Platform.system());
        scheduler.start();
        JavaSubject.sayReady(config.server(), config.server());
        JavaSubject.serveParent();
        scheduler.stop(Duration.ZERO);
        System.exit(0);
    }
}
