package io.mokube.kubelet.eviction;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.kubelet.eviction.PodUsage.ContainerUsage;
import io.mokube.kubelet.eviction.Pressures.Observation;
import io.mokube.kubelet.policy.NodePolicy.Eviction;
import io.mokube.kubelet.policy.NodePolicy.Images;
import io.mokube.kubelet.policy.Threshold;
import io.mokube.kubelet.policy.Threshold.Amount;
import io.mokube.kubelet.policy.Threshold.Pressure;
import io.mokube.kubelet.policy.Threshold.Signal;
import io.mokube.kubelet.runtime.Image;
import io.mokube.machinery.object.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Who has to go when something is short, and when nobody has to. */
class EvictionTest {

    private static final YAMLMapper YAML = YAMLMapper.builder().build();
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final long MI = 1 << 20;

    private static final Threshold HARD =
            new Threshold(Signal.MEMORY, new Amount(100, 0), Duration.ZERO, new Amount(50, 0));
    private static final Threshold SOFT =
            new Threshold(Signal.NODE_DISK, new Amount(0, 10), Duration.ofMinutes(1), Amount.ZERO);
    private static final Eviction POLICY =
            new Eviction(List.of(HARD, SOFT), Duration.ofMinutes(5), Duration.ofSeconds(30));

    private static Map<Signal, Observation> left(long memory, long disk) {
        return Map.of(Signal.MEMORY, new Observation(memory, 1000), Signal.NODE_DISK, new Observation(disk, 1000));
    }

    @Test
    void aHardThresholdHoldsAtOnceAndUntilItsReclaimIsReached() {
        Pressures now = Pressures.NONE.after(POLICY, left(100, 500), START);
        assertThat(now).isEqualTo(Pressures.NONE);
        now = now.after(POLICY, left(99, 500), START.plusSeconds(10));
        assertThat(now.worst()).contains(HARD);
        assertThat(now.told()).containsExactly(Pressure.MEMORY);
        now = now.after(POLICY, left(149, 500), START.plusSeconds(20));
        assertThat(now.worst()).contains(HARD);
        now = now.after(POLICY, left(150, 500), START.plusSeconds(30));
        assertThat(now.worst()).isEmpty();
        // The condition stays for the transition period, so that it does not flap.
        assertThat(now.told()).containsExactly(Pressure.MEMORY);
        now = now.after(POLICY, left(150, 500), START.plusSeconds(20).plus(POLICY.transition()));
        assertThat(now.told()).isEmpty();
    }

    @Test
    void aSoftThresholdHoldsAfterItsGraceWithoutABreak() {
        Pressures now = Pressures.NONE.after(POLICY, left(500, 99), START);
        assertThat(now.worst()).isEmpty();
        assertThat(now.told()).containsExactly(Pressure.DISK);
        now = now.after(POLICY, left(500, 100), START.plusSeconds(50));
        now = now.after(POLICY, left(500, 99), START.plusSeconds(60));
        assertThat(now.worst()).isEmpty();
        now = now.after(POLICY, left(500, 99), START.plusSeconds(120));
        assertThat(now.worst()).contains(SOFT);
        // Memory goes first.
        now = now.after(POLICY, left(1, 99), START.plusSeconds(130));
        assertThat(now.worst()).contains(HARD);
    }

    @Test
    void whatCannotBeSeenIsEnough() {
        assertThat(Pressures.NONE.after(POLICY, Map.of(), START)).isEqualTo(Pressures.NONE);
    }

    // ---- pods

    private static PodUsage usage(String name, int priority, String request, long memory, long disk) {
        return new PodUsage(
                pod(
                        name,
                        "{priority: " + priority + ", containers: [{name: c, resources: {requests: {memory: '" + request
                                + "', ephemeral-storage: '" + request + "'}}}]}"),
                List.of(new ContainerUsage("c", memory * MI, disk * MI, 0, 0)),
                Map.of(),
                disk,
                memory);
    }

