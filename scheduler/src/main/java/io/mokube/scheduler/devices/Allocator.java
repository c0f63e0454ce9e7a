package io.mokube.scheduler.devices;

import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.AllocationResultBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAllocationConfiguration;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAllocationConfigurationBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestAllocationResult;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceRequestAllocationResultBuilder;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceTaint;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceToleration;
import io.mokube.machinery.quantity.Quantity;
import io.mokube.scheduler.devices.DeviceClaimFacts.Constraint;
import io.mokube.scheduler.devices.DeviceClaimFacts.Option;
import io.mokube.scheduler.devices.DeviceClaimFacts.Request;
import io.mokube.scheduler.devices.DeviceFacts.Consumption;
import io.mokube.scheduler.devices.DevicePlan.Grant;
import io.mokube.scheduler.devices.Devices.Counter;
import io.mokube.scheduler.snapshot.NodeFacts;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Searches for devices that claims get on a node: request by request, the first devices that are free and satisfy
 * everything, going back when a later request or a rule across requests finds none. Made for one pod and one snapshot.
 */
public final class Allocator {

    /** A claim holds no more devices, as in Kubernetes. */
    private static final int MOST_DEVICES = 32;

    /** After so many devices were tried on a node the search gives up there. */
    private static final int MOST_STEPS = 100_000;

    private final List<DeviceClaimFacts> claims;
    private final Devices devices;
    private final DeviceExpressions expressions;
    private final List<DeviceFacts> everywhere = new ArrayList<>();
    private final Map<String, List<DeviceFacts>> byNode = new HashMap<>();
    private final Map<Tested, Boolean> tested = new HashMap<>();
    /** What is left of them before anything is given away here. */
    private final Map<Counter, Quantity> counters;

    private record Tested(String expression, DeviceId device) {}

    /**
     * @param claims that have no devices yet
     */
    public Allocator(List<DeviceClaimFacts> claims, Devices devices, DeviceExpressions expressions) {
        this.claims = claims;
        this.devices = devices;
        this.expressions = expressions;
        for (DeviceFacts device : devices.published()) {
            (device.nodeName().isEmpty()
                            ? everywhere
                            : byNode.computeIfAbsent(device.nodeName(), node -> new ArrayList<>()))
                    .add(device);
        }
        this.counters = devices.countersLeft();
    }

    /**
     * What the claims would get on a node; empty when not all of them get what they ask for.
     *
     * @throws DeviceExpressions.UnclearException when an expression has no answer for a device
     */
    public Optional<DevicePlan> on(NodeFacts node) {
        List<DeviceFacts> reachable = new ArrayList<>(byNode.getOrDefault(node.name(), List.of()));
        everywhere.stream().filter(device -> device.reaches(node)).forEach(reachable::add);
        Search search = new Search(reachable);
        if (!search.claim(0)) {
            return Optional.empty();
        }
        List<Grant> grants = new ArrayList<>();
        for (DeviceClaimFacts claim : claims) {
            boolean shares = search.picks.stream()
                    .anyMatch(pick -> pick.claim().equals(claim)
                            && !pick.option().admin()
                            && (pick.device().shareable()
                                    || !pick.device().consumes().isEmpty()));
            grants.add(new Grant(claim, result(claim, search.picks, node), shares));
        }
        return Optional.of(new DevicePlan(grants));
    }

    /**
     * A device for an option of a request of a claim.
     *
     * @param part what it takes of a device that is shared; empty when it has all of it, or owns nothing
     */
    private record Pick(DeviceClaimFacts claim, Option option, DeviceFacts device, Map<String, Quantity> part) {}

    /** One node's search. */
    private final class Search {

        private final List<DeviceFacts> reachable;
        private final List<Pick> picks = new ArrayList<>();
        private final Set<DeviceId> used = new HashSet<>();
        /** What is taken of shared devices here. */
        private final Map<DeviceId, List<Map<String, Quantity>>> parts = new HashMap<>();

        private final Map<Counter, Quantity> left = new HashMap<>(counters);
        private int steps;

