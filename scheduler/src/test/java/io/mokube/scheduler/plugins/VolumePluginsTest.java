package io.mokube.scheduler.plugins;

import static io.mokube.scheduler.TestPods.node;
import static io.mokube.scheduler.TestPods.nodeInfo;
import static io.mokube.scheduler.volumes.TestVolumes.bound;
import static io.mokube.scheduler.volumes.TestVolumes.claim;
import static io.mokube.scheduler.volumes.TestVolumes.local;
import static io.mokube.scheduler.volumes.TestVolumes.podWith;
import static io.mokube.scheduler.volumes.TestVolumes.volume;
import static io.mokube.scheduler.volumes.TestVolumes.waiting;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.TopologySelectorTermBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacity;
import io.fabric8.kubernetes.api.model.storage.CSIStorageCapacityBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodClaims;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import io.mokube.scheduler.snapshot.Snapshot.Surroundings;
import io.mokube.scheduler.volumes.CapacityFacts;
import io.mokube.scheduler.volumes.ClaimFacts;
import io.mokube.scheduler.volumes.ClaimMatch;
import io.mokube.scheduler.volumes.ClassFacts;
import io.mokube.scheduler.volumes.VolumeFacts;
import io.mokube.scheduler.volumes.VolumeLedger;
import io.mokube.scheduler.volumes.Volumes;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** What the plugins about storage say of a pod and a node, in kube-scheduler's words. */
class VolumePluginsTest {

    private static final FilterPlugin BINDING = new VolumeBindingPlugin(VolumeBindingPlugin.DEFAULT_PATIENCE);
    private static final FilterPlugin ZONE = new VolumeZonePlugin();
    private static final FilterPlugin LIMITS = new NodeVolumeLimitsPlugin();
    private static final FilterPlugin RESTRICTIONS = new VolumeRestrictionsPlugin();

    private static final String FITS = "";
    private static final String REACH = "node(s) didn't match PersistentVolume's node affinity";
    private static final String NO_VOLUME = "node(s) didn't find available persistent volumes to bind";
    private static final String UNBOUND = "pod has unbound immediate PersistentVolumeClaims";
    private static final String ROOM = "node(s) did not have enough free storage";
    private static final String ELSEWHERE = "node(s) had no available volume zone";

    private static final StorageClassBuilder LOCAL = waiting("local", "kubernetes.io/no-provisioner");
    private static final StorageClassBuilder MADE = waiting("made", "example.com/maker");
    private static final String ZONE_LABEL = "topology.kubernetes.io/zone";

