package io.mokube.scheduler.devices;

import io.fabric8.kubernetes.api.model.resource.v1.DeviceClass;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceClassConfiguration;
import io.fabric8.kubernetes.api.model.resource.v1.DeviceSelector;
import java.util.List;
import java.util.Objects;

/**
 * A class of devices.
 *
 * @param selectors expressions that all must hold of a device
 * @param config what drivers are told of devices of this class
 * @param extendedResource as which pods can ask for such devices too, {@code ""} for none of its own
 * @param createdAt when it was made; its text order is its time order
 */
public record DeviceClassFacts(
        String name,
        List<String> selectors,
        List<DeviceClassConfiguration> config,
        String extendedResource,
        String createdAt) {

    /** As {@code PREFIX + name} pods can ask for devices of every class. */
    static final String IMPLICIT_RESOURCE = "deviceclass.resource.kubernetes.io/";

    public DeviceClassFacts {
        selectors = List.copyOf(selectors);
        config = List.copyOf(config);
    }

    public static DeviceClassFacts of(DeviceClass deviceClass) {
        return new DeviceClassFacts(
                deviceClass.getMetadata().getName(),
                expressions(deviceClass.getSpec().getSelectors()),
                deviceClass.getSpec().getConfig(),
                Objects.requireNonNullElse(deviceClass.getSpec().getExtendedResourceName(), ""),
                Objects.requireNonNullElse(deviceClass.getMetadata().getCreationTimestamp(), ""));
    }

    static List<String> expressions(List<DeviceSelector> selectors) {
        return selectors.stream()
                .map(selector -> selector.getCel() == null
                        ? "false"
                        : Objects.requireNonNullElse(selector.getCel().getExpression(), "false"))
                .toList();
    }
}
