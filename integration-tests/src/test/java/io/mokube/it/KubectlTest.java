package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

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
        cluster.close();
    }

    @TestFactory
    Stream<DynamicTest> runsADeployment() {
        return Stream.of("1.27", "1.30", "1.32", "1.33")
                .map(version -> DynamicTest.dynamicTest(
                        "kubectl " + version, () -> new KubectlTour(Kubectl.of(version), cluster).run()));
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
