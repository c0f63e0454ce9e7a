package io.mokube.dns.zone;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServiceSpec;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointPort;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.Address;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.ReverseMap;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.Type;

/**
 * What one service puts into the zone.
 *
 * @param names every name at or below the service's with its records by type; names with others below them have an entry
 *     too, be it empty
 * @param reverse the names of its addresses
 */
record ServiceRecords(Map<Name, Map<Integer, List<Record>>> names, List<PTRRecord> reverse) {

    private static final ServiceRecords NONE = new ServiceRecords(Map.of(), List.of());
    private static final int ALL_WEIGHTS = 100;

    /** One address that a service has, or one of its endpoints. */
    private record HostAddress(String host, byte[] bytes, boolean named) {}

    /** The records of a service; none when it can't have any yet. A headless one without endpoints has no name at all. */
    static ServiceRecords of(ZoneSettings zone, Service service, Collection<EndpointSlice> slices) {
        ServiceSpec spec = service.getSpec();
        if (spec == null) {
            return NONE;
        }
        Name name = ZoneSettings.under(
                zone.domain(),
                service.getMetadata().getName(),
                service.getMetadata().getNamespace(),
                "svc");
        if ("ExternalName".equals(spec.getType())) {
            return external(zone, name, spec.getExternalName());
        }
        Builder records = new Builder(zone, name);
        boolean publishNotReady = Boolean.TRUE.equals(spec.getPublishNotReadyAddresses());
        if (headless(spec)) {
            slices.forEach(slice -> records.addHeadless(slice, publishNotReady));
        } else {
            records.addClusterAddresses(spec);
            slices.forEach(slice -> records.addHosts(slice, publishNotReady));
        }
        return records.build();
    }

    private static boolean headless(ServiceSpec spec) {
        return "None".equals(spec.getClusterIP());
    }

    private static ServiceRecords external(ZoneSettings zone, Name name, @Nullable String target) {
        if (target == null || target.isEmpty()) {
            return NONE;
        }
        try {
            Name absolute = Name.fromConstantString(target.endsWith(".") ? target : target + ".");
            Record alias = new CNAMERecord(name, DClass.IN, zone.ttlSeconds(), absolute);
            return new ServiceRecords(Map.of(name, Map.of(Type.CNAME, List.of(alias))), List.of());
        } catch (IllegalArgumentException e) { // longer than a name may be
            return NONE;
        }
    }

    Optional<Map<Integer, List<Record>>> at(Name name) {
        return Optional.ofNullable(names.get(name));
    }

    /** The address without its dots or colons, which names an endpoint that has no host name. */
    static String dashed(String address) {
        return address.replace('.', '-').replace(':', '-');
    }

    private static byte @Nullable [] bytes(String address) {
        byte[] four = Address.toByteArray(address, Address.IPv4);
        return four != null ? four : Address.toByteArray(address, Address.IPv6);
    }

    private static final class Builder {

        private final ZoneSettings zone;
        private final Name service;
        private final Map<Name, Map<Integer, Set<Record>>> names = new HashMap<>();
        private final List<PTRRecord> reverse = new ArrayList<>();

        /** The endpoints of each port of a headless service. */
        private final Map<PortKey, Set<Target>> targets = new LinkedHashMap<>();

        private record PortKey(String name, String protocol) {}

        private record Target(Name host, int port) {}

        Builder(ZoneSettings zone, Name service) {
            this.zone = zone;
            this.service = service;
        }

        void addClusterAddresses(ServiceSpec spec) {
            List<String> addresses = spec.getClusterIPs().isEmpty()
                    ? Optional.ofNullable(spec.getClusterIP()).stream().toList()
                    : spec.getClusterIPs();
            boolean any = false;
            for (String address : addresses) {
                byte[] bytes = bytes(address);
                if (bytes != null) {
                    any = true;
                    add(address(service, bytes));
                    reverse.add(new PTRRecord(ReverseMap.fromAddress(bytes), DClass.IN, zone.ttlSeconds(), service));
                }
            }
            if (any) {
                for (ServicePort port : spec.getPorts()) {
                    addTarget(port.getName(), port.getProtocol(), service, port.getPort());
                }
            }
        }