        Search(List<DeviceFacts> reachable) {
            this.reachable = reachable;
        }

        boolean claim(int index) {
            return index == claims.size() || request(index, 0);
        }

        private boolean request(int claimIndex, int index) {
            DeviceClaimFacts claim = claims.get(claimIndex);
            if (index == claim.requests().size()) {
                return claim(claimIndex + 1);
            }
            Request request = claim.requests().get(index);
            for (Option option : request.options()) {
                List<DeviceFacts> fitting = reachable.stream()
                        .filter(device -> fits(option, device))
                        .toList();
                boolean found = option.all()
                        ? all(claimIndex, index, option, fitting)
                        : some(claimIndex, index, option, fitting, 0, option.count());
                if (found) {
                    return true;
                }
            }
            return false;
        }

        /** Takes every device that fits, or none when one of them can't be had. */
        private boolean all(int claimIndex, int index, Option option, List<DeviceFacts> fitting) {
            int taken = 0;
            boolean complete = !fitting.isEmpty();
            for (DeviceFacts device : fitting) {
                if (!take(claims.get(claimIndex), option, device)) {
                    complete = false;
                    break;
                }
                taken++;
            }
            if (complete && request(claimIndex, index + 1)) {
                return true;
            }
            for (int i = 0; i < taken; i++) {
                giveBack();
            }
            return false;
        }

        private boolean some(
                int claimIndex, int index, Option option, List<DeviceFacts> fitting, int start, int missing) {
            if (missing == 0) {
                return request(claimIndex, index + 1);
            }
            for (int i = start; i < fitting.size(); i++) {
                DeviceFacts device = fitting.get(i);
                if (take(claims.get(claimIndex), option, device)) {
                    // Of a device that is shared the same request may have several parts.
                    int next = device.shareable() && !option.admin() ? i : i + 1;
                    if (some(claimIndex, index, option, fitting, next, missing - 1)) {
                        return true;
                    }
                    giveBack();
                }
            }
            return false;
        }

        private boolean take(DeviceClaimFacts claim, Option option, DeviceFacts device) {
            boolean free = option.admin() || (devices.taken().get(device.id()) == null && !used.contains(device.id()));
            if (!free || ++steps > MOST_STEPS || !agrees(claim, option, device)) {
                return false;
            }
            if (option.admin()) {
                picks.add(new Pick(claim, option, device, Map.of()));
                return true;
            }
            if (!device.shareable() && option.capacity().isEmpty()) {
                return own(claim, option, device, Map.of());
            }
            Optional<Map<String, Quantity>> part = device.taking(option.capacity());
            return part.isPresent()
                    && (device.shareable() ? hasLeft(device, part.get()) : true)
                    && own(claim, option, device, device.shareable() ? part.get() : Map.of());
        }

        private boolean hasLeft(DeviceFacts device, Map<String, Quantity> part) {
            List<Map<String, Quantity>> all = new ArrayList<>(parts.getOrDefault(device.id(), List.of()));
            all.add(devices.sharesOf(device.id()));
            all.add(part);
            Map<String, Quantity> sum = Devices.sum(all);
            return device.capacity().entrySet().stream()
                    .allMatch(entry ->
                            sum.getOrDefault(entry.getKey(), Quantity.ZERO).compareTo(entry.getValue()) <= 0);
        }

        private boolean own(DeviceClaimFacts claim, Option option, DeviceFacts device, Map<String, Quantity> part) {
            if (isFirstPart(device) && !count(device)) {
                return false;
            }
            picks.add(new Pick(claim, option, device, part));
            if (device.shareable()) {
                parts.computeIfAbsent(device.id(), id -> new ArrayList<>()).add(part);
            } else {
                used.add(device.id());
            }
            return true;
        }

        /** Whether nobody has a part of the device yet, so that it counts from now on. */
        private boolean isFirstPart(DeviceFacts device) {
            return devices.shared().get(device.id()) == null
                    && parts.getOrDefault(device.id(), List.of()).isEmpty();
        }

