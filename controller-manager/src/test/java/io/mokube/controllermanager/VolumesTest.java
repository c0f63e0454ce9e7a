package io.mokube.controllermanager;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachmentBuilder;
import io.mokube.client.rest.ListOptions;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.testkit.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Claims and volumes on the real API server, driven by the real kubectl. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VolumesTest {

    @TempDir
    static Path folder;

    private WorkloadCluster cluster;

    @BeforeAll
    void start() throws InterruptedException {
        cluster = WorkloadCluster.start(
                folder, config -> config.withHostPathVolumes(folder.resolve("volumes")), "hollow");
    }

    @AfterAll
    void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void aClaimIsBoundProtectedAndItsVolumeReleased() {
        cluster.apply(volume("shelf", "2Gi", "shelves"));
        await("pv/shelf", "{.status.phase}", "Available");
        cluster.apply(claim("books", "1Gi", "shelves"));
        await("pvc/books", "{.status.phase}", "Bound");
        assertThat(get("pvc/books", "{.spec.volumeName} {.status.capacity.storage} {.status.accessModes}"))
                .isEqualTo("shelf 2Gi [\"ReadWriteOnce\"]");
        assertThat(get("pv/shelf", "{.status.phase} {.spec.claimRef.namespace}/{.spec.claimRef.name}"))
                .isEqualTo("Bound default/books");
        assertThat(cluster.kubectl("get", "pvc", "books", "--no-headers"))
                .matches("books\\s+Bound\\s+shelf\\s+2Gi\\s+RWO\\s+shelves\\s+.*\\s+\\S+\\s*");

        cluster.apply(pod("reader", "{name: v, persistentVolumeClaim: {claimName: books}}"));
        await("pod/reader", "{.spec.nodeName}", "hollow");
        await("pvc/books", "{.metadata.finalizers}", "[\"kubernetes.io/pvc-protection\"]");
        await("pv/shelf", "{.metadata.finalizers}", "[\"kubernetes.io/pv-protection\"]");
        cluster.kubectl("delete", "pvc", "books", "--wait=false");
        cluster.kubectl("delete", "pv", "shelf", "--wait=false");
        assertThat(get("pvc/books", "{.status.phase} {.metadata.finalizers}"))
                .isEqualTo("Bound [\"kubernetes.io/pvc-protection\"]");

        cluster.kubectl("delete", "pod", "reader", "--grace-period=0", "--force");
        gone("pvc", "books");
        gone("pv", "shelf");
    }

    @Test
    void aVolumeThatIsRetainedWaitsForAPerson() {
        cluster.apply(volume("kept", "1Gi", "keep"));
        cluster.apply(claim("once", "1Gi", "keep"));
        await("pvc/once", "{.status.phase}", "Bound");
        cluster.kubectl("delete", "pvc", "once");
        await("pv/kept", "{.status.phase}", "Released");
        cluster.apply(claim("again", "1Gi", "keep"));
        cluster.kubectl(
                "patch", "pv", "kept", "--type=json", "-p", "[{\"op\":\"remove\",\"path\":\"/spec/claimRef\"}]");
        await("pvc/again", "{.spec.volumeName}", "kept");
        await("pv/kept", "{.status.phase}", "Bound");
    }

    @Test
    void aFolderOfTheHostIsMadeGrowsAndGoesWithItsClaim() throws IOException {
        cluster.apply("""
                apiVersion: storage.k8s.io/v1
                kind: StorageClass
                metadata: {name: folders}
                provisioner: kubernetes.io/host-path
                allowVolumeExpansion: true
                """);
        cluster.apply(claim("data", "1Gi", "folders"));
        await("pvc/data", "{.status.phase}", "Bound");
        String name = get("pvc/data", "{.spec.volumeName}");
        assertThat(name).isEqualTo("pvc-" + get("pvc/data", "{.metadata.uid}"));
        Path made = Path.of(get("pv/" + name, "{.spec.hostPath.path}"));
        assertThat(made).isEqualTo(folder.resolve("volumes").resolve(name));
        Files.createDirectories(made.resolve("deep"));
        Files.writeString(made.resolve("deep").resolve("file"), "x");
        Path outside = Files.writeString(folder.resolve("outside"), "stays");
        Files.createSymbolicLink(made.resolve("link"), outside);
        event(
                "pvc/data",
                "Normal ProvisioningSucceeded Successfully provisioned volume " + name
                        + " using kubernetes.io/host-path");

        cluster.kubectl(
                "patch", "pvc", "data", "-p", "{\"spec\":{\"resources\":{\"requests\":{\"storage\":\"3Gi\"}}}}");
        await("pvc/data", "{.status.capacity.storage}", "3Gi");
        assertThat(get("pv/" + name, "{.spec.capacity.storage}")).isEqualTo("3Gi");

        cluster.kubectl("delete", "pvc", "data");
        gone("pv", name);
        assertThat(made).doesNotExist();
        assertThat(outside).hasContent("stays");
    }

    @Test
    void claimsSayWhatTheyWaitFor() {
        cluster.apply("""
                apiVersion: storage.k8s.io/v1
                kind: StorageClass
                metadata: {name: later}
                provisioner: example.com/disks
                volumeBindingMode: WaitForFirstConsumer
                ---
                apiVersion: storage.k8s.io/v1
                kind: StorageClass
                metadata: {name: outside}
                provisioner: example.com/disks
                ---
                apiVersion: storage.k8s.io/v1
                kind: StorageClass
                metadata: {name: byhand}
                provisioner: kubernetes.io/no-provisioner
                """);
        cluster.apply(volume("owned", "1Gi", "mine"));
        cluster.apply(claim("first", "1Gi", "mine"));
        cluster.apply(claim("wants-none", "1Gi", ""));
        cluster.apply(claim("wants-missing", "1Gi", "missing"));
        cluster.apply(claim("wants-later", "1Gi", "later"));
        cluster.apply(claim("wants-outside", "1Gi", "outside"));
        cluster.apply(claim("wants-byhand", "1Gi", "byhand"));
        await("pvc/first", "{.status.phase}", "Bound");
        cluster.apply(claim("wants-owned", "1Gi", "mine") + "  volumeName: owned\n");
        cluster.apply(volume("tiny", "1Gi", "tiny"));
        cluster.apply(claim("wants-more", "2Gi", "tiny") + "  volumeName: tiny\n");

        event(
                "pvc/wants-none",
                "Normal FailedBinding no persistent volumes available for this claim and no storage class is set");
        event("pvc/wants-missing", "Warning ProvisioningFailed storageclass.storage.k8s.io \"missing\" not found");
        event("pvc/wants-later", "Normal WaitForFirstConsumer waiting for first consumer to be created before binding");
        event(
                "pvc/wants-outside",
                "Normal ExternalProvisioning Waiting for a volume to be created either by the external provisioner"
                        + " 'example.com/disks' or manually by the system administrator. If volume creation is delayed,"
                        + " please verify that the provisioner is running and correctly registered.");
        event(
                "pvc/wants-byhand",
                "Warning ProvisioningFailed no volume plugin matched name: kubernetes.io/no-provisioner");
        event("pvc/wants-owned", "Warning FailedBinding volume \"owned\" already bound to a different claim.");
        event(
                "pvc/wants-more",
                "Warning VolumeMismatch Cannot bind to requested volume \"tiny\": requested PV is too small");
        await(
                "pvc/wants-outside",
                "{.metadata.annotations.volume\\.kubernetes\\.io/storage-provisioner}",
                "example.com/disks");

        cluster.kubectl("annotate", "pvc", "wants-later", "volume.kubernetes.io/selected-node=hollow");
        await(
                "pvc/wants-later",
                "{.metadata.annotations.volume\\.kubernetes\\.io/storage-provisioner}",
                "example.com/disks");
        cluster.kubectl(
                "patch", "pvc", "first", "-p", "{\"spec\":{\"resources\":{\"requests\":{\"storage\":\"2Gi\"}}}}");
        event("pvc/first", "Normal ExternalExpanding waiting for an external controller to expand this PVC");
    }

    @Test
    void anEphemeralVolumesClaimIsThePodsOwn() {
        cluster.apply(claim("taken-v", "1Gi", "nobody"));
        String volume = "{name: v, ephemeral: {volumeClaimTemplate: {metadata: {labels: {made: here}}, spec: "
                + "{storageClassName: nobody, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}";
        cluster.apply(pod("mine", volume));
        cluster.apply(pod("taken", volume));
        Await.passes(
                WorkloadCluster.PATIENCE,
                () -> assertThat(get(
                                "pvc/mine-v",
                                "{.metadata.labels.made} {.metadata.ownerReferences[0].kind}"
                                        + " {.metadata.ownerReferences[0].name}"))
                        .isEqualTo("here Pod mine"));
        event(
                "pod/taken",
                "Warning FailedBinding ephemeral volume v: PVC default/taken-v was not created for pod default/taken (pod"
                        + " is not owner)");
        cluster.kubectl("delete", "pod", "mine", "--grace-period=0", "--force");
        gone("pvc", "mine-v");
    }

    @Test
    void aCsiVolumeIsAttachedReportedAndDetached() {
        cluster.kubectl("annotate", "node", "hollow", "volumes.kubernetes.io/controller-managed-attach-detach=true");
        cluster.apply("""
                apiVersion: v1
                kind: PersistentVolume
                metadata: {name: disk}
                spec:
                  accessModes: [ReadWriteOnce]
                  capacity: {storage: 1Gi}
                  storageClassName: disks
                  csi: {driver: csi.example.com, volumeHandle: handle-1}
                """);
        cluster.apply(claim("on-disk", "1Gi", "disks"));
        cluster.apply(pod("user", "{name: v, persistentVolumeClaim: {claimName: on-disk}}"));
        Await.passes(WorkloadCluster.PATIENCE, () -> assertThat(attachments()).hasSize(1));
        VolumeAttachment attachment = attachments().getFirst();
        assertThat(attachment.getSpec().getAttacher()).isEqualTo("csi.example.com");
        assertThat(attachment.getSpec().getNodeName()).isEqualTo("hollow");
        assertThat(attachment.getSpec().getSource().getPersistentVolumeName()).isEqualTo("disk");

        cluster.client()
                .resource(VolumeAttachment.class)
                .updateStatus(new VolumeAttachmentBuilder(attachment)
                        .withNewStatus()
                        .withAttached(true)
                        .endStatus()
                        .build());
        Await.passes(
                WorkloadCluster.PATIENCE,
                () -> assertThat(attachedTo("hollow")).containsExactly("kubernetes.io/csi/csi.example.com^handle-1"));
        event("pod/user", "Normal SuccessfulAttachVolume AttachVolume.Attach succeeded for volume \"disk\"");

        cluster.kubectl("delete", "pod", "user", "--grace-period=0", "--force");
        Await.passes(WorkloadCluster.PATIENCE, () -> assertThat(attachments()).isEmpty());
        assertThat(attachedTo("hollow")).isEmpty();
    }

    @Test
    void aPodGetsItsClaimOfDevicesFromTheTemplate() {
        cluster.apply(pod("early", "{name: x, emptyDir: {}}")
                + "  resourceClaims: [{name: gpu, resourceClaimTemplateName: gpus}]\n");
        event(
                "pod/early",
                "Warning FailedResourceClaimCreation PodResourceClaim gpu: resource claim template \"gpus\":"
                        + " resourceclaimtemplate.resource.k8s.io \"gpus\" not found");
        cluster.apply("""
                apiVersion: resource.k8s.io/v1
                kind: ResourceClaimTemplate
                metadata: {name: gpus}
                spec:
                  metadata: {labels: {made: here}}
                  spec: {devices: {requests: [{name: gpu, exactly: {deviceClassName: gpu}}]}}
                """);
        cluster.apply(pod("device-user", "{name: x, emptyDir: {}}")
                + "  resourceClaims: [{name: gpu, resourceClaimTemplateName: gpus}]\n");
        Await.passes(
                WorkloadCluster.PATIENCE,
                () -> assertThat(get(
                                "pod/device-user",
                                "{.status.resourceClaimStatuses[0].name}"
                                        + " {.status.resourceClaimStatuses[0].resourceClaimName}"))
                        .startsWith("gpu device-user-gpu-"));
        String name = get("pod/device-user", "{.status.resourceClaimStatuses[0].resourceClaimName}");
        assertThat(get(
                        "resourceclaim/" + name,
                        "{.metadata.labels.made} {.metadata.ownerReferences[0].name}"
                                + " {.metadata.annotations.resource\\.kubernetes\\.io/pod-claim-name}"))
                .isEqualTo("here device-user gpu");
        cluster.kubectl("delete", "pod", "device-user", "--grace-period=0", "--force");
        gone("resourceclaim", name);
    }

    @Test
    void anAttributesClassInUseStays() {
        cluster.apply("""
                apiVersion: storage.k8s.io/v1
                kind: VolumeAttributesClass
                metadata: {name: gold}
                driverName: csi.example.com
                parameters: {iops: "100"}
                """);
        await("volumeattributesclass/gold", "{.metadata.finalizers}", "[\"kubernetes.io/vac-protection\"]");
        cluster.apply(claim("golden", "1Gi", "nowhere") + "  volumeAttributesClassName: gold\n");
        cluster.kubectl("delete", "volumeattributesclass", "gold", "--wait=false");
        assertThat(get("volumeattributesclass/gold", "{.metadata.name}")).isEqualTo("gold");
        cluster.kubectl("delete", "pvc", "golden");
        gone("volumeattributesclass", "gold");
    }

    // -----------------------------------------------------------------------------------------------------------

    private List<VolumeAttachment> attachments() {
        return cluster.client()
                .resource(VolumeAttachment.class)
                .list("", ListOptions.ALL)
                .items();
    }

    private List<String> attachedTo(String name) {
        return cluster
                .client()
                .resource(Node.class)
                .get(new ObjectKey("", name))
                .orElseThrow()
                .getStatus()
                .getVolumesAttached()
                .stream()
                .map(each -> each.getName())
                .toList();
    }

    private String get(String object, String path) {
        return cluster.kubectl("get", object, "-o", "jsonpath=" + path);
    }

    private void await(String object, String path, String value) {
        Await.passes(
                WorkloadCluster.PATIENCE,
                () -> assertThat(get(object, path)).as(object).isEqualTo(value));
    }

    private void gone(String kind, String name) {
        Await.passes(
                WorkloadCluster.PATIENCE,
                () -> assertThat(cluster.kubectl("get", kind, name, "--ignore-not-found", "--no-headers"))
                        .isEmpty());
    }

    private void event(String object, String expected) {
        Await.passes(
                WorkloadCluster.PATIENCE,
                () -> assertThat(cluster.kubectl(
                                        "events",
                                        "--for",
                                        object,
                                        "-o",
                                        "jsonpath={range .items[*]}{.type} {.reason} {.message}" + "{\"\\n\"}{end}")
                                .lines()
                                .map(String::strip))
                        .as(object)
                        .contains(expected));
    }

    private static String volume(String name, String size, String storageClass) {
        return """
                apiVersion: v1
                kind: PersistentVolume
                metadata: {name: %s}
                spec:
                  accessModes: [ReadWriteOnce]
                  capacity: {storage: %s}
                  storageClassName: "%s"
                  nfs: {server: nfs, path: /%s}
                """.formatted(name, size, storageClass, name);
    }

    private static String claim(String name, String size, String storageClass) {
        return """
                apiVersion: v1
                kind: PersistentVolumeClaim
                metadata: {name: %s}
                spec:
                  accessModes: [ReadWriteOnce]
                  storageClassName: "%s"
                  resources: {requests: {storage: %s}}
                """.formatted(name, storageClass, size);
    }

    private static String pod(String name, String volume) {
        return """
                apiVersion: v1
                kind: Pod
                metadata: {name: %s}
                spec:
                  containers: [{name: c, image: c}]
                  volumes: [%s]
                """.formatted(name, volume);
    }
}
