package io.mokube.controllermanager;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.controllermanager.controllers.nodelifecycle.NodeLifecycleConfig;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.Await;
import io.mokube.testkit.Needs;
import io.mokube.testkit.TcpProxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** The real API server, the controllers with their own rights, nodes without containers, and the real kubectl. */
final class WorkloadCluster implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(60);

    private final ControllerManagerConfig config;
    private final ApiServer server;
    private final ApiClient client;
    private final Kubectl kubectl;
    private final TcpProxy wire;
    private final List<HollowNode> nodes = new ArrayList<>();
    private ControllerManager controllers;

    private WorkloadCluster(Path directory, UnaryOperator<ControllerManagerConfig> configure) {
        server = new ApiServer(ApiServerConfig.inMemory(directory), Platform.system());
        server.start();
        client = new ApiClient(ClientConfig.fromKubeconfig(server.adminKubeconfig()), Platform.system());
        kubectl = new Kubectl(server.adminKubeconfig());
        ClientConfig identity =
                ClientConfig.fromKubeconfig(server.certificates().kubeconfig("controller-manager"));
        wire = TcpProxy.before(identity.server().getPort());
        config = configure.apply(ControllerManagerConfig.standard(identity.withServer(wire.endpoint("https")))
                .withKeys(ClusterKeys.of(directory.resolve("pki"))));
        controllers = startControllers();
    }

    /** A running cluster whose data is in the folder, and which soon notices a node that is silent. */
    static WorkloadCluster start(Path directory, String... nodeNames) throws InterruptedException {
        return start(
                directory,
                config -> config.withNodeLifecycle(
                        NodeLifecycleConfig.STANDARD.withGrace(Duration.ofSeconds(3), Duration.ofMillis(300))),
                nodeNames);
    }

    /** A running cluster whose data is in the folder. */
    static WorkloadCluster start(Path directory, UnaryOperator<ControllerManagerConfig> configure, String... nodeNames)
            throws InterruptedException {
        Needs.part("kubectl", Kubectl.isThere());
        WorkloadCluster cluster = new WorkloadCluster(directory, configure);
        for (String name : nodeNames) {
            cluster.addNode(name);
        }
        cluster.awaitControllers();
        return cluster;
    }

    ApiServer server() {
        return server;
    }

    /** The administrator's. */
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
        ControllerManager manager = new ControllerManager(config, Platform.system());
        manager.start();
        return manager;
    }

    private void awaitControllers() {
        Await.until(
                PATIENCE,
                "the controllers run",
                () -> controllers.isLeader() && controllers.readiness().ready());
    }

    /** Applies manifests. */
    String apply(String manifests) {
        return kubectl.runWith(manifests, "apply", "-f", "-");
    }

    /** Creates what manifests say, as another user. */
    String createAs(String user, String manifests) {
        return kubectl.runWith(manifests, "create", "--as", user, "-f", "-");
    }

    /** What kubectl prints; it must succeed. */
    String kubectl(String... arguments) {
        return kubectl.run(arguments);
    }

    /** What kubectl prints; it must fail. */
    String refused(String... arguments) {
        return kubectl.fails(arguments);
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
