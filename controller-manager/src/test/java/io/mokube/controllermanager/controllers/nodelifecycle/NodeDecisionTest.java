package io.mokube.controllermanager.controllers.nodelifecycle;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.TaintBuilder;
import io.fabric8.kubernetes.api.model.Toleration;
import io.fabric8.kubernetes.api.model.TolerationBuilder;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseBuilder;
import io.mokube.controllermanager.controllers.Pods;
import io.mokube.controllermanager.controllers.nodelifecycle.NodeHealth.Heard;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeDecisionTest {

    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    private static final NodeLifecycleConfig CONFIG = NodeLifecycleConfig.STANDARD;
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    // -- health ---------------------------------------------------------------------------------------------------

    @Test
    void aLeaseThatIsRenewedOrAStatusThatIsPostedIsASignOfLife() {
        Node node = node("a", "True");
        Heard first = NodeHealth.hear(null, node, lease(NOW), 0);
        assertThat(NodeHealth.hear(first, node, lease(NOW), 10 * SECOND)).isEqualTo(first);
        assertThat(NodeHealth.hear(first, node, lease(NOW.plusSeconds(1)), 10 * SECOND)
                        .atNanos())
                .isEqualTo(10 * SECOND);
        Node posted = new NodeBuilder(node)
                .editStatus()
                .editFirstCondition()
                .withLastHeartbeatTime("2026-01-01T12:00:30Z")
                .endCondition()
                .endStatus()
                .build();
        assertThat(NodeHealth.hear(first, posted, lease(NOW), 10 * SECOND).atNanos())
                .isEqualTo(10 * SECOND);
    }

    @Test
    void fiftySecondsOfSilenceAreTooMany() {
        Node node = node("a", "True");
        Heard heard = NodeHealth.hear(null, node, lease(NOW), 0);
        assertThat(NodeHealth.isSilent(heard, node, CONFIG, 50 * SECOND)).isFalse();
        assertThat(NodeHealth.isSilent(heard, node, CONFIG, 50 * SECOND + 1)).isTrue();
    }

    @Test
    void aNodeThatNeverReportedGetsAMinute() {
        Node node = node("a", null);
        Heard heard = NodeHealth.hear(null, node, Optional.empty(), 0);
        assertThat(NodeHealth.isSilent(heard, node, CONFIG, 60 * SECOND)).isFalse();
        assertThat(NodeHealth.isSilent(heard, node, CONFIG, 61 * SECOND)).isTrue();
        assertThat(NodeHealth.conditionsOfSilent(node, NOW).orElseThrow())
                .extracting(NodeCondition::getType, NodeCondition::getReason, NodeCondition::getMessage)
                .contains(org.assertj.core.api.Assertions.tuple(
                        "Ready", "NodeStatusNeverUpdated", "Kubelet never posted node status."))
                .hasSize(4);
    }

    @Test
    void theConditionsOfASilentNodeBecomeUnknownOnce() {
        Node node = node("a", "True");
        List<NodeCondition> conditions =
                NodeHealth.conditionsOfSilent(node, NOW).orElseThrow();
        NodeCondition ready = conditions.getFirst();
        assertThat(ready.getStatus()).isEqualTo("Unknown");
        assertThat(ready.getReason()).isEqualTo("NodeStatusUnknown");
        assertThat(ready.getMessage()).isEqualTo("Kubelet stopped posting node status.");
        assertThat(ready.getLastHeartbeatTime()).isEqualTo("2026-01-01T11:00:00Z");
        assertThat(ready.getLastTransitionTime()).isEqualTo("2026-01-01T12:00:00Z");
        Node silent = new NodeBuilder(node)
                .editStatus()
                .withConditions(conditions)
                .endStatus()
                .build();
        assertThat(NodeHealth.conditionsOfSilent(silent, NOW.plusSeconds(60))).isEmpty();
    }

    // -- taints ---------------------------------------------------------------------------------------------------

    @Test
    void noScheduleTaintsFollowAtOnceAndOthersAreLeftAlone() {
        Taint theirs = taint("gpu", "NoExecute", null);
        Node unready = withTaints(node("a", "False"), theirs);
        List<Taint> taints = NodeTaints.followingConditions(unready, NOW).orElseThrow();
        assertThat(taints).containsExactly(theirs, taint(NodeTaints.NOT_READY, "NoSchedule", "2026-01-01T12:00:00Z"));
        Node tainted = withTaints(unready, taints.toArray(Taint[]::new));
        assertThat(NodeTaints.followingConditions(tainted, NOW.plusSeconds(9))).isEmpty();
        Node ready = withTaints(node("a", "True"), taints.toArray(Taint[]::new));
        assertThat(NodeTaints.followingConditions(ready, NOW)).contains(List.of(theirs));
    }

    @Test
    void aCordonedNodeUnderPressureSaysSo() {
        Node node = new NodeBuilder(node("a", "True"))
                .editOrNewSpec()
                .withUnschedulable(true)
                .endSpec()
                .editStatus()
                .editMatchingCondition(condition -> condition.getType().equals("DiskPressure"))
                .withStatus("True")
                .endCondition()
                .endStatus()
                .build();
        assertThat(NodeTaints.followingConditions(node, NOW).orElseThrow())
                .extracting(Taint::getKey)
                .containsExactlyInAnyOrder("node.kubernetes.io/unschedulable", "node.kubernetes.io/disk-pressure");
    }

    @Test
    void anEvictingTaintIsAddedOnRequestExchangedWithItsTimeAndRemoved() {
        Node unready = node("a", "False");
        Node evicting = withTaints(
                unready, NodeTaints.withEviction(unready, NOW).orElseThrow().toArray(Taint[]::new));
        assertThat(NodeTaints.withEviction(evicting, NOW)).isEmpty();

        Node unreachable =
                withTaints(node("a", "Unknown"), evicting.getSpec().getTaints().toArray(Taint[]::new));
        assertThat(NodeTaints.followingConditions(unreachable, NOW.plusSeconds(30))
                        .orElseThrow())
                .contains(taint(NodeTaints.UNREACHABLE, "NoExecute", "2026-01-01T12:00:00Z"))
                .doesNotContain(taint(NodeTaints.NOT_READY, "NoExecute", "2026-01-01T12:00:00Z"));

        assertThat(NodeTaints.withoutEviction(evicting)).contains(List.of());
        Node ready =
                withTaints(node("a", "True"), evicting.getSpec().getTaints().toArray(Taint[]::new));
        assertThat(NodeTaints.followingConditions(ready, NOW)).contains(List.of());
        assertThat(NodeTaints.withEviction(ready, NOW)).isEmpty();
    }

    // -- zones ----------------------------------------------------------------------------------------------------

    @ParameterizedTest(name = "{0} ready, {1} not: {2} nodes a second")
    @CsvSource({
        "10, 0, 0.1",
        "10, 5, 0.1",
        "9, 11, 0",
        "1, 2, 0.1",
        "1, 3, 0",
        "50, 62, 0.01",
        "50, 61, 0.1",
        "0, 5, 0.1",
    })
    void theRateDependsOnHowMuchOfAZoneIsGone(int ready, int notReady, double perSecond) {
        List<Node> nodes = new ArrayList<>();
        for (int i = 0; i < ready + notReady; i++) {
            nodes.add(inZone(node("n" + i, i < ready ? "True" : "Unknown"), "a"));
        }
        Zones zones = new Zones(nodes);
        assertThat(zones.all())
                .singleElement()
                .satisfies(zone -> assertThat(zone.evictionsPerSecond(CONFIG)).isEqualTo(perSecond));
        assertThat(zones.everythingIsGone()).isEqualTo(ready == 0);
    }

    @Test
    void aLostZoneIsNotALostCluster() {
        Zones zones = new Zones(List.of(
                inZone(node("a", "Unknown"), "one"),
                inZone(node("b", "Unknown"), "one"),
                inZone(node("c", "True"), "two")));
        assertThat(zones.everythingIsGone()).isFalse();
        assertThat(new Zones(List.of()).everythingIsGone()).isFalse();
    }

    // -- toleration -----------------------------------------------------------------------------------------------

    @Test
    void withoutATolerationAPodGoesAtOnce() {
        assertThat(tolerance(pod(), taint("k", "NoExecute", null))).isEqualTo(new Tolerance.Until(Instant.EPOCH));
        assertThat(tolerance(pod())).isEqualTo(new Tolerance.Forever());
    }

    @Test
    void secondsCountFromTheTaint() {
        Taint taint = taint(NodeTaints.UNREACHABLE, "NoExecute", "2026-01-01T11:58:00Z");
        assertThat(tolerance(pod(tolerates(NodeTaints.UNREACHABLE, 300L)), taint))
                .isEqualTo(new Tolerance.Until(Instant.parse("2026-01-01T12:03:00Z")));
        assertThat(tolerance(pod(tolerates(NodeTaints.UNREACHABLE, -5L)), taint))
                .isEqualTo(new Tolerance.Until(Instant.parse("2026-01-01T11:58:00Z")));
        assertThat(tolerance(pod(tolerates(NodeTaints.UNREACHABLE, null)), taint))
                .isEqualTo(new Tolerance.Forever());
    }

    @Test
    void secondsCountFromWhenThePodCameIfThatWasLater() {
        Taint taint = taint("k", "NoExecute", "2025-12-01T00:00:00Z");
        assertThat(tolerance(pod(tolerates("k", 60L)), taint))
                .isEqualTo(new Tolerance.Until(Instant.parse("2026-01-01T00:01:00Z")));
    }

    @Test
    void aTaintWithoutATimeCountsFromWhenItWasSeen() {
        assertThat(tolerance(pod(tolerates("k", 60L)), taint("k", "NoExecute", null)))
                .isEqualTo(new Tolerance.Until(NOW.plusSeconds(60)));
    }

    @Test
    void theShortestOfSeveralCounts() {
        Pod pod = pod(tolerates("a", 60L), tolerates("b", 600L), tolerates("c", null));
        assertThat(tolerance(
                        pod,
                        taint("a", "NoExecute", "2026-01-01T12:00:00Z"),
                        taint("b", "NoExecute", "2026-01-01T11:00:00Z"),
                        taint("c", "NoExecute", null)))
                .isEqualTo(new Tolerance.Until(Instant.parse("2026-01-01T11:10:00Z")));
    }

    @Test
    void operatorsAreThoseOfKubernetes() {
        Taint taint =
                new TaintBuilder(taint("k", "NoExecute", null)).withValue("v").build();
        Tolerance stays = new Tolerance.Forever();
        Tolerance goes = new Tolerance.Until(Instant.EPOCH);
        assertThat(tolerance(pod(toleration("", "Exists", "", "")), taint)).isEqualTo(stays);
        assertThat(tolerance(pod(toleration("k", "Equal", "v", "NoExecute")), taint))
                .isEqualTo(stays);
        assertThat(tolerance(pod(toleration("k", null, "v", null)), taint)).isEqualTo(stays);
        assertThat(tolerance(pod(toleration("k", "Equal", "w", "NoExecute")), taint))
                .isEqualTo(goes);
        assertThat(tolerance(pod(toleration("k", "Exists", "", "NoSchedule")), taint))
                .isEqualTo(goes);
        assertThat(tolerance(pod(toleration("", "Equal", "v", "")), taint)).isEqualTo(goes);
    }

    // -- builders -------------------------------------------------------------------------------------------------

    private static Tolerance tolerance(Pod pod, Taint... taints) {
        return Tolerance.of(pod, List.of(taints), taint -> NOW);
    }

    private static Node node(String name, @Nullable String ready) {
        NodeBuilder node = new NodeBuilder()
                .withNewMetadata()
                .withName(name)
                .withCreationTimestamp("2026-01-01T10:00:00Z")
                .endMetadata()
                .withNewSpec()
                .endSpec()
                .withNewStatus()
                .endStatus();
        if (ready != null) {
            for (String type : List.of("Ready", "MemoryPressure", "DiskPressure", "PIDPressure")) {
                node.editStatus()
                        .addNewCondition()
                        .withType(type)
                        .withStatus(type.equals("Ready") ? ready : "False")
                        .withLastHeartbeatTime("2026-01-01T11:00:00Z")
                        .endCondition()
                        .endStatus();
            }
        }
        return node.build();
    }

    private static Node withTaints(Node node, Taint... taints) {
        return new NodeBuilder(node).editSpec().withTaints(taints).endSpec().build();
    }

    private static Node inZone(Node node, String zone) {
        return new NodeBuilder(node)
                .editMetadata()
                .addToLabels("topology.kubernetes.io/zone", zone)
                .endMetadata()
                .build();
    }

    private static Optional<Lease> lease(Instant renewed) {
        return Optional.of(new LeaseBuilder()
                .withNewSpec()
                .withRenewTime(renewed.atZone(ZoneOffset.UTC))
                .endSpec()
                .build());
    }

    private static Taint taint(String key, String effect, @Nullable String added) {
        return new TaintBuilder()
                .withKey(key)
                .withEffect(effect)
                .withTimeAdded(added)
                .build();
    }

    private static Pod pod(Toleration... tolerations) {
        return new PodBuilder(Pods.pending("p"))
                .editSpec()
                .withTolerations(tolerations)
                .endSpec()
                .build();
    }

    private static Toleration tolerates(String key, @Nullable Long seconds) {
        return new TolerationBuilder(toleration(key, "Exists", "", "NoExecute"))
                .withTolerationSeconds(seconds)
                .build();
    }

    private static Toleration toleration(String key, @Nullable String operator, String value, @Nullable String effect) {
        return new TolerationBuilder()
                .withKey(key)
                .withOperator(operator)
                .withValue(value)
                .withEffect(effect)
                .build();
    }
}
