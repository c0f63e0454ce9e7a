package io.mokube.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class MokubeExtensionTest {

    private static KubernetesClient client(MokubeExtension cluster) {
        return new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(cluster.kubeconfig()))
                .build();
    }

    private static void createMap(KubernetesClient client, String name) {
        client.resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withNamespace("default")
                        .withName(name)
                        .endMetadata()
                        .build())
                .create();
    }

    /** One cluster for the class, and for the class in it. */
    @Nested
    class ForAllTests {

        @RegisterExtension
        static final MokubeExtension cluster = new MokubeExtension().withNodes(2);

        @Test
        void runsWhatADeploymentAsksFor() {
            try (KubernetesClient client = client(cluster)) {
                Deployment web = new DeploymentBuilder()
                        .withNewMetadata()
                        .withNamespace("default")
                        .withName("web")
                        .endMetadata()
                        .withNewSpec()
                        .withReplicas(4)
                        .withNewSelector()
                        .withMatchLabels(Map.of("app", "web"))
                        .endSelector()
                        .withNewTemplate()
                        .withNewMetadata()
                        .withLabels(Map.of("app", "web"))
                        .endMetadata()
                        .withNewSpec()
                        .addNewContainer()
                        .withName("main")
                        .withImage("registry.test/web:1")
                        .withNewReadinessProbe()
                        .withNewHttpGet()
                        .withPath("/ready")
                        .withNewPort(8080)
                        .endHttpGet()
                        .endReadinessProbe()
                        .endContainer()
                        .endSpec()
                        .endTemplate()
                        .endSpec()
                        .build();
                client.resource(web).create();
                client.resource(web).waitUntilReady(30, TimeUnit.SECONDS);
                assertThat(client.pods()
                                .inNamespace("default")
                                .withLabel("app", "web")
                                .list()
                                .getItems())
                        .hasSize(4)
                        .allMatch(pod -> pod.getStatus().getPhase().equals("Running"))
                        .extracting(pod -> pod.getSpec().getNodeName())
                        .contains("node-1", "node-2");
            }
        }

        @Nested
        class AndInside {

            @Test
            void isTheSameCluster() {
                assertThat(cluster.server().toString()).matches("https://127\\.0\\.0\\.1:\\d+");
                assertThat(cluster.kubeconfig()).contains(cluster.server().toString());
            }
        }
    }

    /** A new cluster for each test. */
    @Nested
    class ForEachTest {

        @RegisterExtension
        final MokubeExtension cluster = new MokubeExtension();

        @RepeatedTest(3)
        void isEmpty() {
            try (KubernetesClient client = client(cluster)) {
                createMap(client, "settings");
                assertThat(client.nodes().list().getItems())
                        .extracting(node -> node.getMetadata().getName())
                        .containsExactly("node-1");
            }
        }
    }

    /** Beside each other, in one test. */
    @Nested
    class Several {

        @RegisterExtension
        final MokubeExtension first = new MokubeExtension().withNodes(0);

        @RegisterExtension
        final MokubeExtension second = new MokubeExtension().withNodes(0);

        @Test
        void knowNothingOfOneAnother() {
            try (KubernetesClient one = client(first);
                    KubernetesClient other = client(second)) {
                createMap(one, "settings");
                createMap(other, "settings");
                assertThat(first.server()).isNotEqualTo(second.server());
            }
        }

        @Test
        void podsWaitForANodeWhereThereIsNone() {
            try (KubernetesClient client = client(first)) {
                Pod pod = new PodBuilder()
                        .withNewMetadata()
                        .withNamespace("default")
                        .withName("waiting")
                        .endMetadata()
                        .withNewSpec()
                        .addNewContainer()
                        .withName("main")
                        .withImage("registry.test/web:1")
                        .endContainer()
                        .endSpec()
                        .build();
                client.resource(pod).create();
                Pod waiting = client.resource(pod)
                        .waitUntilCondition(
                                each -> each.getStatus().getConditions().stream()
                                        .anyMatch(
                                                condition -> condition.getType().equals("PodScheduled")),
                                30,
                                TimeUnit.SECONDS);
                assertThat(waiting.getStatus().getPhase()).isEqualTo("Pending");
                assertThat(waiting.getStatus().getConditions())
                        .extracting(PodCondition::getReason)
                        .containsExactly("Unschedulable");
            }
        }
    }

    @Test
    void nothingIsLeft() throws Exception {
        MokubeExtension cluster = new MokubeExtension();
        assertThatThrownBy(cluster::kubeconfig).isInstanceOf(IllegalStateException.class);
        cluster.begin();
        Path folder = cluster.kubeconfigFile().getParent();
        URI server = cluster.server();
        cluster.end();
        assertThat(Files.exists(folder)).isFalse();
        try (Socket socket = new Socket()) {
            assertThatThrownBy(() ->
                            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getPort())))
                    .isInstanceOf(ConnectException.class);
        }
        assertThatThrownBy(cluster::kubeconfig).isInstanceOf(IllegalStateException.class);
    }

    /** A Spring Boot application that is tested acts on what it finds on its class path, and so does Logback. */
    @Test
    void bringsNoApplicationAndNoLog() {
        for (String name : List.of("org.springframework.boot.SpringApplication", "ch.qos.logback.classic.Logger")) {
            assertThatThrownBy(() -> Class.forName(name)).isInstanceOf(ClassNotFoundException.class);
        }
        assertThat(getClass().getClassLoader().getResource("logback.xml")).isNull();
    }

    @Test
    void thereAreNoLessThanNoNodes() {
        assertThatThrownBy(() -> new MokubeExtension().withNodes(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a cluster has no less than 0 nodes: -1");
    }
}
