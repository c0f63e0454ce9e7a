package io.mokube.dns.zone;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.Address;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.PTRRecord;
import org.xbill.DNS.Record;
import org.xbill.DNS.SRVRecord;
import org.xbill.DNS.TXTRecord;
import org.xbill.DNS.Type;

/**
 * All names of the cluster: of services, of their endpoints, of pods by address, and the reverse. Immutable; a change gives
 * a new zone at a cost that depends on the changed service alone. Names are compared without regard to case.
 *
 * <p>Follows version 1.1 of Kubernetes' DNS-based service discovery. Where that leaves it open, CoreDNS is followed: an
 * endpoint without a host name is named by its dashed address, any address has a name in a namespace's {@code pod}
 * subdomain, and only endpoints with host names are found by their address.
 */
public final class ClusterZone {

    private static final String SCHEMA_VERSION = "1.1.0";
    private static final Name REVERSE_4 = Name.fromConstantString("in-addr.arpa.");
    private static final Name REVERSE_6 = Name.fromConstantString("ip6.arpa.");
    private static final Lookup NO_DATA = new Lookup.NoData();
    private static final Lookup NO_SUCH_NAME = new Lookup.NoSuchName();
    private static final Lookup ELSEWHERE = new Lookup.Elsewhere();

    private final ZoneSettings settings;
    private final PersistentMap<String, Boolean> namespaces;
    private final PersistentMap<ObjectKey, ServiceRecords> services;
    private final PersistentMap<Name, List<Record>> reverse;

    private ClusterZone(
            ZoneSettings settings,
            PersistentMap<String, Boolean> namespaces,
            PersistentMap<ObjectKey, ServiceRecords> services,
            PersistentMap<Name, List<Record>> reverse) {
        this.settings = settings;
        this.namespaces = namespaces;
        this.services = services;
        this.reverse = reverse;
    }

    /** A zone without namespaces and services. */
    public static ClusterZone empty(ZoneSettings settings) {
        return new ClusterZone(settings, PersistentMap.empty(), PersistentMap.empty(), PersistentMap.empty());
    }

    public ZoneSettings settings() {
        return settings;
    }

    /** The same with or without a namespace. */
    public ClusterZone withNamespace(String name, boolean there) {
        return new ClusterZone(settings, namespaces.with(name, there ? Boolean.TRUE : null), services, reverse);
    }

    /**
     * The same with another state of one service.
     *
     * @param service null when it is gone
     * @param slices all slices of its endpoints
     */
    public ClusterZone withService(ObjectKey key, @Nullable Service service, Collection<EndpointSlice> slices) {
        ServiceRecords before = services.get(key).orElse(null);
        ServiceRecords now = service == null ? null : ServiceRecords.of(settings, service, slices);
        PersistentMap<Name, List<Record>> addresses = reverse;
        if (before != null) {
            for (PTRRecord record : before.reverse()) {
                addresses = addresses.with(record.getName(), without(addresses, record));
            }
        }
        if (now != null) {
            for (PTRRecord record : now.reverse()) {
                List<Record> all =
                        new ArrayList<>(addresses.get(record.getName()).orElse(List.of()));
                if (!all.contains(record)) {
                    all.add(record);
                    addresses = addresses.with(record.getName(), List.copyOf(all));
                }
            }
        }
        return new ClusterZone(settings, namespaces, services.with(key, now), addresses);
    }

    private static @Nullable List<Record> without(PersistentMap<Name, List<Record>> addresses, Record record) {
        List<Record> rest = addresses.get(record.getName()).orElse(List.of()).stream()
                .filter(each -> !each.equals(record))
                .toList();
        return rest.isEmpty() ? null : rest;
    }

    /**
     * What there is under a name.
     *
     * @param type a number of {@link Type}, also {@link Type#ANY}
     */
    public Lookup lookup(Name name, int type) {
        if (name.subdomain(settings.domain())) {
            return inZone(name, type);
        }
        if (name.subdomain(REVERSE_4) || name.subdomain(REVERSE_6)) {
            return reverse.get(name)
                    .map(records -> of(Map.of(Type.PTR, records), type))
                    // Addresses of others have names too.
                    .orElse(ELSEWHERE);
        }
        return ELSEWHERE;
    }

