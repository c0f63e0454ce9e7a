package io.mokube.proxy.policy.compile;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.IpAddress;
import io.mokube.proxy.policy.model.AlikePods;
import io.mokube.proxy.policy.model.ClusterFacts;
import io.mokube.proxy.policy.model.Direction;
import io.mokube.proxy.policy.model.PodFacts;
import io.mokube.proxy.policy.model.PolicyFacts;
import io.mokube.proxy.policy.model.PortRule.NamedPort;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes rules of network policies. */
public final class PolicyCompiler {

    private static final Comparator<PodFacts> OLDEST_FIRST = Comparator.comparing(PodFacts::created)
            .thenComparing(pod -> pod.key().toString());

    private PolicyCompiler() {}

    /**
     * Rules for one machine.
     *
     * @param before rules made earlier, which only save work: those of pods that nothing happened to are taken over
     */
    public static PolicyRuleSet compile(ClusterFacts facts, @Nullable PolicyRuleSet before) {
        if (facts.policies().isEmpty()) {
            return PolicyRuleSet.EMPTY;
        }
        Map<IpAddress, PodFacts> owners = owners(facts);
        Map<Direction, Map<IpAddress, Group>> isolated = new EnumMap<>(Direction.class);
        Map<Group, GroupRules> groups = new HashMap<>();
        for (Direction direction : Direction.values()) {
            Map<IpAddress, Group> ofDirection = isolated(facts, direction, owners);
            isolated.put(direction, ofDirection);
            Set.copyOf(ofDirection.values())
                    .forEach(group -> groups.put(
                            group,
                            new GroupCompiler(group, facts)
                                    .compile(
                                            before == null
                                                    ? null
                                                    : before.groups().get(group))));
        }
        return new PolicyRuleSet(
                facts.policies().size(),
                owners.keySet(),
                Cidr.disjoint(facts.podRanges()),
                facts.podLinks(),
                isolated,
                groups);
    }

    /** Whose address it is: of two pods of this machine with the same one, the newer's; the other is about to be gone. */
    private static Map<IpAddress, PodFacts> owners(ClusterFacts facts) {
        Map<IpAddress, PodFacts> owners = new LinkedHashMap<>();
        facts.pods().stream()
                .flatMap(each -> each.pods().stream())
                .filter(facts::isHere)
                .sorted(OLDEST_FIRST)
                .forEach(pod -> pod.addresses().forEach(address -> owners.put(address, pod)));
        return owners;
    }

    private static Map<IpAddress, Group> isolated(
            ClusterFacts facts, Direction direction, Map<IpAddress, PodFacts> owners) {
        Map<AlikePods.Shape, List<PolicyFacts>> selecting = new HashMap<>();
        Map<IpAddress, Group> isolated = new HashMap<>();
        owners.forEach((address, pod) -> {
            List<PolicyFacts> policies = selecting.computeIfAbsent(
                    pod.shape(),
                    shape -> facts.policies().stream()
                            .filter(each -> each.isolates(shape, direction))
                            .sorted(Comparator.comparing(each -> each.key().toString()))
                            .toList());
            if (!policies.isEmpty()) {
                isolated.put(address, new Group(direction, policies, ports(policies, direction, pod)));
            }
        });
        return isolated;
    }

    /** Of the pod's ports those that policies of ingress name. */
    private static Map<NamedPort, Integer> ports(List<PolicyFacts> policies, Direction direction, PodFacts pod) {
        Map<NamedPort, Integer> ports = new HashMap<>();
        if (direction == Direction.INGRESS) {
            policies.stream()
                    .flatMap(each -> each.allowed(direction).stream())
                    .flatMap(rule -> GroupCompiler.named(rule).stream())
                    .forEach(name -> {
                        Integer number = pod.ports().get(name);
                        if (number != null) {
                            ports.put(name, number);
                        }
                    });
        }
        return Map.copyOf(ports);
    }
}
