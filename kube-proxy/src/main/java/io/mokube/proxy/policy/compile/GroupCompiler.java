package io.mokube.proxy.policy.compile;

import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.proxy.policy.model.AddressRange;
import io.mokube.proxy.policy.model.AlikePods;
import io.mokube.proxy.policy.model.ClusterFacts;
import io.mokube.proxy.policy.model.Direction;
import io.mokube.proxy.policy.model.Peer;
import io.mokube.proxy.policy.model.PodFacts;
import io.mokube.proxy.policy.model.PolicyFacts;
import io.mokube.proxy.policy.model.PolicyFacts.Allowance;
import io.mokube.proxy.policy.model.PortRule;
import io.mokube.proxy.policy.model.PortRule.NamedPort;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Makes the rules of one group. Pods that may be peers are elements of a map, so that one of them is one element. Ranges
 * depend on the policies alone and stand in the chain; where both say something of an address, the map is asked first and
 * holds what both allow.
 */
final class GroupCompiler {

    private final Group group;

    /** The pods that some rule selects. */
    private final List<Selected> selected = new ArrayList<>();

    /** The ranges that some rule allows. */
    private final List<Allowed> allowed = new ArrayList<>();

    /** Pods and the rule that allows ports of theirs, or by which some of their named ports are allowed. */
    private record Selected(AlikePods pods, Ports ports) {}

    /** What is allowed of a pod at one of its addresses. */
    private interface Ports {
        PortSet of(PodFacts pod, IpAddress address);
    }

    private record Allowed(AddressRange range, PortSet ports) {}

    GroupCompiler(Group group, ClusterFacts facts) {
        this.group = group;
        for (PolicyFacts policy : group.policies()) {
            for (Allowance rule : policy.allowed(group.direction())) {
                collect(policy.key().namespace(), rule, facts);
            }
        }
    }

    private void collect(String home, Allowance rule, ClusterFacts facts) {
        PortSet numbered = rule.ports().isEmpty() ? PortSet.EVERYTHING : numbered(rule.ports());
        List<NamedPort> ofPeers = group.direction() == Direction.EGRESS ? named(rule) : List.of();
        Ports named = (pod, address) -> resolved(ofPeers, pod.ports());
        if (rule.peers().isEmpty()) {
            for (Family family : Family.values()) {
                allowed.add(new Allowed(AddressRange.all(family), numbered));
            }
            if (!ofPeers.isEmpty()) {
                facts.pods().forEach(each -> selected.add(new Selected(each, named)));
            }
        }
        for (Peer peer : rule.peers()) {
            switch (peer) {
                case Peer.Pods pods ->
                    facts.pods().stream()
                            .filter(each -> pods.matches(
                                    home,
                                    each.shape(),
                                    facts.namespaceLabels(each.shape().namespace())))
                            .forEach(each -> selected.add(
                                    new Selected(each, (pod, address) -> numbered.and(named.of(pod, address)))));
                case Peer.Block block -> {
                    AddressRange.of(block).forEach(each -> allowed.add(new Allowed(each, numbered)));
                    if (!ofPeers.isEmpty()) {
                        facts.pods()
                                .forEach(each -> selected.add(new Selected(
                                        each,
                                        (pod, address) ->
                                                block.contains(address) ? named.of(pod, address) : PortSet.NOTHING)));
                    }
                }
            }
        }
    }

    static List<NamedPort> named(Allowance rule) {
        List<NamedPort> named = new ArrayList<>();
        for (PortRule each : rule.ports()) {
            if (each instanceof PortRule.Named(NamedPort port)) {
                named.add(port);
            }
        }
        return named;
    }

    /** The ports with numbers, and of ingress those with names too. */
    private PortSet numbered(List<PortRule> rules) {
        PortSet ports = PortSet.NOTHING;
        for (PortRule rule : rules) {
            PortSet more =
                    switch (rule) {
                        case PortRule.Numbers(var protocol, int first, int last) -> PortSet.of(protocol, first, last);
                        case PortRule.Named(NamedPort port) -> resolved(List.of(port), group.ports());
                    };
            ports = ports.and(more);
        }
        return ports;
    }

    private static PortSet resolved(List<NamedPort> names, Map<NamedPort, Integer> numbers) {
        PortSet ports = PortSet.NOTHING;
        for (NamedPort name : names) {
            Integer number = numbers.get(name);
            if (number != null) {
                ports = ports.and(PortSet.of(name.protocol(), number, number));
            }
        }
        return ports;
    }

