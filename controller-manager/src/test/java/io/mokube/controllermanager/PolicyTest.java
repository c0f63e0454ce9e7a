package io.mokube.controllermanager;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetStatus;
import io.mokube.client.informer.Handler;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Selection;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.ListOptions;
import io.mokube.client.rest.ResourceClient;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.testkit.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Budgets, quotas and limit ranges on the real API server with all controllers, driven by the real kubectl. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PolicyTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    static Path directory;

    private WorkloadCluster cluster;
    private ApiClient client;

    @BeforeAll
    void start() throws InterruptedException {
        cluster = WorkloadCluster.start(directory, config -> config, "hollow");
        client = cluster.client();
    }

    @AfterAll
    void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void aDrainWaitsForTheBudgetAndGoesOn() {
        namespace("drained");
        kubectl("-n", "drained", "create", "deployment", "web", "--image=web:1", "--replicas=3");
        kubectl("-n", "drained", "rollout", "status", "deployment/web", "--timeout=60s");
        kubectl("-n", "drained", "create", "pdb", "web", "--selector=app=web", "--min-available=67%");
        Await.passes(
                PATIENCE,
                () -> assertThat(status("drained", "web").getDisruptionsAllowed())
                        .isZero());
        assertThat(kubectl("-n", "drained", "get", "pdb"))
                .containsPattern("(?m)^NAME +MIN AVAILABLE +MAX UNAVAILABLE +ALLOWED DISRUPTIONS +AGE$")
                .containsPattern("(?m)^web +67% +N/A +0 +");

        kubectl("-n", "drained", "patch", "pdb", "web", "-p", "{\"spec\":{\"minAvailable\":2}}");
        Await.passes(
                PATIENCE,
                () -> assertThat(status("drained", "web").getDisruptionsAllowed())
                        .isEqualTo(1));
        assertThat(kubectl("-n", "drained", "describe", "pdb", "web"))
                .containsPattern("Min available: +2\n")
                .containsPattern("Selector: +app=web\n")
                .containsPattern("Allowed disruptions: +1\n +Current: +3\n +Desired: +2\n +Total: +3\n");

        kubectl("-n", "drained", "run", "bare", "--image=web:1");
        kubectl("-n", "drained", "wait", "pod/bare", "--for=condition=Ready", "--timeout=60s");
        assertThat(cluster.refused("drain", "hollow", "--timeout=60s"))
                .contains("cannot delete cannot delete Pods that declare no controller (use --force to override):"
                        + " drained/bare");
        try (FewestReady fewest = new FewestReady(client, "drained")) {
            assertThat(kubectl(
                            "drain",
                            "hollow",
                            "--force",
                            "--ignore-daemonsets",
                            "--delete-emptydir-data",
                            "--timeout=60s"))
                    .contains("evicting pod drained/web-", "evicting pod drained/bare", "pod/bare evicted")
                    .containsPattern(
                            "error when evicting pods/\"web-[a-z0-9-]+\" -n \"drained\" \\(will retry after 5s\\):"
                                    + " Cannot evict pod as it would violate the pod's disruption budget\\.")
                    .endsWith("node/hollow drained\n");
            assertThat(fewest.seen()).isEqualTo(2);
        }
        assertThat(kubectl("get", "node", "hollow")).contains("Ready,SchedulingDisabled");
        kubectl("uncordon", "hollow");
        Await.passes(PATIENCE, () -> {
            assertThat(status("drained", "web").getDisruptionsAllowed()).isEqualTo(1);
            assertThat(status("drained", "web").getDisruptedPods()).isEmpty();
        });
    }

    @Test
    void aBudgetAnswersForPodsWithoutControllers() {
        namespace("bare");
        kubectl("-n", "bare", "create", "pdb", "p", "--selector=run=p", "--max-unavailable=1");
        kubectl("-n", "bare", "run", "p", "--image=web:1");
        Await.passes(PATIENCE, () -> {
            assertThat(kubectl("-n", "bare", "get", "events")).contains("UnmanagedPods", "NoPods");
            assertThat(status("bare", "p").getCurrentHealthy()).isEqualTo(1);
            assertThat(status("bare", "p").getDisruptionsAllowed()).isZero();
        });
        // A controller that nobody serves makes the count fail, and nothing is allowed.
        kubectl(
                "-n",
                "bare",
                "patch",
                "pod",
                "p",
                "-p",
                "{\"metadata\":{\"ownerReferences\":[{\"apiVersion\":\"example.com/v1\",\"kind\":\"Nothing\","
                        + "\"name\":\"n\",\"uid\":\"u\",\"controller\":true}]}}");
        Await.passes(
                PATIENCE,
                () -> assertThat(status("bare", "p").getConditions())
                        .singleElement()
                        .satisfies(condition -> {
                            assertThat(condition.getReason()).isEqualTo("SyncFailed");
                            assertThat(condition.getMessage())
                                    .isEqualTo("no matches for kind \"Nothing\" in version \"example.com/v1\"");
                        }));
    }

    @Test
    void aBudgetAsksTheScaleOfCustomControllers() {
        namespace("custom");
        apply("""
                apiVersion: apiextensions.k8s.io/v1
                kind: CustomResourceDefinition
                metadata: {name: flocks.example.com}
                spec:
                  group: example.com
                  scope: Namespaced
                  names: {plural: flocks, singular: flock, kind: Flock}
                  versions:
                  - name: v1
                    served: true
                    storage: true
                    subresources:
                      scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}
                    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
                """);
        kubectl("wait", "crd/flocks.example.com", "--for=condition=Established", "--timeout=60s");
        apply("""
                apiVersion: example.com/v1
                kind: Flock
                metadata: {name: f, namespace: custom}
                spec: {replicas: 4}
                """);
        String uid = kubectl("-n", "custom", "get", "flock", "f", "-o", "jsonpath={.metadata.uid}");
        for (String name : List.of("a", "b")) {
            apply("""
                    apiVersion: v1
                    kind: Pod
                    metadata:
                      name: %s
                      namespace: custom
                      labels: {app: flock}
                      ownerReferences:
                      - {apiVersion: example.com/v1, kind: Flock, name: f, uid: %s, controller: true}
                    spec: {containers: [{name: c, image: "web:1"}]}
                    """.formatted(name, uid));
        }
        kubectl("-n", "custom", "create", "pdb", "p", "--selector=app=flock", "--min-available=25%");
        Await.passes(PATIENCE, () -> {
            PodDisruptionBudgetStatus status = status("custom", "p");
            assertThat(status.getExpectedPods()).isEqualTo(4);
            assertThat(status.getDesiredHealthy()).isEqualTo(1);
            assertThat(status.getCurrentHealthy()).isEqualTo(2);
            assertThat(status.getDisruptionsAllowed()).isEqualTo(1);
        });
    }

    @Test
    void aQuotaLimitsADeploymentAndGivesBack() {
        namespace("quota");
        kubectl("-n", "quota", "create", "quota", "q", "--hard=pods=2,requests.memory=1Gi,count/deployments.apps=1");
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("-n", "quota", "describe", "quota", "q"))
                        .containsPattern("(?m)^Resource +Used +Hard$")
                        .containsPattern("(?m)^count/deployments.apps +0 +1$")
                        .containsPattern("(?m)^pods +0 +2$")
                        .containsPattern("(?m)^requests.memory +0 +1Gi$"));
        assertThat(cluster.refused("-n", "quota", "run", "p", "--image=web:1"))
                .isEqualTo("Error from server (Forbidden): pods \"p\" is forbidden: failed quota: q: must specify"
                        + " requests.memory for: p\n");

        apply("""
                apiVersion: v1
                kind: LimitRange
                metadata: {name: defaults, namespace: quota}
                spec: {limits: [{type: Container, defaultRequest: {memory: 256Mi}}]}
                """);
        kubectl("-n", "quota", "create", "deployment", "web", "--image=web:1", "--replicas=3");
        Await.passes(PATIENCE, () -> {
            assertThat(kubectl("-n", "quota", "get", "events", "--field-selector=reason=FailedCreate"))
                    .containsPattern(
                            "Error creating: pods \"web-[a-z0-9-]+\" is forbidden: exceeded quota: q, requested:"
                                    + " pods=1, used: pods=2, limited: pods=2");
            assertThat(kubectl("-n", "quota", "get", "quota", "q"))
                    .contains("count/deployments.apps: 1/1, pods: 2/2, requests.memory: 512Mi/1Gi");
        });
        assertThat(cluster.refused("-n", "quota", "create", "deployment", "more", "--image=web:1"))
                .isEqualTo(
                        "error: failed to create deployment: deployments.apps \"more\" is forbidden: exceeded quota: q,"
                                + " requested: count/deployments.apps=1, used: count/deployments.apps=1, limited:"
                                + " count/deployments.apps=1\n");

        kubectl("-n", "quota", "patch", "quota", "q", "-p", "{\"spec\":{\"hard\":{\"pods\":\"5\"}}}");
        kubectl("-n", "quota", "rollout", "status", "deployment/web", "--timeout=60s");
        kubectl("-n", "quota", "delete", "deployment", "web");
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("-n", "quota", "get", "quota", "q"))
                        .contains("count/deployments.apps: 0/1, pods: 0/5, requests.memory: 0/1Gi"));
    }

    @Test
    void limitRangesAreShownAndKept() {
        namespace("limits");
        apply("""
                apiVersion: v1
                kind: LimitRange
                metadata: {name: l, namespace: limits}
                spec:
                  limits:
                  - {type: Container, max: {cpu: "2"}, min: {cpu: 100m}, maxLimitRequestRatio: {cpu: "4"}}
                  - {type: Pod, max: {cpu: "3"}}
                """);
        assertThat(kubectl("-n", "limits", "describe", "limits", "l"))
                .containsPattern(
                        "(?m)^Type +Resource +Min +Max +Default Request +Default Limit +Max Limit/Request Ratio$")
                .containsPattern("(?m)^Container +cpu +100m +2 +2 +2 +4$")
                .containsPattern("(?m)^Pod +cpu +- +3 +- +- +-$");
        kubectl("-n", "limits", "run", "p", "--image=web:1");
        assertThat(kubectl("-n", "limits", "get", "pod", "p", "-o", "jsonpath={.spec.containers[0].resources}"))
                .isEqualTo("{\"limits\":{\"cpu\":\"2\"},\"requests\":{\"cpu\":\"2\"}}");
        assertThat(cluster.refused(
                        "-n",
                        "limits",
                        "run",
                        "q",
                        "--image=web:1",
                        "--overrides="
                                + "{\"spec\":{\"containers\":[{\"name\":\"q\",\"image\":\"web:1\",\"resources\":{\"limits\":"
                                + "{\"cpu\":\"3\"},\"requests\":{\"cpu\":\"50m\"}}}]}}"))
                .isEqualTo("Error from server (Forbidden): pods \"q\" is forbidden: [minimum cpu usage per Container is"
                        + " 100m, but request is 50m, maximum cpu usage per Container is 2, but limit is 3, cpu max limit"
                        + " to request ratio per Container is 4, but provided ratio is 60.000000]\n");
    }

    /** What the controller gives back must never be what is on its way. */
    @Test
    void aQuotaIsNotOvershotWhileObjectsComeAndGo() throws Exception {
        namespace("busy");
        kubectl("-n", "busy", "create", "quota", "q", "--hard=count/configmaps=10");
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("-n", "busy", "get", "quota", "q"))
                        .contains("count/configmaps: 1/10")); // kube-root-ca.crt
        ResourceClient<ConfigMap> maps = client.resource(ConfigMap.class);
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger created = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> tasks = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                int thread = i;
                tasks.add(threads.submit(() -> {
                    for (int round = 0; !over.get(); round++) {
                        String name = "m-" + thread + "-" + round;
                        try {
                            maps.create(new ConfigMapBuilder()
                                    .withNewMetadata()
                                    .withNamespace("busy")
                                    .withName(name)
                                    .endMetadata()
                                    .build());
                            created.incrementAndGet();
                            maps.delete(new ObjectKey("busy", name), DeleteOptions.DEFAULT);
                        } catch (ApiException e) {
                            assertThat(e.getMessage()).contains("exceeded quota: q");
                            refused.incrementAndGet();
                            Platform.system().clock().sleep(Duration.ofMillis(20));
                        }
                    }
                    return null;
                }));
            }
            tasks.add(threads.submit(() -> {
                while (!over.get()) {
                    most.accumulateAndGet(
                            maps.list("busy", ListOptions.ALL).items().size(), Math::max);
                }
            }));
            Await.until(PATIENCE, "it was given back several times", () -> created.get() >= 30 && refused.get() > 0);
            over.set(true);
            for (Future<?> task : tasks) {
                task.get();
            }
        }
        assertThat(most.get()).isBetween(2, 10);
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("-n", "busy", "get", "quota", "q")).contains("count/configmaps: 1/10"));
    }

    // -----------------------------------------------------------------------------------------------------------

    /** The fewest ready pods of the label app=web that there were at any time. */
    private static final class FewestReady implements AutoCloseable {

        private final Informer<Pod> informer;
        private final AtomicInteger fewest = new AtomicInteger(Integer.MAX_VALUE);

        FewestReady(ApiClient client, String namespace) {
            informer = new Informer<>(
                    client.resource(Pod.class), Selection.ALL.withNamespace(namespace), Platform.system());
            informer.addHandler(new Handler<>() {
                @Override
                public void updated(Pod before, Pod now) {
                    look();
                }

                @Override
                public void deleted(Pod last) {
                    look();
                }
            });
            informer.start();
            Await.until(PATIENCE, "the pods are known", informer::hasSynced);
            look();
        }

        private void look() {
            long ready = informer.store().list().stream()
                    .filter(pod -> "web".equals(Ownership.labels(pod).get("app")))
                    .filter(PodFacts::isActive)
                    .filter(PodFacts::isReady)
                    .count();
            fewest.accumulateAndGet((int) ready, Math::min);
        }

        int seen() {
            return fewest.get();
        }

        @Override
        public void close() {
            informer.close();
        }
    }

    private PodDisruptionBudgetStatus status(String namespace, String name) {
        return client.resource(PodDisruptionBudget.class)
                .get(namespace, name)
                .orElseThrow()
                .getStatus();
    }

    /** A namespace that pods can be made in. */
    private void namespace(String name) {
        kubectl("create", "namespace", name);
        Await.until(
                PATIENCE,
                "the namespace has its service account",
                () -> !kubectl("-n", name, "get", "serviceaccounts", "-o", "name")
                                .isEmpty()
                        && !kubectl("-n", name, "get", "configmaps", "-o", "name")
                                .isEmpty());
    }

    private void apply(String yaml) {
        cluster.apply(yaml);
    }

    private String kubectl(String... arguments) {
        return cluster.kubectl(arguments);
    }
}