        /** Takes from the pool's counters what a device consumes; false, and nothing happens, when not enough is left. */
        private boolean count(DeviceFacts device) {
            Map<Counter, Quantity> after = new HashMap<>();
            for (Consumption each : device.consumes()) {
                for (Map.Entry<String, Quantity> entry : each.amounts().entrySet()) {
                    Counter counter = counter(device, each, entry.getKey());
                    Quantity there = left.get(counter);
                    if (there == null || there.compareTo(entry.getValue()) < 0) {
                        return false;
                    }
                    after.put(counter, there.minus(entry.getValue()));
                }
            }
            left.putAll(after);
            return true;
        }

        private static Counter counter(DeviceFacts device, Consumption of, String name) {
            return new Counter(
                    new SliceFacts.Pool(device.id().driver(), device.id().pool()), of.set(), name);
        }

        private void giveBack() {
            Pick last = picks.removeLast();
            DeviceFacts device = last.device();
            if (last.option().admin()) {
                return;
            }
            if (device.shareable()) {
                parts.getOrDefault(device.id(), new ArrayList<>()).removeLast();
            } else {
                used.remove(device.id());
            }
            if (isFirstPart(device)) {
                device.consumes()
                        .forEach(each -> each.amounts()
                                .forEach((name, amount) ->
                                        left.merge(counter(device, each, name), amount, Quantity::plus)));
            }
        }

        /** Whether a further device keeps the claim's rules across its requests. */
        private boolean agrees(DeviceClaimFacts claim, Option option, DeviceFacts device) {
            List<Pick> own =
                    picks.stream().filter(pick -> pick.claim().equals(claim)).toList();
            if (own.size() >= MOST_DEVICES) {
                return false;
            }
            for (Constraint rule : claim.constraints()) {
                if (!rule.concerns(option.name())) {
                    continue;
                }
                Object value = device.attributes().get(rule.attribute());
                if (value == null) {
                    return false;
                }
                for (Pick pick : own) {
                    if (rule.concerns(pick.option().name())
                            && Objects.equals(pick.device().attributes().get(rule.attribute()), value)
                                    == rule.distinct()) {
                        return false;
                    }
                }
            }
            return true;
        }
    }

    private boolean fits(Option option, DeviceFacts device) {
        DeviceClassFacts deviceClass = devices.classes().get(option.className());
        if (deviceClass == null) {
            return false;
        }
        for (String selector : deviceClass.selectors()) {
            if (!holds(selector, device)) {
                return false;
            }
        }
        for (String selector : option.selectors()) {
            if (!holds(selector, device)) {
                return false;
            }
        }
        return device.taints().stream()
                .allMatch(taint -> option.tolerations().stream().anyMatch(each -> tolerates(each, taint)));
    }

    private boolean holds(String expression, DeviceFacts device) {
        return tested.computeIfAbsent(
                new Tested(expression, device.id()), any -> expressions.holds(expression, device));
    }

    private static boolean tolerates(DeviceToleration toleration, DeviceTaint taint) {
        boolean effect =
                isEmpty(toleration.getEffect()) || toleration.getEffect().equals(taint.getEffect());
        boolean key = isEmpty(toleration.getKey()) || toleration.getKey().equals(taint.getKey());
        return effect
                && key
                && ("Exists".equals(toleration.getOperator())
                        || Objects.requireNonNullElse(toleration.getValue(), "")
                                .equals(Objects.requireNonNullElse(taint.getValue(), "")));
    }

    private static boolean isEmpty(@Nullable String text) {
        return text == null || text.isEmpty();
    }

    // ---- what is written into the claim