    /** The pod p uses the claim c; the claim of class {@code local} or {@code made} asks for 1Gi. */
    static Stream<Arguments> cases() {
        PersistentVolumeClaimBuilder open = claim("c", "local", "1Gi");
        PersistentVolumeClaimBuilder making = claim("c", "made", "1Gi");
        PersistentVolumeClaimBuilder has = bound("c", "v");
        PersistentVolumeBuilder good = volume("v", "local", "2Gi");
        return Stream.of(
                binding("a claim that is not there", "persistentvolumeclaim \"c\" not found"),
                binding(
                        "a claim that is going",
                        "persistentvolumeclaim \"c\" is being deleted",
                        claim("c", "local", "1Gi")
                                .editMetadata()
                                .withDeletionTimestamp("2026-01-01T00:00:00Z")
                                .endMetadata()),
                binding(
                        "a claim that lost its volume",
                        "persistentvolumeclaim \"c\" bound to non-existent persistentvolume \"v\"",
                        bound("c", "v").editStatus().withPhase("Lost").endStatus()),
                binding("bound, usable from anywhere", FITS, has, volume("v", "any", "1Gi")),
                binding("bound, on this node", FITS, has, local("v", "any", "1Gi", "m", "n")),
                binding("bound, on another node", REACH, has, local("v", "any", "1Gi", "m")),
                binding(
                        "bound to a volume that is gone",
                        "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
                        has),
                binding("unbound without a class", UNBOUND, claim("c", "", "1Gi")),
                binding("unbound of a class that is not there", UNBOUND, claim("c", "nothing", "1Gi")),
                binding(
                        "unbound of a class that binds at once",
                        UNBOUND,
                        claim("c", "now", "1Gi"),
                        waiting("now", "x").withVolumeBindingMode("Immediate")),
                binding(
                        "names a volume, not bound yet",
                        UNBOUND,
                        claim("c", "local", "1Gi")
                                .editSpec()
                                .withVolumeName("v")
                                .endSpec(),
                        good),
                binding("waits, a volume of the node suits", FITS, open, local("v", "local", "2Gi", "n")),
                binding("waits, the volume is another node's", NO_VOLUME, open, local("v", "local", "2Gi", "m")),
                binding("waits, the volume is too small", NO_VOLUME, open, volume("v", "local", "500Mi")),
                binding("waits, the volume is of another class", NO_VOLUME, open, volume("v", "other", "2Gi")),
                binding(
                        "waits, the volume can't be written by many",
                        NO_VOLUME,
                        claim("c", "local", "1Gi")
                                .editSpec()
                                .withAccessModes("ReadWriteMany")
                                .endSpec(),
                        good),
                binding(
                        "waits, the volume is a block device",
                        NO_VOLUME,
                        open,
                        volume("v", "local", "2Gi")
                                .editSpec()
                                .withVolumeMode("Block")
                                .endSpec()),
                binding(
                        "waits, the volume is not one selected",
                        NO_VOLUME,
                        claim("c", "local", "1Gi")
                                .editSpec()
                                .withSelector(new LabelSelectorBuilder()
                                        .addToMatchLabels("disk", "fast")
                                        .build())
                                .endSpec(),
                        good),
                binding("waits, the volume was another claim's", NO_VOLUME, open, owned("local", "gone", "uid-gone")),
                binding("waits, a volume is kept for it by name", FITS, open, owned("elsewhere", "c", "")),
                binding("waits, a volume is kept for an earlier claim", NO_VOLUME, open, owned("local", "c", "uid-x")),
                binding("waits, a volume is made", FITS, making),
                binding(
                        "waits, a volume is being made elsewhere",
                        NO_VOLUME,
                        claim("c", "made", "1Gi")
                                .editMetadata()
                                .addToAnnotations(ClaimFacts.SELECTED_NODE, "m")
                                .endMetadata()),
                binding("waits, volumes are not made in this zone", NO_VOLUME, claim("c", "zoned", "1Gi"), madeIn("b")),
                binding("waits, volumes are made in this zone", FITS, claim("c", "zoned", "1Gi"), madeIn("a", "b")),
                binding("waits, the driver has room here", FITS, making, room("a", "2Gi")),
                binding("waits, the driver has room for smaller ones", ROOM, making, room("a", "500Mi")),
                binding("waits, the driver has room elsewhere", ROOM, making, room("b", "2Gi")),
                zone("the zone of its volume", FITS, has, inZone(ZONE_LABEL, "a__b")),
                zone("another zone than its volume's", ELSEWHERE, has, inZone(ZONE_LABEL, "b__c")),
                zone("the old label", ELSEWHERE, has, inZone("failure-domain.beta.kubernetes.io/zone", "b")),
                zone("bound to a volume that is not known", "persistentvolume \"v\" not found", has));
    }

    private static Arguments binding(String name, String reason, Object... storage) {
        return arguments(name, BINDING, reason, List.of(storage));
    }

    private static Arguments zone(String name, String reason, Object... storage) {
        return arguments(name, ZONE, reason, List.of(storage));
    }

    private static PersistentVolumeBuilder inZone(String label, String zones) {
        return volume("v", "any", "1Gi")
                .editMetadata()
                .addToLabels(label, zones)
                .endMetadata();
    }

    private static PersistentVolumeBuilder owned(String storageClass, String claim, String uid) {
        return volume("v", storageClass, "1Gi")
                .editSpec()
                .withNewClaimRef()
                .withNamespace("default")
                .withName(claim)
                .withUid(uid)
                .endClaimRef()
                .endSpec();
    }

    private static StorageClassBuilder madeIn(String... zones) {
        return waiting("zoned", "example.com/maker")
                .withAllowedTopologies(new TopologySelectorTermBuilder()
                        .addNewMatchLabelExpression()
                        .withKey(ZONE_LABEL)
                        .withValues(zones)
                        .endMatchLabelExpression()
                        .build());
    }

