package io.mokube.proxy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.proxy.compile.PacketTracer.Outcome;
import io.mokube.proxy.compile.PacketTracer.Packet;
import io.mokube.proxy.model.Endpoint;
import io.mokube.proxy.model.NodeFacts;
import io.mokube.proxy.model.Placement;
import io.mokube.proxy.model.Protocol;
import io.mokube.proxy.model.ServiceFacts;
import io.mokube.proxy.model.ServicePort;
import io.mokube.proxy.model.Usable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Random services and random packets: where the rules send a packet is where Kubernetes promises it to go. */
class RulesKeepPromisesTest {

    /** More draws than any port has endpoints: each endpoint is drawn. */
    private static final int DRAWS = 6;

    @Property(tries = 400)
    void packetsGoWhereTheyShould(@ForAll long seed) {
        Cluster cluster = Cluster.random(new Random(seed));
        RuleSet rules = RuleCompiler.compile(cluster.services, cluster.placement);
        for (Packet packet : cluster.packets()) {
            Set<Outcome> seen = new HashSet<>();
            for (int i = 0; i < DRAWS; i++) {
                int drawn = i;
                // A client without memories each time: affinity narrows where it may go.
                PacketTracer tracer =
                        new PacketTracer(rules, packet.destination().family());
                Outcome first = tracer.trace(packet, limit -> drawn % limit);
                seen.add(first);
                if (cluster.serviceAt(packet).map(ServiceFacts::hasAffinity).orElse(false)) {
                    assertThat(tracer.trace(packet, limit -> (drawn + 1) % limit))
                            .as("%s comes again", packet)
                            .isEqualTo(first);
                }
            }
            assertThat(seen).as("%s with %s", packet, cluster).isEqualTo(cluster.promised(packet));
        }
    }

    @Property(tries = 200)
    void changesLeadToWhatCompilingAnewGives(@ForAll long seed) {
        Random random = new Random(seed);
        Cluster before = Cluster.random(random);
        List<ServiceFacts> services = new ArrayList<>(before.services);
        RuleSet old = RuleCompiler.compile(services, before.placement);
        services.removeIf(any -> random.nextInt(4) == 0);
        services.replaceAll(
                each -> random.nextInt(3) == 0 ? before.randomService(each.key().name()) : each);
        RuleSet changed = RuleCompiler.compile(changes(before.services, services), before.placement, old);
        RuleSet anew = RuleCompiler.compile(services, before.placement);
        for (Family family : Family.values()) {
            assertThat(changed.table(family)).isEqualTo(anew.table(family));
            assertThat(apply(old.table(family), changed.since(old, family))).isEqualTo(anew.table(family));
            assertThat(changed.since(changed, family).isEmpty()).isTrue();
        }
    }

    @SuppressWarnings("ReferenceEquality") // facts that did not change are shared
    private static Map<ObjectKey, Optional<ServiceFacts>> changes(List<ServiceFacts> before, List<ServiceFacts> now) {
        Map<ObjectKey, Optional<ServiceFacts>> changes = new HashMap<>();
        before.forEach(each -> changes.put(each.key(), Optional.empty()));
        for (ServiceFacts service : now) {
            if (before.stream().anyMatch(known -> known == service)) {
                changes.remove(service.key());
            } else {
                changes.put(service.key(), Optional.of(service));
            }
        }
        return changes;
    }

    /** What the kernel does with a difference; like the kernel it refuses what makes no sense. */
    private static Contents apply(Contents table, Difference difference) {
        difference
                .newAffinitySets()
                .forEach(each -> assertThat(table.affinitySets().add(each)).isTrue());
        difference
                .newChains()
                .forEach(each -> assertThat(table.chains().putIfAbsent(each.name(), Optional.of(each)))
                        .isNull());
        difference
                .rewritten()
                .forEach(each -> assertThat(table.chains().put(each.name(), Optional.of(each)))
                        .isNotNull());
        difference
                .gone()
                .forEach((container, keys) ->
                        keys.forEach(key -> assertThat(table.elements().remove(new Contents.Slot(container, key)))
                                .isNotNull()));
        difference
                .added()
                .forEach((container, values) -> values.forEach((key, value) -> assertThat(
                                table.elements().put(new Contents.Slot(container, key), value))
                        .isNull()));
        difference
                .oldChains()
                .forEach(each -> assertThat(table.chains().remove(each)).isNotNull());
        difference
                .oldAffinitySets()
                .forEach(each -> assertThat(table.affinitySets().remove(each)).isTrue());
        return table;
    }

    /** Services, a node, and what Kubernetes promises about them. */
    private record Cluster(List<ServiceFacts> services, Placement placement, Random random) {

