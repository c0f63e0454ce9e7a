package io.mokube.dns.zone;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.xbill.DNS.Name;
import org.xbill.DNS.Record;
import org.xbill.DNS.Type;

/** A zone that is changed again and again against a model that looks through all objects at each question. */
class ZoneModelTest {

    private static final List<String> NAMESPACES = List.of("a", "b");
    private static final List<String> NAMES = List.of("x", "y", "z");
    private static final List<String> HOSTS = List.of("", "h0", "h1");
    private static final List<String> PORTS = List.of("http/TCP/80", "dns/UDP/53", "/TCP/1");

    private final Map<ObjectKey, Service> services = new TreeMap<>(java.util.Comparator.comparing(ObjectKey::toString));
    private final Map<ObjectKey, List<EndpointSlice>> slices =
            new TreeMap<>(java.util.Comparator.comparing(ObjectKey::toString));
    private final TreeSet<String> namespaces = new TreeSet<>();

    @Property(tries = 60)
    void theZoneAnswersAsTheModelDoes(@ForAll long seed) {
        Random random = new Random(seed);
        services.clear();
        slices.clear();
        namespaces.clear();
        ClusterZone zone = ClusterZone.empty(ZoneSettings.of("c.l"));
        for (int step = 0; step < 25; step++) {
            zone = change(zone, random);
            for (int i = 0; i < 40; i++) {
                String name = question(random);
                int type = List.of(Type.A, Type.SRV, Type.PTR, Type.CNAME, Type.AAAA)
                        .get(random.nextInt(5));
                assertThat(describe(zone.lookup(Name.fromConstantString(name), type)))
                        .as("%s %s of %s %s", name, Type.string(type), services.keySet(), slices)
                        .isEqualTo(model(name, type));
            }
        }
    }

    private ClusterZone change(ClusterZone zone, Random random) {
        String namespace = pick(NAMESPACES, random);
        ObjectKey key = new ObjectKey(namespace, pick(NAMES, random));
        switch (random.nextInt(6)) {
            case 0 -> {
                boolean there = random.nextBoolean();
                if (there) {
                    namespaces.add(namespace);
                } else {
                    namespaces.remove(namespace);
                }
                return zone.withNamespace(namespace, there);
            }
            case 1 -> services.remove(key);
            case 2 -> slices.remove(key);
            case 3 -> slices.put(key, slices(key, random));
            default -> services.put(key, service(key, random));
        }
        return zone.withService(key, services.get(key), slices.getOrDefault(key, List.of()));
    }

    private static <T> T pick(List<T> list, Random random) {
        return list.get(random.nextInt(list.size()));
    }

    private static Service service(ObjectKey key, Random random) {
        String[] ports = PORTS.stream().filter(port -> random.nextBoolean()).toArray(String[]::new);
        return switch (random.nextInt(4)) {
            case 0 -> TestServices.external(key.namespace(), key.name(), "www.example.com");
            case 1 ->
                TestServices.clusterIp(key.namespace(), key.name(), List.of("10.0.0." + random.nextInt(4)), ports);
            default -> TestServices.headless(key.namespace(), key.name(), ports);
        };
    }

    private static List<EndpointSlice> slices(ObjectKey key, Random random) {
        List<EndpointSlice> all = new ArrayList<>();
        for (int i = 0; i < random.nextInt(3); i++) {
            List<Endpoint> endpoints = new ArrayList<>();
            for (int j = 0; j < random.nextInt(4); j++) {
                String host = pick(HOSTS, random);
                String address = "10.1.0." + random.nextInt(6);
                endpoints.add(
                        random.nextInt(4) == 0
                                ? TestServices.notReady(host.isEmpty() ? null : host, address)
                                : TestServices.ready(host.isEmpty() ? null : host, address));
            }
            String[] ports = PORTS.stream().filter(port -> random.nextBoolean()).toArray(String[]::new);
            all.add(TestServices.slice(key.namespace(), key.name(), key.name() + i, endpoints, ports));
        }
        return all;
    }

    private static String question(Random random) {
        String service = pick(NAMES, random) + "." + pick(NAMESPACES, random) + ".svc.c.l.";
        return switch (random.nextInt(8)) {
            case 0 -> pick(NAMESPACES, random) + ".svc.c.l.";
            case 1 -> "_http._tcp." + service;
            case 2 -> pick(List.of("_tcp.", "_udp.", "_dns._udp.", "nothing."), random) + service;
            case 3 -> pick(List.of("h0.", "h1.", "10-1-0-" + random.nextInt(6) + "."), random) + service;
            case 4 -> random.nextInt(6) + ".0.1.10.in-addr.arpa.";
            case 5 -> random.nextInt(4) + ".0.0.10.in-addr.arpa.";
            default -> service;
        };
    }

