package io.mokube.proxy.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.selector.LabelSelector;
import io.mokube.proxy.model.Protocol;
import io.mokube.proxy.policy.TestPolicies;
import io.mokube.proxy.policy.compile.PolicyTracer.Packet;
import io.mokube.proxy.policy.model.ClusterFacts;
import io.mokube.proxy.policy.model.Direction;
import io.mokube.proxy.policy.model.Peer;
import io.mokube.proxy.policy.model.PodFacts;
import io.mokube.proxy.policy.model.PolicyFacts;
import io.mokube.proxy.policy.model.PolicyFacts.Allowance;
import io.mokube.proxy.policy.model.PortRule;
import io.mokube.proxy.policy.model.PortRule.NamedPort;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Random policies, pods and packets: a packet passes if and only if Kubernetes promises so. */
class PoliciesKeepPromisesTest {

    @Property(tries = 300)
    void packetsPassThatMay(@ForAll long seed) {
        RandomCluster random = new RandomCluster(new Random(seed));
        ClusterFacts facts = random.cluster();
        PolicyTracer tracer = new PolicyTracer(PolicyCompiler.compile(facts, null));
        Model model = new Model(facts);
        for (Packet packet : random.packets(facts)) {
            assertThat(tracer.passes(packet)).as("%s with %s", packet, facts).isEqualTo(model.passes(packet));
        }
    }

    @Property(tries = 300)
    void changesLeadToWhatCompilingAnewGives(@ForAll long seed) {
        RandomCluster random = new RandomCluster(new Random(seed));
        ClusterFacts before = random.cluster();
        ClusterFacts after = random.changed(before);
        PolicyRuleSet old = PolicyCompiler.compile(before, null);
        PolicyRuleSet changed = PolicyCompiler.compile(after, old);
        PolicyRuleSet anew = PolicyCompiler.compile(after, null);
        for (Family family : Family.values()) {
            assertThat(changed.table(family)).isEqualTo(anew.table(family));
            if (!old.isEmpty() && !changed.isEmpty()) {
                PolicyTable table = old.table(family).orElseThrow();
                apply(table, changed.since(old, family));
                assertThat(Optional.of(table)).isEqualTo(anew.table(family));
                assertThat(changed.since(changed, family).isEmpty()).isTrue();
            }
        }
    }

    /** What the kernel does with a difference; like the kernel it refuses what makes no sense. */
    private static void apply(PolicyTable table, PolicyDifference difference) {
        difference
                .newChains()
                .forEach(each -> assertThat(table.chains().putIfAbsent(each.name(), each))
                        .isNull());
        difference
                .newContainers()
                .forEach((name, kind) -> assertThat(table.containers().putIfAbsent(name, Container.of(kind)))
                        .isNull());
        difference
                .rewritten()
                .forEach(each ->
                        assertThat(table.chains().put(each.name(), each)).isNotNull());
        difference
                .gone()
                .forEach((name, keys) -> keys.forEach(
                        key -> assertThat(container(table, name).elements().remove(key))
                                .isNotNull()));
        difference
                .added()
                .forEach((name, values) -> values.forEach((key, verdict) -> assertThat(
                                container(table, name).elements().put(key, verdict))
                        .isNull()));
        difference
                .oldContainers()
                .forEach((name, kind) ->
                        assertThat(table.containers().remove(name)).isNotNull());
        difference
                .oldChains()
                .forEach(name -> assertThat(table.chains().remove(name)).isNotNull());
        List<String> chains = List.copyOf(table.chains().keySet());
        table.containers()
                .values()
                .forEach(container -> container.elements().values().stream()
                        .flatMap(PoliciesKeepPromisesTest::target)
                        .forEach(target -> assertThat(chains).contains(target)));
    }

    private static Container container(PolicyTable table, String name) {
        return Objects.requireNonNull(table.containers().get(name), name);
    }