        private static final List<Protocol> PROTOCOLS = List.of(Protocol.values());
        private static final List<String> NODES = List.of("here", "there", "");

        static Cluster random(Random random) {
            List<IpAddress> addresses =
                    Stream.of("192.168.77.1", "fd77::1").map(IpAddress::of).toList();
            Placement placement = new Placement(
                    new NodeFacts(Set.of("here"), Set.of("near"), addresses),
                    random.nextBoolean() ? List.of(Cidr.of("10.60.0.0/16"), Cidr.of("fd60::/16")) : List.of(),
                    random.nextBoolean());
            Cluster cluster = new Cluster(new ArrayList<>(), placement, random);
            int count = 1 + random.nextInt(5);
            for (int i = 0; i < count; i++) {
                cluster.services.add(cluster.randomService("s" + i));
            }
            return cluster;
        }

        ServiceFacts randomService(String name) {
            int number = Integer.parseInt(name.substring(1));
            List<IpAddress> clusterIps = some(List.of("172.30.0." + (number + 1), "fd99::" + (number + 1)));
            List<ServicePort> ports = new ArrayList<>();
            int count = 1 + random.nextInt(2);
            for (int i = 0; i < count; i++) {
                int nodePort = random.nextInt(3) == 0 ? 30000 + 10 * number + i : 0;
                ports.add(new ServicePort(
                        "p" + i,
                        PROTOCOLS.get(random.nextInt(PROTOCOLS.size())),
                        80 + i,
                        nodePort,
                        List.copyOf(randomEndpoints())));
            }
            boolean external = random.nextBoolean();
            return new ServiceFacts(
                    new ObjectKey("default", name),
                    clusterIps.isEmpty() ? List.of(IpAddress.of("172.30.0." + (number + 1))) : clusterIps,
                    external ? some(List.of("198.51.100.1", "198.51.100.2", "172.30.0.1", "fd98::1")) : List.of(),
                    external ? some(List.of("203.0.113.1", "fd98::2")) : List.of(),
                    random.nextInt(3) == 0
                            ? List.of(Cidr.of("192.168.77.2/32"), Cidr.of("192.168.77.0/30"), Cidr.of("fd60::/16"))
                            : List.of(),
                    random.nextInt(4) == 0 ? Duration.ofHours(1) : Duration.ZERO,
                    random.nextInt(4) == 0,
                    random.nextBoolean(),
                    0,
                    ports);
        }

        private List<IpAddress> some(List<String> texts) {
            return texts.stream()
                    .filter(any -> random.nextBoolean())
                    .map(IpAddress::of)
                    .toList();
        }

        private Set<Endpoint> randomEndpoints() {
            Set<Endpoint> endpoints = new TreeSet<>(Endpoint.ORDER);
            for (int i = random.nextInt(DRAWS); i > 0; i--) {
                endpoints.add(randomEndpoint());
            }
            return endpoints;
        }

        private Endpoint randomEndpoint() {
            int host = 2 + random.nextInt(4);
            boolean ready = random.nextBoolean();
            return new Endpoint(
                    IpAddress.of(random.nextBoolean() ? "10.60.1." + host : "fd60:1::" + host),
                    8080,
                    ready,
                    ready || random.nextBoolean(),
                    !ready && random.nextBoolean(),
                    NODES.get(host % NODES.size()),
                    random.nextBoolean() ? Set.of(random.nextBoolean() ? "near" : "far") : Set.of(),
                    random.nextInt(3) == 0 ? Set.of(NODES.get(random.nextInt(2))) : Set.of());
        }

        List<Packet> packets() {
            List<Packet> packets = new ArrayList<>();
            List<String> sources =
                    List.of("192.168.77.1", "192.168.77.9", "10.60.1.2", "fd77::1", "fd78::9", "fd60:1::2");
            for (IpAddress destination : destinations()) {
                for (int port : ports()) {
                    Protocol protocol = PROTOCOLS.get(random.nextInt(PROTOCOLS.size()));
                    for (String source : sources) {
                        IpAddress from = IpAddress.of(source);
                        if (from.family() == destination.family()) {
                            packets.add(new Packet(from, protocol, destination, port, isNode(from)));
                        }
                    }
                }
            }
            return packets;
        }

        private Set<IpAddress> destinations() {
            Set<IpAddress> all = new HashSet<>(placement.node().addresses());
            all.add(IpAddress.of("203.0.113.77"));
            services.forEach(each -> {
                all.addAll(each.clusterIps());
                all.addAll(each.externalIps());
                all.addAll(each.loadBalancerIps());
            });
            return all;
        }

        private Set<Integer> ports() {
            Set<Integer> all = new HashSet<>(Set.of(79));
            services.forEach(service -> service.ports().forEach(port -> {
                all.add(port.port());
                all.add(port.nodePort());
            }));
            all.remove(0);
            return all;
        }

