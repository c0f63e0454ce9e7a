package io.mokube.controllermanager;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.controllermanager.controllers.nodelifecycle.NodeLifecycleConfig;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.Await;
import io.mokube.testkit.Needs;
import io.mokube.testkit.TcpProxy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The real API server, the controllers, nodes without containers, and the real kubectl. */
final class WorkloadCluster implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Path directory;
    private final NodeLifecycleConfig nodeLifecycle;
    private final ApiServer server;
    private final ClientConfig config;
    private final ApiClient client;
    private final TcpProxy wire;
    private final List<HollowNode> nodes = new ArrayList<>();
    private ControllerManager controllers;

    private WorkloadCluster(Path directory, NodeLifecycleConfig nodeLifecycle) {
        this.directory = directory;
        this.nodeLifecycle = nodeLifecycle;
        server = new ApiServer(ApiServerConfig.inMemory(directory), Platform.system());
        server.start();
        config = ClientConfig.fromKubeconfig(server.adminKubeconfig());
        client = new ApiClient(config, Platform.system());
        wire = TcpProxy.before(config.server().getPort());
        controllers = startControllers();
    }

    /** A running cluster whose data is in the folder, and which soon notices a node that is silent. */
    static WorkloadCluster start(Path directory, String... nodeNames) throws InterruptedException {
        return start(
                directory,
                NodeLifecycleConfig.STANDARD.withGrace(Duration.ofSeconds(3), Duration.ofMillis(300)),
                nodeNames);
    }

    /** A running cluster whose data is in the folder. */
    static WorkloadCluster start(Path directory, NodeLifecycleConfig nodeLifecycle, String... nodeNames)
            throws InterruptedException {
        Needs.part("kubectl", hasKubectl());
        WorkloadCluster cluster = new WorkloadCluster(directory, nodeLifecycle);
        for (String name : nodeNames) {
            cluster.addNode(name);
        }
        cluster.awaitControllers();
        return cluster;
    }

    ApiClient client() {
        return client;
    }

    /** Pods of images called broken never start on it. */
    void addNode(String name) {
        HollowNode node = new HollowNode(client, name, image -> !image.contains("broken"));
        node.start();
        nodes.add(node);
    }

    /** The controllers begin anew, with nothing in mind. */
    void restartControllers() {
        controllers.stop(Duration.ZERO);
        controllers = startControllers();
        awaitControllers();
    }

    /** Cuts all connections between the controllers and the server, wherever they are in a request or a watch. */
    void cutControllersOff() {
        wire.cutNow();
    }

    private ControllerManager startControllers() {
        ControllerManager manager = new ControllerManager(
                ControllerManagerConfig.standard(config.withServer(wire.endpoint("https")))
                        .withNodeLifecycle(nodeLifecycle),
                Platform.system());
        manager.start();
        return manager;
    }

    private void awaitControllers() {
        Await.until(
                PATIENCE,
                "the controllers run",
                () -> controllers.isLeader() && controllers.readiness().ready());
    }

    /** Applies a manifest. */
    void apply(String yaml) {
        try {
            Path file = Files.writeString(Files.createTempFile(directory, "manifest", ".yaml"), yaml);
            kubectl("apply", "-f", file.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs kubectl, which must succeed, and returns what it printed. */
    String kubectl(String... arguments) {
        List<String> command = new ArrayList<>(
                List.of("kubectl", "--kubeconfig", server.adminKubeconfig().toString()));
        command.addAll(List.of(arguments));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(90, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue())
                    .as(String.join(" ", command) + "\n" + output)
                    .isZero();
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static boolean hasKubectl() throws InterruptedException {
        try {
            Process process = new ProcessBuilder("kubectl", "version", "--client")
                    .redirectErrorStream(true)
                    .start();
            process.getInputStream().readAllBytes();
            return process.waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        controllers.stop(Duration.ZERO);
        wire.close();
        nodes.forEach(HollowNode::close);
        client.close();
        server.stop(Duration.ZERO);
    }
}
