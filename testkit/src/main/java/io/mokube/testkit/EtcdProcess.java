package io.mokube.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real etcd from the PATH, one member on loopback ports of its own, with its data in a temporary folder that is removed
 * by {@link #close}. It can be killed and started again on the same data and ports.
 */
public final class EtcdProcess implements AutoCloseable {

    private static final Duration START_DEADLINE = Duration.ofSeconds(30);

    private final Path folder;
    private final int clientPort;
    private final int peerPort;
    private final List<String> extraArguments;
    private @Nullable ChildProcess process;

    private EtcdProcess(Path folder, int clientPort, int peerPort, List<String> extraArguments) {
        this.folder = folder;
        this.clientPort = clientPort;
        this.peerPort = peerPort;
        this.extraArguments = extraArguments;
    }

    /** Whether there is an etcd on the PATH. */
    public static boolean available() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "etcd")));
    }

    /** Starts an etcd and waits until it serves. */
    public static EtcdProcess start(String... extraArguments) {
        try {
            EtcdProcess etcd = new EtcdProcess(
                    Files.createTempDirectory("mokube-etcd-"),
                    FreePort.next(),
                    FreePort.next(),
                    List.of(extraArguments));
            try {
                etcd.launch();
            } catch (AssertionError e) {
                etcd.close();
                throw e;
            }
            return etcd;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where clients connect. */
    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + clientPort);
    }

    public int clientPort() {
        return clientPort;
    }

    /** Ends it as {@code kill -9} does; its data stays. */
    public void kill() {
        running().kill();
    }

    /** Freezes it until {@link #resume}: connections stay open and nothing answers. */
    public void freeze() {
        running().freeze();
    }

    /** Lets a frozen etcd run on. */
    public void resume() {
        running().resume();
    }

    /** Starts it again, after {@link #kill}, on the same data and ports, and waits until it serves. */
    public void restart() {
        if (process != null && process.alive()) {
            throw new IllegalStateException("etcd still runs");
        }
        launch();
    }

    @Override
    public void close() {
        if (process != null) {
            process.close();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void launch() {
        String client = endpoint().toString();
        String peer = "http://127.0.0.1:" + peerPort;
        List<String> command = new ArrayList<>(List.of(
                "etcd",
                "--name=test",
                "--data-dir=" + folder.resolve("data"),
                "--listen-client-urls=" + client,
                "--advertise-client-urls=" + client,
                "--listen-peer-urls=" + peer,
                "--initial-advertise-peer-urls=" + peer,
                "--initial-cluster=test=" + peer,
                // A lone member need not wait long before it elects itself.
                "--heartbeat-interval=20",
                "--election-timeout=200",
                "--logger=zap"));
        command.addAll(extraArguments);
        ChildProcess started = ChildProcess.start("etcd", command, Map.of("ETCD_UNSUPPORTED_ARCH", "arm64"));
        process = started;
        started.awaitReady(START_DEADLINE, this::healthy);
    }

    private boolean healthy() {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(endpoint().resolve("/health"))
                    .timeout(Duration.ofSeconds(2))
                    .build();
            return http.send(request, HttpResponse.BodyHandlers.ofString())
                    .body()
                    .contains("\"true\"");
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private ChildProcess running() {
        if (process == null) {
            throw new IllegalStateException("etcd was not started");
        }
        return process;
    }
}