    private static Stream<String> target(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Jump(String chain) -> Stream.of(chain);
            case Verdict.Goto(String chain) -> Stream.of(chain);
            case Verdict.Return.RETURN, Verdict.Present.PRESENT -> Stream.empty();
        };
    }

    /** What Kubernetes promises, read from its documentation: slow and plain. */
    private record Model(ClusterFacts facts) {

        boolean passes(Packet packet) {
            if (facts.policies().isEmpty()) {
                return true;
            }
            if (isUnknown(packet.source()) || isUnknown(packet.destination())) {
                return false;
            }
            return packet.source().equals(packet.destination())
                    || (allows(Direction.EGRESS, packet.source(), packet.destination(), packet)
                            && allows(Direction.INGRESS, packet.destination(), packet.source(), packet));
        }

        private boolean isUnknown(IpAddress address) {
            return facts.podRanges().stream().anyMatch(each -> each.contains(address))
                    && pod(address).filter(facts::isHere).isEmpty();
        }

        private Optional<PodFacts> pod(IpAddress address) {
            return facts.pods().stream()
                    .flatMap(each -> each.pods().stream())
                    .filter(each -> each.addresses().contains(address))
                    .findFirst();
        }

        private boolean allows(Direction direction, IpAddress own, IpAddress peer, Packet packet) {
            Optional<PodFacts> pod = pod(own).filter(facts::isHere);
            List<PolicyFacts> isolating = facts.policies().stream()
                    .filter(each -> pod.isPresent() && each.isolates(pod.get().shape(), direction))
                    .toList();
            return isolating.isEmpty()
                    || isolating.stream()
                            .anyMatch(policy -> policy.allowed(direction).stream()
                                    .anyMatch(rule -> hasPeer(policy, rule, peer) && hasPort(rule, packet)));
        }

        private boolean hasPeer(PolicyFacts policy, Allowance rule, IpAddress address) {
            return rule.peers().isEmpty()
                    || rule.peers().stream().anyMatch(peer -> switch (peer) {
                        case Peer.Block block -> block.contains(address);
                        case Peer.Pods pods ->
                            pod(address)
                                    .filter(it -> pods.matches(
                                            policy.key().namespace(),
                                            it.shape(),
                                            facts.namespaceLabels(it.shape().namespace())))
                                    .isPresent();
                    });
        }

        /** Names are those of the pod that the connection leads to. */
        private boolean hasPort(Allowance rule, Packet packet) {
            return rule.ports().isEmpty()
                    || rule.ports().stream().anyMatch(port -> switch (port) {
                        case PortRule.Numbers(var protocol, int first, int last) ->
                            protocol == packet.protocol() && first <= packet.port() && packet.port() <= last;
                        case PortRule.Named(NamedPort name) ->
                            name.protocol() == packet.protocol()
                                    && pod(packet.destination())
                                            .map(it -> it.ports().get(name))
                                            .filter(number -> number == packet.port())
                                            .isPresent();
                    });
        }
    }

    /** Draws clusters. */
    private record RandomCluster(Random random) {

        private static final List<String> NAMESPACES = List.of("a", "b", "c");
        private static final List<String> VALUES = List.of("web", "db");
        private static final List<Integer> PORTS = List.of(53, 80, 81, 443, 8080);
        private static final List<Protocol> PROTOCOLS = List.of(Protocol.values());

        private <T> T one(List<T> of) {
            return of.get(random.nextInt(of.size()));
        }

        private <T> List<T> some(int most, Supplier<T> draw) {
            return Stream.generate(draw).limit(random.nextInt(most + 1)).toList();
        }

        private Map<String, String> labels(String key) {
            return random.nextInt(3) == 0 ? Map.of() : Map.of(key, one(VALUES));
        }

        ClusterFacts cluster() {
            Map<String, Map<String, String>> namespaces = new HashMap<>();
            NAMESPACES.forEach(each -> namespaces.put(each, labels("team")));
            List<PodFacts> pods = new ArrayList<>();
            for (int host = 2; host < 2 + random.nextInt(8); host++) {
                pods.add(pod(host));
            }
            List<PolicyFacts> policies = new ArrayList<>();
            for (int i = random.nextInt(5); i > 0; i--) {
                policies.add(policy("p" + i));
            }
            return TestPolicies.cluster(namespaces, pods, policies);
        }

        ClusterFacts changed(ClusterFacts before) {
            List<PolicyFacts> policies = new ArrayList<>(before.policies());
            policies.removeIf(any -> random.nextInt(5) == 0);
            policies.replaceAll(
                    each -> random.nextInt(4) == 0 ? policy(each.key().name()) : each);
            List<PodFacts> pods = new ArrayList<>(
                    before.pods().stream().flatMap(each -> each.pods().stream()).toList());
            pods.removeIf(any -> random.nextInt(5) == 0);
            if (random.nextBoolean()) {
                pods.add(pod(20));
            }
            Map<String, Map<String, String>> namespaces = new HashMap<>(before.namespaces());
            if (random.nextInt(3) == 0) {
                namespaces.put("a", labels("team"));
            }
            return new ClusterFacts(
                    policies,
                    TestPolicies.alike(pods, before.pods()),
                    namespaces,
                    before.nodes(),
                    before.podRanges(),
                    before.podLinks());
        }

        private PodFacts pod(int host) {
            boolean here = random.nextBoolean();
            int node = here ? 1 : 2;
            List<String> both = List.of("10.60." + node + "." + host, "fd60:" + node + "::" + host);
            String[] addresses = (random.nextBoolean() ? both : List.of(one(both))).toArray(String[]::new);
            PodFacts pod = TestPolicies.pod(
                    one(NAMESPACES),
                    "pod-" + host,
                    random.nextInt(4) == 0 ? "" : "app=" + one(VALUES),
                    here ? "here" : "there",
                    addresses);
            return random.nextBoolean() ? TestPolicies.naming(pod, one(PROTOCOLS), "http", one(PORTS)) : pod;
        }

        private PolicyFacts policy(String name) {
            Map<Direction, List<Allowance>> rules = new EnumMap<>(Direction.class);
            for (Direction direction : Direction.values()) {
                if (random.nextInt(3) > 0) {
                    rules.put(direction, some(2, () -> new Allowance(some(3, this::peer), some(2, this::port))));
                }
            }
            return new PolicyFacts(new ObjectKey(one(NAMESPACES), name), selector("app"), rules);
        }

        private LabelSelector selector(String key) {
            return switch (random.nextInt(4)) {
                case 0 -> LabelSelector.ofLabels(Map.of(key, one(VALUES)));
                case 1 -> new LabelSelector(List.of(LabelSelector.requirement(key, "NotIn", List.of(one(VALUES)))));
                default -> LabelSelector.EVERYTHING;
            };
        }

        private Peer peer() {
            return switch (random.nextInt(5)) {
                case 0 ->
                    new Peer.Block(
                            Cidr.of("10.60.0.0/16"), some(2, () -> Cidr.of("10.60." + random.nextInt(3) + ".0/24")));
                case 1 ->
                    new Peer.Block(
                            Cidr.of(one(List.of("0.0.0.0/0", "192.168.0.0/16", "10.60.1.2/31"))),
                            some(1, () -> Cidr.of("192.168.77.0/24")));
                case 2 ->
                    new Peer.Block(
                            Cidr.of(one(List.of("::/0", "fd60:1::/64"))), some(1, () -> Cidr.of("fd60:1::4/126")));
                default ->
                    new Peer.Pods(
                            random.nextBoolean() ? Optional.of(selector("team")) : Optional.empty(), selector("app"));
            };
        }

        private PortRule port() {
            Protocol protocol = one(PROTOCOLS);
            return switch (random.nextInt(4)) {
                case 0 -> new PortRule.Named(new NamedPort(protocol, "http"));
                case 1 -> new PortRule.Numbers(protocol, 0, 65535);
                case 2 -> new PortRule.Numbers(protocol, 80, 80 + random.nextInt(400));
                default -> {
                    int number = one(PORTS);
                    yield new PortRule.Numbers(protocol, number, number);
                }
            };
        }

        List<Packet> packets(ClusterFacts facts) {
            List<IpAddress> addresses = new ArrayList<>(
                    Stream.of("192.168.77.2", "192.168.3.3", "8.8.8.8", "10.60.1.99", "fd77::2", "fd60:1::99")
                            .map(IpAddress::of)
                            .toList());
            facts.pods().forEach(each -> each.pods().forEach(pod -> addresses.addAll(pod.addresses())));
            List<Packet> packets = new ArrayList<>();
            for (IpAddress source : addresses) {
                for (IpAddress destination : addresses) {
                    if (source.family() == destination.family()) {
                        PORTS.forEach(port -> packets.add(new Packet(source, destination, one(PROTOCOLS), port)));
                    }
                }
            }
            return packets;
        }
    }

    /** What {@link TestPolicies} calls the pods' link is what the tracer looks for. */
    private static final Set<String> LINKS = Set.of("bridge");

    @Property(tries = 20)
    void nobodyGoesAroundPoliciesByAddressesOfTheLink(@ForAll long seed) {
        ClusterFacts facts = new RandomCluster(new Random(seed)).cluster();
        assertThat(facts.podLinks()).isEqualTo(LINKS);
        PolicyRuleSet rules = PolicyCompiler.compile(facts, null);
        Packet packet = new Packet(IpAddress.of("fe80::1"), IpAddress.of("fe80::2"), Protocol.TCP, 80);
        assertThat(new PolicyTracer(rules).passes(packet))
                .isEqualTo(facts.policies().isEmpty());
    }
}
