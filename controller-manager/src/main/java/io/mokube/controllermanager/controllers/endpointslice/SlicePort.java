package io.mokube.controllermanager.controllers.endpointslice;

import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPortBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A port of a slice, in a form that compares.
 *
 * @param port -1 when the slice names none
 * @param appProtocol {@code ""} for none
 */
record SlicePort(String name, String protocol, int port, String appProtocol) implements Comparable<SlicePort> {

    private static final Comparator<SlicePort> ORDER = Comparator.comparing(SlicePort::name)
            .thenComparingInt(SlicePort::port)
            .thenComparing(SlicePort::protocol)
            .thenComparing(SlicePort::appProtocol);

    static SlicePort of(
            @Nullable String name, @Nullable String protocol, @Nullable Integer port, @Nullable String appProtocol) {
        return new SlicePort(
                Objects.requireNonNullElse(name, ""),
                Objects.requireNonNullElse(protocol, "TCP"),
                port == null ? -1 : port,
                Objects.requireNonNullElse(appProtocol, ""));
    }

    /** The ports of a slice, each once and in order: two slices have the same ports when these are equal. */
    static List<SlicePort> of(EndpointSlice slice) {
        @Nullable List<EndpointPort> ports = slice.getPorts();
        return ports == null
                ? List.of()
                : set(ports.stream()
                        .map(port -> of(port.getName(), port.getProtocol(), port.getPort(), port.getAppProtocol()))
                        .toList());
    }

    /** Ports, each once and in order. */
    static List<SlicePort> set(Collection<SlicePort> ports) {
        return ports.stream().distinct().sorted().toList();
    }

    EndpointPort toModel() {
        return new EndpointPortBuilder()
                .withName(name)
                .withProtocol(protocol)
                .withPort(port < 0 ? null : port)
                .withAppProtocol(appProtocol.isEmpty() ? null : appProtocol)
                .build();
    }

    @Override
    public int compareTo(SlicePort other) {
        return ORDER.compare(this, other);
    }
}
