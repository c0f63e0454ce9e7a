package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.peers.AdvertisedAddress;
import io.mokube.testkit.Await;
import io.mokube.testkit.Needs;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Every kind of workload in real containers on two nodes, driven by kubectl as users do. */
class WorkloadsOnContainersTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static UpCluster cluster;

    @BeforeAll
    static void up() {
        cluster = UpCluster.start(2);
    }

    @AfterAll
    static void down() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void aStatefulSetKeepsItsNamesAndRollsBack() {
        cluster.apply("""
                apiVersion: apps/v1
                kind: StatefulSet
                metadata: {name: db}
                spec:
                  replicas: 2
                  serviceName: db
                  selector: {matchLabels: {app: db}}
                  template:
                    metadata: {labels: {app: db}}
                    spec:
                      terminationGracePeriodSeconds: 1
                      containers: [{name: db, image: "mokube/demo:1"}]
                """);
        ok("rollout", "status", "statefulset/db", "--timeout=90s");
        assertThat(ok("get", "pods", "-l", "app=db", "-o", "name")).isEqualTo("pod/db-0\npod/db-1\n");
        assertThat(ok("exec", "db-1", "--", "hostname")).isEqualTo("db-1\n");
        String uid = ok("get", "pod", "db-1", "-o", "jsonpath={.metadata.uid}");
        ok("delete", "pod", "db-1", "--wait=false");
        Await.passes(
                PATIENCE,
                () -> assertThat(ok("get", "pod", "db-1", "-o", "jsonpath={.metadata.uid}"))
                        .isNotEqualTo(uid));
        ok("rollout", "status", "statefulset/db", "--timeout=90s");

        ok("set", "image", "statefulset/db", "db=mokube/demo:2");
        ok("rollout", "status", "statefulset/db", "--timeout=90s");
        assertThat(images("app=db")).containsOnly("mokube/demo:2");
        assertThat(ok("rollout", "history", "statefulset/db")).contains("\n1 ", "\n2 ");
        ok("rollout", "undo", "statefulset/db");
        ok("rollout", "status", "statefulset/db", "--timeout=90s");
        assertThat(images("app=db")).containsOnly("mokube/demo:1");
        ok("delete", "statefulset", "db");
    }

    @Test
    void aDaemonSetRunsOnEveryNodeAndRestarts() {
        cluster.apply("""
                apiVersion: apps/v1
                kind: DaemonSet
                metadata: {name: agent}
                spec:
                  selector: {matchLabels: {app: agent}}
                  template:
                    metadata: {labels: {app: agent}}
                    spec:
                      terminationGracePeriodSeconds: 1
                      containers: [{name: agent, image: "mokube/demo:1"}]
                """);
        ok("rollout", "status", "daemonset/agent", "--timeout=90s");
        assertThat(ok("get", "pods", "-l", "app=agent", "-o", "jsonpath={.items[*].spec.nodeName}")
                        .split(" "))
                .containsExactlyInAnyOrder("node-1", "node-2");
        assertThat(ok("get", "daemonset", "agent", "--no-headers")).containsPattern("agent +2 +2 +2 +2 +2 ");
        ok("rollout", "restart", "daemonset/agent");
        ok("rollout", "status", "daemonset/agent", "--timeout=90s");
        assertThat(ok("rollout", "history", "daemonset/agent")).contains("\n1 ", "\n2 ");
        ok("delete", "daemonset", "agent");
    }

    @Test
    void jobsEndAndCronJobsBeginThem() {
        ok("create", "job", "hello", "--image=mokube/demo:1", "--", "sh", "-c", "echo hello from a job");
        ok("wait", "--for=condition=complete", "job/hello", "--timeout=90s");
        assertThat(ok("logs", "job/hello")).isEqualTo("hello from a job\n");
        cluster.apply("""
                apiVersion: batch/v1
                kind: Job
                metadata: {name: indexed}
                spec:
                  completions: 3
                  parallelism: 2
                  completionMode: Indexed
                  backoffLimitPerIndex: 0
                  template:
                    spec:
                      restartPolicy: Never
                      containers:
                        - {name: c, image: "mokube/demo:1", command: [sh, -c, "exit $((JOB_COMPLETION_INDEX == 1))"]}
                """);
        ok("wait", "--for=condition=failed", "job/indexed", "--timeout=90s");
        assertThat(ok("get", "job", "indexed", "-o", "jsonpath={.status.completedIndexes} {.status.failedIndexes}"))
                .isEqualTo("0,2 1");

        ok("create", "cronjob", "tick", "--image=mokube/demo:1", "--schedule=@every 3s", "--", "true");
        Await.passes(
                PATIENCE,
                () -> assertThat(ok("get", "cronjob", "tick", "-o", "jsonpath={.status.lastSuccessfulTime}"))
                        .isNotEmpty());
        ok("create", "job", "by-hand", "--from=cronjob/tick");
        ok("wait", "--for=condition=complete", "job/by-hand", "--timeout=90s");
        ok("delete", "cronjob", "tick");
        ok("delete", "job", "hello", "indexed", "by-hand", "--ignore-not-found");
    }

    @Test
    void aDrainKeepsTheBudgetWhilePodsMoveToTheOtherNode() {
        ok("create", "deployment", "shop", "--image=mokube/demo:1", "--replicas=4");
        ok("create", "pdb", "shop", "--selector=app=shop", "--min-available=3");
        ok("rollout", "status", "deployment/shop", "--timeout=90s");
        ok("rollout", "pause", "deployment/shop");
        ok("set", "env", "deployment/shop", "COLOUR=red");
        assertThat(ok("rollout", "history", "deployment/shop")).doesNotContain("\n2 ");
        ok("rollout", "resume", "deployment/shop");
        ok("rollout", "status", "deployment/shop", "--timeout=90s");
        assertThat(ok("rollout", "history", "deployment/shop")).contains("\n2 ");
        ok("wait", "--for=jsonpath={.status.disruptionsAllowed}=1", "pdb/shop", "--timeout=60s");

        assertThat(ok("drain", "node-2", "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=120s"))
                .contains("node/node-2 drained");
        ok("rollout", "status", "deployment/shop", "--timeout=90s");
        assertThat(ok(
                        "get",
                        "pods",
                        "-l",
                        "app=shop",
                        "--field-selector=status.phase=Running",
                        "-o",
                        "jsonpath={.items[*].spec.nodeName}"))
                .doesNotContain("node-2");
        ok("uncordon", "node-2");
        ok("delete", "pdb", "shop");
        ok("delete", "deployment", "shop");
    }

    @Test
    void aBusyDeploymentGetsMorePods() {
        cluster.apply("""
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: busy}
                spec:
                  selector: {matchLabels: {app: busy}}
                  template:
                    metadata: {labels: {app: busy}}
                    spec:
                      terminationGracePeriodSeconds: 1
                      containers:
                        - name: c
                          image: mokube/demo:1
                          command: [sh, -c, "while true; do :; done"]
                          resources: {requests: {cpu: 50m}, limits: {cpu: 200m}}
                """);
        ok("autoscale", "deployment", "busy", "--cpu-percent=50", "--min=1", "--max=3");
        Await.passes(
                PATIENCE,
                () -> assertThat(ok("get", "deployment", "busy", "-o", "jsonpath={.spec.replicas}"))
                        .isEqualTo("3"));
        assertThat(ok("top", "pods", "-l", "app=busy", "--no-headers")).containsPattern("busy-\\S+ +\\d+m +\\d+Mi");
        assertThat(ok("get", "events", "--field-selector=reason=SuccessfulRescale"))
                .contains("cpu resource utilization (percentage of request) above target");
        ok("delete", "hpa", "busy");
        ok("delete", "deployment", "busy");
    }

    @Test
    void podsReachTheApiServerAtTheEndpointOfItsService() {
        Needs.part(
                "an address beside loopback",
                AdvertisedAddress.ofMachine(InetAddress.ofLiteral("0.0.0.0")).isPresent());
        String endpoint = ok(
                "get", "endpointslice", "kubernetes", "-o", "jsonpath={.endpoints[0].addresses[0]} {.ports[0].port}");
        ok(
                "run",
                "caller",
                "--image=mokube/demo:1",
                "--restart=Never",
                "--",
                "sh",
                "-c",
                "nc -w 5 " + endpoint + " < /dev/null");
        ok("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/caller", "--timeout=60s");
        ok("delete", "pod", "caller", "--wait=false");
    }

    private static List<String> images(String selector) {
        String images = ok("get", "pods", "-l", selector, "-o", "jsonpath={.items[*].spec.containers[0].image}");
        return List.of(images.split(" "));
    }

    private static String ok(String... arguments) {
        return Kubectl.any().ok(cluster.kubeconfig(), arguments);
    }
}
