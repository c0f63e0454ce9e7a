package io.mokube.controllermanager.controllers.endpoints;

import io.fabric8.kubernetes.api.model.EndpointAddress;
import io.fabric8.kubernetes.api.model.EndpointPort;
import io.fabric8.kubernetes.api.model.EndpointSubset;
import io.fabric8.kubernetes.api.model.EndpointSubsetBuilder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Packs addresses and ports into subsets: ports that the same addresses offer in the same state share a subset. The
 * order is always the same. Pure.
 */
final class SubsetPacking {

    private static final Comparator<EndpointPort> BY_PORT = Comparator.comparing(
                    (EndpointPort port) -> Objects.requireNonNullElse(port.getName(), ""))
            .thenComparing(EndpointPort::getPort)
            .thenComparing(port -> Objects.requireNonNullElse(port.getProtocol(), ""))
            .thenComparing(port -> Objects.requireNonNullElse(port.getAppProtocol(), ""));

    private final Map<EndpointPort, Map<Host, Offer>> offers = new TreeMap<>(BY_PORT);
    private final Map<Host, Offer> withoutPorts = new TreeMap<>();

    /** Addresses are told apart by IP and by the pod that has it. */
    private record Host(String ip, String uid) implements Comparable<Host> {
        @Override
        public int compareTo(Host other) {
            return Comparator.comparing(Host::ip).thenComparing(Host::uid).compare(this, other);
        }
    }

    private record Offer(EndpointAddress address, boolean ready) {}

    /** An address offers a port. When it is said to be both, it is not ready. */
    void add(EndpointAddress address, EndpointPort port, boolean ready) {
        add(offers.computeIfAbsent(port, any -> new TreeMap<>()), address, ready);
    }

    /** An address without ports, of a headless service that has none. */
    void add(EndpointAddress address, boolean ready) {
        add(withoutPorts, address, ready);
    }

    private static void add(Map<Host, Offer> hosts, EndpointAddress address, boolean ready) {
        String uid = address.getTargetRef() == null
                ? ""
                : Objects.requireNonNullElse(address.getTargetRef().getUid(), "");
        hosts.merge(
                new Host(address.getIp(), uid),
                new Offer(address, ready),
                (one, other) -> new Offer(one.address(), one.ready() && other.ready()));
    }

    /** All that was added, as subsets. */
    List<EndpointSubset> subsets() {
        Map<Map<Host, Offer>, List<EndpointPort>> ports = new LinkedHashMap<>();
        offers.forEach((port, hosts) ->
                ports.computeIfAbsent(hosts, any -> new ArrayList<>()).add(port));
        List<EndpointSubset> subsets = new ArrayList<>();
        if (!withoutPorts.isEmpty()) {
            subsets.add(subset(withoutPorts, List.of()));
        }
        ports.forEach((hosts, common) -> subsets.add(subset(hosts, common)));
        return subsets;
    }

    private static EndpointSubset subset(Map<Host, Offer> hosts, List<EndpointPort> ports) {
        return new EndpointSubsetBuilder()
                .withAddresses(addresses(hosts, true))
                .withNotReadyAddresses(addresses(hosts, false))
                .withPorts(ports)
                .build();
    }

    private static List<EndpointAddress> addresses(Map<Host, Offer> hosts, boolean ready) {
        return hosts.values().stream()
                .filter(offer -> offer.ready() == ready)
                .map(Offer::address)
                .toList();
    }
}
