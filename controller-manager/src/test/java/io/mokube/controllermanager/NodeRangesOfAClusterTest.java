package io.mokube.controllermanager;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ListOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.nodeipam.NodeIpamConfig;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.testkit.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ranges of pod addresses on the real API server, in a cluster that has two of them. */
class NodeRangesOfAClusterTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private ApiServer server;
    private ApiClient client;
    private ResourceClient<Node> nodes;
    private ControllerManager manager;

    @BeforeEach
    void start() {
        server = new ApiServer(ApiServerConfig.inMemory(directory), Platform.system());
        server.start();
        client = new ApiClient(ClientConfig.fromKubeconfig(server.adminKubeconfig()), Platform.system());
        nodes = client.resource(Node.class);
        manager = newManager();
    }

    private ControllerManager newManager() {
        // Not the admin: this shows that the controllers' own rights suffice.
        ClientConfig config = ClientConfig.fromKubeconfig(server.certificates().kubeconfig("controller-manager"));
        return new ControllerManager(
                ControllerManagerConfig.standard(config)
                        .withNodeIpam(new NodeIpamConfig(
                                List.of(NodeIpamConfig.Range.of("10.244.0.0/23")), List.of("10.96.0.0/12"))),
                Platform.system());
    }

    @AfterEach
    void stop() {
        manager.stop(Duration.ZERO);
        client.close();
        server.stop(Duration.ZERO);
    }

    @Test
    void nodesGetWhatOthersDoNotHave() {
        create("own", "10.244.0.0/24");
        manager.start();
        create("first");
        Await.passes(PATIENCE, () -> assertThat(ranges("first")).containsExactly("10.244.1.0/24"));
        create("second");
        Await.passes(
                PATIENCE,
                () -> assertThat(client.resource(Event.class)
                                .list("default", ListOptions.ALL)
                                .items())
                        .filteredOn(event -> event.getReason().equals("CIDRNotAvailable"))
                        .extracting(Event::getMessage)
                        .containsExactly("Node second status is now: CIDRNotAvailable"));
        assertThat(ranges("second")).isEmpty();

        manager.stop(Duration.ZERO);
        manager = newManager();
        manager.start();
        nodes.delete(new ObjectKey("", "own"), DeleteOptions.DEFAULT);
        Await.passes(PATIENCE, () -> assertThat(ranges("second")).containsExactly("10.244.0.0/24"));
        assertThat(ranges("first")).containsExactly("10.244.1.0/24");
    }

    private List<String> ranges(String node) {
        return nodes.get("", node).orElseThrow().getSpec().getPodCIDRs();
    }

    private void create(String name, String... ranges) {
        nodes.create(new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withPodCIDRs(ranges)
                .endSpec()
                .build());
    }
}
