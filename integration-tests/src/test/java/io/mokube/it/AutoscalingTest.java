package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.client.rest.ClientConfig;
import io.mokube.controllermanager.ControllerManager;
import io.mokube.controllermanager.ControllerManagerConfig;
import io.mokube.kubelet.Kubelet;
import io.mokube.kubelet.KubeletConfig;
import io.mokube.kubelet.runtime.hollow.HollowRuntime;
import io.mokube.kubelet.runtime.hollow.HollowScript;
import io.mokube.machinery.component.Component;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import io.mokube.scheduler.Scheduler;
import io.mokube.scheduler.SchedulerConfig;
import io.mokube.testkit.Await;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * What pods use, and what comes of it, as kubectl sees it: all components in this JVM, containers that only pretend, and
 * clocks that run eight times as fast.
 */
class AutoscalingTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final Platform HASTY =
            new Platform(new HastyClock(8), new SecureRandom(), new SimpleMeterRegistry());

    @TempDir
    static Path folder;

    private static final List<Component> STARTED = new ArrayList<>();
    private static Path kubeconfig;

    /** Runs faster than time does. */
    private record HastyClock(Instant start, long startNanos, int speed) implements Clock {

        HastyClock(int speed) {
            this(Clock.system().instant(), Clock.system().nanoTime(), speed);
        }

        @Override
        public Instant instant() {
            return start.plusNanos(nanoTime());
        }

        @Override
        public long nanoTime() {
            return (Clock.system().nanoTime() - startNanos) * speed;
        }

        @Override
        public void sleep(Duration duration) throws InterruptedException {
            Clock.system().sleep(duration.dividedBy(speed));
        }

        @Override
        public Timer schedule(Duration delay, Runnable task) {
            return Clock.system().schedule(delay.dividedBy(speed), task);
        }
    }

    @BeforeAll
    static void start() {
        ApiServer server = new ApiServer(ApiServerConfig.inMemory(folder), HASTY);
        begin(server);
        kubeconfig = server.adminKubeconfig();
        ClientConfig client = ClientConfig.fromKubeconfig(kubeconfig);
        begin(new ControllerManager(ControllerManagerConfig.standard(client), HASTY));
        begin(new Scheduler(SchedulerConfig.of(client), HASTY));
        HollowRuntime runtime = new HollowRuntime("10.99.0.0/24", HollowScript.QUIET, HASTY.clock());
        begin(new Kubelet(
                KubeletConfig.of("hollow", client, () -> runtime, folder.resolve("kubelet"))
                        .withPodCidr("10.99.0.0/24")
                        .withResources(new KubeletConfig.Resources(
                                Optional.of("4"), Optional.of("8Gi"), Optional.empty(), 110)),
                HASTY));
    }

    private static void begin(Component component) {
        STARTED.addFirst(component);
        component.start();
        Await.until(
                PATIENCE,
                component.name() + " is ready",
                () -> component.readiness().ready());
    }

    @AfterAll
    static void stop() {
        STARTED.forEach(component -> component.stop(Duration.ZERO));
    }

    private static String kubectl(String... arguments) {
        return Kubectl.any().ok(kubeconfig, arguments);
    }

    @TestFactory
    Stream<DynamicTest> topShowsWhatIsUsed() {
        kubectl("create", "deployment", "busy", "--image=busy:1", "--replicas=2");
        kubectl(
                "patch",
                "deployment",
                "busy",
                "-p",
                "{\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"mokube.io/cpu-usage\":\"250m\","
                        + "\"mokube.io/memory-usage\":\"64Mi\"}}}}}");
        kubectl("create", "deployment", "idle", "--image=idle:1");
        kubectl("rollout", "status", "deployment/busy", "--timeout=60s");
        kubectl("rollout", "status", "deployment/idle", "--timeout=60s");
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("top", "pods", "-l", "app in (busy, idle)", "--no-headers")
                                .lines())
                        .hasSize(3));
        return Kubectl.found().keySet().stream()
                .map(version -> DynamicTest.dynamicTest("kubectl " + version, () -> top(Kubectl.of(version))));
    }

    private static void top(Kubectl kubectl) {
        assertThat(kubectl.ok(kubeconfig, "top", "nodes", "--no-headers"))
                .matches("hollow +\\d+m +\\d+% +\\d+Mi +\\d+% *\n");
        assertThat(kubectl.ok(kubeconfig, "top", "pods", "-l", "app in (busy, idle)", "--sort-by=cpu")
                        .lines()
                        .map(line -> line.strip().replaceAll(" +", " ")))
                .hasSize(4)
                .startsWith("NAME CPU(cores) MEMORY(bytes)")
                .last()
                .asString()
                .matches("idle-\\S+ 10m 16Mi");
    }

    @Test
    void anAutoscalerFollowsTheLoad() {
        kubectl("create", "deployment", "web", "--image=web:1");
        kubectl("set", "resources", "deployment/web", "--requests=cpu=200m");
        kubectl("rollout", "status", "deployment/web", "--timeout=60s");
        assertThat(kubectl("autoscale", "deployment", "web", "--min=1", "--max=4", "--cpu-percent=50"))
                .isEqualTo("horizontalpodautoscaler.autoscaling/web autoscaled\n");
        kubectl(
                "patch",
                "hpa",
                "web",
                "-p",
                "{\"spec\":{\"behavior\":{\"scaleDown\":{\"stabilizationWindowSeconds\":30}}}}");
        Await.passes(
                PATIENCE,
                () -> assertThat(shown(kubectl("get", "hpa", "web")))
                        .contains("NAME REFERENCE TARGETS MINPODS MAXPODS REPLICAS AGE")
                        .containsPattern("web Deployment/web cpu: 5%/50% 1 4 1 "));
        load("200m");
        Await.passes(
                PATIENCE,
                () -> assertThat(shown(kubectl("get", "hpa", "web")))
                        .containsPattern("web Deployment/web cpu: \\d+%/50% 1 4 2 "));
        // The new pod has the old one's use.
        load("200m");
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("get", "deployment", "web", "--no-headers"))
                        .startsWith("web   4/4 "));
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("describe", "hpa", "web"))
                        .containsPattern("AbleToScale +True +\\S+ ")
                        .containsPattern(
                                "ScalingActive +True +ValidMetricFound +the HPA was able to successfully calculate a"
                                        + " replica count from cpu resource utilization \\(percentage of request\\)")
                        .containsPattern(
                                "Normal +SuccessfulRescale .*horizontal-pod-autoscaler +New size: 4; reason: cpu resource"
                                        + " utilization \\(percentage of request\\) above target"));
        load("200m");
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("describe", "hpa", "web"))
                        .containsPattern(
                                "ScalingLimited +True +TooManyReplicas +the desired replica count is more than the"
                                        + " maximum replica count"));
        load("10m");
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("get", "deployment", "web", "--no-headers"))
                        .startsWith("web   1/1 "));
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("describe", "hpa", "web")).contains("reason: All metrics below target"));

        kubectl("scale", "deployment", "web", "--replicas=0");
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("describe", "hpa", "web"))
                        .containsPattern("ScalingActive +False +ScalingDisabled +scaling is disabled since the replica"
                                + " count of the target is zero"));
    }

    private static void load(String cpu) {
        kubectl("annotate", "pods", "-l", "app=web", "--overwrite", "mokube.io/cpu-usage=" + cpu);
    }

    private static String shown(String table) {
        return table.replaceAll(" +", " ");
    }

    @Test
    void anAutoscalerThatCanNotWorkSaysWhy() {
        kubectl("create", "deployment", "bare", "--image=bare:1");
        kubectl("autoscale", "deployment", "bare", "--max=3");
        kubectl("create", "deployment", "absent", "--image=absent:1");
        kubectl("autoscale", "deployment", "absent", "--max=3");
        kubectl("delete", "deployment", "absent");
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("describe", "hpa", "bare"))
                        .containsPattern(
                                "ScalingActive +False +FailedGetResourceMetric +the HPA was unable to compute the replica"
                                        + " count: failed to get cpu utilization: missing request for cpu in container bare of Pod bare-")
                        .containsPattern(
                                "Warning +FailedComputeMetricsReplicas .*invalid metrics \\(1 invalid out of 1\\), first"
                                        + " error is: failed to get cpu resource metric value: failed to get cpu utilization: missing"));
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("describe", "hpa", "absent"))
                        .containsPattern(
                                "AbleToScale +False +FailedGetScale +the HPA controller was unable to get the target's"
                                        + " current scale: .*\"absent\" not found"));
    }

    @Test
    void thoseWhoMayViewMaySeeMetrics() {
        kubectl("create", "serviceaccount", "viewer");
        kubectl("create", "rolebinding", "viewer", "--clusterrole=view", "--serviceaccount=default:viewer");
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl(
                                "auth",
                                "can-i",
                                "list",
                                "pods.metrics.k8s.io",
                                "--as=system:serviceaccount:default:viewer"))
                        .isEqualTo("yes\n"));
        Commands.Result refused =
                Kubectl.any().run(kubeconfig, "top", "nodes", "--as=system:serviceaccount:default:viewer");
        assertThat(refused.errors()).contains("nodes.metrics.k8s.io is forbidden");
    }
}