    private Lookup inZone(Name name, int type) {
        int labels = name.labels() - settings.domain().labels();
        if (labels == 0) {
            Record server = new NSRecord(name, DClass.IN, settings.ttlSeconds(), settings.nameServer());
            Map<Integer, List<Record>> apex = Map.of(Type.SOA, List.of(settings.authority()), Type.NS, List.of(server));
            return of(apex, type);
        }
        return switch (label(name, labels - 1)) {
            case "svc" -> service(name, labels, type);
            case "pod" -> pod(name, labels, type);
            case "dns" -> nameServer(name, labels, type);
            case "dns-version" -> {
                Record version = new TXTRecord(name, DClass.IN, settings.ttlSeconds(), SCHEMA_VERSION);
                yield labels == 1 ? of(Map.of(Type.TXT, List.of(version)), type) : NO_SUCH_NAME;
            }
            default -> NO_SUCH_NAME;
        };
    }

    private static String label(Name name, int index) {
        return name.getLabelString(index).toLowerCase(Locale.ROOT);
    }

    private Lookup service(Name name, int labels, int type) {
        if (labels <= 2) {
            return labels == 1 || namespaces.contains(label(name, 0)) ? NO_DATA : NO_SUCH_NAME;
        }
        Optional<ServiceRecords> service =
                services.get(new ObjectKey(label(name, labels - 2), label(name, labels - 3)));
        Map<Integer, List<Record>> records =
                service.flatMap(each -> each.at(name)).orElse(null);
        if (service.isEmpty() || records == null) {
            return NO_SUCH_NAME;
        }
        return of(records, type) instanceof Lookup.Found(List<Record> found, List<Record> none)
                ? new Lookup.Found(found, targetAddresses(found, service.get()))
                : of(records, type);
    }

    /** The addresses of the hosts that SRV records name, which are all of the same service. */
    private static List<Record> targetAddresses(List<Record> records, ServiceRecords service) {
        if (!(records.getFirst() instanceof SRVRecord)) {
            return List.of();
        }
        Set<Record> addresses = new LinkedHashSet<>();
        for (Record record : records) {
            if (record instanceof SRVRecord target) {
                service.at(target.getTarget()).ifPresent(types -> {
                    addresses.addAll(types.getOrDefault(Type.A, List.of()));
                    addresses.addAll(types.getOrDefault(Type.AAAA, List.of()));
                });
            }
        }
        return List.copyOf(addresses);
    }

    /** Any address has a name in each namespace, whether there is such a pod or not. */
    private Lookup pod(Name name, int labels, int type) {
        if (labels <= 2) {
            return labels == 1 || namespaces.contains(label(name, 0)) ? NO_DATA : NO_SUCH_NAME;
        }
        if (labels > 3 || !namespaces.contains(label(name, 1))) {
            return NO_SUCH_NAME;
        }
        String dashed = label(name, 0);
        byte[] four = Address.toByteArray(dashed.replace('-', '.'), Address.IPv4);
        if (four != null) {
            Record address = new ARecord(name, DClass.IN, settings.ttlSeconds(), four);
            return of(Map.of(Type.A, List.of(address)), type);
        }
        byte[] sixteen = Address.toByteArray(dashed.replace('-', ':'), Address.IPv6);
        if (sixteen != null) {
            Record address = new AAAARecord(name, DClass.IN, settings.ttlSeconds(), sixteen);
            return of(Map.of(Type.AAAA, List.of(address)), type);
        }
        return NO_SUCH_NAME;
    }

    private Lookup nameServer(Name name, int labels, int type) {
        if (labels == 1) {
            return NO_DATA;
        }
        if (labels > 2 || !label(name, 0).equals("ns")) {
            return NO_SUCH_NAME;
        }
        Name service = ZoneSettings.under(
                settings.domain(), settings.service().name(), settings.service().namespace(), "svc");
        Map<Integer, List<Record>> records = services.get(settings.service())
                .flatMap(each -> each.at(service))
                .orElse(Map.of());
        if (type != Type.A && type != Type.AAAA) {
            return NO_DATA;
        }
        List<Record> addresses = records.getOrDefault(type, List.of()).stream()
                .map(each -> each.withName(name))
                .toList();
        return addresses.isEmpty() ? NO_DATA : new Lookup.Found(addresses, List.of());
    }

    private static Lookup of(Map<Integer, List<Record>> records, int type) {
        List<Record> alias = records.get(Type.CNAME);
        if (alias != null && type != Type.CNAME && type != Type.ANY && alias.getFirst() instanceof CNAMERecord first) {
            return new Lookup.Alias(first);
        }
        List<Record> found = type == Type.ANY
                ? records.values().stream().flatMap(List::stream).toList()
                : records.get(type);
        return found == null || found.isEmpty() ? NO_DATA : new Lookup.Found(found, List.of());
    }
}
