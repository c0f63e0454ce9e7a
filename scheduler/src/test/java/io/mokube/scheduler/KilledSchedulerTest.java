package io.mokube.scheduler;

import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.pod;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ListOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.client.rest.ResourceType;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.testkit.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

/**
 * Two schedulers, each a process of its own, are killed and frozen while they bind pods, on the real API server. A watch
 * sees every binding. {@code -Dmokube.kills=100} makes the campaign longer, {@code -Dmokube.seed=7} another one.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KilledSchedulerTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int NODES = 10;
    private static final int PODS_PER_FAULT = 100;
    private static final int MILLI_CPU = 100;
    private static final String A = "scheduler-a";
    private static final String B = "scheduler-b";

    @TempDir
    private static Path directory;

    private static final Pattern POD = Pattern.compile("pod=\"default/p-(\\d+)\"");

    private ApiServer server;
    private ClientConfig access;
    private ApiClient client;
    private BindingWatch bindings;
    private SchedulerProcess a;
    private SchedulerProcess b;
    private final AtomicInteger made = new AtomicInteger();

    @BeforeAll
    void start() throws IOException {
        Path tokens = directory.resolve("tokens.csv");
        Files.writeString(tokens, A + "-token," + A + "," + A + "\n" + B + "-token," + B + "," + B + "\n");
        server = new ApiServer(ApiServerConfig.inMemory(directory).withTokenFile(tokens), Platform.system());
        server.start();
        access = ClientConfig.fromKubeconfig(server.adminKubeconfig());
        client = new ApiClient(access, Platform.system());
        client.resource(ServiceAccount.class)
                .create(new ServiceAccountBuilder()
                        .withNewMetadata()
                        .withNamespace("default")
                        .withName("default")
                        .endMetadata()
                        .build());
        createRoles();
        for (String user : List.of(A, B)) {
            grant("all-but-binding", user);
            grant("binding", user);
        }
        bindings = BindingWatch.start(access);
        a = new SchedulerProcess(kubeconfig(A), A);
        b = new SchedulerProcess(kubeconfig(B), B);
    }

    @AfterAll
    void stop() {
        a.close();
        b.close();
        bindings.close();
        client.close();
        server.stop(Duration.ZERO);
    }

    @AfterEach
    void empty() {
        client.resource(Pod.class)
                .deleteCollection("default", ListOptions.ALL, DeleteOptions.DEFAULT.withGracePeriod(Duration.ZERO));
        client.resource(Node.class).deleteCollection("", ListOptions.ALL, DeleteOptions.DEFAULT);
        Await.until("no pods", () -> bindings.pods() == 0);
    }

    /** The nodes have room for exactly the pods that come, so one that is counted wrongly shows. */
    @Test
    void whoeverIsKilledEachPodIsBoundOnceAndNoNodeIsOvercommitted() {
        Random random = new Random(Long.getLong("mokube.seed", 20260101));
        int faults = Integer.getInteger("mokube.kills", 4);
        createNodes(faults * PODS_PER_FAULT / NODES * MILLI_CPU);
        for (int fault = 1; fault <= faults; fault++) {
            int before = bindings.bound();
            Thread creating = Thread.ofVirtual().start(() -> createPods(PODS_PER_FAULT));
            int after = before + random.nextInt(PODS_PER_FAULT);
            Await.until(PATIENCE, "some pods are bound", () -> bindings.bound() >= after);
            SchedulerProcess leader = leader();
            if (random.nextInt(4) == 0) {
                other(leader).killAndRestart();
            }
            leader.killAndRestart();
            Await.until(PATIENCE, "all pods are created", () -> !creating.isAlive());
        }
        Await.until(PATIENCE, "all pods are bound", () -> bindings.bound() == faults * PODS_PER_FAULT);
        assertThat(bindings.moved()).as("pods bound twice").isEmpty();
        assertThat(bindings.mostOnOneNode())
                .as("the most pods of a node at any time")
                .isEqualTo(faults * PODS_PER_FAULT / NODES);
    }

    @Test
    void aLeaderThatWasFrozenPastItsLeaseBindsNothingWhenItThaws() {
        createNodes(1000 * MILLI_CPU);
        createPods(10);
        Await.until(PATIENCE, "the first pods are bound", () -> bindings.bound() == 10);
        SchedulerProcess frozen = leader();
        SchedulerProcess other = other(frozen);
        Thread creating = Thread.ofVirtual().start(() -> createPods(300));
        Await.until(PATIENCE, "it binds", () -> bindings.bound() >= 30);
        frozen.freeze();
        int madeBefore = made.get();
        Await.until(PATIENCE, "the other leads", () -> holder().equals(other.identity()));
        // From now on whatever it binds is refused, and it says so. Its watches tell of more pods when it thaws.
        rbac("clusterrolebindings", "ClusterRoleBinding")
                .delete(new ObjectKey("", "binding-" + frozen.identity()), DeleteOptions.DEFAULT);
        Await.until(PATIENCE, "the other binds all", () -> !creating.isAlive() && bindings.bound() == 310);
        frozen.thaw();
        // Its watches were open all the time: it sees these at once, as what came while it was frozen.
        createPods(100);
        Await.until(PATIENCE, "it knows", () -> !frozen.said("leads no more").isEmpty());
        Await.until(PATIENCE, "the other binds all", () -> bindings.bound() == 410);
        // What was on its way through the connection when it was frozen may still leave, as from any client; the server
        // takes no binding of a pod that is bound. Of pods that came later it knew nothing then.
        assertThat(frozen.said("binding was refused"))
                .as("what it tried to bind after its term")
                .allMatch(line -> number(line) < madeBefore);
        assertThat(bindings.moved()).as("pods bound twice").isEmpty();

        grant("binding", frozen.identity());
        other.killAndRestart();
        createPods(10);
        Await.until(PATIENCE, "one of them binds again", () -> bindings.bound() == 420);
    }

    /** The number of the pod that a line of the log is about. */
    private static int number(String line) {
        Matcher pod = POD.matcher(line);
        assertThat(pod.find()).as(line).isTrue();
        return Integer.parseInt(pod.group(1));
    }

    // -- the cluster ----------------------------------------------------------------------------------------------

    private void createNodes(int milliCpu) {
        for (int i = 0; i < NODES; i++) {
            Node node = node("node-" + i, "cpu=" + milliCpu + "m,pods=100000").build();
            Node created = client.resource(Node.class).create(node);
            created.setStatus(node.getStatus());
            client.resource(Node.class).updateStatus(created);
        }
    }

    private void createPods(int count) {
        for (int i = 0; i < count; i++) {
            client.resource(Pod.class)
                    .create(pod("p-" + made.getAndIncrement(), "cpu=" + MILLI_CPU + "m")
                            .build());
        }
    }

    private String holder() {
        return client.resource(Lease.class)
                .get(SchedulerProcess.LEASE)
                .map(lease -> lease.getSpec().getHolderIdentity())
                .orElse("");
    }

    private SchedulerProcess leader() {
        return holder().equals(A) ? a : b;
    }

    private SchedulerProcess other(SchedulerProcess one) {
        return one == a ? b : a;
    }

    /** What a scheduler needs, without the right to bind; and that right by itself. */
    private void createRoles() {
        rbac("clusterroles", "ClusterRole").create(object("""
                {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "all-but-binding"},
                 "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
                           {"apiGroups": ["*"], "resources": ["events", "leases", "pods/status"], "verbs": ["*"]}]}
                """));
        rbac("clusterroles", "ClusterRole").create(object("""
                {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "binding"},
                 "rules": [{"apiGroups": [""], "resources": ["pods/binding"], "verbs": ["create"]}]}
                """));
    }

    private void grant(String role, String user) {
        rbac("clusterrolebindings", "ClusterRoleBinding").create(object("""
                {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
                 "metadata": {"name": "%s-%s"},
                 "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "%s"},
                 "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "%s"}]}
                """.formatted(role, user, role, user)));
    }

    private ResourceClient<KubeObject> rbac(String resource, String kind) {
        return client.resource(ResourceType.dynamic(
                new GroupVersionResource("rbac.authorization.k8s.io", "v1", resource), kind, false));
    }

    private static KubeObject object(String json) {
        return new KubeObject((ObjectNode) Json.MAPPER.readTree(json));
    }

    private Path kubeconfig(String user) throws IOException {
        String authority = Base64.getEncoder()
                .encodeToString(Objects.requireNonNull(access.caPem()).getBytes(StandardCharsets.US_ASCII));
        String text = """
                apiVersion: v1
                kind: Config
                clusters: [{name: c, cluster: {server: "%s", certificate-authority-data: %s}}]
                users: [{name: u, user: {token: %s-token}}]
                contexts: [{name: it, context: {cluster: c, user: u}}]
                current-context: it
                """.formatted(access.server(), authority, user);
        return Files.writeString(directory.resolve(user + ".conf"), text);
    }
}
