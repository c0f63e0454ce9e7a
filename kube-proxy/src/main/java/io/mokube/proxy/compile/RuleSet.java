package io.mokube.proxy.compile;

import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.proxy.compile.ElementKey.Frontend;
import io.mokube.proxy.compile.ElementValue.Target;
import io.mokube.proxy.model.Placement;
import io.mokube.proxy.model.Protocol;
import io.mokube.proxy.model.ServiceFacts;
import io.mokube.proxy.model.ServicePort;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Rules for a set of services, one table for each family. Made by {@link RuleCompiler}; what did not change from one rule
 * set to the next is the same object in both, so that their difference is found without looking at it.
 */
public final class RuleSet {

    private final Placement placement;
    private final SharedMap<ObjectKey, ServiceRules> services;
    private final Claims claims;
    private final Map<Family, Uses> uses;

    /**
     * What services of one family use that is not their own.
     *
     * @param chains how many use a chain
     * @param hairpins how many have an endpoint on this node
     */
    private record Uses(SharedMap<SharedChain, Integer> chains, SharedMap<IpAddress, Integer> hairpins) {}

    private RuleSet(
            Placement placement, SharedMap<ObjectKey, ServiceRules> services, Claims claims, Map<Family, Uses> uses) {
        this.placement = placement;
        this.services = services;
        this.claims = claims;
        this.uses = uses;
    }

    /** Rules for no services. */
    public static RuleSet empty(Placement placement) {
        Uses none = new Uses(SharedMap.empty(), SharedMap.empty());
        return new RuleSet(placement, SharedMap.empty(), Claims.NONE, Map.of(Family.IPV4, none, Family.IPV6, none));
    }

    Placement placement() {
        return placement;
    }

    SharedMap<ObjectKey, ServiceRules> services() {
        return services;
    }

    Claims claims() {
        return claims;
    }

    /** What the rules of a service were made from; nothing when there is no such service. */
    Optional<ServiceFacts> facts(ObjectKey service) {
        return Optional.ofNullable(services.get(service)).map(ServiceRules::facts);
    }

    /** A family's whole table. */
    public Contents table(Family family) {
        Contents contents = Frame.of(family, placement);
        Uses used = uses(family);
        used.chains().forEach((chain, count) -> add(contents, family, chain));
        used.hairpins().forEach((address, count) -> add(contents, address));
        services.forEach((key, rules) -> add(contents, family, rules));
        return contents;
    }

    /** How many services there are. */
    public int size() {
        return services.size();
    }

    /** What differs from an older rule set in a family's table. */
    public Difference since(RuleSet before, Family family) {
        if (!before.placement.equals(placement)) {
            return Difference.between(before.table(family), table(family));
        }
        Contents old = Contents.empty();
        Contents now = Contents.empty();
        for (SharedChain chain :
                uses(family).chains().changedSince(before.uses(family).chains())) {
            addIfUsed(old, family, before.uses(family), chain);
            addIfUsed(now, family, uses(family), chain);
        }
        for (IpAddress address :
                uses(family).hairpins().changedSince(before.uses(family).hairpins())) {
            addIfUsed(old, before.uses(family), address);
            addIfUsed(now, uses(family), address);
        }
        for (ObjectKey key : services.changedSince(before.services)) {
            add(old, family, before.services.get(key));
            add(now, family, services.get(key));
        }
        return Difference.between(old, now);
    }

    private Uses uses(Family family) {
        return Objects.requireNonNull(uses.get(family));
    }

    private void addIfUsed(Contents contents, Family family, Uses used, SharedChain chain) {
        if (used.chains().get(chain) != null) {
            add(contents, family, chain);
        }
    }

    private static void addIfUsed(Contents contents, Uses used, IpAddress hairpin) {
        if (used.hairpins().get(hairpin) != null) {
            add(contents, hairpin);
        }
    }

    private void add(Contents contents, Family family, SharedChain chain) {
        contents.add(chain.chain(placement.clusterCidrs(family)));
    }

    private static void add(Contents contents, IpAddress hairpin) {
        contents.add(Container.HAIRPIN, new ElementKey.Hairpin(hairpin), ElementValue.Present.PRESENT);
    }

    private static void add(Contents contents, Family family, @Nullable ServiceRules rules) {
        ServiceRules.Part part = rules == null ? null : rules.parts().get(family);
        if (part != null) {
            contents.addAll(part.own());
        }
    }

    /**
     * Where connections to frontends may go whose protocol does not end them: to endpoints that serve, whichever of them
     * new connections get.
     */
    public Map<Frontend, Set<Target>> connectionlessTargets() {
        Map<Frontend, Set<Target>> targets = new HashMap<>();
        services.forEach((key, rules) -> {
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

    /** A next rule set being made from another for the same placement. */
    static final class Editor {

        private final Placement placement;
        private final SharedMap.Editor<ObjectKey, ServiceRules> services;
        private final Map<Family, UseCounts<SharedChain>> chains = new EnumMap<>(Family.class);
        private final Map<Family, UseCounts<IpAddress>> hairpins = new EnumMap<>(Family.class);

        Editor(RuleSet before) {
            placement = before.placement;
            services = before.services.edit();
            before.uses.forEach((family, used) -> {
                chains.put(family, new UseCounts<>(used.chains()));
                hairpins.put(family, new UseCounts<>(used.hairpins()));
            });
        }

        void replace(ObjectKey service, @Nullable ServiceRules before, @Nullable ServiceRules now) {
            if (now != null) {
                now.parts().forEach((family, part) -> {
                    part.shared().forEach(chains(family)::add);
                    part.hairpins().forEach(hairpins(family)::add);
                });
                services.put(service, now);
            } else {
                services.remove(service);
            }
            if (before != null) {
                before.parts().forEach((family, part) -> {
                    part.shared().forEach(chains(family)::remove);
                    part.hairpins().forEach(hairpins(family)::remove);
                });
            }
        }

        private UseCounts<SharedChain> chains(Family family) {
            return Objects.requireNonNull(chains.get(family));
        }

        private UseCounts<IpAddress> hairpins(Family family) {
            return Objects.requireNonNull(hairpins.get(family));
        }

        RuleSet done(Claims claims) {
            Map<Family, Uses> uses = new EnumMap<>(Family.class);
            chains.keySet()
                    .forEach(family -> uses.put(
                            family,
                            new Uses(chains(family).done(), hairpins(family).done())));
            return new RuleSet(placement, services.done(), claims, uses);
        }
    }
}
