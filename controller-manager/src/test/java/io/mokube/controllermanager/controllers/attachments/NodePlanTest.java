package io.mokube.controllermanager.controllers.attachments;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachmentBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NodePlanTest {

    private static final Attachable DISK = new Attachable("disk", "csi.example.com", "h1", true);
    private static final Attachable SHARE = new Attachable("share", "csi.example.com", "h2", false);
    private static final String DISK_NAME = "kubernetes.io/csi/csi.example.com^h1";
    private static final long START = 1_000_000_000L;

    @Test
    void volumesHaveTheNamesThatDriversLookFor() {
        PersistentVolume volume = new PersistentVolumeBuilder()
                .withNewMetadata()
                .withName("disk")
                .endMetadata()
                .withNewSpec()
                .withAccessModes("ReadWriteOnce")
                .withNewCsi()
                .withDriver("csi.example.com")
                .withVolumeHandle("h1")
                .endCsi()
                .endSpec()
                .build();
        assertThat(Attachable.of(volume)).contains(DISK);
        assertThat(DISK.uniqueName()).isEqualTo(DISK_NAME);
        // sha256("h1" + "csi.example.com" + "n1")
        assertThat(DISK.attachmentName("n1"))
                .isEqualTo("csi-8157d03abc5a2bde671ba3121addefb9168531d96b38761bc92ae350c651387b");
        assertThat(Attachable.of(new PersistentVolumeBuilder(volume)
                                .editSpec()
                                .withAccessModes("ReadWriteOnce", "ReadOnlyMany")
                                .endSpec()
                                .build())
                        .orElseThrow()
                        .exclusive())
                .isFalse();
    }

    @Test
    void whatPodsUseIsAttachedToANodeThatIsThere() {
        NodePlan plan = plan(node(), List.of(DISK), List.of());
        assertThat(plan.attach()).containsExactly(DISK);
        assertThat(plan.reported()).isEmpty();
        assertThat(plan(null, List.of(DISK), List.of()).attach()).isEmpty();
        assertThat(plan(null, List.of(DISK), List.of(attached(on("n1", DISK)))).detach())
                .isEmpty();
    }

    @Test
    void kubeletsSayWhetherTheyLeaveAttachingToTheController() {
        assertThat(NodePlan.isManaged(node())).isTrue();
        Node itself = new NodeBuilder(node())
                .editMetadata()
                .withAnnotations(Map.of())
                .endMetadata()
                .build();
        assertThat(NodePlan.isManaged(itself)).isFalse();
    }

    @Test
    void aNodeIsToldOfAVolumeOnceTheDriverHasAttachedIt() {
        assertThat(plan(node(), List.of(DISK), List.of(on("n1", DISK))).reported())
                .isEmpty();
        NodePlan plan = plan(node(), List.of(DISK), List.of(attached(on("n1", DISK))));
        assertThat(plan.reported()).containsExactly(DISK_NAME);
        assertThat(plan.attach()).isEmpty();
        assertThat(plan.detach()).isEmpty();
    }

    @Test
    void aVolumeForOneNodeWaitsUntilTheOtherNodeHasLetGo() {
        List<VolumeAttachment> elsewhere = List.of(attached(on("n2", DISK)), attached(on("n2", SHARE)));
        NodePlan plan = plan(node(), List.of(DISK, SHARE), elsewhere);
        assertThat(plan.attach()).containsExactly(SHARE);
        assertThat(plan.blocked()).containsExactly(DISK);
        assertThat(plan.detach()).isEmpty();
        List<VolumeAttachment> going = List.of(deleting(on("n2", DISK)));
        assertThat(plan(node(), List.of(DISK), going).blocked()).containsExactly(DISK);
    }

    @Test
    void whatNobodyUsesIsDetachedOnceItIsUnmounted() {
        VolumeAttachment attachment = attached(on("n1", DISK));
        NodePlan unmounted = plan(node(), List.of(), List.of(attachment));
        assertThat(unmounted.detach()).containsExactly(attachment);
        assertThat(unmounted.reported()).isEmpty();

        NodePlan mounted = plan(using(node()), List.of(), List.of(attachment));
        assertThat(mounted.detach()).isEmpty();
        assertThat(mounted.reported()).containsExactly(DISK_NAME);
        assertThat(mounted.nextLook()).contains(Duration.ofMinutes(6));
    }

    @Test
    void anUnhealthyNodeLosesItsVolumesAfterSixMinutes() {
        VolumeAttachment attachment = attached(on("n1", DISK));
        Node silent = unready(using(node()));
        Map<String, Long> since = plan(silent, List.of(), List.of(attachment)).unwantedSince();
        NodePlan early = plan(
                silent,
                List.of(attachment),
                since,
                START + Duration.ofSeconds(359).toNanos());
        assertThat(early.detach()).isEmpty();
        assertThat(early.nextLook()).contains(Duration.ofSeconds(1));
        assertThat(plan(
                                silent,
                                List.of(attachment),
                                since,
                                START + Duration.ofMinutes(6).toNanos())
                        .detach())
                .containsExactly(attachment);
        assertThat(plan(
                                using(node()),
                                List.of(attachment),
                                since,
                                START + Duration.ofMinutes(7).toNanos())
                        .detach())
                .as("a healthy node is never forced")
                .isEmpty();
    }

    @Test
    void aNodeOutOfServiceLosesItsVolumesAtOnceAndSoDoesOneThatIsGone() {
        VolumeAttachment attachment = attached(on("n1", DISK));
        Node out = new NodeBuilder(unready(using(node())))
                .editOrNewSpec()
                .addNewTaint()
                .withKey("node.kubernetes.io/out-of-service")
                .withEffect("NoExecute")
                .endTaint()
                .endSpec()
                .build();
        assertThat(plan(out, List.of(), List.of(attachment)).detach()).containsExactly(attachment);
        assertThat(plan(null, List.of(), List.of(attachment)).detach()).containsExactly(attachment);
    }

    @Test
    void othersAttachmentsAreLeftAlone() {
        VolumeAttachment foreign = new VolumeAttachmentBuilder(attached(on("n1", DISK)))
                .editMetadata()
                .withName("by-hand")
                .endMetadata()
                .build();
        assertThat(plan(node(), List.of(), List.of(foreign)).detach()).isEmpty();
    }

    // -----------------------------------------------------------------------------------------------------------

    private static NodePlan plan(@Nullable Node node, List<Attachable> wanted, List<VolumeAttachment> attachments) {
        return NodePlan.of("n1", Optional.ofNullable(node), wanted, attachments, NodePlanTest::volume, Map.of(), START);
    }

    private static NodePlan plan(
            Node node, List<VolumeAttachment> attachments, Map<String, Long> unwantedSince, long now) {
        return NodePlan.of("n1", Optional.of(node), List.of(), attachments, NodePlanTest::volume, unwantedSince, now);
    }

    private static Optional<Attachable> volume(VolumeAttachment attachment) {
        return List.of(DISK, SHARE).stream()
                .filter(each ->
                        each.volume().equals(attachment.getSpec().getSource().getPersistentVolumeName()))
                .findFirst();
    }

    private static VolumeAttachment on(String node, Attachable volume) {
        return volume.attachment(node);
    }

    private static VolumeAttachment attached(VolumeAttachment attachment) {
        return new VolumeAttachmentBuilder(attachment)
                .withNewStatus()
                .withAttached(true)
                .endStatus()
                .build();
    }

    private static VolumeAttachment deleting(VolumeAttachment attachment) {
        return new VolumeAttachmentBuilder(attachment)
                .editMetadata()
                .withDeletionTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .build();
    }

    private static Node node() {
        return new NodeBuilder()
                .withNewMetadata()
                .withName("n1")
                .addToAnnotations("volumes.kubernetes.io/controller-managed-attach-detach", "true")
                .endMetadata()
                .withNewStatus()
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build();
    }

    private static Node using(Node node) {
        return new NodeBuilder(node)
                .editStatus()
                .withVolumesInUse(DISK_NAME)
                .endStatus()
                .build();
    }

    private static Node unready(Node node) {
        return new NodeBuilder(node)
                .editStatus()
                .withConditions(List.of())
                .addNewCondition()
                .withType("Ready")
                .withStatus("Unknown")
                .endCondition()
                .endStatus()
                .build();
    }
}
