package io.mokube.scheduler;

import io.mokube.client.rest.ClientConfig;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.config.SchedulerConfiguration.Election;
import io.mokube.scheduler.queue.SchedulingQueue.Delays;
import io.mokube.testkit.ChildProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** A scheduler in a process of its own, which can be killed and frozen. It hurries with elections and retries. */
final class SchedulerProcess implements AutoCloseable {

    static final ObjectKey LEASE = new ObjectKey("kube-system", "kube-scheduler");

    private final Path kubeconfig;
    private final String identity;
    private ChildProcess process;

    SchedulerProcess(Path kubeconfig, String identity) {
        this.kubeconfig = kubeconfig;
        this.identity = identity;
        this.process = launch();
    }

    private ChildProcess launch() {
        return ChildProcess.start(
                identity, ChildProcess.javaCommand(SchedulerProcess.class, kubeconfig.toString(), identity), Map.of());
    }

    /** {@code KUBECONFIG IDENTITY}. */
    public static void main(String[] arguments) throws InterruptedException {
        CarrierThreads.provide();
        SchedulerConfig standard = SchedulerConfig.of(ClientConfig.fromKubeconfig(Path.of(arguments[0])));
        Election election =
                new Election(true, LEASE, Duration.ofSeconds(2), Duration.ofMillis(1500), Duration.ofMillis(300));
        Delays delays = new Delays(Duration.ofMillis(50), Duration.ofMillis(200), Duration.ofMinutes(5));
        new Scheduler(
                        new SchedulerConfig(standard.client(), arguments[1], standard.profiles(), election, delays),
                        Platform.system())
                .start();
        new CountDownLatch(1).await();
    }

    String identity() {
        return identity;
    }

    void freeze() {
        process.freeze();
    }

    void thaw() {
        process.resume();
    }

    /** Ends it as {@code kill -9} does and starts another one of the same identity. */
    void killAndRestart() {
        process.close();
        process = launch();
    }

    /** The lines of its log that contain a text. */
    List<String> said(String text) {
        return process.log().lines().filter(line -> line.contains(text)).toList();
    }

    @Override
    public void close() {
        process.close();
    }
}
