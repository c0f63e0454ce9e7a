package io.mokube.controllermanager;

import static io.mokube.controllermanager.WorkloadCluster.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.apps.ControllerRevision;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ListOptions;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.testkit.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** StatefulSets and DaemonSets on the real API server, driven by the real kubectl; only the containers are missing. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SetsTest {

    @TempDir
    static Path directory;

    private final Random random = new Random(20260101);
    private WorkloadCluster cluster;
    private ApiClient client;

    @BeforeAll
    void start() throws InterruptedException {
        cluster = WorkloadCluster.start(directory, config -> config, "one", "two", "three");
        client = cluster.client();
    }

    @AfterAll
    void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    private static String statefulSet(String name, int replicas, String more) {
        return """
                apiVersion: apps/v1
                kind: StatefulSet
                metadata:
                  name: %1$s
                spec:
                  replicas: %2$d
                  serviceName: %1$s
                  selector:
                    matchLabels: {app: %1$s}
                  %3$s
                  template:
                    metadata:
                      labels: {app: %1$s}
                    spec:
                      containers:
                      - name: c
                        image: web:1
                        volumeMounts:
                        - {name: data, mountPath: /data}
                  volumeClaimTemplates:
                  - metadata:
                      name: data
                    spec:
                      accessModes: [ReadWriteOnce]
                      resources:
                        requests:
                          storage: 1Gi
                """.formatted(name, replicas, more);
    }

    @Test
    void aStatefulSetLivesThroughItsRollouts() {
        cluster.apply(statefulSet("web", 3, "revisionHistoryLimit: 2"));
        assertThat(kubectl("rollout", "status", "sts/web", "--timeout=60s"))
                .endsWith("partitioned roll out complete: 3 new pods have been updated...\n");
        assertThat(kubectl("get", "sts", "web", "--no-headers")).startsWith("web   3/3   ");
        List<Pod> pods = pods("web");
        assertThat(names(pods)).containsExactly("web-0", "web-1", "web-2");
        assertThat(pods).isSortedAccordingTo(Comparator.comparingLong(Ownership::revision));
        Pod second = pods.get(1);
        assertThat(second.getSpec().getHostname()).isEqualTo("web-1");
        assertThat(second.getSpec().getSubdomain()).isEqualTo("web");
        assertThat(second.getMetadata().getLabels())
                .containsEntry("statefulset.kubernetes.io/pod-name", "web-1")
                .containsEntry("apps.kubernetes.io/pod-index", "1")
                .containsEntry(
                        "controller-revision-hash",
                        statefulSet("web").getStatus().getCurrentRevision());
        assertThat(second.getSpec()
                        .getVolumes()
                        .getFirst()
                        .getPersistentVolumeClaim()
                        .getClaimName())
                .isEqualTo("data-web-1");
        assertThat(claims("web")).containsExactly("data-web-0", "data-web-1", "data-web-2");

        kubectl("annotate", "sts/web", "kubernetes.io/change-cause=the second");
        kubectl("set", "image", "sts/web", "c=web:2");
        assertThat(kubectl("rollout", "status", "sts/web", "--timeout=60s"))
                .endsWith("partitioned roll out complete: 3 new pods have been updated...\n");
        assertThat(images("web")).containsOnly("web:2").hasSize(3);
        assertThat(kubectl("rollout", "history", "sts/web"))
                .startsWith("statefulset.apps/web \nREVISION  CHANGE-CAUSE\n")
                .containsPattern("(?m)^1 +<none>$")
                .containsPattern("(?m)^2 +the second$");
        assertThat(kubectl("rollout", "history", "sts/web", "--revision=1"))
                .contains("with revision #1", "web:1", "/data from data");
        assertThat(kubectl("get", "controllerrevisions", "-l", "app=web", "--no-headers"))
                .containsPattern("(?m)^web-[a-z0-9]+ +statefulset.apps/web +1 ")
                .containsPattern("(?m)^web-[a-z0-9]+ +statefulset.apps/web +2 ");

        assertThat(kubectl("rollout", "undo", "sts/web")).contains("statefulset.apps/web rolled back");
        kubectl("rollout", "status", "sts/web", "--timeout=60s");
        assertThat(images("web")).containsOnly("web:1").hasSize(3);
        assertThat(kubectl("rollout", "history", "sts/web"))
                .doesNotContainPattern("(?m)^1 ")
                .containsPattern("(?m)^2 +the second$")
                .containsPattern("(?m)^3 +");
        assertThat(kubectl("rollout", "undo", "sts/web", "--to-revision=2")).contains("rolled back");
        kubectl("rollout", "status", "sts/web", "--timeout=60s");
        assertThat(images("web")).containsOnly("web:2").hasSize(3);

        kubectl("rollout", "restart", "sts/web");
        kubectl("rollout", "status", "sts/web", "--timeout=60s");
        kubectl("set", "image", "sts/web", "c=web:3");
        kubectl("rollout", "status", "sts/web", "--timeout=60s");
        Await.passes(PATIENCE, () -> assertThat(revisions("web")).hasSize(3)); // the current and two of the past

        kubectl("scale", "sts/web", "--replicas=1");
        Await.passes(PATIENCE, () -> assertThat(names(pods("web"))).containsExactly("web-0"));
        assertThat(claims("web")).hasSize(3);
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("get", "events", "--field-selector=involvedObject.kind=StatefulSet"))
                        .contains(
                                "create Claim data-web-0 Pod web-0 in StatefulSet web success",
                                "create Pod web-0 in StatefulSet web successful",
                                "delete Pod web-2 in StatefulSet web successful"));
    }

    @Test
    void aStuckUpdateWaitsForAPersonAndGoesBack() {
        cluster.apply(statefulSet("stuck", 2, ""));
        kubectl("rollout", "status", "sts/stuck", "--timeout=60s");
        kubectl("set", "image", "sts/stuck", "c=broken:1");
        Await.passes(PATIENCE, () -> assertThat(images("stuck")).containsExactly("web:1", "broken:1"));
        kubectl("rollout", "undo", "sts/stuck");
        // As documented, the broken pod has to be deleted by hand.
        Await.passes(
                PATIENCE,
                () -> assertThat(statefulSet("stuck").getStatus().getObservedGeneration())
                        .isEqualTo(3));
        assertThat(images("stuck")).containsExactly("web:1", "broken:1");
        replace("stuck-1");
        kubectl("rollout", "status", "sts/stuck", "--timeout=60s");
        assertThat(images("stuck")).containsExactly("web:1", "web:1");
    }

    @Test
    void partitionsStartOrdinalsAndParallelSetsSurviveARestartOfTheControllers() {
        cluster.apply(statefulSet("part", 4, """
                podManagementPolicy: Parallel
                  ordinals: {start: 5}
                  updateStrategy:
                    type: RollingUpdate
                    rollingUpdate: {partition: 2, maxUnavailable: 2}"""));
        kubectl("rollout", "status", "sts/part", "--timeout=60s");
        assertThat(names(pods("part"))).containsExactly("part-5", "part-6", "part-7", "part-8");
        kubectl("set", "image", "sts/part", "c=web:2");
        cluster.restartControllers();
        assertThat(kubectl("rollout", "status", "sts/part", "--timeout=60s"))
                .contains("partitioned roll out complete: 2 new pods have been updated...");
        assertThat(images("part")).containsExactly("web:1", "web:1", "web:2", "web:2");
        // A pod below the partition comes back as it was.
        replace("part-5");
        assertThat(images("part")).containsExactly("web:1", "web:1", "web:2", "web:2");
        assertThat(statefulSet("part").getStatus().getCurrentRevision())
                .isNotEqualTo(statefulSet("part").getStatus().getUpdateRevision());
        kubectl("patch", "sts/part", "-p", "{\"spec\":{\"updateStrategy\":{\"rollingUpdate\":{\"partition\":0}}}}");
        kubectl("rollout", "status", "sts/part", "--timeout=60s");
        Await.passes(
                PATIENCE, () -> assertThat(images("part")).containsOnly("web:2").hasSize(4));
    }

    @Test
    void claimsGoWithTheirPodsOrTheirSetWhenThePolicySaysSo() {
        cluster.apply(statefulSet(
                "gone", 3, "persistentVolumeClaimRetentionPolicy: {whenScaled: Delete, whenDeleted: Delete}"));
        kubectl("rollout", "status", "sts/gone", "--timeout=60s");
        String uid = client.resource(PersistentVolumeClaim.class)
                .get("default", "data-gone-2")
                .orElseThrow()
                .getMetadata()
                .getUid();
        kubectl("scale", "sts/gone", "--replicas=1");
        kubectl("scale", "sts/gone", "--replicas=3");
        Await.passes(PATIENCE, () -> {
            assertThat(statefulSet("gone").getStatus().getReadyReplicas()).isEqualTo(3);
            assertThat(claims("gone")).hasSize(3);
        });
        kubectl("scale", "sts/gone", "--replicas=2");
        Await.passes(PATIENCE, () -> assertThat(claims("gone")).containsExactly("data-gone-0", "data-gone-1"));
        kubectl("scale", "sts/gone", "--replicas=3");
        Await.passes(
                PATIENCE,
                () -> assertThat(client.resource(PersistentVolumeClaim.class)
                                .get("default", "data-gone-2")
                                .orElseThrow()
                                .getMetadata()
                                .getUid())
                        .isNotEqualTo(uid));
        kubectl("delete", "sts", "gone");
        Await.passes(PATIENCE, () -> {
            assertThat(pods("gone")).isEmpty();
            assertThat(claims("gone")).isEmpty();
            assertThat(revisions("gone")).isEmpty();
        });
    }

    @Test
    void anOrphanedSetIsTakenOverByItsSuccessor() {
        cluster.apply(statefulSet("heir", 2, ""));
        kubectl("rollout", "status", "sts/heir", "--timeout=60s");
        List<Pod> before = pods("heir");
        kubectl("delete", "sts", "heir", "--cascade=orphan");
        Await.passes(
                PATIENCE,
                () -> assertThat(pods("heir"))
                        .allSatisfy(
                                pod -> assertThat(Ownership.controllerOf(pod)).isEmpty()));
        cluster.apply(statefulSet("heir", 2, ""));
        kubectl("rollout", "status", "sts/heir", "--timeout=60s");
        StatefulSet heir = statefulSet("heir");
        assertThat(pods("heir"))
                .allSatisfy(
                        pod -> assertThat(Ownership.isControlledBy(pod, heir)).isTrue());
        assertThat(pods("heir"))
                .extracting(pod -> pod.getMetadata().getUid())
                .containsExactlyElementsOf(
                        before.stream().map(pod -> pod.getMetadata().getUid()).toList());
        assertThat(revisions("heir")).hasSize(1);
    }

    /** What the server said happened, in its order: nobody else deletes these pods, and none of them fails. */
    @Test
    void requestsCutInTheMiddleChangeNeitherTheOrderNorTheNumberOfPods() throws InterruptedException {
        cluster.apply(statefulSet("cut", 3, ""));
        kubectl("label", "node", "--all", "cut=yes");
        cluster.apply(daemonSet("cutd", "{type: RollingUpdate}").replace("daemons", "cut"));
        PodLog log = new PodLog(client, "cut", "cutd");
        try (log) {
            awaitSettled("cut", 3, "cutd", "web:1");
            kubectl("scale", "sts/cut", "--replicas=4");
            cut();
            awaitSettled("cut", 4, "cutd", "web:1");
            for (int round = 2; round <= 3; round++) {
                kubectl("set", "image", "sts/cut", "c=web:" + round);
                kubectl("set", "image", "ds/cutd", "c=web:" + round);
                cut();
                awaitSettled("cut", 4, "cutd", "web:" + round);
                kubectl("scale", "sts/cut", "--replicas=2");
                cut();
                awaitSettled("cut", 2, "cutd", "web:" + round);
                kubectl("scale", "sts/cut", "--replicas=4");
                cut();
                awaitSettled("cut", 4, "cutd", "web:" + round);
            }
        }
        assertThat(log.wrongs()).isEmpty();
        assertThat(log.created()).isGreaterThanOrEqualTo(4 + 2 * (4 + 2) + 3 * 3);
        assertThat(claims("cut")).containsExactly("data-cut-0", "data-cut-1", "data-cut-2", "data-cut-3");
    }

    /** Not so often that the watches' pauses grow long, but at moments of chance. */
    private void cut() throws InterruptedException {
        for (int i = 0; i < 4; i++) {
            Platform.system().clock().sleep(Duration.ofMillis(20 + random.nextInt(120)));
            cluster.cutControllersOff();
        }
    }

    private void awaitSettled(String set, int replicas, String daemons, String image) {
        Await.passes(PATIENCE, () -> {
            assertThat(images(set)).hasSize(replicas).containsOnly(image);
            assertThat(images(daemons)).hasSize(3).containsOnly(image);
            assertThat(pods(set)).allMatch(PodFacts::isReady);
            assertThat(pods(daemons)).allMatch(PodFacts::isReady);
            assertThat(statefulSet(set).getStatus().getReadyReplicas()).isEqualTo(replicas);
        });
    }

    private static String daemonSet(String name, String strategy) {
        return """
                apiVersion: apps/v1
                kind: DaemonSet
                metadata:
                  name: %1$s
                spec:
                  selector:
                    matchLabels: {app: %1$s}
                  updateStrategy: %2$s
                  template:
                    metadata:
                      labels: {app: %1$s}
                    spec:
                      nodeSelector: {daemons: "yes"}
                      containers:
                      - name: c
                        image: web:1
                """.formatted(name, strategy);
    }

    @Test
    void aDaemonSetLivesThroughItsRollouts() {
        cluster.apply(daemonSet("log", "{type: RollingUpdate}"));
        Await.passes(
                PATIENCE,
                () -> assertThat(kubectl("get", "ds", "log", "--no-headers"))
                        .matches("log +0 +0 +0 +0 +0 +daemons=yes +[0-9]+s\n"));
        kubectl("label", "node", "one", "two", "daemons=yes");
        Await.passes(PATIENCE, () -> assertThat(pods("log")).hasSize(2));
        assertThat(kubectl("rollout", "status", "ds/log", "--timeout=60s"))
                .endsWith("daemon set \"log\" successfully rolled out\n");
        assertThat(pods("log")).extracting(pod -> pod.getSpec().getNodeName()).containsExactlyInAnyOrder("one", "two");
        assertThat(pods("log").getFirst().getSpec().getTolerations())
                .extracting(toleration -> toleration.getKey() + ":" + toleration.getEffect())
                .contains("node.kubernetes.io/unschedulable:NoSchedule", "node.kubernetes.io/not-ready:NoExecute");
        assertThat(kubectl("get", "ds", "log", "--no-headers")).matches("log +2 +2 +2 +2 +2 +daemons=yes +[0-9]+s\n");

        kubectl("set", "image", "ds/log", "c=web:2");
        kubectl("rollout", "status", "ds/log", "--timeout=60s");
        assertThat(images("log")).containsOnly("web:2").hasSize(2);
        assertThat(kubectl("rollout", "history", "ds/log"))
                .startsWith("daemonset.apps/log \nREVISION  CHANGE-CAUSE\n")
                .containsPattern("(?m)^1 +<none>$")
                .containsPattern("(?m)^2 +<none>$");
        assertThat(kubectl("rollout", "undo", "ds/log")).contains("daemonset.apps/log rolled back");
        kubectl("rollout", "status", "ds/log", "--timeout=60s");
        assertThat(images("log")).containsOnly("web:1").hasSize(2);
        assertThat(kubectl("rollout", "history", "ds/log")).containsPattern("(?m)^3 +");
        List<String> before = names(pods("log"));
        kubectl("rollout", "restart", "ds/log");
        kubectl("rollout", "status", "ds/log", "--timeout=60s");
        assertThat(names(pods("log"))).doesNotContainAnyElementsOf(before).hasSize(2);
        assertThat(kubectl("get", "controllerrevisions", "-l", "app=log", "--no-headers"))
                .containsPattern("(?m)^log-[a-z0-9]+ +daemonset.apps/log +4 ");

        // One more node, one less.
        kubectl("label", "node", "three", "daemons=yes");
        Await.passes(PATIENCE, () -> assertThat(pods("log")).hasSize(3));
        kubectl("label", "node", "one", "daemons-");
        Await.passes(
                PATIENCE,
                () -> assertThat(pods("log"))
                        .extracting(pod -> pod.getSpec().getNodeName())
                        .containsExactlyInAnyOrder("two", "three"));

        // A failed daemon is replaced.
        Pod failing = pods("log").getFirst();
        client.resource(Pod.class)
                .updateStatus(new PodBuilder(failing)
                        .editStatus()
                        .withPhase("Failed")
                        .endStatus()
                        .build());
        Await.passes(PATIENCE, () -> {
            assertThat(pods("log"))
                    .hasSize(2)
                    .allSatisfy(pod -> assertThat(PodFacts.isReady(pod)).isTrue());
            assertThat(names(pods("log"))).doesNotContain(failing.getMetadata().getName());
            assertThat(kubectl("describe", "ds/log"))
                    .contains("Found failed daemon pod default/"
                            + failing.getMetadata().getName() + " on node "
                            + failing.getSpec().getNodeName() + ", will try to kill it");
        });

        kubectl("delete", "ds", "log");
        Await.passes(PATIENCE, () -> {
            assertThat(pods("log")).isEmpty();
            assertThat(revisions("log")).isEmpty();
        });
    }

    @Test
    void aSurgeMakesTheNewDaemonBesideTheOldOne() {
        client.resource(Node.class)
                .list("", ListOptions.ALL)
                .items()
                .forEach(node -> kubectl("label", "node", node.getMetadata().getName(), "surge=yes", "--overwrite"));
        cluster.apply(daemonSet("surge", "{type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}")
                .replace("daemons", "surge"));
        Await.passes(PATIENCE, () -> assertThat(pods("surge")).hasSize(3));
        kubectl("rollout", "status", "ds/surge", "--timeout=60s");
        kubectl("set", "image", "ds/surge", "c=broken:1");
        Await.passes(
                PATIENCE,
                () -> assertThat(images("surge")).containsExactlyInAnyOrder("web:1", "web:1", "web:1", "broken:1"));
        kubectl("set", "image", "ds/surge", "c=web:2");
        kubectl("rollout", "status", "ds/surge", "--timeout=60s");
        Await.passes(
                PATIENCE,
                () -> assertThat(images("surge")).containsOnly("web:2").hasSize(3));
    }

    // -----------------------------------------------------------------------------------------------------------

    private String kubectl(String... arguments) {
        return cluster.kubectl(arguments);
    }

    /** Deletes a pod and waits for its successor; it comes too soon for kubectl to see that the first one has gone. */
    private void replace(String pod) {
        String uid = uidOf(pod);
        kubectl("delete", "pod", pod, "--wait=false");
        Await.until(
                PATIENCE,
                "a new " + pod,
                () -> !uidOf(pod).equals(uid) && !uidOf(pod).isEmpty());
        kubectl("wait", "--for=condition=Ready", "pod/" + pod, "--timeout=60s");
    }

    private String uidOf(String pod) {
        return client.resource(Pod.class)
                .get("default", pod)
                .map(found -> found.getMetadata().getUid())
                .orElse("");
    }

    private StatefulSet statefulSet(String name) {
        return client.resource(StatefulSet.class).get("default", name).orElseThrow();
    }

    private static ListOptions labelled(String app) {
        return ListOptions.ALL.withLabels(LabelSelector.ofLabels(Map.of("app", app)));
    }

    /** The pods that are not on their way out, by their names. */
    private List<Pod> pods(String app) {
        return client.resource(Pod.class).list("default", labelled(app)).items().stream()
                .filter(pod -> !Ownership.isBeingDeleted(pod))
                .sorted(Comparator.comparing(pod -> pod.getMetadata().getName()))
                .toList();
    }

    private static List<String> names(List<Pod> pods) {
        return pods.stream().map(pod -> pod.getMetadata().getName()).toList();
    }

    private List<String> images(String app) {
        return pods(app).stream()
                .map(pod -> pod.getSpec().getContainers().getFirst().getImage())
                .toList();
    }

    private List<String> claims(String app) {
        return client.resource(PersistentVolumeClaim.class).list("default", labelled(app)).items().stream()
                .map(claim -> claim.getMetadata().getName())
                .sorted()
                .toList();
    }

    private List<ControllerRevision> revisions(String app) {
        return client.resource(ControllerRevision.class)
                .list("default", labelled(app))
                .items();
    }
}