    private static String describe(Lookup lookup) {
        return switch (lookup) {
            case Lookup.Found(List<Record> records, List<Record> none) ->
                records.stream()
                        .map(ZoneModelTest::withoutWeight)
                        .sorted()
                        .distinct()
                        .collect(Collectors.joining(","));
            case Lookup.Alias(var alias) -> "alias " + alias.getTarget();
            case Lookup.NoData() -> "no data";
            case Lookup.NoSuchName() -> "no such name";
            case Lookup.Elsewhere() -> "elsewhere";
        };
    }

    /** The weight depends on how many there are; the model leaves it out. */
    private static String withoutWeight(Record record) {
        String data = record.rdataToString();
        return record.getType() == Type.SRV ? data.replaceFirst("^0 \\d+ ", "") : data;
    }

    // ---- the model: every record there is, as lines of "name type data"

    private String model(String name, int type) {
        Set<String> all = records();
        String prefix = name + " ";
        List<String> here = all.stream().filter(line -> line.startsWith(prefix)).toList();
        boolean below = all.stream()
                .anyMatch(line -> line.substring(0, line.indexOf(' ')).endsWith("." + name));
        if (here.isEmpty()) {
            if (name.endsWith(".arpa.")) {
                return "elsewhere";
            }
            boolean namespace = namespaces.stream().anyMatch(each -> name.equals(each + ".svc.c.l."));
            boolean onlyNamespace = name.matches("[ab]\\.svc\\.c\\.l\\.");
            return namespace || (below && !onlyNamespace) ? "no data" : "no such name";
        }
        String alias = here.stream()
                .filter(line -> line.contains(" CNAME "))
                .findFirst()
                .orElse("");
        if (!alias.isEmpty() && type != Type.CNAME) {
            return "alias " + alias.substring(alias.indexOf(" CNAME ") + 7);
        }
        String ofType = here.stream()
                .filter(line -> line.startsWith(prefix + Type.string(type) + " "))
                .map(line -> line.substring((prefix + Type.string(type) + " ").length()))
                .sorted()
                .collect(Collectors.joining(","));
        return ofType.isEmpty() ? "no data" : ofType;
    }

    private Set<String> records() {
        TreeSet<String> all = new TreeSet<>();
        services.forEach((key, service) -> {
            String own = key.name() + "." + key.namespace() + ".svc.c.l.";
            var spec = service.getSpec();
            if ("ExternalName".equals(spec.getType())) {
                all.add(own + " CNAME www.example.com.");
                return;
            }
            boolean headless = "None".equals(spec.getClusterIP());
            if (!headless) {
                all.add(own + " A " + spec.getClusterIP());
                all.add(reversed(spec.getClusterIP()) + " PTR " + own);
                spec.getPorts()
                        .forEach(port ->
                                addPort(all, own, port.getName(), port.getProtocol(), port.getPort() + " " + own));
            }
            for (EndpointSlice slice : slices.getOrDefault(key, List.of())) {
                for (Endpoint endpoint : slice.getEndpoints()) {
                    if (!endpoint.getConditions().getReady()) {
                        continue;
                    }
                    String address = endpoint.getAddresses().getFirst();
                    String host = endpoint.getHostname() == null ? address.replace('.', '-') : endpoint.getHostname();
                    all.add(host + "." + own + " A " + address);
                    if (endpoint.getHostname() != null) {
                        all.add(reversed(address) + " PTR " + host + "." + own);
                    }
                    if (headless) {
                        all.add(own + " A " + address);
                        slice.getPorts()
                                .forEach(port -> addPort(
                                        all,
                                        own,
                                        port.getName(),
                                        port.getProtocol(),
                                        port.getPort() + " " + host + "." + own));
                    }
                }
            }
        });
        return all;
    }

    private static void addPort(
            Set<String> all, String own, @org.jspecify.annotations.Nullable String name, String protocol, String data) {
        all.add(own + " SRV " + data);
        if (name != null && !name.isEmpty()) {
            all.add("_" + name + "._" + protocol.toLowerCase(java.util.Locale.ROOT) + "." + own + " SRV " + data);
        }
    }

    private static String reversed(String address) {
        String[] parts = address.split("\\.");
        return parts[3] + "." + parts[2] + "." + parts[1] + "." + parts[0] + ".in-addr.arpa.";
    }
}
