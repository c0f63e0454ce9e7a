package io.mokube.kubelet;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.pki.ClusterCertificates;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.ResourceClient;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.testkit.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** A real API server in this JVM, with what pods need of it. */
public final class TestCluster implements AutoCloseable {

    private final ApiServer server;
    private final ApiClient client;

    private TestCluster(ApiServer server, ApiClient client) {
        this.server = server;
        this.client = client;
    }

    /** Starts one that keeps its state in memory. */
    public static TestCluster start(Path folder) {
        ApiServer server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        server.start();
        Await.until("the API server is ready", () -> server.readiness().ready());
        ApiClient client = new ApiClient(ClientConfig.fromKubeconfig(server.adminKubeconfig()), Platform.system());
        TestCluster cluster = new TestCluster(server, client);
        Await.until("the default service account is there", cluster::haveServiceAccount);
        return cluster;
    }

    private boolean haveServiceAccount() {
        try {
            client.resource(ServiceAccount.class)
                    .create(new ServiceAccountBuilder()
                            .withMetadata(new ObjectMetaBuilder()
                                    .withName("default")
                                    .withNamespace("default")
                                    .build())
                            .build());
            return true;
        } catch (ApiException e) {
            return e.isAlreadyExists();
        }
    }

    public ApiServer server() {
        return server;
    }

    public ApiClient client() {
        return client;
    }

    public ClientConfig credentials() {
        return ClientConfig.fromKubeconfig(server.adminKubeconfig());
    }

    /** Credentials of a node on loopback, as the cluster issues them. */
    public ClusterCertificates.NodeCredentials node(String name) {
        return server.certificates().issueNode(name, List.of("127.0.0.1"), server.publicUri());
    }

    /**
     * Starts an agent that looks often, and waits until it is ready.
     *
     * @param folder where it keeps its files
     * @param further what else is particular to it
     */
    public Kubelet startKubelet(
            String node, Supplier<ContainerRuntime> runtime, Path folder, UnaryOperator<KubeletConfig> further) {
        return startKubelet(node, runtime, folder, Platform.system(), further);
    }

    /** The same with a clock of its own, say. */
    public Kubelet startKubelet(
            String node,
            Supplier<ContainerRuntime> runtime,
            Path folder,
            Platform platform,
            UnaryOperator<KubeletConfig> further) {
        ClusterCertificates.NodeCredentials credentials = node(node);
        KubeletConfig config = KubeletConfig.of(
                        node, ClientConfig.fromKubeconfig(credentials.kubeconfig()), runtime, folder)
                .withServer(new KubeletConfig.Server(
                        0,
                        Optional.of(content(credentials.servingCertificate())),
                        Optional.of(content(credentials.servingKey())),
                        Optional.of(content(credentials.authority()))))
                .withTimings(new KubeletConfig.Timings(
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(10),
                        Duration.ofMinutes(5),
                        Duration.ofMillis(200),
                        Duration.ofMillis(500),
                        Duration.ofSeconds(1)));
        Kubelet agent = new Kubelet(further.apply(config), platform);
        agent.start();
        Await.until(
                Duration.ofSeconds(30),
                "the agent is ready",
                () -> agent.readiness().ready());
        return agent;
    }

    private static String content(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A container's log as kubectl gets it: from the API server, which asks the node. */
    public String log(String pod, String container, String query) {
        return client.getText("/api/v1/namespaces/default/pods/" + pod + "/log?container=" + container + query);
    }

    /** What answers there; empty when nothing does. */
    public static String fetch(String url) {
        try (HttpClient http = HttpClient.newHttpClient()) {
            return http.send(
                            HttpRequest.newBuilder(URI.create(url))
                                    .timeout(Duration.ofSeconds(2))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    public ResourceClient<Pod> pods() {
        return client.resource(Pod.class);
    }

    /** A pod on a node, of one container. */
    public static PodBuilder pod(String name, String node, String image, String... command) {
        return new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .withNodeName(node)
                .withAutomountServiceAccountToken(false)
                .withTerminationGracePeriodSeconds(2L)
                .addNewContainer()
                .withName("main")
                .withImage(image)
                .withCommand(command)
                .endContainer()
                .endSpec();
    }

    public Optional<Pod> find(String name) {
        return pods().get("default", name);
    }

    /** Waits until the pod is as wanted. */
    public Pod await(String name, String what, Predicate<Pod> condition) {
        Pod[] last = new Pod[1];
        try {
            return Await.value(Duration.ofSeconds(40), "pod " + name + " " + what, () -> {
                last[0] = find(name).orElse(null);
                return Optional.ofNullable(last[0]).filter(condition);
            });
        } catch (AssertionError e) {
            throw new AssertionError(
                    e.getMessage() + "; last seen: " + (last[0] == null ? "nothing" : last[0].getStatus()), e);
        }
    }

    public Pod awaitPhase(String name, String phase) {
        return await(name, "is " + phase, pod -> phase.equals(pod.getStatus().getPhase()));
    }

    public static boolean ready(Pod pod) {
        return pod.getStatus().getConditions().stream()
                .anyMatch(condition -> condition.getType().equals("Ready")
                        && condition.getStatus().equals("True"));
    }

    public void awaitGone(String name) {
        Await.until(
                Duration.ofSeconds(40),
                "pod " + name + " is gone",
                () -> find(name).isEmpty());
    }

    @Override
    public void close() {
        client.close();
        server.stop(Duration.ofSeconds(1));
    }
}
