package io.mokube.controllermanager;

import static io.mokube.controllermanager.WorkloadCluster.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ListOptions;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.testkit.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Workloads on the real API server, driven by the real kubectl; only the containers are missing. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class WorkloadsTest {

    @TempDir
    static Path directory;

    private WorkloadCluster cluster;
    private ApiClient client;

    @BeforeAll
    void start() throws InterruptedException {
        cluster = WorkloadCluster.start(directory, "hollow");
        client = cluster.client();
    }

    @AfterAll
    void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    @Order(1)
    void aDeploymentLivesThroughItsRollouts() {
        kubectl("create", "deployment", "web", "--image=web:1", "--replicas=3");
        assertThat(kubectl("rollout", "status", "deployment/web", "--timeout=60s"))
                .endsWith("deployment \"web\" successfully rolled out\n");
        assertThat(kubectl("get", "deployment", "web", "--no-headers")).startsWith("web   3/3   ");

        kubectl("annotate", "deployment/web", "kubernetes.io/change-cause=the first");
        kubectl("set", "image", "deployment/web", "web=web:2");
        kubectl("rollout", "status", "deployment/web", "--timeout=60s");
        assertThat(images()).containsOnly("web:2").hasSize(3);
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("rollout", "history", "deployment/web"))
                        .startsWith("deployment.apps/web \nREVISION  CHANGE-CAUSE\n")
                        .containsPattern("(?m)^1 +the first$")
                        .containsPattern("(?m)^2 +"));

        kubectl("rollout", "undo", "deployment/web");
        kubectl("rollout", "status", "deployment/web", "--timeout=60s");
        assertThat(images()).containsOnly("web:1").hasSize(3);
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("rollout", "history", "deployment/web"))
                        .containsPattern("(?m)^2 ")
                        .containsPattern("(?m)^3 ")
                        .doesNotContainPattern("(?m)^1 "));

        kubectl("scale", "deployment/web", "--replicas=5");
        kubectl("rollout", "status", "deployment/web", "--timeout=60s");
        assertThat(images()).hasSize(5);

        String before = kubectl("get", "pods", "-l", "app=web", "-o", "name");
        kubectl("rollout", "restart", "deployment/web");
        kubectl("rollout", "status", "deployment/web", "--timeout=60s");
        assertThat(kubectl("get", "pods", "-l", "app=web", "-o", "name").lines())
                .doesNotContainAnyElementsOf(before.lines().toList());
    }

    @Test
    @Order(2)
    void aPausedDeploymentWaitsAndResumes() {
        kubectl("rollout", "pause", "deployment/web");
        kubectl("set", "image", "deployment/web", "web=web:3");
        Await.passes(PATIENCE, () -> assertThat(progressing()).isEqualTo("DeploymentPaused"));
        assertThat(images()).containsOnly("web:1");
        kubectl("rollout", "resume", "deployment/web");
        kubectl("rollout", "status", "deployment/web", "--timeout=60s");
        assertThat(images()).containsOnly("web:3").hasSize(5);
        Await.passes(PATIENCE, () -> assertThat(progressing()).isEqualTo("NewReplicaSetAvailable"));
    }

    @Test
    @Order(3)
    void aRolloutThatCanNotSucceedKeepsTheOldPodsAndSaysSo() {
        kubectl("patch", "deployment/web", "-p", "{\"spec\":{\"progressDeadlineSeconds\":1}}");
        kubectl("set", "image", "deployment/web", "web=broken:1");
        Await.passes(PATIENCE, () -> assertThat(progressing()).isEqualTo("ProgressDeadlineExceeded"));
        assertThat(images().stream().filter("web:3"::equals)).hasSizeGreaterThanOrEqualTo(4);
        kubectl("rollout", "undo", "deployment/web");
        kubectl("rollout", "status", "deployment/web", "--timeout=60s");
        Await.passes(PATIENCE, () -> assertThat(images()).containsOnly("web:3").hasSize(5));
    }

    @Test
    @Order(4)
    void eventsReadAsInKubernetes() {
        Await.passes(PATIENCE, () -> {
            String described = kubectl("describe", "deployment/web");
            assertThat(described)
                    .contains("deployment-controller")
                    .containsPattern("Scaled up replica set web-[a-z0-9]+ from 0 to 3");
            assertThat(kubectl("get", "events", "--field-selector=involvedObject.kind=ReplicaSet"))
                    .containsPattern("SuccessfulCreate .*Created pod: web-[a-z0-9]+-[a-z0-9]{5}")
                    .containsPattern("SuccessfulDelete .*Deleted pod: web-[a-z0-9]+-[a-z0-9]{5}");
        });
    }

    @Test
    @Order(5)
    void aPodThatNoLongerMatchesIsReleasedReplacedAndTakenBack() {
        String name = kubectl("get", "pods", "-l", "app=web", "-o", "name")
                .lines()
                .findFirst()
                .orElseThrow();
        ObjectKey key = new ObjectKey("default", name.substring("pod/".length()));
        kubectl("label", name, "app=other", "--overwrite");
        Await.passes(PATIENCE, () -> {
            assertThat(images()).hasSize(5);
            assertThat(Ownership.controllerOf(
                            client.resource(Pod.class).get(key).orElseThrow()))
                    .isEmpty();
        });
        kubectl("label", name, "app=web", "--overwrite");
        Await.passes(PATIENCE, () -> assertThat(activePods()).hasSize(5));
    }

    @Test
    @Order(6)
    void aKilledPodIsReplaced() {
        kubectl("delete", "pods", "-l", "app=web", "--wait=false");
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("get", "deployment", "web", "-o", "jsonpath={.status.availableReplicas}"))
                        .isEqualTo("5"));
        assertThat(activePods()).hasSize(5);
    }

    @Test
    @Order(6)
    void aRefusedPodIsReportedAndTriedAgain() {
        kubectl("create", "namespace", "strict");
        kubectl("label", "namespace", "strict", "pod-security.kubernetes.io/enforce=restricted");
        kubectl("create", "deployment", "web", "--image=web:1", "--replicas=8", "-n", "strict");
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl(
                                "get",
                                "deployment",
                                "web",
                                "-n",
                                "strict",
                                "-o",
                                "jsonpath={.status.conditions[?(@.type=='ReplicaFailure')].reason}"))
                        .isEqualTo("FailedCreate"));
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("get", "events", "-n", "strict"))
                        .containsPattern("FailedCreate .*Error creating: pods \"web-.*violates PodSecurity"));
        kubectl("label", "namespace", "strict", "pod-security.kubernetes.io/enforce-");
        kubectl("rollout", "status", "deployment/web", "-n", "strict", "--timeout=60s");
        assertThat(kubectl("get", "deployment", "web", "-n", "strict", "-o", "jsonpath={.status.conditions[*].type}"))
                .doesNotContain("ReplicaFailure");
        kubectl("delete", "namespace", "strict", "--wait=false");
    }

    @Test
    @Order(7)
    void aSilentNodeIsTaintedAndItsPodsLeave() {
        client.resource(Node.class)
                .create(Json.MAPPER.readValue(
                        "{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"other\"},\"status\":"
                                + "{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}",
                        Node.class));
        client.resource(Pod.class).create(Json.MAPPER.readValue("""
                        {"apiVersion": "v1", "kind": "Pod",
                         "metadata": {"name": "stranded", "namespace": "default"},
                         "spec": {"nodeName": "other", "containers": [{"name": "c", "image": "web:1"}],
                                  "tolerations": [
                                    {"key": "node.kubernetes.io/unreachable", "operator": "Exists",
                                     "effect": "NoExecute", "tolerationSeconds": 1},
                                    {"key": "node.kubernetes.io/not-ready", "operator": "Exists",
                                     "effect": "NoExecute", "tolerationSeconds": 1}]}}
                        """, Pod.class));
        Await.passes(PATIENCE, () -> {
            Node silent = client.resource(Node.class).get("", "other").orElseThrow();
            assertThat(silent.getStatus().getConditions())
                    .filteredOn(condition -> condition.getType().equals("Ready"))
                    .singleElement()
                    .satisfies(ready -> {
                        assertThat(ready.getStatus()).isEqualTo("Unknown");
                        assertThat(ready.getMessage()).isEqualTo("Kubelet stopped posting node status.");
                    });
            assertThat(silent.getSpec().getTaints())
                    .extracting(taint -> taint.getKey() + ":" + taint.getEffect())
                    .contains("node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute");
        });
        Await.passes(PATIENCE, () -> {
            Pod stranded = client.resource(Pod.class).get("default", "stranded").orElseThrow();
            assertThat(Ownership.isBeingDeleted(stranded)).isTrue();
            assertThat(PodFacts.condition(stranded, "DisruptionTarget")
                            .orElseThrow()
                            .getReason())
                    .isEqualTo("DeletionByTaintManager");
        });
        client.resource(Pod.class)
                .delete(new ObjectKey("default", "stranded"), DeleteOptions.DEFAULT.withGracePeriod(Duration.ZERO));
    }

    @Test
    @Order(8)
    void deletingADeploymentTakesEverythingWithIt() {
        kubectl("delete", "deployment", "web");
        Await.passes(PATIENCE, () -> {
            assertThat(client.resource(ReplicaSet.class)
                            .list("default", ListOptions.ALL)
                            .items())
                    .isEmpty();
            assertThat(client.resource(Pod.class)
                            .list("default", ListOptions.ALL)
                            .items())
                    .isEmpty();
        });
    }

    // -----------------------------------------------------------------------------------------------------------

    private List<Pod> activePods() {
        return client.resource(Pod.class).list("default", ListOptions.ALL).items().stream()
                .filter(pod -> "web".equals(Ownership.labels(pod).get("app")))
                .filter(PodFacts::isActive)
                .toList();
    }

    private List<String> images() {
        return activePods().stream()
                .map(pod -> pod.getSpec().getContainers().getFirst().getImage())
                .toList();
    }

    private String progressing() {
        return kubectl(
                "get", "deployment", "web", "-o", "jsonpath={.status.conditions[?(@.type==\"Progressing\")].reason}");
    }

    private String kubectl(String... arguments) {
        return cluster.kubectl(arguments);
    }
}
