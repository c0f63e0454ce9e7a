package io.mokube.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A main class of this module in a JVM of its own. It says {@code READY <address>} and ends when its input ends. */
final class JavaSubject implements Subject {

    static final String READY = "READY ";

    private final String name;
    private final Process process;
    private final URI server;
    private final String path;

    private JavaSubject(String name, Process process, URI server, String path) {
        this.name = name;
        this.process = process;
        this.server = server;
        this.path = path;
    }

    /** Starts the class and waits until it serves. */
    static JavaSubject start(String name, Class<?> main, List<String> arguments, String path) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx2g",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith(READY)) {
                Thread.ofVirtual().start(() -> output.lines().forEach(rest -> {}));
                return new JavaSubject(name, process, URI.create(line.substring(READY.length())), path);
            }
        }
        process.destroyForcibly();
        throw new IOException(name + " ended before it served");
    }

    URI server() {
        return server;
    }

    JavaSubject at(String otherPath) {
        return new JavaSubject(name, process, server, otherPath);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public URI target() {
        return URI.create(server + path);
    }

    @Override
    public Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
