package io.mokube.junit;

import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import io.mokube.standalone.cluster.Cluster;
import io.mokube.standalone.cluster.ClusterConfig;
import io.mokube.standalone.cluster.ClusterFolder;
import io.mokube.standalone.cluster.RuntimeKind;
import io.mokube.standalone.cluster.StoreKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A Kubernetes cluster in this JVM for tests of what talks to one: operators, controllers, deployments.
 *
 * <pre>{@code
 * @RegisterExtension
 * static final MokubeExtension cluster = new MokubeExtension();
 *
 * @Test
 * void deploys() {
 *     try (var client = new KubernetesClientBuilder()
 *             .withConfig(Config.fromKubeconfig(cluster.kubeconfig()))
 *             .build()) { ... }
 * }
 * }</pre>
 *
 * <p>In a static field it is one cluster for all tests of the class and of the classes nested in it; in an instance field each
 * test gets a new one. It has all of Kubernetes' components: API server, scheduler, controllers, and nodes. As long as
 * {@link #withContainers} does not ask for more, the nodes are hollow: pods get scheduled, become ready and end as their
 * commands let expect, but no process is started, so no rights and no programs are needed.
 *
 * <p>The state is kept in memory, and nothing is left when the tests end. The API server listens on loopback alone, at a port
 * that was free, so that any number of clusters run at once.
 *
 * <p>Safe for tests that run at once.
 */
public final class MokubeExtension
        implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final Duration GRACE = Duration.ofSeconds(1);

    private final int nodes;
    private final RuntimeKind runtime;

    /** How many classes and tests that use the cluster have begun and not ended. */
    private int users;

    private @Nullable ClusterFolder folder;
    private @Nullable Cluster cluster;

    /** A cluster of one hollow node. */
    public MokubeExtension() {
        this(1, RuntimeKind.HOLLOW);
    }

    private MokubeExtension(int nodes, RuntimeKind runtime) {
        this.nodes = nodes;
        this.runtime = runtime;
    }

    /**
     * With so many nodes, named {@code node-1}, {@code node-2} and so on. Without any, pods stay pending.
     *
     * @throws IllegalArgumentException when it is negative
     */
    public MokubeExtension withNodes(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("a cluster has no less than 0 nodes: " + count);
        }
        return new MokubeExtension(count, runtime);
    }

    /**
     * With nodes that run their pods' containers, by a containerd of their own each. That takes root's rights, and the Debian
     * packages containerd, runc, containernetworking-plugins, busybox-static, iproute2 and nftables.
     */
    public MokubeExtension withContainers() {
        return new MokubeExtension(nodes, RuntimeKind.CONTAINERD);
    }

    /**
     * The administrator's kubeconfig, as text: with it any client has all rights.
     *
     * @throws IllegalStateException when no test that uses the cluster is being run
     */
    public String kubeconfig() {
        try {
            return Files.readString(kubeconfigFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same as a file, for kubectl and other programs. It goes with the cluster. */
    public Path kubeconfigFile() {
        return running().kubeconfig();
    }

    /** Where the API server listens, such as {@code https://127.0.0.1:43127}. */
    public URI server() {
        return URI.create(running().running().orElseThrow().server());
    }

    private synchronized ClusterFolder running() {
        if (folder == null) {
            throw new IllegalStateException(
                    "the cluster runs from before the first test until after the last one only");
        }
        return folder;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws InterruptedException {
        begin();
    }

    @Override
    public void beforeEach(ExtensionContext context) throws InterruptedException {
        begin();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        end();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        end();
    }

    /** @throws ComponentException when the cluster can't start; the message says why */
    synchronized void begin() throws InterruptedException {
        if (users++ > 0) {
            return;
        }
        try {
            folder = new ClusterFolder(Files.createTempDirectory("mokube-junit"));
        } catch (IOException e) {
            throw new UncheckedIOException("no temporary folder can be made", e);
        }
        ClusterConfig config = new ClusterConfig(folder.path(), nodes, runtime, StoreKind.MEMORY, List.of(), 0);
        Cluster starting = new Cluster(
                runtime == RuntimeKind.HOLLOW ? config.withAdvertiseAddress("127.0.0.1") : config,
                Platform.system(),
                step -> {});
        cluster = starting;
        starting.start();
        starting.awaitNodesReady(PATIENCE);
    }

    synchronized void end() {
        if (--users > 0) {
            return;
        }
        try {
            if (cluster != null) {
                cluster.stop(GRACE);
            }
        } finally {
            cluster = null;
            remove(Objects.requireNonNull(folder));
            folder = null;
        }
    }

    private static void remove(ClusterFolder folder) {
        try {
            folder.remove();
        } catch (IOException e) {
            throw new UncheckedIOException("can't remove " + folder.path(), e);
        }
    }
}
