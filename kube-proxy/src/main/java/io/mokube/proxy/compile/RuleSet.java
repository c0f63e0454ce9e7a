package io.mokube.proxy.compile;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.proxy.compile.ElementKey.Frontend;
import io.mokube.proxy.compile.ElementValue.Target;
import io.mokube.proxy.model.Placement;
import io.mokube.proxy.model.Protocol;
import io.mokube.proxy.model.ServiceFacts;
import io.mokube.proxy.model.ServicePort;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Rules for a set of services, one table for each family. Made by {@link RuleCompiler}; what did not change from one rule
 * set to the next is the same object in both, so that their difference is found without looking at it.
 */
public final class RuleSet {

    private final Placement placement;
    private final Map<ObjectKey, ServiceRules> services;

    RuleSet(Placement placement, Map<ObjectKey, ServiceRules> services) {
        this.placement = placement;
        this.services = services;
    }

    Placement placement() {
        return placement;
    }

    Map<ObjectKey, ServiceRules> services() {
        return services;
    }

    /** A family's whole table. */
    public Contents table(Family family) {
        return part(family, any -> true);
    }

    /** How many services there are. */
    public int size() {
        return services.size();
    }

    /**
     * What differs from an older rule set in a family's table.
     */
    public Difference since(RuleSet before, Family family) {
        return Difference.between(
                before.part(family, key -> !same(before, this, key)), part(family, key -> !same(before, this, key)));
    }

    @SuppressWarnings("ReferenceEquality") // the rules of a service that did not change are shared
    private static boolean same(RuleSet before, RuleSet after, ObjectKey service) {
        return before.services.get(service) == after.services.get(service);
    }

    /**
     * Where connections to frontends may go whose protocol does not end them: to endpoints that serve, whichever of them
     * new connections get.
     */
    public Map<Frontend, Set<Target>> connectionlessTargets() {
        Map<Frontend, Set<Target>> targets = new HashMap<>();
        services.values().forEach(rules -> {
            ServiceFacts service = rules.facts();
            for (ServicePort port : service.ports()) {
                if (port.protocol() != Protocol.TCP) {
                    for (Frontend frontend : RuleCompiler.frontends(service, port, placement)) {
                        if (!rules.denied().contains(frontend)) {
                            targets.put(frontend, serving(port));
                        }
                    }
                }
            }
        });
        return targets;
    }

    private static Set<Target> serving(ServicePort port) {
        return port.endpoints().stream()
                .filter(each -> each.ready() || each.servesToTheEnd())
                .map(each -> new Target(each.address(), each.port()))
                .collect(Collectors.toSet());
    }

    /** The frame, what services share, and what belongs to those services alone that are wanted. */
    private Contents part(Family family, Predicate<ObjectKey> wanted) {
        Contents contents = Frame.of(family, placement);
        Set<SharedChain> shared = new HashSet<>();
        services.forEach((key, rules) -> {
            ServiceRules.Part part = rules.parts().get(family);
            if (part != null) {
                shared.addAll(part.shared());
                part.hairpins()
                        .forEach(each -> contents.add(
                                Container.HAIRPIN, new ElementKey.Hairpin(each), ElementValue.Present.PRESENT));
                if (wanted.test(key)) {
                    contents.addAll(part.own());
                }
            }
        });
        List<Cidr> clusterCidrs = placement.clusterCidrs(family);
        shared.forEach(each -> contents.add(each.chain(clusterCidrs)));
        return contents;
    }
}
