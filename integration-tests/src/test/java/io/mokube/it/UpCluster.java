package io.mokube.it;

import io.mokube.machinery.object.Json;
import io.mokube.standalone.cluster.ClusterFolder;
import io.mokube.testkit.FreePort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/** A cluster made by {@code ./mokube up --detach}: everything in one process. */
final class UpCluster implements TestCluster {

    private final Path data;
    private final List<String> arguments;
    private final int nodes;
    private final Map<String, String> environment;

    /**
     * Starts a cluster with the demo image on every node.
     *
     * @param options further options of {@code up}
     */
    static UpCluster start(int nodes, String... options) {
        return start(nodes, Map.of(), options);
    }

    /**
     * @param environment further variables for {@code up}
     */
    static UpCluster start(int nodes, Map<String, String> environment, String... options) {
        try {
            UpCluster cluster =
                    new UpCluster(Files.createTempDirectory("mokube-it"), nodes, environment, List.of(options));
            cluster.up();
            MokubeCommand.ok(cluster.data, "image", "demo");
            return cluster;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private UpCluster(Path data, int nodes, Map<String, String> environment, List<String> options) {
        this.data = data;
        this.nodes = nodes;
        this.environment = environment;
        arguments = new ArrayList<>(List.of("up", "--detach", "--nodes=" + nodes, "--port=" + FreePort.next()));
        arguments.addAll(options);
    }

    /** Brings it up, or up again. */
    void up() {
        Commands.Result result = MokubeCommand.run(data, environment, arguments.toArray(String[]::new));
        if (result.code() != 0) {
            throw new AssertionError("up failed: " + result + "\n" + log());
        }
    }

    /** Kills the cluster's process as {@code kill -9} does. */
    void kill() {
        JsonNode description = readDescription();
        ProcessHandle process =
                ProcessHandle.of(description.path("pid").asLong()).orElseThrow();
        process.destroyForcibly();
        process.onExit().join();
    }

    private JsonNode readDescription() {
        try {
            return Json.MAPPER.readTree(Files.readAllBytes(data.resolve("mokube.json")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Applies a manifest with kubectl. */
    void apply(String manifest) {
        Kubectl.any().apply(kubeconfig(), manifest);
    }

    /** What the cluster's process logged. */
    String log() {
        try {
            Path log = data.resolve("mokube.log");
            return Files.exists(log) ? Files.readString(log) : "(no log)";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path data() {
        return data;
    }

    @Override
    public Path kubeconfig() {
        return data.resolve("kubeconfig");
    }

    @Override
    public List<String> nodes() {
        return IntStream.rangeClosed(1, nodes).mapToObj(i -> "node-" + i).toList();
    }

    @Override
    public Cri cri() {
        return new Cri(new ClusterFolder(data).containerdSockets());
    }

    @Override
    public List<Part> parts() {
        return List.of(Part.EVERYTHING);
    }

    @Override
    public void killAndRestart(Part part) {
        kill();
        up();
    }

    @Override
    public void close() {
        MokubeCommand.ok(data, "down", "--purge");
    }
}
