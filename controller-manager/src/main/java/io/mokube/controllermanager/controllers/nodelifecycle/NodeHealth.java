package io.mokube.controllermanager.controllers.nodelifecycle;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeConditionBuilder;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.coordination.v1.LeaseSpec;
import io.mokube.controllermanager.controllers.ownership.Times;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether a node still gives signs of life. Pure. */
final class NodeHealth {

    private static final String READY = "Ready";
    private static final List<String> REPORTED = List.of(READY, "MemoryPressure", "DiskPressure", "PIDPressure");

    private NodeHealth() {}

    /** What a node's Ready condition says. */
    enum Readiness {
        READY,
        NOT_READY,
        UNKNOWN
    }

    /**
     * The last sign of life, timed by the observer's own monotonic clock: the node's clock may be wrong.
     *
     * @param sign what was seen; any other sign is news
     * @param atNanos when it was first seen
     */
    record Heard(Sign sign, long atNanos) {}

    /**
     * What a node says about itself, compared and never read.
     *
     * @param renewed the time in its lease
     * @param reported the time in its status
     */
    record Sign(@Nullable ZonedDateTime renewed, @Nullable String reported) {}

    /** What is heard of the node now: the last sign, or a new one from its lease or its status. */
    static Heard hear(@Nullable Heard last, Node node, Optional<Lease> lease, long nowNanos) {
        Sign sign = new Sign(
                lease.map(Lease::getSpec).map(LeaseSpec::getRenewTime).orElse(null),
                condition(node, READY).map(NodeCondition::getLastHeartbeatTime).orElse(null));
        return last != null && last.sign().equals(sign) ? last : new Heard(sign, nowNanos);
    }

    /** Whether a node has said nothing for too long. */
    static boolean isSilent(Heard heard, Node node, NodeLifecycleConfig config, long nowNanos) {
        Duration patience = condition(node, READY).isPresent() ? config.grace() : config.startupGrace();
        return nowNanos - heard.atNanos() > patience.toNanos();
    }

    /** The conditions of a silent node, or nothing when it has them already. */
    static Optional<List<NodeCondition>> conditionsOfSilent(Node node, Instant now) {
        List<NodeCondition> conditions = new ArrayList<>();
        boolean changed = false;
        for (NodeCondition condition : conditions(node)) {
            boolean stale = REPORTED.contains(condition.getType())
                    && !condition.getStatus().equals("Unknown");
            changed |= stale;
            conditions.add(
                    stale
                            ? new NodeConditionBuilder(condition)
                                    .withStatus("Unknown")
                                    .withReason("NodeStatusUnknown")
                                    .withMessage("Kubelet stopped posting node status.")
                                    .withLastTransitionTime(Times.format(now))
                                    .build()
                            : condition);
        }
        for (String type : REPORTED) {
            if (condition(node, type).isEmpty()) {
                changed = true;
                conditions.add(new NodeConditionBuilder()
                        .withType(type)
                        .withStatus("Unknown")
                        .withReason("NodeStatusNeverUpdated")
                        .withMessage("Kubelet never posted node status.")
                        .withLastHeartbeatTime(node.getMetadata().getCreationTimestamp())
                        .withLastTransitionTime(Times.format(now))
                        .build());
            }
        }
        return changed ? Optional.of(conditions) : Optional.empty();
    }

    static Readiness readiness(Node node) {
        return switch (condition(node, READY).map(NodeCondition::getStatus).orElse("False")) {
            case "True" -> Readiness.READY;
            case "Unknown" -> Readiness.UNKNOWN;
            default -> Readiness.NOT_READY;
        };
    }

    static Optional<NodeCondition> condition(Node node, String type) {
        for (NodeCondition condition : conditions(node)) {
            if (condition.getType().equals(type)) {
                return Optional.of(condition);
            }
        }
        return Optional.empty();
    }

    private static List<NodeCondition> conditions(Node node) {
        @Nullable NodeStatus status = node.getStatus();
        @Nullable List<NodeCondition> conditions = status == null ? null : status.getConditions();
        return conditions == null ? List.of() : conditions;
    }
}
