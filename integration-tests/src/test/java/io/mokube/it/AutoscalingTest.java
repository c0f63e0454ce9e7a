package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.pki.ClusterCertificates.NodeCredentials;
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
import io.mokube.pki.Pem;
import io.mokube.scheduler.Scheduler;
import io.mokube.scheduler.SchedulerConfig;
import io.mokube.testkit.Await;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
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
    private static ApiServer server;
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
        server = new ApiServer(ApiServerConfig.inMemory(folder), HASTY);
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

    /** Another server brings custom and external metrics: twelve requests a second for each pod, thirty in a queue. */
    @Test
    void metricsOfOthersAreFollowed() throws Exception {
        HttpsServer others = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        others.setHttpsConfigurator(new HttpsConfigurator(serving()));
        others.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        others.createContext("/", exchange -> {
            byte[] answer = answer(exchange.getRequestURI().toString())
                    .replace('\'', '"')
                    .getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(answer.length == 0 ? 404 : 200, answer.length == 0 ? -1 : answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        others.start();
        try {
            Path manifest = folder.resolve("others.yaml");
            Files.writeString(
                    manifest,
                    MANIFEST.replace(
                            "PORT", Integer.toString(others.getAddress().getPort())));
            kubectl("create", "deployment", "worker", "--image=worker:1", "--replicas=2");
            kubectl("create", "deployment", "front", "--image=front:1", "--replicas=2");
            kubectl("apply", "-f", manifest.toString());
            kubectl("wait", "--for=condition=Available", "apiservice/v1beta2.custom.metrics.k8s.io", "--timeout=60s");
            kubectl("wait", "--for=condition=Available", "apiservice/v1beta1.external.metrics.k8s.io", "--timeout=60s");
            Await.passes(
                    PATIENCE,
                    () -> assertThat(shown(kubectl("get", "hpa", "worker", "front", "--no-headers")))
                            .containsPattern("worker Deployment/worker 10/10 \\(avg\\) 1 5 3 ")
                            .containsPattern("front Deployment/front 8/8 1 5 3 "));
        } finally {
            others.stop(0);
        }
    }

    private static String answer(String path) {
        String pods =
                "/apis/custom.metrics.k8s.io/v1beta2/namespaces/default/pods/*/requests?labelSelector=app%3Dfront";
        if (path.startsWith(pods)) {
            List<String> names = kubectl("get", "pods", "-l", "app=front", "-o", "name")
                    .lines()
                    .toList();
            List<String> items = names.stream()
                    .map(name -> "{'describedObject':{'kind':'Pod','name':'" + name.substring(4)
                            + "'},'metric':{'name':'requests'},'timestamp':'"
                            + HASTY.clock().instant()
                            // Two pods' load, however many there are.
                            + "','value':'" + 24000 / Math.max(2, names.size()) + "m'}")
                    .toList();
            return "{'kind':'MetricValueList','items':[" + String.join(",", items) + "]}";
        }
        return switch (path) {
            case "/apis/custom.metrics.k8s.io/v1beta2", "/apis/external.metrics.k8s.io/v1beta1" ->
                "{'kind':'APIResourceList','apiVersion':'v1','resources':[]}";
            case "/apis/external.metrics.k8s.io/v1beta1/namespaces/default/queue?labelSelector=topic%3Dmail" ->
                "{'kind':'ExternalMetricValueList','items':[{'value':'20'},{'value':'10'}]}";
            default -> "";
        };
    }

    private static final String MANIFEST = """
            apiVersion: v1
            kind: Service
            metadata: {name: others}
            spec: {type: ExternalName, externalName: localhost}
            ---
            apiVersion: apiregistration.k8s.io/v1
            kind: APIService
            metadata: {name: v1beta2.custom.metrics.k8s.io}
            spec:
              group: custom.metrics.k8s.io
              version: v1beta2
              groupPriorityMinimum: 100
              versionPriority: 100
              insecureSkipTLSVerify: true
              service: {namespace: default, name: others, port: PORT}
            ---
            apiVersion: apiregistration.k8s.io/v1
            kind: APIService
            metadata: {name: v1beta1.external.metrics.k8s.io}
            spec:
              group: external.metrics.k8s.io
              version: v1beta1
              groupPriorityMinimum: 100
              versionPriority: 100
              insecureSkipTLSVerify: true
              service: {namespace: default, name: others, port: PORT}
            ---
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: {name: worker}
            spec:
              scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: worker}
              maxReplicas: 5
              metrics:
              - type: External
                external:
                  metric: {name: queue, selector: {matchLabels: {topic: mail}}}
                  target: {type: AverageValue, averageValue: "10"}
            ---
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: {name: front}
            spec:
              scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: front}
              maxReplicas: 5
              metrics:
              - type: Pods
                pods:
                  metric: {name: requests}
                  target: {type: AverageValue, averageValue: "8"}
            """;

    private static SSLContext serving() throws Exception {
        NodeCredentials files = server.certificates().issueNode("others", List.of("127.0.0.1"), server.publicUri());
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry(
                "serving", Pem.readPrivateKey(Files.readString(files.servingKey())), new char[0], new Certificate[] {
                    Pem.readCertificate(Files.readString(files.servingCertificate()))
                });
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, new char[0]);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(own.getKeyManagers(), null, null);
        return tls;
    }
}