    private static Pod pod(String name, String spec) {
        return Json.MAPPER.treeToValue(
                YAML.readTree(
                        "{metadata: {name: " + name + ", namespace: default, uid: " + name + "}, spec: " + spec + "}"),
                Pod.class);
    }

    private static List<String> names(List<PodUsage> usages) {
        return usages.stream().map(each -> each.pod().getMetadata().getName()).toList();
    }

    @Test
    void podsAreRankedByExcessThenPriorityThenAmount() {
        List<PodUsage> pods = List.of(
                usage("within", 0, "100Mi", 90, 90),
                usage("important", 1000, "1Mi", 500, 500),
                usage("little", 0, "10Mi", 20, 20),
                usage("much", 0, "10Mi", 90, 90),
                usage("critical", 2_000_000_000, "0", 900, 900));
        assertThat(names(Victims.ranked(Signal.MEMORY, false, pods)))
                .containsExactly("much", "little", "important", "within");
        assertThat(names(Victims.ranked(Signal.NODE_DISK, false, pods)))
                .containsExactly("much", "little", "important", "within");
        assertThat(names(Victims.ranked(Signal.PIDS, false, pods)))
                .containsExactly("within", "much", "little", "important");
        assertThat(names(Victims.ranked(Signal.NODE_INODES, false, pods)))
                .containsExactly("within", "much", "little", "important");
    }

    @Test
    void onlyWhatIsOnTheFullDiskCounts() {
        PodUsage writes = new PodUsage(
                pod("writes", "{containers: [{name: c}]}"),
                List.of(new ContainerUsage("c", 0, 60 * MI, 60, 0)),
                Map.of(),
                0,
                0);
        PodUsage stores = new PodUsage(
                pod("stores", "{volumes: [{name: v, emptyDir: {}}], containers: [{name: c}]}"),
                List.of(new ContainerUsage("c", 0, 0, 0, MI)),
                Map.of("v", 30 * MI),
                30,
                0);
        List<PodUsage> pods = List.of(stores, writes);
        assertThat(names(Victims.ranked(Signal.NODE_DISK, false, pods))).containsExactly("writes", "stores");
        assertThat(names(Victims.ranked(Signal.NODE_DISK, true, pods))).containsExactly("stores", "writes");
        assertThat(names(Victims.ranked(Signal.IMAGE_DISK, true, pods))).containsExactly("writes", "stores");
        assertThat(names(Victims.ranked(Signal.IMAGE_DISK, true, List.of(writes, stores))))
                .containsExactly("writes", "stores");
        assertThat(names(Victims.ranked(Signal.NODE_INODES, false, pods))).containsExactly("writes", "stores");
        assertThat(names(Victims.ranked(Signal.NODE_INODES, true, pods))).containsExactly("stores", "writes");
        assertThat(names(Victims.ranked(Signal.IMAGE_INODES, true, pods))).containsExactly("writes", "stores");
    }

    @Test
    void whoHasNoFilesGoesAfterThoseThatHaveSomeWhateverTheirPriority() {
        List<PodUsage> pods =
                List.of(usage("none", 0, "0", 0, 0), usage("some", 1000, "0", 0, 5), usage("other", 1000, "0", 0, 7));
        assertThat(names(Victims.ranked(Signal.NODE_INODES, false, pods))).containsExactly("other", "some", "none");
    }

