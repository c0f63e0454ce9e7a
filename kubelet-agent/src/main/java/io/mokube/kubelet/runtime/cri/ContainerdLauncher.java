package io.mokube.kubelet.runtime.cri;

import io.mokube.kubelet.network.CniNetwork;
import io.mokube.kubelet.network.NodeBridge;
import io.mokube.kubelet.network.Programs;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a containerd of one's own as a child process, so that several nodes fit on one machine: with its own data, state,
 * socket and network. Its containers do not depend on it: they live on in their shims when it stops, and the next one
 * with the same folders finds them again.
 */
public final class ContainerdLauncher implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ContainerdLauncher.class);
    private static final Duration START_DEADLINE = Duration.ofSeconds(30);
    private static final Duration STOP_GRACE = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofMillis(20);
    private static final int REMOVALS = 3;

    private final ContainerdConfig config;
    private final Clock clock;

    public ContainerdLauncher(ContainerdConfig config, Clock clock) {
        this.config = config;
        this.clock = clock;
    }

    /**
     * Where this containerd keeps its things, and the pods' network.
     *
     * @param node names the containerd in errors and its network bridge
     * @param root what must survive a reboot: images, snapshots
     * @param state what need not: sockets, shims. Short, for the paths of Unix sockets end at 107 characters
     * @param bridge the network bridge for this node's pods, at most 15 characters, unique on the machine
     * @param podCidrs the addresses of this node's pods, such as {@code 10.244.1.0/24}; empty when somebody else will
     *     configure the network, without which no pod starts
     */
    public record ContainerdConfig(String node, Path root, Path state, String bridge, List<String> podCidrs) {

        /** The socket for CRI, and for {@code ctr}. */
        public Path socket() {
            return state.resolve("containerd.sock");
        }

        /** Where the network's configuration is looked for. */
        public Path cniFolder() {
            return root.resolve("cni");
        }

        /** Where it is noted which addresses are taken; gone after a reboot, as pods are. */
        public Path addressFolder() {
            return state.resolve("cni-ipam");
        }
    }

    /** Whether the programs that are needed are installed; otherwise the message says what is missing. */
    public static Optional<String> missing() {
        for (String program : List.of("containerd", "runc", "containerd-shim-runc-v2", "ctr")) {
            if (Programs.find(program).isEmpty()) {
                return Optional.of(program
                        + " is not installed: on Debian, apt-get install containerd runc containernetworking-plugins");
            }
        }
        return CniNetwork.pluginFolder().isPresent()
                ? Optional.empty()
                : Optional.of(
                        "the CNI plugins are not installed: on Debian, apt-get install containernetworking-plugins");
    }

    /**
     * Starts containerd and waits until it answers.
     *
     * @throws ComponentException when it can't be started; the message names its log
     */
    public synchronized void start() {
        missing().ifPresent(message -> {
            throw new ComponentException(message);
        });
        try {
            Files.createDirectories(config.root());
            Files.createDirectories(config.state());
            Path cni = Files.createDirectories(config.cniFolder());
            List<Cidr> pods = config.podCidrs().stream().map(Cidr::of).toList();
            if (!pods.isEmpty()) {
                new CniNetwork(config.bridge(), pods, OptionalInt.empty()).write(cni, config.addressFolder());
            }
            CniNetwork.enableForwarding(Family.IPV4);
            if (pods.stream().anyMatch(range -> range.family() == Family.IPV6)) {
                CniNetwork.enableForwarding(Family.IPV6);
            }
            Path file = configurationFile();
            Files.writeString(file, toml(cni));
            if (!answers()) {
                launch(file);
            }
            loadPauseImage();
        } catch (IOException e) {
            throw new ComponentException(
                    "can't prepare containerd of node " + config.node() + ": " + e.getMessage(), e);
        }
    }

    private void launch(Path file) throws IOException {
        Path output = config.root().resolve("containerd.log");
        Process started = new ProcessBuilder("containerd", "-c", file.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                .start();
        Files.writeString(pidFile(), Long.toString(started.pid()));
        long begin = clock.nanoTime();
        while (!answers()) {
            if (!started.isAlive()) {
                throw new ComponentException("containerd of node " + config.node() + " ended with exit code "
                        + started.exitValue() + "; see " + output);
            }
            if (clock.nanoTime() - begin > START_DEADLINE.toNanos()) {
                started.destroyForcibly();
                throw new ComponentException("containerd of node " + config.node() + " did not answer within "
                        + START_DEADLINE.toSeconds() + " s; see " + output);
            }
            pause();
        }
        log.atInfo()
                .setMessage("containerd started")
                .addKeyValue("node", config.node())
                .addKeyValue("pid", started.pid())
                .addKeyValue("socket", config.socket())
                .log();
    }

    private void pause() {
        try {
            clock.sleep(POLL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ComponentException("interrupted while starting containerd", e);
        }
    }

    /** Whether a containerd serves on the socket: ours, or one that outlived an earlier agent. */
    private boolean answers() {
        if (!Files.exists(config.socket())) {
            return false;
        }
        try (CriRuntime runtime = new CriRuntime(config.socket())) {
            return runtime.status().ready();
        } catch (RuntimeCallException e) {
            return false;
        }
    }

    private String toml(Path cni) {
        Path plugins = CniNetwork.pluginFolder().orElseThrow();
        return """
                version = 2
                root = "%1$s/data"
                state = "%2$s/run"
                oom_score = 0
                disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", \
                "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper", \
                "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]

                [grpc]
                  address = "%2$s/containerd.sock"

                [ttrpc]
                  address = "%2$s/containerd.sock.ttrpc"

                [plugins."io.containerd.gc.v1.scheduler"]
                  deletion_threshold = 1

                [plugins."io.containerd.internal.v1.opt"]
                  path = "%1$s/opt"

                [plugins."io.containerd.grpc.v1.cri"]
                  sandbox_image = "%3$s"
                  restrict_oom_score_adj = true
                  max_container_log_line_size = 16384
                  stream_server_address = "127.0.0.1"
                  stream_server_port = "0"
                  [plugins."io.containerd.grpc.v1.cri".containerd]
                    snapshotter = "overlayfs"
                    discard_unpacked_layers = false
                    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
                      runtime_type = "io.containerd.runc.v2"
                      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
                        SystemdCgroup = false
                  [plugins."io.containerd.grpc.v1.cri".cni]
                    bin_dir = "%4$s"
                    conf_dir = "%5$s"
                    max_conf_num = 1
                """.formatted(config.root(), config.state(), PauseImage.NAME, plugins, cni);
    }

    private void loadPauseImage() throws IOException {
        if (Ctr.run(config.socket(), "images", "list", "-q").lines().anyMatch(PauseImage.NAME::equals)) {
            return;
        }
        Path archive = Files.createTempFile(config.root(), "pause", ".tar");
        try {
            PauseImage.write(archive);
            importImage(archive);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            Files.deleteIfExists(archive);
        }
    }

    /** Loads an image archive (docker save or OCI layout) so that pods can use it. */
    public void importImage(Path archive) {
        Ctr.run(config.socket(), "images", "import", archive.toString());
    }

    private Path configurationFile() {
        return config.root().resolve("config.toml");
    }

    private Path pidFile() {
        return config.root().resolve("containerd.pid");
    }

    /** The containerd that runs with these folders, whoever started it: an agent that was killed leaves one behind. */
    private Optional<ProcessHandle> process() {
        try {
            if (!Files.exists(pidFile())) {
                return Optional.empty();
            }
            // A process of the same number that knows nothing of our configuration is somebody else's.
            return ProcessHandle.of(Long.parseLong(Files.readString(pidFile()).strip()))
                    .filter(each -> each.info()
                            .arguments()
                            .map(arguments -> List.of(arguments)
                                    .contains(configurationFile().toString()))
                            .orElse(false));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /** Whether containerd runs. */
    public synchronized boolean running() {
        return process().isPresent();
    }

    /** Kills containerd at once, as a crash would. Its containers run on. */
    public synchronized void kill() {
        process().ifPresent(running -> {
            running.destroyForcibly();
            awaitEnd(running);
        });
    }

    /** Ends containerd; its containers run on. */
    public synchronized void stop() {
        process().ifPresent(running -> {
            running.destroy();
            if (!awaitEnd(running)) {
                running.destroyForcibly();
            }
        });
    }

    /**
     * Removes every sandbox and container, then ends containerd, takes down the network bridge and removes the state
     * folder, whose absence tells that nothing runs here.
     */
    public synchronized void stopWithContainers() {
        if (Files.exists(config.socket())) {
            try (CriRuntime runtime = new CriRuntime(config.socket())) {
                // A busy machine may be too slow for a call, and in time for it once it has less to do.
                boolean removed = false;
                for (int i = 0; i < REMOVALS && !removed; i++) {
                    removed = removeSandboxes(runtime);
                }
            } catch (RuntimeCallException e) {
                leftBehind("all", e);
            }
        }
        stop();
        new NodeBridge(config.bridge()).remove();
        removeState();
    }

    /** Whether all are gone; one that can't be removed does not keep the others. */
    private boolean removeSandboxes(CriRuntime runtime) {
        boolean all = true;
        for (var sandbox : runtime.listSandboxes(Map.of())) {
            try {
                runtime.stopSandbox(sandbox.id());
                runtime.removeSandbox(sandbox.id());
            } catch (RuntimeCallException e) {
                all = false;
                leftBehind(sandbox.id(), e);
            }
        }
        return all;
    }

    private void leftBehind(String sandbox, RuntimeCallException why) {
        log.atWarn()
                .setMessage("could not remove containers")
                .addKeyValue("node", config.node())
                .addKeyValue("sandbox", sandbox)
                .setCause(why)
                .log();
    }

    /** Removes sockets and the like; left alone while something is mounted there. */
    private void removeState() {
        try {
            if (Files.readString(Path.of("/proc/self/mounts")).contains(" " + config.state() + "/")) {
                return;
            }
            try (Stream<Path> all = Files.walk(config.state())) {
                for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(each);
                }
            }
        } catch (IOException | UncheckedIOException e) {
            log.atWarn()
                    .setMessage("could not remove all of containerd's state")
                    .addKeyValue("node", config.node())
                    .addKeyValue("reason", e.toString())
                    .log();
        }
    }

    /** Ends containerd; its containers run on. */
    @Override
    public void close() {
        stop();
    }

    private static boolean awaitEnd(ProcessHandle process) {
        try {
            process.onExit().get(STOP_GRACE.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException | ExecutionException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Containerd's own client, for what CRI can't do. */
    static final class Ctr {
        private Ctr() {}

        static String run(Path socket, String... arguments) {
            List<String> command =
                    new ArrayList<>(List.of("ctr", "--address", socket.toString(), "--namespace", "k8s.io"));
            command.addAll(List.of(arguments));
            return Programs.run(command);
        }
    }

    /** The end of containerd's log, for error messages. */
    public String logTail() {
        try {
            List<String> lines = Files.readAllLines(config.root().resolve("containerd.log"), StandardCharsets.UTF_8);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
        } catch (IOException e) {
            return "";
        }
    }
}
