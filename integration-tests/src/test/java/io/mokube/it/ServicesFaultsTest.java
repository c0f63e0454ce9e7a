package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.testkit.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Each service a process of its own, with the state in a real etcd. */
class ServicesFaultsTest extends FaultScenarios {

    /** Tolerates a silent node for three seconds instead of Kubernetes' five minutes. */
    private static final String IMPATIENT_WEB = """
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
             "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}},
               "template": {"metadata": {"labels": {"app": "web"}},
                 "spec": {"tolerations": [
                     {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "operator": "Exists", "tolerationSeconds": 3},
                     {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute", "operator": "Exists", "tolerationSeconds": 3}],
                   "containers": [{"name": "web", "image": "mokube/demo:1"}]}}}}""";

    private @Nullable ServicesCluster services;

    @Override
    TestCluster start() {
        services = ServicesCluster.start(2);
        return services;
    }

    @Test
    void runsADeployment() {
        new KubectlTour(Kubectl.of("1.33"), Objects.requireNonNull(services)).run();
    }

    /** The last test of the class, because the silent node does not come back. */
    @Test
    @Order(Integer.MAX_VALUE)
    void aSilentNodeIsTaintedAndItsPodsAreReplacedElsewhere() throws IOException {
        ServicesCluster cluster = Objects.requireNonNull(services);
        String namespace = "silent-node";
        kubectl.ok(cluster.kubeconfig(), "create", "namespace", namespace);
        Path manifest = Files.createTempFile("mokube-web", ".json");
        Files.writeString(manifest, IMPATIENT_WEB);
        ok(namespace, "create", "-f", manifest.toString());
        Files.delete(manifest);
        ok(namespace, "rollout", "status", "deployment/web", "--timeout=90s");
        assertThat(runningOn("node-1", namespace)).isEqualTo(1);
        assertThat(runningOn("node-2", namespace)).isEqualTo(1);

        cluster.silence("node-2");

        Await.until(
                Duration.ofMinutes(2),
                "node-2 is tainted as unreachable",
                () -> ok(namespace, "get", "node", "node-2", "-o", "jsonpath={.spec.taints[*].key}")
                        .contains("node.kubernetes.io/unreachable"));
        Await.until(Duration.ofMinutes(2), "both pods run on node-1", () -> runningOn("node-1", namespace) == 2);
    }

    /** How many pods that are not being deleted run on the node. */
    private int runningOn(String node, String namespace) {
        int running = 0;
        for (JsonNode pod : pods(namespace).path("items")) {
            if (pod.at("/spec/nodeName").asString("").equals(node)
                    && pod.at("/status/phase").asString("").equals("Running")
                    && pod.at("/metadata/deletionTimestamp").isMissingNode()) {
                running++;
            }
        }
        return running;
    }
}
