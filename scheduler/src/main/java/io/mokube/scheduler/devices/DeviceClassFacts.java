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
 */
public record DeviceClassFacts(String name, List<String> selectors, List<DeviceClassConfiguration> config) {

    public DeviceClassFacts {
        selectors = List.copyOf(selectors);
        config = List.copyOf(config);
    }

    public static DeviceClassFacts of(DeviceClass deviceClass) {
        return new DeviceClassFacts(
                deviceClass.getMetadata().getName(),
                expressions(deviceClass.getSpec().getSelectors()),
                deviceClass.getSpec().getConfig());
    }

    static List<String> expressions(List<DeviceSelector> selectors) {
        return selectors.stream()
                .map(selector -> selector.getCel() == null
                        ? "false"
                        : Objects.requireNonNullElse(selector.getCel().getExpression(), "false"))
                .toList();
    }
}
