package io.mokube.benchmarks;

import io.mokube.kubelet.app.KubeletApplication;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The service of the node agent, as it runs in a cluster: a process of its own with the options of its image. */
final class AgentSubject implements Subject {

    private final Process process;
    private final URI server;

    private AgentSubject(Process process, URI server) {
        this.process = process;
        this.server = server;
    }

    /**
     * Starts one and returns at once.
     *
     * @param settings what is set, without {@code --mokube.}
     */
    static AgentSubject start(URI server, Path log, List<String> settings) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms16m",
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:MaxHeapFreeRatio=30",
                "-XX:MinHeapFreeRatio=10",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                KubeletApplication.class.getName(),
                "--server.port=0"));
        settings.forEach(setting -> command.add("--mokube." + setting));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        return new AgentSubject(process, server);
    }

    /** The bytes of memory that the process has now, and 0 where the system does not tell. */
    long resident() {
        return JavaSubject.resident(process);
    }

    @Override
    public String name() {
        return "agent";
    }

    @Override
    public URI target() {
        return server;
    }

    @Override
    public Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
