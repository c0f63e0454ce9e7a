package io.mokube.kubelet;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.storage.CSIDriver;
import io.fabric8.kubernetes.api.model.storage.CSINode;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.client.rest.PatchKind;
import io.mokube.kubelet.plugin.TestPlugin;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.runtime.TestContainerd;
import io.mokube.kubelet.runtime.cri.ContainerdLauncher;
import io.mokube.kubelet.volume.CsiDrivers;
import io.mokube.kubelet.volume.TestCsiDriver;
import io.mokube.kubelet.volume.csi.v1.NodeExpandVolumeRequest;
import io.mokube.kubelet.volume.csi.v1.NodeGetVolumeStatsRequest;
import io.mokube.kubelet.volume.csi.v1.NodePublishVolumeRequest;
import io.mokube.kubelet.volume.csi.v1.NodeStageVolumeRequest;
import io.mokube.kubelet.volume.csi.v1.NodeUnpublishVolumeRequest;
import io.mokube.kubelet.volume.csi.v1.NodeUnstageVolumeRequest;
import io.mokube.machinery.digest.Sha256;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.testkit.Await;
import io.mokube.testkit.Needs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Volumes of a CSI driver in real containers, from its registration to the last call. */
class CsiKubeletTest {

    private static final String NODE = "csi-1";
    private static final String DRIVER = "test.csi";

    @TempDir
    static @Nullable Path folder;

    private static @Nullable TestContainerd containerd;
    private static @Nullable TestCluster cluster;
    private static @Nullable Kubelet kubelet;
    private static @Nullable TestCsiDriver driver;
    private static @Nullable TestPlugin plugin;

    @BeforeAll
    static void start() {
        ContainerdLauncher.missing().ifPresent(missing -> Needs.part(missing, false));
        containerd = TestContainerd.start();
        cluster = TestCluster.start(root().resolve("cluster"));
        startKubelet();
        driver = new TestCsiDriver(root().resolve("backing"));
        plugin = new TestPlugin(agentFolder(), CsiDrivers.TYPE, DRIVER, "1.0.0", driver);
        Await.passes(() -> assertThat(plugin().answers())
                .anySatisfy(status -> assertThat(status.getPluginRegistered()).isTrue()));
    }

    private static void startKubelet() {
        kubelet = cluster()
                .startKubelet(
                        NODE,
                        () -> Objects.requireNonNull(containerd).connect(),
                        agentFolder(),
                        config -> config.withPodCidr(Objects.requireNonNull(containerd)
                                .config()
                                .podCidrs()
                                .getFirst()));
    }

    @AfterAll
    static void stop() {
        if (kubelet != null) {
            kubelet.stop(Duration.ofSeconds(5));
        }
        if (plugin != null) {
            plugin.close();
        }
        if (cluster != null) {
            cluster.close();
        }
        if (containerd != null) {
            containerd.close();
        }
    }

    private static Path root() {
        return Objects.requireNonNull(folder);
    }

    private static Path agentFolder() {
        return root().resolve("kubelet");
    }

    private static TestCluster cluster() {
        return Objects.requireNonNull(cluster);
    }

    private static TestCsiDriver driver() {
        return Objects.requireNonNull(driver);
    }

    private static TestPlugin plugin() {
        return Objects.requireNonNull(plugin);
    }

    private static <T extends HasMetadata> T create(Class<T> kind, String json) {
        return cluster().client().resource(kind).create(Json.MAPPER.readValue(json, kind));
    }

    private static void pod(String name, String script, String container, String volume) {
        create(Pod.class, """
                {"metadata": {"name": "%1$s", "namespace": "default"},
                 "spec": {"nodeName": "%2$s", "automountServiceAccountToken": false, "terminationGracePeriodSeconds": 1,
                   "securityContext": {"fsGroup": 2000},
                   "containers": [{"name": "main", "image": "mokube/demo:1",
                     "command": ["sh", "-c", "%3$s && touch /tmp/fine; exec sleep 1000"],
                     "readinessProbe": {"exec": {"command": ["test", "-f", "/tmp/fine"]}, "periodSeconds": 1},
                     %4$s}],
                   "volumes": [{"name": "v", %5$s}]}}""".formatted(name, NODE, script, container, volume));
    }

    private static void volume(String name, String mode, String source) {
        PersistentVolumeClaim claim = create(PersistentVolumeClaim.class, """
                {"metadata": {"name": "%1$s", "namespace": "default"},
                 "spec": {"accessModes": ["ReadWriteOnce"], "volumeName": "pv-%1$s", "storageClassName": "",
                   "volumeMode": "%2$s", "resources": {"requests": {"storage": "1Mi"}}}}""".formatted(name, mode));
        create(PersistentVolume.class, """
                {"metadata": {"name": "pv-%1$s"},
                 "spec": {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Mi"}, "volumeMode": "%2$s",
                   "storageClassName": "", "claimRef": {"namespace": "default", "name": "%1$s", "uid": "%3$s"},
                   "csi": {"driver": "%4$s", "volumeHandle": "vol-%1$s", %5$s}}}""".formatted(
                        name, mode, claim.getMetadata().getUid(), DRIVER, source));
        cluster()
                .client()
                .resource(PersistentVolumeClaim.class)
                .patch(
                        new ObjectKey("default", name),
                        PatchKind.MERGE,
                        Json.MAPPER.readTree(
                                "{\"status\": {\"phase\": \"Bound\", \"capacity\": {\"storage\": \"1Mi\"}}}"),
                        "status");
    }

