package io.mokube.controllermanager.controllers.endpointslice;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeCondition;
import io.fabric8.kubernetes.api.model.NodeStatus;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Hints by the size of zones, as the annotation {@code service.kubernetes.io/topology-mode: Auto} asks for: each zone
 * gets endpoints in proportion to its processors, its own first, so that no endpoint has more than 20 % too much to do.
 * Slices that are untouched keep hints that are still possible. Where that can't be done there are no hints at all. Pure.
 */
final class ZoneHints {

    static final String ZONE = "topology.kubernetes.io/zone";

    private static final double MOST_OVERLOAD = 0.2;

    private final Map<String, Allocation> allocations;
    private final Map<String, Integer> given = new TreeMap<>();

    /** How many endpoints a zone must have, may have, and should have. */
    private record Allocation(int minimum, int maximum, double desired) {}

    /**
     * The slices with hints, or without.
     *
     * @param problem why there are none
     */
    record Result(List<SliceDraft> drafts, Optional<String> problem) {}

    private ZoneHints(Map<String, Allocation> allocations) {
        this.allocations = allocations;
    }

    /**
     * The zones' shares of all processors of ready nodes; empty when a node doesn't say its zone or processors, or there
     * are fewer than two zones.
     */
    static Map<String, Double> shares(Collection<Node> nodes) {
        Map<String, Double> processors = new TreeMap<>();
        for (Node node : nodes) {
            Map<String, String> labels = Ownership.labels(node);
            if (labels.containsKey("node-role.kubernetes.io/control-plane")
                    || labels.containsKey("node-role.kubernetes.io/master")
                    || !isReady(node)) {
                continue;
            }
            String zone = labels.getOrDefault(ZONE, "");
            double cpu = processors(node);
            if (zone.isEmpty() || cpu <= 0) {
                return Map.of();
            }
            processors.merge(zone, cpu, Double::sum);
        }
        double total =
                processors.values().stream().mapToDouble(Double::doubleValue).sum();
        processors.replaceAll((zone, cpu) -> cpu / total);
        return processors.size() < 2 ? Map.of() : processors;
    }

    static boolean isReady(Node node) {
        @Nullable NodeStatus status = node.getStatus();
        @Nullable List<NodeCondition> conditions = status == null ? null : status.getConditions();
        return conditions != null
                && conditions.stream()
                        .anyMatch(condition -> condition.getType().equals("Ready")
                                && condition.getStatus().equals("True"));
    }

    static double processors(Node node) {
        @Nullable NodeStatus status = node.getStatus();
        @Nullable Map<String, Quantity> allocatable = status == null ? null : status.getAllocatable();
        @Nullable Quantity cpu = allocatable == null ? null : allocatable.get("cpu");
        return cpu == null ? 0 : cpu.getNumericalAmount().doubleValue();
    }

    /**
     * Gives hints to all endpoints that are ready.
     *
     * @param drafts all slices of one address type
     * @param shares of the zones
     */
    static Result assign(List<SliceDraft> drafts, Map<String, Double> shares) {
        int ready = 0;
        boolean zoneMissing = false;
        for (SliceDraft draft : drafts) {
            for (Endpoint endpoint : draft.endpoints()) {
                if (EndpointFacts.isReady(endpoint)) {
                    ready++;
                    zoneMissing |= endpoint.getZone() == null;
                }
            }
        }
        Map<String, Allocation> allocations = allocations(shares, ready);
        if (allocations.isEmpty()) {
            return none(drafts, whyNot(shares, ready));
        }
        if (zoneMissing) {
            return none(drafts, "One or more endpoints do not have a zone specified");
        }
        return new Result(new ZoneHints(allocations).assign(drafts), Optional.empty());
    }

    private static Result none(List<SliceDraft> drafts, String problem) {
        List<SliceDraft> bare = drafts.stream()
                .map(draft -> draft.with(
                        draft.endpoints().stream().map(TrafficHints::without).toList()))
                .toList();
        return new Result(bare, Optional.of(problem));
    }

    private static String whyNot(Map<String, Double> shares, int ready) {
        if (shares.isEmpty()) {
            return "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes";
        }
        String counts = " (" + ready + " endpoints, " + shares.size() + " zones)";
        return shares.size() > ready
                ? "Insufficient number of endpoints" + counts
                : "Unable to allocate minimum required endpoints to each zone without exceeding overload threshold"
                        + counts;
    }