    private AllocationResult result(DeviceClaimFacts claim, List<Pick> picks, NodeFacts node) {
        List<DeviceRequestAllocationResult> results = new ArrayList<>();
        List<DeviceAllocationConfiguration> config = new ArrayList<>();
        Set<String> configured = new HashSet<>();
        List<DeviceFacts> used = new ArrayList<>();
        for (Pick pick : picks) {
            if (!pick.claim().equals(claim)) {
                continue;
            }
            DeviceFacts device = pick.device();
            used.add(device);
            boolean part = device.shareable() && !pick.option().admin();
            results.add(new DeviceRequestAllocationResultBuilder()
                    .withShareID(part ? shareId(claim, results.size(), device) : null)
                    .withConsumedCapacity(part ? consumed(pick) : null)
                    .withBindingConditions(device.binding().conditions())
                    .withBindingFailureConditions(device.binding().failures())
                    .withRequest(pick.option().name())
                    .withDriver(pick.device().id().driver())
                    .withPool(pick.device().id().pool())
                    .withDevice(pick.device().id().name())
                    .withAdminAccess(pick.option().admin() ? Boolean.TRUE : null)
                    .withTolerations(pick.option().tolerations())
                    .build());
            DeviceClassFacts deviceClass = devices.classes().get(pick.option().className());
            if (deviceClass != null && configured.add(pick.option().name())) {
                deviceClass
                        .config()
                        .forEach(each -> config.add(new DeviceAllocationConfigurationBuilder()
                                .withSource("FromClass")
                                .withRequests(pick.option().name())
                                .withOpaque(each.getOpaque())
                                .build()));
            }
        }
        claim.config()
                .forEach(each -> config.add(new DeviceAllocationConfigurationBuilder()
                        .withSource("FromClaim")
                        .withRequests(each.getRequests())
                        .withOpaque(each.getOpaque())
                        .build()));
        return new AllocationResultBuilder()
                .withNewDevices()
                .withResults(results)
                .withConfig(config)
                .endDevices()
                .withNodeSelector(selector(used, node))
                .build();
    }

    /** A name for a part of a device that no other part has: made of whose it is, because nothing here is left to chance. */
    private static String shareId(DeviceClaimFacts claim, int number, DeviceFacts device) {
        String whose = claim.uid() + "/" + claim.key() + "/" + number + "/" + device.id();
        // Version 8 of UUIDs is what their makers want it to be.
        long high = (folded(whose, 0xcbf29ce484222325L) & ~0xf000L) | 0x8000L;
        long low = (folded(whose, high) & 0x3fffffffffffffffL) | 0x8000000000000000L;
        return new UUID(high, low).toString();
    }

    /** The hash FNV-1a, from a start. */
    private static long folded(String text, long start) {
        long hash = start;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        return hash;
    }

    /** By the names that the driver gave the capacities. */
    private static Map<String, io.fabric8.kubernetes.api.model.Quantity> consumed(Pick pick) {
        Map<String, io.fabric8.kubernetes.api.model.Quantity> amounts = new HashMap<>();
        String own = pick.device().id().driver() + "/";
        pick.part()
                .forEach((name, amount) -> amounts.put(
                        name.startsWith(own) ? name.substring(own.length()) : name,
                        io.fabric8.kubernetes.api.model.Quantity.parse(amount.toString())));
        return amounts;
    }

    /** From where all the devices can be used; null for everywhere. */
    private static @Nullable NodeSelector selector(List<DeviceFacts> used, NodeFacts node) {
        if (used.stream()
                .anyMatch(device ->
                        !device.nodeName().isEmpty() || device.binding().toNode())) {
            return new NodeSelectorBuilder()
                    .addNewNodeSelectorTerm()
                    .addNewMatchField()
                    .withKey("metadata.name")
                    .withOperator("In")
                    .withValues(node.name())
                    .endMatchField()
                    .endNodeSelectorTerm()
                    .build();
        }
        NodeSelectorTerm all = new NodeSelectorTerm();
        for (DeviceFacts device : used) {
            if (device.selector() != null) {
                // The API allows one term here.
                NodeSelectorTerm term = device.selector().getNodeSelectorTerms().getFirst();
                addNew(term.getMatchExpressions(), all.getMatchExpressions());
                addNew(term.getMatchFields(), all.getMatchFields());
            }
        }
        return all.getMatchExpressions().isEmpty() && all.getMatchFields().isEmpty()
                ? null
                : new NodeSelector(List.of(all));
    }

    private static void addNew(List<NodeSelectorRequirement> from, List<NodeSelectorRequirement> to) {
        from.stream().filter(each -> !to.contains(each)).forEach(to::add);
    }
}
