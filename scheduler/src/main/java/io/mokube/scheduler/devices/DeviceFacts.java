package io.mokube.scheduler.devices;

import io.fabric8.kubernetes.api.model.NodeSelector;
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
import org.jspecify.annotations.Nullable;

/**
 * A device that a driver publishes.
 *
 * @param attributes by full name ({@code domain/name}): texts, whole numbers, truth values and versions
 * @param capacity by full name
 * @param taints those that keep claims away
 * @param nodeName the only node that has it, {@code ""} when others may
 * @param selector the nodes that reach it, null when it is one node's or everybody's
 * @param exclusive whether it can be given away as a whole; others, which share counters or wait for conditions, are left alone
 */
public record DeviceFacts(
        DeviceId id,
        Map<String, Object> attributes,
        Map<String, Quantity> capacity,
        List<DeviceTaint> taints,
        String nodeName,
        @Nullable NodeSelector selector,
        List<NodeRequirement> terms,
        boolean exclusive) {

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
                    device.getConsumesCounters().isEmpty()
                            && device.getBindingConditions().isEmpty()));
        }
        return devices;
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
    private static String fullName(String name, String driver) {
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
