package io.mokube.scheduler.devices;

import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.resource.v1.Counter;
import io.fabric8.kubernetes.api.model.resource.v1.Device;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceAttribute;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceTaint;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSlice;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceSliceSpec;
import io.mokube.machinery.quantity.Quantity;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeRequirement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A device that a driver publishes.
 *
 * @param attributes by full name ({@code domain/name}): texts, whole numbers, truth values and versions
 * @param capacity by full name
 * @param taints those that keep claims away
 * @param nodeName the only node that has it, {@code ""} when others may
 * @param selector the nodes that reach it, null when it is one node's or everybody's
 * @param consumes what it takes of the pool's shared counters while it belongs to somebody
 * @param shareable whether several claims can have a part of its capacity each
 * @param policies in which amounts parts of a capacity are given away, by the capacity's full name
 * @param binding what must happen before a pod that uses it is bound
 */
public record DeviceFacts(
        DeviceId id,
        Map<String, Object> attributes,
        Map<String, Quantity> capacity,
        List<DeviceTaint> taints,
        String nodeName,
        @Nullable NodeSelector selector,
        List<NodeRequirement> terms,
        List<Consumption> consumes,
        boolean shareable,
        Map<String, CapacityPolicy> policies,
        Binding binding) {

    /** What a device takes of one set of counters. */
    public record Consumption(String set, Map<String, Quantity> amounts) {}

    /**
     * What must happen before a pod that uses the device is bound.
     *
     * @param toNode whether it can be used on the pod's node alone from then on
     * @param conditions that must be true of it
     * @param failures conditions of which one says that this will never be
     */
    public record Binding(boolean toNode, List<String> conditions, List<String> failures) {

        public Binding {
            conditions = List.copyOf(conditions);
            failures = List.copyOf(failures);
        }
    }

    /** The devices of a slice. */
    static List<DeviceFacts> of(ResourceSlice slice) {
        ResourceSliceSpec spec = slice.getSpec();
        List<DeviceFacts> devices = new ArrayList<>();
        for (Device device : spec.getDevices()) {
            boolean own = Boolean.TRUE.equals(spec.getPerDeviceNodeSelection());
            String nodeName = own ? device.getNodeName() : spec.getNodeName();
            NodeSelector selector = own ? device.getNodeSelector() : spec.getNodeSelector();
            devices.add(new DeviceFacts(
                    new DeviceId(spec.getDriver(), spec.getPool().getName(), device.getName()),
                    attributes(device, spec.getDriver()),
                    capacity(device, spec.getDriver()),
                    device.getTaints().stream()
                            .filter(taint ->
                                    "NoSchedule".equals(taint.getEffect()) || "NoExecute".equals(taint.getEffect()))
                            .toList(),
                    Objects.requireNonNullElse(nodeName, ""),
                    selector,
                    selector == null
                            ? List.of()
                            : selector.getNodeSelectorTerms().stream()
                                    .map(NodeRequirement::of)
                                    .toList(),
                    device.getConsumesCounters().stream()
                            .map(each -> new Consumption(each.getCounterSet(), amounts(each.getCounters())))
                            .toList(),
                    Boolean.TRUE.equals(device.getAllowMultipleAllocations()),
                    policies(device, spec.getDriver()),
                    new Binding(
                            Boolean.TRUE.equals(device.getBindsToNode()),
                            device.getBindingConditions(),
                            device.getBindingFailureConditions())));
        }
        return devices;
    }

    static Map<String, Quantity> amounts(@Nullable Map<String, Counter> counters) {
        Map<String, Quantity> amounts = new HashMap<>();
        if (counters != null) {
            counters.forEach((name, counter) ->
                    amounts.put(name, Quantity.parse(counter.getValue().toString())));
        }
        return Map.copyOf(amounts);
    }

    private static Map<String, CapacityPolicy> policies(Device device, String driver) {
        Map<String, CapacityPolicy> policies = new HashMap<>();
        if (device.getCapacity() != null) {
            device.getCapacity().forEach((name, capacity) -> {
                if (capacity.getRequestPolicy() != null) {
                    policies.put(fullName(name, driver), CapacityPolicy.of(capacity.getRequestPolicy()));
                }
            });
        }
        return Map.copyOf(policies);
    }

    /**
     * What a claim takes of each capacity when it asks for these amounts, by full name.
     *
     * @return empty when the device does not have that much, or does not give away such amounts
     */
    Optional<Map<String, Quantity>> taking(Map<String, Quantity> asked) {
        Map<String, Quantity> byFullName = new HashMap<>();
        for (Map.Entry<String, Quantity> entry : asked.entrySet()) {
            String name = fullName(entry.getKey(), id.driver());
            if (!capacity.containsKey(name)) {
                return Optional.empty();
            }
            byFullName.put(name, entry.getValue());
        }
        Map<String, Quantity> taken = new HashMap<>();
        for (Map.Entry<String, Quantity> entry : capacity.entrySet()) {
            CapacityPolicy policy = policies.getOrDefault(entry.getKey(), CapacityPolicy.ANY);
            Optional<Quantity> amount = policy.amount(byFullName.get(entry.getKey()), entry.getValue());
            if (amount.isEmpty() || amount.get().compareTo(entry.getValue()) > 0) {
                return Optional.empty();
            }
            taken.put(entry.getKey(), amount.get());
        }
        return Optional.of(taken);
    }

    private static Map<String, Object> attributes(Device device, String driver) {
        Map<String, Object> values = new HashMap<>();
        if (device.getAttributes() != null) {
            device.getAttributes().forEach((name, value) -> {
                Object known = value(value);
                if (known != null) {
                    values.put(fullName(name, driver), known);
                }
            });
        }
        return Map.copyOf(values);
    }

    private static @Nullable Object value(DeviceAttribute attribute) {
        if (attribute.getString() != null) {
            return attribute.getString();
        }
        if (attribute.getInt() != null) {
            return attribute.getInt();
        }
        if (attribute.getBool() != null) {
            return attribute.getBool();
        }
        return attribute.getVersion() == null ? null : SemanticVersion.parse(attribute.getVersion());
    }

    private static Map<String, Quantity> capacity(Device device, String driver) {
        Map<String, Quantity> amounts = new HashMap<>();
        if (device.getCapacity() != null) {
            device.getCapacity()
                    .forEach((name, amount) -> amounts.put(
                            fullName(name, driver),
                            Quantity.parse(amount.getValue().toString())));
        }
        return Map.copyOf(amounts);
    }

    /** Names without a domain belong to the driver's. */
    static String fullName(String name, String driver) {
        return name.contains("/") ? name : driver + "/" + name;
    }

    /** Whether a pod on this node can use it. */
    boolean reaches(NodeFacts node) {
        if (!nodeName.isEmpty()) {
            return nodeName.equals(node.name());
        }
        return selector == null || terms.stream().anyMatch(term -> term.matches(node));
    }
}