    private static CSIStorageCapacityBuilder room(String zone, String biggest) {
        return new CSIStorageCapacityBuilder()
                .withNewMetadata()
                .withNamespace("default")
                .withName("room")
                .endMetadata()
                .withStorageClassName("made")
                .withNodeTopology(new LabelSelectorBuilder()
                        .addToMatchLabels(ZONE_LABEL, zone)
                        .build())
                .withCapacity(new Quantity("10Gi"))
                .withMaximumVolumeSize(new Quantity(biggest));
    }

    /** A node of zone a. */
    private static NodeBuilder n() {
        return node("n", "cpu=4").editMetadata().addToLabels(ZONE_LABEL, "a").endMetadata();
    }

    private static Volumes storage(List<Object> builders) {
        VolumeLedger ledger = new VolumeLedger();
        ledger.put(ClassFacts.of(LOCAL.build()));
        ledger.put(ClassFacts.of(MADE.build()));
        for (Object builder : builders) {
            switch (((io.fabric8.kubernetes.api.builder.Builder<?>) builder).build()) {
                case PersistentVolumeClaim claim -> ledger.put(ClaimFacts.of(claim));
                case PersistentVolume volume -> ledger.put(VolumeFacts.of(volume));
                case StorageClass storageClass -> ledger.put(ClassFacts.of(storageClass));
                case CSIStorageCapacity capacity -> {
                    ledger.putDriver("example.com/maker", true);
                    ledger.put(CapacityFacts.of(capacity));
                }
                case Object other -> throw new IllegalArgumentException("no storage: " + other);
            }
        }
        return ledger.view();
    }

    private static Snapshot snapshot(Volumes volumes, NodeInfo... nodes) {
        Surroundings none = Surroundings.NONE;
        return Snapshot.of(List.of(nodes), none.with(volumes, none.devices()));
    }

    private static PodInfo pod(PodBuilder pod) {
        return PodInfo.of(pod.build());
    }