    @Test
    void theMessageIsThatOfKubernetes() {
        Threshold threshold = new Threshold(Signal.MEMORY, new Amount(100 * MI, 0), Duration.ZERO, Amount.ZERO);
        assertThat(Victims.message(threshold, new Observation(57_344, 1L << 30), usage("p", 0, "10Mi", 20, 0)))
                .isEqualTo("The node was low on resource: memory. Threshold quantity: 100Mi, available: 56Ki."
                        + " Container c was using 20Mi, request is 10Mi, has larger consumption of memory. ");
        assertThat(Victims.message(threshold, new Observation(57_344, 1L << 30), usage("p", 0, "30Mi", 20, 0)))
                .isEqualTo("The node was low on resource: memory. Threshold quantity: 100Mi, available: 56Ki. ");
        Threshold inodes = new Threshold(Signal.NODE_INODES, new Amount(6000, 0), Duration.ZERO, Amount.ZERO);
        assertThat(Victims.message(inodes, new Observation(5123, 24_000), usage("p", 0, "30Mi", 20, 0)))
                .isEqualTo("The node was low on resource: inodes. Threshold quantity: 6k, available: 5123. ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{volumes: [{name: v, emptyDir: {sizeLimit: 5Mi}}], containers: [{name: c}]}|Usage of EmptyDir volume \"v\" exceeds the limit \"5Mi\". ",
                "{volumes: [{name: v, emptyDir: {sizeLimit: 6Mi}}], containers: [{name: c}]}|",
                "{volumes: [{name: v, emptyDir: {}}], containers: [{name: c, resources: {limits: {ephemeral-storage: 8Mi}}}]}|Pod ephemeral local storage usage exceeds the total limit of containers 8Mi. ",
                "{volumes: [{name: v, emptyDir: {}}], containers: [{name: c, resources: {limits: {ephemeral-storage: 2Mi}}}, {name: d, resources: {limits: {ephemeral-storage: 1Gi}}}]}|Container c exceeded its local ephemeral storage limit \"2Mi\". ",
                "{volumes: [{name: v, emptyDir: {}}], containers: [{name: c, resources: {limits: {ephemeral-storage: 9Mi}}}]}|",
            })
    void limitsOfLocalStorageAreKept(String spec, String complaint) {
        PodUsage usage = new PodUsage(
                pod("p", spec), List.of(new ContainerUsage("c", 0, 2 * MI, 0, MI)), Map.of("v", 6 * MI), 0, 0);
        if (complaint == null) {
            assertThat(Victims.storageComplaint(usage)).isEmpty();
        } else {
            assertThat(Victims.storageComplaint(usage).orElseThrow().strip()).isEqualTo(complaint.strip());
        }
    }

    // ---- images

    private static Image image(String name, boolean pinned) {
        return new Image("sha256:" + name, List.of(name + ":1"), List.of(), 10, OptionalLong.empty(), "", pinned);
    }

    @Test
    void imagesGoByTheirLastUseAndNeverWhileInUse() {
        List<Image> all = List.of(image("a", false), image("b", false), image("c", false), image("pause", true));
        UnusedImages images = UnusedImages.NONE
                .after(all, Set.of("sha256:a", "b:1"), START)
                .after(all, Set.of("sha256:a"), START.plusSeconds(60));
        // Some time after the look: what was in use then is no candidate.
        assertThat(images.candidates(Duration.ZERO, START.plusSeconds(61)))
                .extracting(Image::id)
                .containsExactly("sha256:c", "sha256:b");
        UnusedImages later = images.after(all, Set.of(), START.plusSeconds(120));
        assertThat(later.candidates(Duration.ZERO, START.plusSeconds(120)))
                .extracting(Image::id)
                .containsExactly("sha256:c", "sha256:b", "sha256:a");
        assertThat(later.candidates(Duration.ofMinutes(5), START.plusSeconds(120)))
                .isEmpty();
        Images policy = new Images(100, 80, Duration.ZERO, Duration.ofSeconds(90));
        assertThat(later.outdated(policy, START.plusSeconds(120)))
                .extracting(Image::id)
                .containsExactlyInAnyOrder("sha256:b", "sha256:c");
    }

    @ParameterizedTest
    @CsvSource({"85,80,200,0", "85,80,150,50", "85,80,100,100", "100,80,1,0"})
    void aFullDiskIsEmptiedDownToTheLowMark(int high, int low, long available, long bytes) {
        assertThat(UnusedImages.toFree(
                        new Images(high, low, Duration.ZERO, Duration.ZERO), new Observation(available, 1000)))
                .isEqualTo(bytes);
    }
}
