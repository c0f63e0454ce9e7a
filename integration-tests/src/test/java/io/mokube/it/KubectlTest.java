package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The commands of the README, in each version of kubectl, on a cluster that {@code ./mokube up --detach} made: what they
 * print is what they print on any cluster.
 */
class KubectlTest {

    private static UpCluster cluster;

    @BeforeAll
    static void up() {
        cluster = UpCluster.start(1);
    }

    @AfterAll
    static void down() {
        if (cluster != null) {
            cluster.close();
        }
    }

    /** All versions at once: each tour has a namespace of its own, and mostly waits for containers. */
    @TestFactory
    Stream<DynamicTest> runsADeployment() {
        Map<String, Future<?>> tours = new LinkedHashMap<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (String version : List.of("1.27", "1.30", "1.32", "1.33")) {
                KubectlTour tour = new KubectlTour(Kubectl.of(version), cluster);
                tours.put(version, threads.submit(tour::run));
            }
        }
        return tours.entrySet().stream()
                .map(tour -> DynamicTest.dynamicTest(
                        "kubectl " + tour.getKey(), () -> tour.getValue().get()));
    }

    @Test
    void theExamplesWork() {
        Kubectl kubectl = Kubectl.any();
        kubectl.ok(
                cluster.kubeconfig(), "apply", "-f", "../examples/deployment.yaml", "-f", "../examples/service.yaml");
        kubectl.ok(cluster.kubeconfig(), "rollout", "status", "deployment/hello", "--timeout=90s");
        assertThat(kubectl.ok(cluster.kubeconfig(), "get", "service", "hello"))
                .containsPattern("hello +ClusterIP +10\\.\\d+\\.\\d+\\.\\d+ +<none> +80/TCP");
        // Applying what is there already changes nothing.
        assertThat(kubectl.ok(cluster.kubeconfig(), "apply", "-f", "../examples/deployment.yaml"))
                .isEqualTo("deployment.apps/hello unchanged\n");
        kubectl.ok(
                cluster.kubeconfig(), "delete", "-f", "../examples/deployment.yaml", "-f", "../examples/service.yaml");
    }
}