    private static String attachment(String handle) {
        return "csi-" + Sha256.hex(handle + DRIVER + NODE);
    }

    private static void delete(String name) {
        Pod pod = cluster().find(name).orElseThrow();
        cluster().pods().delete(PodFacts.key(pod), DeleteOptions.DEFAULT);
        cluster().awaitGone(name);
        assertThat(agentFolder().resolve("pods").resolve(PodFacts.uid(pod))).doesNotExist();
    }

    @Test
    void aVolumeIsStagedOncePublishedForEachPodGrownAndTakenBackByTheNextAgent() throws Exception {
        CSINode node = cluster().client().resource(CSINode.class).get("", NODE).orElseThrow();
        assertThat(node.getSpec().getDrivers()).singleElement().satisfies(each -> {
            assertThat(each.getName()).isEqualTo(DRIVER);
            assertThat(each.getNodeID()).isEqualTo("machine-7");
            assertThat(each.getTopologyKeys()).containsExactly("test.csi/rack");
            assertThat(each.getAllocatable().getCount()).isEqualTo(9);
        });
        assertThat(cluster()
                        .client()
                        .resource(Node.class)
                        .get("", NODE)
                        .orElseThrow()
                        .getMetadata()
                        .getLabels())
                .containsEntry("test.csi/rack", "r1");

        create(CSIDriver.class, """
                {"metadata": {"name": "%s"}, "spec": {"attachRequired": true, "podInfoOnMount": true,
                 "volumeLifecycleModes": ["Persistent", "Ephemeral"]}}""".formatted(DRIVER));
        create(Secret.class, """
                {"metadata": {"name": "pass", "namespace": "default"}, "stringData": {"word": "open"}}""");
        volume("data", "Filesystem", """
                "fsType": "ext4", "volumeAttributes": {"colour": "red"},
                "nodeStageSecretRef": {"namespace": "default", "name": "pass"}""");
        String mounts = "\"volumeMounts\": [{\"name\": \"v\", \"mountPath\": \"/data\"}]";
        pod(
                "one",
                "touch /data/one && [ $(stat -c %g /data) = 2000 ]",
                mounts,
                "\"persistentVolumeClaim\": {\"claimName\": \"data\"}");
        Await.passes(
                Duration.ofSeconds(30),
                () -> assertThat(cluster().client().getText("/api/v1/namespaces/default/events"))
                        .contains("FailedMount")
                        .contains(attachment("vol-data")));
        assertThat(driver().asked(NodeStageVolumeRequest.class)).isEmpty();

        VolumeAttachment attachment =
                create(VolumeAttachment.class, """
                {"metadata": {"name": "%s"}, "spec": {"attacher": "%s", "nodeName": "%s",
                 "source": {"persistentVolumeName": "pv-data"}}}""".formatted(attachment("vol-data"), DRIVER, NODE));
        cluster()
                .client()
                .resource(VolumeAttachment.class)
                .patch(
                        new ObjectKey("", attachment.getMetadata().getName()),
                        PatchKind.MERGE,
                        Json.MAPPER.readTree(
                                "{\"status\": {\"attached\": true, \"attachmentMetadata\": {\"disk\": \"sdx\"}}}"),
                        "status");
        cluster().await("one", "is ready", TestCluster::ready);
        assertThat(driver().asked(NodeStageVolumeRequest.class)).singleElement().satisfies(stage -> {
            assertThat(stage.getVolumeId()).isEqualTo("vol-data");
            assertThat(stage.getSecretsMap()).isEqualTo(Map.of("word", "open"));
            assertThat(stage.getPublishContextMap()).isEqualTo(Map.of("disk", "sdx"));
            assertThat(stage.getVolumeContextMap()).isEqualTo(Map.of("colour", "red"));
            assertThat(stage.getVolumeCapability().getMount().getFsType()).isEqualTo("ext4");
            assertThat(stage.getStagingTargetPath()).startsWith(agentFolder().toString());
        });
        assertThat(volumesInUse()).containsExactly("kubernetes.io/csi/test.csi^vol-data");
        JsonNode volume = cluster()
                .client()
                .get("/api/v1/nodes/" + NODE + "/proxy/stats/summary")
                .at("/pods/0/volume/0");
        assertThat(volume.path("usedBytes").asLong()).isEqualTo(300);
        assertThat(volume.path("capacityBytes").asLong()).isEqualTo(1000);
        assertThat(volume.has("inodes")).isFalse();
        assertThat(volume.at("/pvcRef/name").asString()).isEqualTo("data");
        assertThat(driver().asked(NodeGetVolumeStatsRequest.class))
                .singleElement()
                .satisfies(ask -> {
                    assertThat(ask.getVolumeId()).isEqualTo("vol-data");
                    assertThat(ask.getVolumePath()).endsWith("/pv-data/mount");
                });
        assertThat(driver().asked(NodePublishVolumeRequest.class))
                .singleElement()
                .satisfies(publish -> {
                    assertThat(publish.getVolumeContextMap())
                            .containsEntry("colour", "red")
                            .containsEntry("csi.storage.k8s.io/pod.name", "one")
                            .containsEntry("csi.storage.k8s.io/ephemeral", "false");
                    assertThat(publish.getSecretsMap()).isEmpty();
                });
        pod("two", "[ -f /data/one ]", mounts, "\"persistentVolumeClaim\": {\"claimName\": \"data\"}");
        cluster().await("two", "is ready", TestCluster::ready);
        assertThat(driver().asked(NodeStageVolumeRequest.class)).hasSize(1);
        assertThat(driver().asked(NodePublishVolumeRequest.class)).hasSize(2);

        cluster()
                .client()
                .resource(PersistentVolume.class)
                .patch(
                        new ObjectKey("", "pv-data"),
                        PatchKind.MERGE,
                        Json.MAPPER.readTree("{\"spec\": {\"capacity\": {\"storage\": \"2Mi\"}}}"));
        Await.passes(
                Duration.ofSeconds(30),
                () -> assertThat(cluster()
                                .client()
                                .resource(PersistentVolumeClaim.class)
                                .get("default", "data")
                                .orElseThrow()
                                .getStatus()
                                .getCapacity()
                                .get("storage"))
                        .hasToString("2Mi"));
        assertThat(driver().asked(NodeExpandVolumeRequest.class))
                .isNotEmpty()
                .allSatisfy(expand ->
                        assertThat(expand.getCapacityRange().getRequiredBytes()).isEqualTo(2 << 20));

        Objects.requireNonNull(kubelet).stop(Duration.ofSeconds(5));
        int told = plugin().answers().size();
        startKubelet();
        Await.until("the driver is found again", () -> plugin().answers().size() > told);
        delete("one");
        assertThat(driver().asked(NodeUnstageVolumeRequest.class)).isEmpty();
        delete("two");
        assertThat(driver().asked(NodePublishVolumeRequest.class)).hasSize(2);
        assertThat(driver().asked(NodeUnpublishVolumeRequest.class)).hasSize(2);
        assertThat(driver().asked(NodeUnstageVolumeRequest.class)).hasSize(1);
        assertThat(root().resolve("backing/vol-data/one")).exists();
        assertThat(volumesInUse()).isNullOrEmpty();

        pod(
                "inline",
                "touch /data/x",
                mounts,
                "\"csi\": {\"driver\": \"test.csi\", \"volumeAttributes\": {\"a\": \"b\"}}");
        cluster().await("inline", "is ready", TestCluster::ready);
        NodePublishVolumeRequest inline =
                driver().asked(NodePublishVolumeRequest.class).getLast();
        assertThat(inline.getVolumeId()).startsWith("csi-");
        assertThat(inline.getVolumeContextMap())
                .containsEntry("a", "b")
                .containsEntry("csi.storage.k8s.io/ephemeral", "true");
        assertThat(driver().asked(NodeStageVolumeRequest.class)).hasSize(1);
        delete("inline");
        assertThat(driver().asked(NodeUnpublishVolumeRequest.class)).hasSize(3);
        assertThat(driver().asked(NodeUnstageVolumeRequest.class)).hasSize(1);

        cluster().client().resource(CSIDriver.class).delete(new ObjectKey("", DRIVER), DeleteOptions.DEFAULT);
        create(
                CSIDriver.class,
                "{\"metadata\": {\"name\": \"%s\"}, \"spec\": {\"attachRequired\": false}}".formatted(DRIVER));
        volume("disk", "Block", "\"volumeAttributes\": {}");
        pod(
                "block",
                "[ -b /dev/own ] && [ \\\"$(dd if=/dev/own bs=12 count=1 2>/dev/null)\\\" = '" + TestCsiDriver.MAGIC
                        + "' ]",
                "\"volumeDevices\": [{\"name\": \"v\", \"devicePath\": \"/dev/own\"}]",
                "\"persistentVolumeClaim\": {\"claimName\": \"disk\"}");
        cluster().await("block", "is ready", TestCluster::ready);
        assertThat(driver().asked(NodePublishVolumeRequest.class)
                        .getLast()
                        .getVolumeCapability()
                        .hasBlock())
                .isTrue();
        delete("block");
        assertThat(mounted()).isEmpty();

        plugin().close();
        Await.until(
                "the driver is taken out of the node",
                () -> cluster()
                        .client()
                        .resource(CSINode.class)
                        .get("", NODE)
                        .orElseThrow()
                        .getSpec()
                        .getDrivers()
                        .isEmpty());
    }

    private static List<String> volumesInUse() {
        return cluster()
                .client()
                .resource(Node.class)
                .get("", NODE)
                .orElseThrow()
                .getStatus()
                .getVolumesInUse();
    }

    private static Stream<String> mounted() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/mounts")).stream()
                .filter(line -> line.contains(agentFolder().toString()));
    }
}
