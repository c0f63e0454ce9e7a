package io.mokube.proxy.policy.compile;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.proxy.policy.model.Direction;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Rules for a set of policies, one table for each family. Made by {@link PolicyCompiler}; what did not change from one rule
 * set to the next is the same object in both.
 */
public final class PolicyRuleSet {

    /** The rules without any policy: none. */
    public static final PolicyRuleSet EMPTY = new PolicyRuleSet(0, Set.of(), List.of(), Set.of(), Map.of(), Map.of());

    private static final String FORWARD = "forward";

    private final int policies;
    private final Set<IpAddress> known;
    private final List<Cidr> guarded;
    private final Set<String> links;
    private final Map<Direction, Map<IpAddress, Group>> isolated;
    private final Map<Group, GroupRules> groups;

    PolicyRuleSet(
            int policies,
            Set<IpAddress> known,
            List<Cidr> guarded,
            Set<String> links,
            Map<Direction, Map<IpAddress, Group>> isolated,
            Map<Group, GroupRules> groups) {
        this.policies = policies;
        this.known = known;
        this.guarded = guarded;
        this.links = links;
        this.isolated = isolated;
        this.groups = groups;
    }

    Map<Group, GroupRules> groups() {
        return groups;
    }

    /** Whether there is no policy, and so no table. */
    public boolean isEmpty() {
        return policies == 0;
    }

    /** How many policies there are. */
    public int size() {
        return policies;
    }

    /** How many addresses of this machine's pods are isolated in a direction. */
    public int isolated(Direction direction) {
        return isolated.getOrDefault(direction, Map.of()).size();
    }

    /** A family's whole table; nothing without any policy. */
    public Optional<PolicyTable> table(Family family) {
        return isEmpty() ? Optional.empty() : Optional.of(part(family, any -> true));
    }

    /**
     * What differs from an older rule set in a family's table; neither of them is empty.
     */
    public PolicyDifference since(PolicyRuleSet before, Family family) {
        Predicate<Group> differs = group -> !same(before, this, group);
        return PolicyDifference.between(before.part(family, differs), part(family, differs));
    }

    @SuppressWarnings("ReferenceEquality") // the rules of a group that did not change are shared
    private static boolean same(PolicyRuleSet before, PolicyRuleSet after, Group group) {
        return before.groups.get(group) == after.groups.get(group);
    }

    /** What all share, and what belongs to those groups alone that are wanted. */
    private PolicyTable part(Family family, Predicate<Group> wanted) {
        PolicyTable table = PolicyTable.empty();
        table.add(forward(family));
        Container self = table.add(Container.SELF, Container.Kind.PAIRS);
        for (Direction direction : Direction.values()) {
            Container pods = table.add(Container.isolated(direction), Container.Kind.VERDICTS);
            isolated.getOrDefault(direction, Map.of()).forEach((address, group) -> {
                if (address.family() == family) {
                    pods.elements().put(new Key.Address(address), new Verdict.Jump(group.chain()));
                    self.add(new Key.Itself(address));
                }
            });
        }
        Container addresses = table.add(Container.KNOWN, Container.Kind.ADDRESSES);
        known.stream().filter(each -> each.family() == family).forEach(each -> addresses.add(new Key.Address(each)));
        Container ranges = table.add(Container.GUARDED, Container.Kind.RANGES);
        guarded.stream().filter(each -> each.family() == family).forEach(each -> ranges.add(new Key.Range(each)));
        if (family == Family.IPV6) {
            Container names = table.add(Container.LINKS, Container.Kind.LINKS);
            links.forEach(each -> names.add(new Key.Link(each)));
        }
        Set<PortSet> ports = new HashSet<>();
        groups.forEach((group, rules) -> {
            GroupRules.Part part = rules.part(family);
            ports.addAll(part.ports());
            if (wanted.test(group)) {
                table.addAll(part.own());
            }
        });
        ports.forEach(each -> table.add(new Chain(each.chain(), false, List.of(new Step.Ports(each), Step.Drop.DROP))));
        return table;
    }

    private static Chain forward(Family family) {
        List<Step> own = family == Family.IPV6
                ? List.of(
                        Step.Neighbours.NEIGHBOURS,
                        new Step.LinkLocal(Step.Side.SOURCE),
                        new Step.LinkLocal(Step.Side.DESTINATION))
                : List.of();
        List<Step> steps = new ArrayList<>();
        steps.add(Step.Established.ESTABLISHED);
        steps.addAll(own);
        steps.add(Step.ToItself.TO_ITSELF);
        steps.add(new Step.Unknown(Step.Side.SOURCE));
        steps.add(new Step.Unknown(Step.Side.DESTINATION));
        for (Direction direction : List.of(Direction.EGRESS, Direction.INGRESS)) {
            steps.add(new Step.Lookup(Step.Side.ofPod(direction), Container.isolated(direction)));
        }
        return new Chain(FORWARD, true, steps);
    }
}
