package io.mokube.controllermanager.controllers.nodelifecycle;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.TaintBuilder;
import io.mokube.controllermanager.controllers.ownership.Times;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The taints that a node's conditions call for. Taints of other keys are nobody's business here. Pure. */
final class NodeTaints {

    static final String NOT_READY = "node.kubernetes.io/not-ready";
    static final String UNREACHABLE = "node.kubernetes.io/unreachable";

    private static final String NO_SCHEDULE = "NoSchedule";
    private static final String NO_EXECUTE = "NoExecute";
    private static final String UNSCHEDULABLE = "node.kubernetes.io/unschedulable";
    private static final Map<String, String> KEY_WHEN_TRUE = Map.of(
            "MemoryPressure", "node.kubernetes.io/memory-pressure",
            "DiskPressure", "node.kubernetes.io/disk-pressure",
            "PIDPressure", "node.kubernetes.io/pid-pressure",
            "NetworkUnavailable", "node.kubernetes.io/network-unavailable");

    private NodeTaints() {}

    /**
     * The taints a node should have now. All NoSchedule ones follow its conditions at once. Of the NoExecute ones only
     * the removal does, when the node is ready, and the exchange, when it became unreachable instead of not ready or
     * the reverse; its time then goes on. To add one is a matter of rates.
     *
     * @return nothing when it has exactly these
     */
    static Optional<List<Taint>> followingConditions(Node node, Instant now) {
        List<Taint> taints = new ArrayList<>(taints(node));
        taints.removeIf(NodeTaints::followsConditions);
        for (String key : noScheduleKeys(node)) {
            taints.add(find(node, key, NO_SCHEDULE).orElseGet(() -> taint(key, NO_SCHEDULE, Times.format(now))));
        }
        Optional<String> key = healthKey(node);
        Optional<Taint> evicting = evicting(node);
        if (key.isPresent() && evicting.isPresent()) {
            boolean same = evicting.get().getKey().equals(key.get());
            taints.add(
                    same
                            ? evicting.get()
                            : taint(key.get(), NO_EXECUTE, evicting.get().getTimeAdded()));
        }
        return unlessSame(node, taints);
    }

    /** The taints with the one that makes the node's pods leave; nothing when it has it, or is ready. */
    static Optional<List<Taint>> withEviction(Node node, Instant now) {
        if (evicting(node).isPresent()) {
            return Optional.empty();
        }
        return healthKey(node).map(key -> {
            List<Taint> taints = new ArrayList<>(taints(node));
            taints.add(taint(key, NO_EXECUTE, Times.format(now)));
            return taints;
        });
    }

    /** The taints without those that make the node's pods leave because of its health; nothing when it has none. */
    static Optional<List<Taint>> withoutEviction(Node node) {
        List<Taint> taints = new ArrayList<>(taints(node));
        taints.removeIf(taint -> NO_EXECUTE.equals(taint.getEffect()) && isHealthKey(taint.getKey()));
        return unlessSame(node, taints);
    }

    static List<Taint> noExecute(Node node) {
        return taints(node).stream()
                .filter(taint -> NO_EXECUTE.equals(taint.getEffect()))
                .toList();
    }

    private static Optional<Taint> evicting(Node node) {
        return find(node, NOT_READY, NO_EXECUTE).or(() -> find(node, UNREACHABLE, NO_EXECUTE));
    }

    private static Optional<String> healthKey(Node node) {
        return switch (NodeHealth.readiness(node)) {
            case READY -> Optional.empty();
            case NOT_READY -> Optional.of(NOT_READY);
            case UNKNOWN -> Optional.of(UNREACHABLE);
        };
    }

    private static Set<String> noScheduleKeys(Node node) {
        Set<String> keys = new TreeSet<>();
        healthKey(node).ifPresent(keys::add);
        if (node.getSpec() != null && Boolean.TRUE.equals(node.getSpec().getUnschedulable())) {
            keys.add(UNSCHEDULABLE);
        }
        KEY_WHEN_TRUE.forEach((type, key) -> NodeHealth.condition(node, type)
                .map(NodeCondition::getStatus)
                .filter("True"::equals)
                .ifPresent(status -> keys.add(key)));
        return keys;
    }

    private static boolean followsConditions(Taint taint) {
        String key = taint.getKey();
        return switch (taint.getEffect()) {
            case NO_SCHEDULE -> isHealthKey(key) || key.equals(UNSCHEDULABLE) || KEY_WHEN_TRUE.containsValue(key);
            case NO_EXECUTE -> isHealthKey(key);
            default -> false;
        };
    }

    private static boolean isHealthKey(String key) {
        return key.equals(NOT_READY) || key.equals(UNREACHABLE);
    }

    private static List<Taint> taints(Node node) {
        @Nullable
        List<Taint> taints = node.getSpec() == null ? null : node.getSpec().getTaints();
        return taints == null ? List.of() : taints;
    }

    private static Optional<Taint> find(Node node, String key, String effect) {
        return taints(node).stream()
                .filter(taint -> key.equals(taint.getKey()) && effect.equals(taint.getEffect()))
                .findFirst();
    }

    private static Taint taint(String key, String effect, @Nullable String since) {
        return new TaintBuilder()
                .withKey(key)
                .withEffect(effect)
                .withTimeAdded(since)
                .build();
    }

    private static Optional<List<Taint>> unlessSame(Node node, List<Taint> taints) {
        List<Taint> before = taints(node);
        return before.size() == taints.size() && before.containsAll(taints) ? Optional.empty() : Optional.of(taints);
    }
}