    /** What each zone gets; empty when the endpoints don't suffice for the minimum of every zone. */
    private static Map<String, Allocation> allocations(Map<String, Double> shares, int ready) {
        if (shares.size() > ready) {
            return Map.of();
        }
        Map<String, Integer> minima = new TreeMap<>();
        shares.forEach((zone, share) -> minima.put(zone, (int) Math.ceil(share * ready * (1 / (1 + MOST_OVERLOAD)))));
        int spare = ready - minima.values().stream().mapToInt(Integer::intValue).sum();
        if (spare < 0) {
            return Map.of();
        }
        Map<String, Allocation> allocations = new TreeMap<>();
        minima.forEach((zone, minimum) -> allocations.put(
                zone,
                new Allocation(minimum, minimum + spare, Math.max(shares.getOrDefault(zone, 0.0) * ready, minimum))));
        return allocations;
    }

    private List<SliceDraft> assign(List<SliceDraft> drafts) {
        List<SliceDraft> result = new ArrayList<>();
        List<SliceDraft> open = new ArrayList<>();
        for (SliceDraft draft : drafts) {
            if (draft.untouched() && keepsHints(draft)) {
                result.add(draft);
            } else {
                open.add(draft);
            }
        }
        for (SliceDraft draft : open) {
            for (Endpoint endpoint : draft.endpoints()) {
                if (EndpointFacts.isReady(endpoint)) {
                    given.merge(endpoint.getZone(), 1, Integer::sum);
                }
            }
        }
        Moves moves = moves();
        open.forEach(draft -> result.add(draft.with(draft.endpoints().stream()
                .map(endpoint -> EndpointFacts.isReady(endpoint)
                        ? TrafficHints.forZone(endpoint, moves.zone(endpoint.getZone()))
                        : TrafficHints.without(endpoint))
                .toList())));
        return result;
    }

    /** Whether the hints of an untouched slice are whole and leave every zone its minimum; then they count. */
    private boolean keepsHints(SliceDraft draft) {
        Map<String, Integer> counts = new HashMap<>();
        for (Endpoint endpoint : draft.endpoints()) {
            if (EndpointFacts.isReady(endpoint)) {
                List<String> zones = EndpointFacts.hintedZones(endpoint);
                if (zones.isEmpty() || !allocations.keySet().containsAll(zones)) {
                    return false;
                }
                zones.forEach(zone -> counts.merge(zone, 1, Integer::sum));
            } else if (endpoint.getHints() != null) {
                return false;
            }
        }
        for (Map.Entry<String, Integer> count : counts.entrySet()) {
            Allocation allocation = allocations.get(count.getKey());
            if (allocation == null || count.getValue() + given.getOrDefault(count.getKey(), 0) > allocation.maximum()) {
                return false;
            }
        }
        counts.forEach((zone, count) -> given.merge(zone, count, Integer::sum));
        return true;
    }

    /** Which zones give endpoints to which others; used up one by one. */
    private record Moves(Map<String, Integer> giving, Map<String, Integer> receiving) {

        /** The zone that an endpoint of this zone is for. */
        String zone(String own) {
            if (giving.getOrDefault(own, 0) == 0) {
                return own;
            }
            for (Map.Entry<String, Integer> receiver : receiving.entrySet()) {
                if (receiver.getValue() > 0) {
                    giving.merge(own, -1, Integer::sum);
                    receiver.setValue(receiver.getValue() - 1);
                    return receiver.getKey();
                }
            }
            return own;
        }
    }

    private Moves moves() {
        Map<String, Double> surplus = new TreeMap<>();
        allocations.forEach(
                (zone, allocation) -> surplus.put(zone, given.getOrDefault(zone, 0) - allocation.desired()));
        // A zone without nodes needs nothing itself.
        given.forEach((zone, count) -> surplus.putIfAbsent(zone, (double) count));
        Map<String, Integer> giving = new TreeMap<>();
        Map<String, Integer> receiving = new TreeMap<>();
        while (true) {
            Map.Entry<String, Double> giver = extreme(surplus, 1);
            Map.Entry<String, Double> receiver = extreme(surplus, -1);
            double gives = giver.getValue();
            double receives = -receiver.getValue();
            if ((gives < 1.0 && receives < 1.0) || gives < 0.5 || receives < 0.5) {
                return new Moves(giving, receiving);
            }
            giving.merge(giver.getKey(), 1, Integer::sum);
            giver.setValue(gives - 1);
            receiving.merge(receiver.getKey(), 1, Integer::sum);
            receiver.setValue(1 - receives);
        }
    }

    private static Map.Entry<String, Double> extreme(Map<String, Double> surplus, int sign) {
        return surplus.entrySet().stream()
                .max((one, other) -> Double.compare(sign * one.getValue(), sign * other.getValue()))
                .orElseThrow();
    }
}
