package io.mokube.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A Docker Engine of a test's own, with its own data, state and socket in a temporary folder, so that it disturbs no other.
 * Needs root and {@code dockerd}. Containers that still run when it is closed end with it.
 *
 * <p>All engines of a machine share the chains of its firewall, and one that starts takes them away for a moment, in which
 * another can't make a network or a container. So only one process of tests has engines at a time; others wait.
 */
public final class DockerDaemon implements AutoCloseable {

    private static final Duration START_DEADLINE = Duration.ofSeconds(60);
    private static final Duration STOP_GRACE = Duration.ofSeconds(60);

    /**
     * Ends the containers that a daemon leaves running when it was killed, or runs with live-restore, and unmounts what
     * would keep its folder from being removed.
     */
    private static final String CLEAN_UP = """
            pgrep -f -- "-address $1/" | while read -r shim; do pkill -9 -P "$shim"; kill -9 "$shim"; done
            awk -v d="$1/" 'index($2, d) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount -l
            rm -rf "$1"
            """;

    private static final MachineLock FIREWALL = new MachineLock("docker");

    private final Path folder;
    private ChildProcess daemon;
    private boolean hasFirewall = true;

    private DockerDaemon(Path folder) {
        this.folder = folder;
        this.daemon = launch(folder);
    }

    /** Whether {@code dockerd} is on the PATH. */
    public static boolean installed() {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .anyMatch(entry -> Files.isExecutable(Path.of(entry, "dockerd")));
    }

    /** Starts a daemon, when no other process of tests has one any more, and waits until it answers. */
    public static DockerDaemon start() {
        Path folder;
        try {
            folder = Files.createTempDirectory("mokube-docker-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        FIREWALL.acquire();
        DockerDaemon daemon = new DockerDaemon(folder);
        daemon.awaitReady();
        return daemon;
    }

    private static ChildProcess launch(Path folder, String... options) {
        List<String> command = new ArrayList<>(List.of(
                "dockerd",
                "--data-root=" + folder.resolve("data"),
                "--exec-root=" + folder.resolve("exec"),
                "--pidfile=" + folder.resolve("pid"),
                "--host=unix://" + folder.resolve("sock"),
                // The default network would collide with another daemon's.
                "--bridge=none"));
        command.addAll(List.of(options));
        return ChildProcess.start("dockerd", command, Map.of());
    }

    private void awaitReady() {
        try {
            daemon.awaitReady(START_DEADLINE, this::answers);
        } catch (AssertionError e) {
            close();
            throw e;
        }
    }

    /** Kills the daemon as {@code kill -9} does, which leaves its containers running. */
    public void kill() {
        daemon.kill();
        try {
            // Its containerd dies with it. The next daemon takes a dead one for running until somebody has reaped it.
            Files.deleteIfExists(folder.resolve("exec/containerd/containerd.pid"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Starts the daemon again and waits until it answers. It ends what it finds running, as it does by default.
     *
     * @param options further ones, such as {@code --live-restore}
     */
    public void startAgain(String... options) {
        daemon.close();
        daemon = launch(folder, options);
        awaitReady();
    }

    /** Where the daemon listens. */
    public Path socket() {
        return folder.resolve("sock");
    }

    /** What clients need in their environment to use this daemon. */
    public Map<String, String> environment() {
        return Map.of("DOCKER_HOST", "unix://" + socket());
    }

    @Override
    public void close() {
        daemon.stop(STOP_GRACE);
        daemon.close();
        try (ChildProcess cleaning = ChildProcess.start(
                "docker-cleanup", List.of("sh", "-c", CLEAN_UP, "sh", folder.toString()), Map.of())) {
            cleaning.awaitExit(STOP_GRACE);
        } finally {
            if (hasFirewall) {
                hasFirewall = false;
                FIREWALL.release();
            }
        }
    }

    private boolean answers() {
        if (!Files.exists(socket())) {
            return false;
        }
        try (ChildProcess client = ChildProcess.start("docker-info", List.of("docker", "info"), environment())) {
            return client.awaitExit(START_DEADLINE) == 0;
        }
    }
}
