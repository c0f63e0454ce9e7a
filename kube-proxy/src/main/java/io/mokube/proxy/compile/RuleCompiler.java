package io.mokube.proxy.compile;

import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.proxy.compile.ElementKey.Frontend;
import io.mokube.proxy.model.Placement;
import io.mokube.proxy.model.Protocol;
import io.mokube.proxy.model.ServiceFacts;
import io.mokube.proxy.model.ServicePort;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Makes rules of services. */
public final class RuleCompiler {

    private RuleCompiler() {}

    /** Rules for these services on that node. */
    public static RuleSet compile(Collection<ServiceFacts> services, Placement placement) {
        Map<ObjectKey, Optional<ServiceFacts>> all = LinkedHashMap.newLinkedHashMap(services.size());
        services.forEach(service -> all.put(service.key(), Optional.of(service)));
        return compile(all, RuleSet.empty(placement));
    }

    /**
     * The rules that follow others after some services changed. What it costs depends on the changes and not on how many
     * services there are, unless the node changed too.
     *
     * @param changes what is known of each changed service now; nothing of one that is gone
     */
    public static RuleSet compile(
            Map<ObjectKey, Optional<ServiceFacts>> changes, Placement placement, RuleSet previous) {
        if (previous.placement().equals(placement)) {
            return compile(changes, previous);
        }
        Map<ObjectKey, Optional<ServiceFacts>> all = new HashMap<>();
        previous.services().forEach((key, rules) -> all.put(key, Optional.of(rules.facts())));
        all.putAll(changes);
        return compile(all, RuleSet.empty(placement));
    }

    @SuppressWarnings("ReferenceEquality") // facts that did not change are shared
    private static RuleSet compile(Map<ObjectKey, Optional<ServiceFacts>> changes, RuleSet previous) {
        Placement placement = previous.placement();
        Claims.Editor claims = new Claims.Editor(previous.claims(), placement);
        changes.forEach((key, now) -> {
            previous.facts(key).ifPresent(claims::remove);
            now.ifPresent(claims::add);
        });
        Set<ObjectKey> affected = new LinkedHashSet<>(changes.keySet());
        affected.addAll(claims.affected());
        RuleSet.Editor next = new RuleSet.Editor(previous);
        for (ObjectKey key : affected) {
            Optional<ServiceFacts> now = changes.getOrDefault(key, previous.facts(key));
            ServiceRules before = previous.services().get(key);
            if (now.isEmpty()) {
                next.replace(key, before, null);
                continue;
            }
            Set<Frontend> denied = claims.denied(now.get());
            if (before == null
                    || before.facts() != now.get()
                    || !before.denied().equals(denied)) {
                next.replace(key, before, new ServiceCompiler(now.get(), denied, placement).compile());
            }
        }
        return next.done(claims.done());
    }

    /** Where clients outside the cluster find the port: addresses of the service's families. */
    static List<Frontend> externalFrontends(ServiceFacts service, ServicePort port, List<IpAddress> nodeAddresses) {
        List<Family> families = families(service);
        List<Frontend> frontends = new ArrayList<>();
        for (IpAddress address : service.externalIps()) {
            add(frontends, families, address, port.protocol(), port.port());
        }
        for (IpAddress address : service.loadBalancerIps()) {
            add(frontends, families, address, port.protocol(), port.port());
        }
        if (port.nodePort() != 0) {
            for (IpAddress address : nodeAddresses) {
                add(frontends, families, address, port.protocol(), port.nodePort());
            }
        }
        return frontends;
    }

    private static void add(
            List<Frontend> frontends, List<Family> families, IpAddress address, Protocol protocol, int port) {
        if (families.contains(address.family())) {
            frontends.add(new Frontend(address, protocol, port));
        }
    }

    /** Where anybody finds the port. */
    static List<Frontend> frontends(ServiceFacts service, ServicePort port, Placement placement) {
        List<Frontend> frontends =
                externalFrontends(service, port, placement.node().addresses());
        service.clusterIps().forEach(each -> frontends.add(new Frontend(each, port.protocol(), port.port())));
        return frontends;
    }

    /** The families that a service has: those of its cluster IPs. */
    static List<Family> families(ServiceFacts service) {
        return service.clusterIps().stream().map(IpAddress::family).distinct().toList();
    }
}