        void addHeadless(EndpointSlice slice, boolean publishNotReady) {
            for (HostAddress each : addresses(slice, publishNotReady)) {
                Name host = addHost(each);
                add(address(service, each.bytes()));
                for (EndpointPort port : slice.getPorts()) {
                    if (port.getPort() != null) {
                        addTarget(port.getName(), port.getProtocol(), host, port.getPort());
                    }
                }
            }
        }

        void addHosts(EndpointSlice slice, boolean publishNotReady) {
            addresses(slice, publishNotReady).forEach(this::addHost);
        }

        private Name addHost(HostAddress address) {
            Name host = ZoneSettings.under(service, address.host());
            add(address(host, address.bytes()));
            if (address.named()) {
                reverse.add(new PTRRecord(ReverseMap.fromAddress(address.bytes()), DClass.IN, zone.ttlSeconds(), host));
            }
            return host;
        }

        private static List<HostAddress> addresses(EndpointSlice slice, boolean publishNotReady) {
            List<HostAddress> addresses = new ArrayList<>();
            for (Endpoint endpoint : slice.getEndpoints()) {
                // Nobody knows whether it is ready when nothing is said, which counts as yes.
                boolean ready = endpoint.getConditions() == null
                        || !Boolean.FALSE.equals(endpoint.getConditions().getReady());
                if (!ready && !publishNotReady) {
                    continue;
                }
                String hostname = endpoint.getHostname();
                boolean named = hostname != null && !hostname.isEmpty();
                for (String address : endpoint.getAddresses()) {
                    byte[] bytes = bytes(address);
                    if (bytes != null) {
                        addresses.add(new HostAddress(
                                named ? Objects.requireNonNull(hostname) : dashed(address), bytes, named));
                    }
                }
            }
            return addresses;
        }

        private void addTarget(@Nullable String port, @Nullable String protocol, Name host, int number) {
            PortKey key = new PortKey(
                    Objects.requireNonNullElse(port, ""),
                    Objects.requireNonNullElse(protocol, "TCP").toLowerCase(Locale.ROOT));
            targets.computeIfAbsent(key, any -> new LinkedHashSet<>()).add(new Target(host, number));
        }

        private Record address(Name name, byte[] bytes) {
            return bytes.length == 4
                    ? new ARecord(name, DClass.IN, zone.ttlSeconds(), bytes)
                    : new AAAARecord(name, DClass.IN, zone.ttlSeconds(), bytes);
        }

        private void add(Record record) {
            names.computeIfAbsent(record.getName(), any -> new HashMap<>())
                    .computeIfAbsent(record.getType(), any -> new LinkedHashSet<>())
                    .add(record);
        }

        /** As CoreDNS does, the service's own name has the records of all its ports. */
        private void addServices() {
            Set<Target> all = new LinkedHashSet<>();
            targets.forEach((port, hosts) -> {
                all.addAll(hosts);
                if (!port.name().isEmpty()) {
                    Name protocol = ZoneSettings.under(service, "_" + port.protocol());
                    names.computeIfAbsent(protocol, any -> new HashMap<>());
                    addServices(ZoneSettings.under(protocol, "_" + port.name()), hosts);
                }
            });
            addServices(service, all);
        }

        private void addServices(Name name, Set<Target> hosts) {
            int weight = Math.max(1, ALL_WEIGHTS / Math.max(1, hosts.size()));
            hosts.forEach(target ->
                    add(new SRVRecord(name, DClass.IN, zone.ttlSeconds(), 0, weight, target.port(), target.host())));
        }

        ServiceRecords build() {
            addServices();
            Map<Name, Map<Integer, List<Record>>> complete = new HashMap<>();
            names.forEach((name, types) -> {
                Map<Integer, List<Record>> lists = new HashMap<>();
                types.forEach((type, records) -> lists.put(type, List.copyOf(records)));
                complete.put(name, lists);
            });
            return new ServiceRecords(complete, List.copyOf(reverse));
        }
    }
}
