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
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.testkit.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

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