        private boolean isNode(IpAddress address) {
            return placement.node().addresses().contains(address);
        }

        private boolean isPod(IpAddress address) {
            return placement.clusterCidrs().stream().anyMatch(each -> each.contains(address));
        }

        /** Whether the address is that of a pod, or no pod's addresses are known. */
        private boolean isInside(IpAddress address) {
            return placement.clusterCidrs(address.family()).isEmpty() || isPod(address);
        }

        private Optional<ServiceFacts> clusterIpOf(IpAddress address) {
            return services.stream()
                    .filter(each -> each.clusterIps().contains(address))
                    .findFirst();
        }

        Optional<ServiceFacts> serviceAt(Packet packet) {
            return clusterIpOf(packet.destination())
                    .or(() -> services.stream()
                            .filter(each -> externalPort(each, packet).isPresent())
                            .min(Comparator.comparing(each -> each.key().toString())));
        }

        private Optional<ServicePort> externalPort(ServiceFacts service, Packet packet) {
            boolean hasFamily = service.clusterIps().stream()
                    .anyMatch(each -> each.family() == packet.destination().family());
            return service.ports().stream()
                    .filter(port -> port.protocol() == packet.protocol())
                    .filter(port -> (isNode(packet.destination()) && port.nodePort() == packet.port())
                            || ((service.externalIps().contains(packet.destination())
                                            || service.loadBalancerIps().contains(packet.destination()))
                                    && port.port() == packet.port()))
                    .filter(any -> hasFamily)
                    .findFirst();
        }

        Set<Outcome> promised(Packet packet) {
            Set<Outcome> same = Set.of(new Outcome.Sent(packet.destination(), packet.port(), false));
            Optional<ServiceFacts> clusterIp = clusterIpOf(packet.destination());
            if (clusterIp.isPresent()) {
                boolean othersPacket = placement.sharedHost() && !packet.fromNode() && !isInside(packet.source());
                return othersPacket ? same : toClusterIp(packet, clusterIp.get());
            }
            return serviceAt(packet)
                    .map(service -> fromOutside(packet, service))
                    .orElse(same);
        }

        private Set<Outcome> toClusterIp(Packet packet, ServiceFacts service) {
            Optional<ServicePort> port = service.ports().stream()
                    .filter(each -> each.protocol() == packet.protocol() && each.port() == packet.port())
                    .findFirst();
            if (port.isEmpty()) {
                return Set.of(new Outcome.Rejected());
            }
            Usable usable = Usable.of(port.get().endpoints(packet.destination().family()), placement.node());
            List<Endpoint> endpoints = service.internalLocal() ? usable.local() : usable.cluster();
            if (endpoints.isEmpty()) {
                return Set.of(usable.anywhere() ? new Outcome.Dropped() : new Outcome.Rejected());
            }
            return sent(packet, endpoints, !isInside(packet.source()));
        }

        private Set<Outcome> fromOutside(Packet packet, ServiceFacts service) {
            List<Cidr> allowed = service.sourceRanges(packet.destination().family());
            boolean balanced = service.loadBalancerIps().contains(packet.destination());
            boolean nodeAllowed = placement.node().addresses().stream()
                    .anyMatch(node -> allowed.stream().anyMatch(range -> range.contains(node)));
            boolean itself = nodeAllowed && service.loadBalancerIps().contains(packet.source());
            if (balanced
                    && !allowed.isEmpty()
                    && !itself
                    && allowed.stream().noneMatch(each -> each.contains(packet.source()))) {
                return Set.of(new Outcome.Dropped());
            }
            ServicePort port = externalPort(service, packet).orElseThrow();
            Usable usable = Usable.of(port.endpoints(packet.destination().family()), placement.node());
            if (!usable.anywhere()) {
                return Set.of(new Outcome.Rejected());
            }
            if (!service.externalLocal()) {
                return sent(packet, usable.cluster(), true);
            }
            if (isPod(packet.source())) {
                return sent(packet, usable.cluster(), false);
            }
            if (isNode(packet.source())) {
                return sent(packet, usable.cluster(), true);
            }
            return usable.local().isEmpty() ? Set.of(new Outcome.Dropped()) : sent(packet, usable.local(), false);
        }

        private Set<Outcome> sent(Packet packet, List<Endpoint> endpoints, boolean masqueraded) {
            Set<Outcome> outcomes = new HashSet<>();
            for (Endpoint each : endpoints) {
                boolean toItself =
                        each.address().equals(packet.source()) && each.node().equals("here");
                outcomes.add(new Outcome.Sent(each.address(), each.port(), masqueraded || toItself));
            }
            return outcomes;
        }
    }
}