    private static @Nullable String reason(FilterPlugin plugin, PodBuilder pod, Volumes volumes) {
        NodeInfo node = nodeInfo(n());
        Verdict verdict = plugin.prepare(pod(pod), snapshot(volumes, node)).check(node);
        if (!(verdict instanceof Verdict.Unfit unfit)) {
            return FITS;
        }
        assertThat(unfit.preemptionMayHelp()).isFalse();
        assertThat(unfit.plugin()).isEqualTo(plugin.name());
        return String.join(", ", unfit.reasons());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void saysWhy(String name, FilterPlugin plugin, String reason, List<Object> storage) {
        assertThat(reason(plugin, podWith("p", "c"), storage(storage))).isEqualTo(reason);
    }

    @Test
    void aPodWithoutClaimsIsNotAskedAbout() {
        for (FilterPlugin plugin : List.of(BINDING, ZONE, LIMITS, RESTRICTIONS)) {
            assertThat(plugin.prepare(pod(podWith("p")), snapshot(storage(List.of()))))
                    .isSameAs(NodeFilter.NONE);
        }
    }

    @Test
    void twoClaimsShareNoVolume() {
        List<Object> claims = List.of(claim("c", "local", "1Gi"), claim("d", "local", "5Gi"));
        PodBuilder pod = podWith("p", "d", "c");
        Volumes one = storage(List.of(claims.get(0), claims.get(1), volume("v", "local", "5Gi")));
        Volumes two = storage(
                List.of(claims.get(0), claims.get(1), volume("v", "local", "5Gi"), volume("w", "local", "9Gi")));
        assertThat(reason(BINDING, pod, one)).isEqualTo(NO_VOLUME);
        // The small claim takes the smaller volume and leaves the bigger one to the big claim.
        assertThat(reason(BINDING, pod, two)).isEqualTo(FITS);
    }

    @Test
    void aClaimTakesTheSmallestVolumeOfTheNodesOwnAndTheCommonOnes() {
        Volumes volumes = storage(List.of(
                claim("c", "local", "1Gi"),
                local("own-big", "local", "9Gi", "n"),
                volume("common", "local", "3Gi"),
                local("own", "local", "2Gi", "m", "n"),
                local("elsewhere", "local", "1Gi", "m")));
        ClaimFacts wanting = requireNonNull(volumes.claim(new ObjectKey("default", "c")));
        ClaimMatch match = new ClaimMatch(List.of(wanting), volumes);
        assertThat(chosen(match, n())).isEqualTo("own");
        assertThat(chosen(match, node("m", "cpu=1"))).isEqualTo("elsewhere");
        assertThat(chosen(match, node("o", "cpu=1"))).isEqualTo("common");
    }

    private static String chosen(ClaimMatch match, NodeBuilder node) {
        return ((ClaimMatch.Answer.Possible) match.on(NodeFacts.of(node.build())))
                .plan()
                .bindings()
                .getFirst()
                .volume()
                .name();
    }

    @Test
    void anEphemeralVolumesClaimIsThePodsOwn() {
        PodBuilder pod = podWith("p")
                .editSpec()
                .addNewVolume()
                .withName("scratch")
                .withNewEphemeral()
                .endEphemeral()
                .endVolume()
                .endSpec();
        PersistentVolumeBuilder volume = volume("v", "any", "1Gi");
        assertThat(reason(BINDING, pod, storage(List.of())))
                .isEqualTo("waiting for ephemeral volume controller to create the persistentvolumeclaim \"p-scratch\"");
        assertThat(reason(BINDING, pod, storage(List.of(bound("p-scratch", "v"), volume))))
                .isEqualTo("PVC default/p-scratch was not created for pod default/p (pod is not owner)");
        PersistentVolumeClaimBuilder own = bound("p-scratch", "v")
                .editMetadata()
                .addNewOwnerReference()
                .withKind("Pod")
                .withName("p")
                .withUid("uid-p")
                .withController(true)
                .endOwnerReference()
                .endMetadata();
        assertThat(reason(BINDING, pod, storage(List.of(own, volume)))).isEqualTo(FITS);
    }

    @Test
    void aReasonThatIsNotANodesIsGivenOnce() {
        NodeFilter filter = BINDING.prepare(pod(podWith("p", "c")), snapshot(storage(List.of())));
        assertThat(filter.everywhere()).isNotNull();
    }

    @Test
    void aNodeAttachesNoMoreThanItsDriverAllows() {
        VolumeLedger ledger = new VolumeLedger();
        for (String each : List.of("a", "b", "c")) {
            ledger.put(ClaimFacts.of(bound(each, "v" + each).build()));
            ledger.put(VolumeFacts.of(volume("v" + each, "any", "1Gi")
                    .editSpec()
                    .withNewCsi()
                    .withDriver("example.com/disk")
                    .withVolumeHandle("handle-" + each)
                    .endCsi()
                    .endSpec()
                    .build()));
        }
        ledger.putLimits("n", Map.of("example.com/disk", 2));
        NodeInfo one = nodeInfo(n(), pod(podWith("x", "a")).onNode("n"));
        NodeInfo two = one.withPod(pod(podWith("y", "b")).onNode("n"));
        NodeInfo unlimited = nodeInfo(node("m", "cpu=4"));
        Snapshot snapshot = snapshot(ledger.view(), two, unlimited);
        NodeFilter third = LIMITS.prepare(pod(podWith("z", "c")), snapshot);
        assertThat(third.check(one)).isEqualTo(Verdict.FITS);
        assertThat(third.check(two))
                .isEqualTo(new Verdict.Unfit("NodeVolumeLimits", List.of("node(s) exceed max volume count"), true));
        assertThat(third.check(unlimited)).isEqualTo(Verdict.FITS);
        NodeFilter sharing = LIMITS.prepare(pod(podWith("s", "a", "b")), snapshot);
        assertThat(sharing.check(two)).isEqualTo(Verdict.FITS);
    }

    @Test
    void aClaimForOnePodIsRefusedToASecondUntilTheFirstIsGone() {
        PersistentVolumeClaimBuilder exclusive =
                bound("c", "v").editSpec().withAccessModes("ReadWriteOncePod").endSpec();
        NodeInfo used = nodeInfo(n(), pod(podWith("x", "c")).onNode("n"));
        NodeInfo other = nodeInfo(node("m", "cpu=4"));
        Snapshot snapshot = snapshot(storage(List.of(exclusive)), used, other);
        NodeFilter filter = RESTRICTIONS.prepare(pod(podWith("y", "c")), snapshot);
        Verdict inUse = new Verdict.Unfit(
                "VolumeRestrictions",
                List.of("node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access"
                        + " mode"),
                true);
        assertThat(filter.check(other)).isEqualTo(inUse);
        assertThat(filter.check(used)).isEqualTo(inUse);
        NodeInfo emptied = used.withoutPod("uid-x");
        assertThat(filter.in(snapshot.imagining(emptied)).check(emptied)).isEqualTo(Verdict.FITS);
    }

    @Test
    void whatIsAttachedCountsThoughNoPodUsesIt() {
        VolumeLedger ledger = new VolumeLedger();
        for (String each : List.of("a", "b")) {
            ledger.put(ClaimFacts.of(bound(each, "v" + each).build()));
            ledger.put(VolumeFacts.of(volume("v" + each, "any", "1Gi")
                    .editSpec()
                    .withNewCsi()
                    .withDriver("example.com/disk")
                    .withVolumeHandle("handle-" + each)
                    .endCsi()
                    .endSpec()
                    .build()));
        }
        ledger.putLimits("n", Map.of("example.com/disk", 1));
        ledger.putAttachment("csi-1", "n", new Volumes.Attachment("example.com/disk", "va"));
        NodeInfo node = nodeInfo(n());
        PodInfo same = pod(podWith("p", "a"));
        PodInfo another = pod(podWith("q", "b"));
        assertThat(LIMITS.prepare(same, snapshot(ledger.view(), node)).check(node))
                .isEqualTo(Verdict.FITS);
        assertThat(LIMITS.prepare(another, snapshot(ledger.view(), node)).check(node))
                .isEqualTo(new Verdict.Unfit("NodeVolumeLimits", List.of("node(s) exceed max volume count"), true));
        ledger.removeAttachment("csi-1", "n");
        assertThat(LIMITS.prepare(another, snapshot(ledger.view(), node)).check(node))
                .isEqualTo(Verdict.FITS);
    }

    /** Two pods and their disks, in the form of a volume without its name; and whether one node can have both. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{gcePersistentDisk: {pdName: d}} | {gcePersistentDisk: {pdName: d}} | false",
                "{gcePersistentDisk: {pdName: d, readOnly: true}} | {gcePersistentDisk: {pdName: d}} | false",
                "{gcePersistentDisk: {pdName: d, readOnly: true}}|{gcePersistentDisk: {pdName: d, readOnly: true}}|true",
                "{gcePersistentDisk: {pdName: d}} | {gcePersistentDisk: {pdName: e}} | true",
                "{awsElasticBlockStore: {volumeID: d, readOnly: true}}"
                        + "|{awsElasticBlockStore: {volumeID: d, readOnly: true}} | false",
                "{awsElasticBlockStore: {volumeID: d}} | {gcePersistentDisk: {pdName: d}} | true",
                "{iscsi: {iqn: i, lun: 0, targetPortal: a}} | {iscsi: {iqn: i, lun: 1, targetPortal: b}} | false",
                "{iscsi: {iqn: i, readOnly: true}} | {iscsi: {iqn: i, readOnly: true}} | true",
                "{rbd: {monitors: [a, b], pool: p, image: i}} | {rbd: {monitors: [b, c], pool: p, image: i}} | false",
                "{rbd: {monitors: [a], pool: p, image: i}} | {rbd: {monitors: [c], pool: p, image: i}} | true",
                "{rbd: {monitors: [a], pool: p, image: i}} | {rbd: {monitors: [a], pool: o, image: i}} | true",
            })
    void aDiskIsForThosePodsOfANodeThatCanShareIt(String first, String second, boolean together) {
        NodeInfo node = nodeInfo(n(), pod(withDisk("x", first)).onNode("n"));
        Verdict verdict = RESTRICTIONS
                .prepare(pod(withDisk("y", second)), snapshot(storage(List.of()), node))
                .check(node);
        assertThat(verdict)
                .isEqualTo(
                        together
                                ? Verdict.FITS
                                : new Verdict.Unfit(
                                        "VolumeRestrictions", List.of("node(s) had no available disk"), true));
    }

    /** As the scheduler's informer has it. */
    private static PodBuilder withDisk(String name, String source) {
        Volume volume = Json.MAPPER.convertValue(new YAMLMapper().readTree(source), Volume.class);
        volume.setName("disk");
        return podWith(name)
                .editSpec()
                .withVolumes(PodClaims.stripped(List.of(volume)))
                .endSpec();
    }
}
