package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.testkit.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Claims and volumes from kubectl to the files in a container, on two nodes. */
class PersistentVolumesTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir
    private static Path folder;

    private static UpCluster cluster;

    @BeforeAll
    static void up() {
        cluster = UpCluster.start(2);
        cluster.apply("""
                apiVersion: storage.k8s.io/v1
                kind: StorageClass
                metadata: {name: folders}
                provisioner: kubernetes.io/host-path
                volumeBindingMode: WaitForFirstConsumer
                ---
                apiVersion: storage.k8s.io/v1
                kind: StorageClass
                metadata: {name: disks}
                provisioner: kubernetes.io/no-provisioner
                volumeBindingMode: WaitForFirstConsumer
                """);
    }

    @AfterAll
    static void down() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void aStatefulSetsPodComesBackToItsData() {
        cluster.apply("""
                apiVersion: apps/v1
                kind: StatefulSet
                metadata: {name: db}
                spec:
                  replicas: 2
                  serviceName: db
                  podManagementPolicy: Parallel
                  selector: {matchLabels: {app: db}}
                  template:
                    metadata: {labels: {app: db}}
                    spec:
                      terminationGracePeriodSeconds: 1
                      containers:
                        - name: db
                          image: mokube/demo:1
                          volumeMounts:
                            - {name: data, mountPath: /data}
                            - {name: data, mountPath: /own, subPathExpr: "of-$(NAME)"}
                          env: [{name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
                  volumeClaimTemplates:
                    - metadata: {name: data}
                      spec:
                        accessModes: [ReadWriteOnce]
                        storageClassName: folders
                        resources: {requests: {storage: 1Mi}}
                """);
        ok("rollout", "status", "statefulset/db", "--timeout=90s");
        String volume = ok("get", "pvc", "data-db-0", "-o", "jsonpath={.spec.volumeName}");
        assertThat(volume).startsWith("pvc-");
        assertThat(ok("get", "pvc", "data-db-1", "-o", "jsonpath={.spec.volumeName}"))
                .startsWith("pvc-")
                .isNotEqualTo(volume);
        String node = ok("get", "pod", "db-0", "-o", "jsonpath={.spec.nodeName}");
        assertThat(ok(
                        "get",
                        "pvc",
                        "data-db-0",
                        "-o",
                        "jsonpath={.metadata.annotations.volume\\.kubernetes\\.io/selected-node}"))
                .isEqualTo(node);
        ok("exec", "db-0", "--", "sh", "-c", "echo kept > /data/file; echo mine > /own/file");

        String uid = ok("get", "pod", "db-0", "-o", "jsonpath={.metadata.uid}");
        ok("delete", "pod", "db-0", "--wait=false");
        Await.passes(
                PATIENCE,
                () -> assertThat(ok("get", "pod", "db-0", "-o", "jsonpath={.metadata.uid}"))
                        .isNotEqualTo(uid));
        ok("rollout", "status", "statefulset/db", "--timeout=90s");
        assertThat(ok("exec", "db-0", "--", "sh", "-c", "cat /data/file /data/of-db-0/file"))
                .isEqualTo("kept\nmine\n");
        assertThat(ok("exec", "db-1", "--", "ls", "/data")).isEqualTo("of-db-1\n");
        ok("delete", "statefulset", "db");
        ok("delete", "pvc", "data-db-0", "data-db-1", "--timeout=60s");
        ok("wait", "--for=delete", "pv/" + volume, "--timeout=60s");
    }

    @Test
    void aClaimGetsTheDiskOfTheNodeThatThePodWants() throws IOException {
        for (String node : List.of("node-1", "node-2")) {
            Path disk = Files.createDirectory(folder.resolve(node));
            Files.writeString(disk.resolve("whose"), node + "\n");
            cluster.apply("""
                    apiVersion: v1
                    kind: PersistentVolume
                    metadata: {name: disk-NODE}
                    spec:
                      capacity: {storage: 5Gi}
                      accessModes: [ReadWriteOnce]
                      storageClassName: disks
                      local: {path: "PATH"}
                      nodeAffinity:
                        required:
                          nodeSelectorTerms:
                            - matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [NODE]}]
                    """.replace("NODE", node).replace("PATH", disk.toString()));
        }
        claim("wants-disk", "disks");
        cluster.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: picky}
                spec:
                  terminationGracePeriodSeconds: 1
                  nodeSelector: {kubernetes.io/hostname: node-2}
                  securityContext: {fsGroup: 2345}
                  containers:
                    - name: c
                      image: mokube/demo:1
                      volumeMounts: [{name: disk, mountPath: /disk}]
                  volumes: [{name: disk, persistentVolumeClaim: {claimName: wants-disk}}]
                """);
        ok("wait", "--for=condition=ready", "pod/picky", "--timeout=90s");
        assertThat(ok("get", "pvc", "wants-disk", "-o", "jsonpath={.spec.volumeName} {.status.phase}"))
                .isEqualTo("disk-node-2 Bound");
        assertThat(ok("exec", "picky", "--", "cat", "/disk/whose")).isEqualTo("node-2\n");
        assertThat(ok("exec", "picky", "--", "stat", "-c", "%g", "/disk/whose")).isEqualTo("2345\n");

        // The claim is bound now, and its volume holds other pods to the node.
        cluster.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: elsewhere}
                spec:
                  nodeSelector: {kubernetes.io/hostname: node-1}
                  containers: [{name: c, image: "mokube/demo:1"}]
                  volumes: [{name: disk, persistentVolumeClaim: {claimName: wants-disk}}]
                """);
        assertThat(whyNot("elsewhere"))
                .contains("1 node(s) didn't match PersistentVolume's node affinity")
                .contains("1 node(s) didn't match Pod's node affinity/selector");
        ok("delete", "pod", "elsewhere", "picky");
    }

    @Test
    void aPodWaitsForItsClaimAndStartsOnceThatIsThere() {
        cluster.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: early}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                    - name: c
                      image: mokube/demo:1
                      volumeMounts: [{name: late, mountPath: /late, readOnly: false}]
                  volumes: [{name: late, persistentVolumeClaim: {claimName: late, readOnly: true}}]
                """);
        assertThat(whyNot("early")).startsWith("0/2 nodes are available: persistentvolumeclaim \"late\" not found.");
        claim("late", "folders");
        ok("wait", "--for=condition=ready", "pod/early", "--timeout=90s");
        assertThat(Kubectl.any()
                        .run(cluster.kubeconfig(), "exec", "early", "--", "touch", "/late/file")
                        .errors())
                .contains("Read-only file system");
        ok("delete", "pod", "early");
    }

    @Test
    void devicesAreGivenToOneClaimAtATime() {
        cluster.apply("""
                apiVersion: resource.k8s.io/v1
                kind: DeviceClass
                metadata: {name: gpu}
                spec: {selectors: [{cel: {expression: 'device.driver == "gpu.example.com"'}}]}
                ---
                apiVersion: resource.k8s.io/v1
                kind: ResourceSlice
                metadata: {name: gpus-of-node-2}
                spec:
                  driver: gpu.example.com
                  nodeName: node-2
                  pool: {name: node-2, generation: 1, resourceSliceCount: 1}
                  devices: [{name: gpu-0, attributes: {model: {string: demo}}}]
                ---
                apiVersion: resource.k8s.io/v1
                kind: ResourceClaimTemplate
                metadata: {name: one-gpu}
                spec:
                  spec:
                    devices:
                      requests:
                        - name: gpu
                          exactly:
                            deviceClassName: gpu
                            selectors:
                              - cel: {expression: 'device.attributes["gpu.example.com"].model == "demo"'}
                """);
        for (String name : List.of("first", "second")) {
            cluster.apply("""
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: NAME}
                    spec:
                      terminationGracePeriodSeconds: 1
                      resourceClaims: [{name: gpu, resourceClaimTemplateName: one-gpu}]
                      containers: [{name: c, image: "mokube/demo:1", resources: {claims: [{name: gpu}]}}]
                    """.replace("NAME", name));
            if (name.equals("first")) {
                ok("wait", "--for=condition=PodScheduled", "pod/first", "--timeout=90s");
            }
        }
        assertThat(ok("get", "pod", "first", "-o", "jsonpath={.spec.nodeName}")).isEqualTo("node-2");
        String claim = ok("get", "pod", "first", "-o", "jsonpath={.status.resourceClaimStatuses[0].resourceClaimName}");
        assertThat(ok(
                        "get",
                        "resourceclaim",
                        claim,
                        "-o",
                        "jsonpath={.status.allocation.devices.results[0].device} {.status.reservedFor[0].name}"))
                .isEqualTo("gpu-0 first");
        Await.passes(
                PATIENCE,
                () -> assertThat(whyNot("second"))
                        .startsWith("0/2 nodes are available: 2 cannot allocate all claims. still not schedulable,"));
        // No driver runs on the node, which therefore does not start the pod.
        Await.passes(
                PATIENCE,
                () -> assertThat(ok("describe", "pod", "first"))
                        .contains("FailedPrepareDynamicResources", "gpu.example.com is not registered"));
        // The first pod's claim goes with it, and its device is free again.
        ok("delete", "pod", "first");
        ok("wait", "--for=condition=PodScheduled", "pod/second", "--timeout=90s");
        ok("delete", "pod", "second");
    }

    /** What the scheduler says of a pod that has no node. */
    private static String whyNot(String pod) {
        String path = "jsonpath={.status.conditions[?(@.type=='PodScheduled')].message}";
        Await.passes(
                PATIENCE, () -> assertThat(ok("get", "pod", pod, "-o", path)).isNotEmpty());
        Await.passes(
                PATIENCE,
                () -> assertThat(ok("get", "events", "--field-selector=involvedObject.name=" + pod))
                        .contains("FailedScheduling"));
        return ok("get", "pod", pod, "-o", path);
    }

    private static void claim(String name, String storageClass) {
        cluster.apply("""
                apiVersion: v1
                kind: PersistentVolumeClaim
                metadata: {name: NAME}
                spec:
                  accessModes: [ReadWriteOnce]
                  storageClassName: CLASS
                  resources: {requests: {storage: 1Mi}}
                """.replace("NAME", name).replace("CLASS", storageClass));
    }

    private static String ok(String... arguments) {
        return Kubectl.any().ok(cluster.kubeconfig(), arguments);
    }
}