    /**
     * @param before rules made earlier for the same group, to be returned if nothing they were made of changed
     */
    GroupRules compile(@Nullable GroupRules before) {
        List<AlikePods> inputs = selected.stream().map(Selected::pods).toList();
        if (before != null && areSame(before.inputs(), inputs)) {
            return before;
        }
        Map<Family, GroupRules.Part> parts = new EnumMap<>(Family.class);
        for (Family family : Family.values()) {
            parts.put(family, part(family));
        }
        return new GroupRules(inputs, parts);
    }

    @SuppressWarnings("ReferenceEquality") // pods that did not change are shared
    private static boolean areSame(List<AlikePods> one, List<AlikePods> other) {
        if (one.size() != other.size()) {
            return false;
        }
        for (int i = 0; i < one.size(); i++) {
            if (one.get(i) != other.get(i)) {
                return false;
            }
        }
        return true;
    }

    private GroupRules.Part part(Family family) {
        List<Allowed> ranges = disjoint(allowed.stream()
                .filter(each -> each.range().family() == family && !each.ports().isEmpty())
                .toList());
        Map<IpAddress, PortSet> pods = new HashMap<>();
        for (Selected each : selected) {
            for (PodFacts pod : each.pods().pods()) {
                for (IpAddress address : pod.addresses()) {
                    PortSet ports = each.ports().of(pod, address);
                    if (address.family() == family && !ports.isEmpty()) {
                        pods.merge(address, ports, PortSet::and);
                    }
                }
            }
        }
        Set<PortSet> used = new HashSet<>();
        PolicyTable own = PolicyTable.empty();
        Container peers = own.add(group.peers(), Container.Kind.VERDICTS);
        pods.forEach((address, ports) -> {
            PortSet byRange = byRange(address, ranges);
            PortSet both = ports.and(byRange);
            if (!both.equals(byRange)) {
                peers.elements().put(new Key.Address(address), verdict(both, used));
            }
        });
        Step.Side side = Step.Side.ofPeer(group.direction());
        List<Step> steps = new ArrayList<>();
        steps.add(new Step.Lookup(side, group.peers()));
        if (!ranges.isEmpty()) {
            steps.add(new Step.Blocks(
                    side,
                    ranges.stream()
                            .map(each -> new Step.Block(each.range(), verdict(each.ports(), used)))
                            .toList()));
        }
        steps.add(Step.Drop.DROP);
        own.add(new Chain(group.chain(), false, steps));
        return new GroupRules.Part(own, used);
    }

    private static PortSet byRange(IpAddress address, List<Allowed> ranges) {
        return ranges.stream()
                .filter(each -> each.range().contains(address))
                .findFirst()
                .map(Allowed::ports)
                .orElse(PortSet.NOTHING);
    }

    private static Verdict verdict(PortSet ports, Set<PortSet> used) {
        if (ports.everything()) {
            return Verdict.Return.RETURN;
        }
        used.add(ports);
        return new Verdict.Goto(ports.chain());
    }

    /** The same with ranges that have no address in common, in order. */
    private static List<Allowed> disjoint(List<Allowed> all) {
        TreeSet<BigInteger> begins = new TreeSet<>();
        all.forEach(each -> {
            begins.add(each.range().first());
            begins.add(each.range().last().add(BigInteger.ONE));
        });
        List<Allowed> merged = new ArrayList<>();
        for (BigInteger first : begins) {
            BigInteger next = begins.higher(first);
            if (next == null) {
                break;
            }
            BigInteger last = next.subtract(BigInteger.ONE);
            PortSet ports = all.stream()
                    .filter(each -> each.range().first().compareTo(first) <= 0
                            && each.range().last().compareTo(last) >= 0)
                    .map(Allowed::ports)
                    .reduce(PortSet.NOTHING, PortSet::and);
            if (ports.isEmpty()) {
                continue;
            }
            Family family = all.getFirst().range().family();
            Allowed before = merged.isEmpty() ? null : merged.getLast();
            if (before != null
                    && before.ports().equals(ports)
                    && before.range().last().add(BigInteger.ONE).equals(first)) {
                merged.set(
                        merged.size() - 1,
                        new Allowed(new AddressRange(family, before.range().first(), last), ports));
            } else {
                merged.add(new Allowed(new AddressRange(family, first, last), ports));
            }
        }
        return merged;
    }
}
