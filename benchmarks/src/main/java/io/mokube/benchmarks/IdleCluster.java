package io.mokube.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * All components in one process with one hollow node, on the embedded store, started as {@code ./mokube up} starts them: what
 * it costs while nobody asks it for anything.
 */
final class IdleCluster {

    private static final String MAIN = "io.mokube.standalone.command.Mokube";

    /** Said once all nodes are ready. */
    private static final String READY = "Press Ctrl-C";

    private static final double MOST_MEGABYTES = 250;
    private static final double MOST_CPU = 0.01;

    private final Path folder;
    private final Path cache;

    IdleCluster(Path folder) {
        this.folder = folder;
        this.cache = folder.resolve("mokube.aot");
    }

    /**
     * Starts once to fill the JVM's cache, a second time on the folder of the first, and looks.
     *
     * @param settle how long after it is ready
     * @param watched for how long
     */
    List<Report.Measure> measure(Duration settle, Duration watched) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        stop(start("-XX:AOTCacheOutput=" + cache));
        long begun = System.nanoTime();
        Process cluster = start("-XX:AOTCache=" + cache, "-Xlog:aot*=off", "-Xlog:cds*=off");
        try {
            double seconds = (System.nanoTime() - begun) / 1e9;
            wait(cluster, settle);
            Duration before = cpu(cluster);
            wait(cluster, watched);
            Duration used = cpu(cluster).minus(before);
            double megabytes = JavaSubject.resident(cluster) / 1e6;
            double share = (double) used.toNanos() / watched.toNanos();
            return List.of(
                    new Report.Measure(
                            "resident, idle, of 250 MB",
                            megabytes / MOST_MEGABYTES,
                            1,
                            String.format(Locale.ROOT, "%.0f MB; ready %.1f s after its start", megabytes, seconds)),
                    new Report.Measure(
                            "processor, idle, of a hundredth of a core",
                            share / MOST_CPU,
                            1,
                            String.format(Locale.ROOT, "%d ms in %d s", used.toMillis(), watched.toSeconds())));
        } finally {
            stop(cluster);
        }
    }

    private Process start(String... options) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx1g",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow"));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", jars(), MAIN, "up", "--runtime", "hollow", "--port", "0"));
        command.addAll(List.of(
                "--advertise-address",
                "127.0.0.1",
                "--data",
                folder.resolve("data").toString()));
        Process process = new ProcessBuilder(command)
                .redirectError(folder.resolve("up.log").toFile())
                .start();
        BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith(READY)) {
                return process;
            }
        }
        process.destroyForcibly();
        throw new IOException("the cluster ended before it was ready: " + Files.readString(folder.resolve("up.log")));
    }

    /** The JVM's cache wants archives alone. */
    private static String jars() {
        return Arrays.stream(System.getProperty("java.class.path").split(":"))
                .filter(entry -> entry.endsWith(".jar"))
                .collect(Collectors.joining(":"));
    }

    private static void wait(Process cluster, Duration time) throws IOException, InterruptedException {
        if (cluster.waitFor(time.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IOException("the cluster ended by itself");
        }
    }

    private static Duration cpu(Process process) {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    private static void stop(Process cluster) throws InterruptedException {
        cluster.destroy();
        if (!cluster.waitFor(60, TimeUnit.SECONDS)) {
            cluster.destroyForcibly();
        }
    }
}
