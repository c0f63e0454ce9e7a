package io.mokube.standalone.cluster;

import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The folder a cluster keeps its state in: what is where, which format it has, and which process owns it.
 *
 * @param path the folder
 */
public record ClusterFolder(Path path) {

    /** Raised whenever older folders can't be read any more. */
    private static final int FORMAT = 1;

    /** The administrator's kubeconfig. */
    public Path kubeconfig() {
        return path.resolve("kubeconfig");
    }

    /** The embedded store. */
    Path store() {
        return path.resolve("store");
    }

    /** The data of the cluster's own etcd member. */
    Path etcd() {
        return path.resolve("etcd");
    }

    /** What one node keeps. */
    public Path node(String name) {
        return path.resolve("nodes").resolve(name);
    }

    /** What the node's agent keeps, its pods' volumes among it. */
    public Path kubelet(String name) {
        return node(name).resolve("kubelet");
    }

    /** The volumes that the cluster makes for claims; every node is on this machine and finds them. */
    public Path volumes() {
        return path.resolve("volumes");
    }

    /** What a detached cluster says. */
    public Path log() {
        return path.resolve("mokube.log");
    }

    private Path description() {
        return path.resolve("mokube.json");
    }

    private Path lockFile() {
        return path.resolve("mokube.lock");
    }

    /**
     * A running cluster as other commands see it.
     *
     * @param pid the process that runs it
     * @param server where its API server listens
     */
    public record Running(long pid, String server) {}

    /**
     * Makes this process the folder's owner until it ends or the lock is closed.
     *
     * @throws ComponentException when another process owns the folder, or it holds something that is no cluster or a
     *     cluster of another store or format; the message says what to do
     */
    public AutoCloseable own(ClusterConfig config) {
        try {
            Files.createDirectories(path);
            FileChannel channel = FileChannel.open(
                    lockFile(), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                channel.close();
                throw new ComponentException("a cluster is running in " + path
                        + ": stop it with `mokube down`, or give this one another folder with --data");
            }
            checkDescription(config);
            return channel;
        } catch (IOException e) {
            throw new ComponentException("can't use the folder " + path + ": " + e.getMessage(), e);
        }
    }

    private void checkDescription(ClusterConfig config) throws IOException {
        if (!Files.exists(description())) {
            try (var entries = Files.list(path)) {
                Optional<Path> foreign = entries.filter(each -> !each.equals(lockFile()) && !each.equals(log()))
                        .findFirst();
                if (foreign.isPresent()) {
                    throw new ComponentException(path + " holds files that are no Mokube cluster ("
                            + foreign.get().getFileName() + "): give an empty folder with --data");
                }
            }
        } else {
            JsonNode known = readDescription();
            if (known.path("format").asInt(0) != FORMAT) {
                throw new ComponentException(
                        "the cluster in " + path + " was made by another version of Mokube (format "
                                + known.path("format").asInt(0) + ", this one reads " + FORMAT
                                + "): remove it with `mokube down --purge`, or give another folder with --data");
            }
            String store = known.path("store").asString("");
            if (!store.equals(config.store().name())) {
                throw new ComponentException("the cluster in " + path + " keeps its state in the "
                        + store.toLowerCase(Locale.ROOT)
                        + " store: start it with --store " + store.toLowerCase(Locale.ROOT)
                        + ", remove it with `mokube down --purge`, or give another folder with --data");
            }
        }
    }

    /** Tells other commands how to reach the cluster that this process runs. */
    public void describe(ClusterConfig config, String server) {
        ObjectNode description = Json.MAPPER.createObjectNode();
        description.put("format", FORMAT);
        description.put("store", config.store().name());
        description.put("runtime", config.runtime().name());
        description.put("nodes", config.nodes());
        description.put("podNetwork", podNetwork(config.runtime()));
        description.put("server", server);
        description.put("pid", ProcessHandle.current().pid());
        description.put(
                "started",
                ProcessHandle.current()
                        .info()
                        .startInstant()
                        .map(Instant::toString)
                        .orElse(""));
        try {
            Path next = path.resolve("mokube.json.new");
            Files.write(next, Json.MAPPER.writeValueAsBytes(description));
            Files.move(next, description(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Removes the folder and all that is in it. No process may own it. */
    public void remove() throws IOException {
        try (Stream<Path> all = Files.walk(path)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }

    /** Whether a cluster was made here that was not removed since. */
    boolean holdsCluster() {
        return Files.exists(description());
    }

    /** The cluster running in this folder, when its process is alive. */
    public Optional<Running> running() {
        if (!Files.exists(description())) {
            return Optional.empty();
        }
        JsonNode known = readDescription();
        long pid = known.path("pid").asLong(0);
        String started = known.path("started").asString("");
        // A process of the same number that started at another time is somebody else's.
        return ProcessHandle.of(pid)
                .filter(process -> process.info()
                        .startInstant()
                        .map(Instant::toString)
                        .orElse("")
                        .equals(started))
                .map(process -> new Running(pid, known.path("server").asString("")));
    }

    /** Which runtime the folder's cluster last ran with. */
    public Optional<RuntimeKind> runtime() {
        return Files.exists(description())
                ? Optional.of(
                        RuntimeKind.valueOf(readDescription().path("runtime").asString("")))
                : Optional.empty();
    }

    /** How many nodes the folder's cluster last ran with. */
    public int nodes() {
        return Files.exists(description()) ? readDescription().path("nodes").asInt(0) : 0;
    }

    /** Where the nodes keep their things: the same at every start. */
    NodeLayout layout() {
        return new NodeLayout(this, podNetwork());
    }

    /** The sockets of the nodes' containerds, first node first. */
    public List<Path> containerdSockets() {
        NodeLayout layout = layout();
        return IntStream.rangeClosed(1, nodes())
                .mapToObj(node -> layout.containerd(node).socket())
                .toList();
    }

    private int podNetwork() {
        int known = knownPodNetwork();
        return known == 0 ? PodNetworks.free() : known;
    }

    /** The pods of hollow nodes have addresses that nobody hears of. */
    private int podNetwork(RuntimeKind runtime) {
        int known = knownPodNetwork();
        return known != 0 || runtime == RuntimeKind.HOLLOW ? podNetwork() : PodNetworks.claim(PodNetworks.CLAIMS, this);
    }

    private int knownPodNetwork() {
        return Files.exists(description())
                ? readDescription().path("podNetwork").asInt(0)
                : 0;
    }

    private JsonNode readDescription() {
        try {
            return Json.MAPPER.readTree(Files.readAllBytes(description()));
        } catch (IOException | JacksonException e) {
            throw new ComponentException(
                    "can't read " + description() + ": " + e.getMessage() + "; remove the folder to start anew", e);
        }
    }
}
