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
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes rules of services. */
public final class RuleCompiler {

    private RuleCompiler() {}

    /** Rules for these services on that node. */
    @SuppressWarnings("ReferenceEquality") // facts that did not change are shared
    public static RuleSet compile(Collection<ServiceFacts> services, Placement placement) {
        return compile(services, placement, null);
    }

    /**
     * The same as without a rule set made before; that one only saves work for services whose facts are the same objects.
     */
    @SuppressWarnings("ReferenceEquality") // facts that did not change are shared
    public static RuleSet compile(Collection<ServiceFacts> services, Placement placement, @Nullable RuleSet previous) {
        Map<ObjectKey, Set<Frontend>> denied = denied(services, placement);
        Map<ObjectKey, ServiceRules> reusable =
                previous != null && previous.placement().equals(placement) ? previous.services() : Map.of();
        Map<ObjectKey, ServiceRules> rules = LinkedHashMap.newLinkedHashMap(services.size());
        for (ServiceFacts service : services) {
            Set<Frontend> without = denied.getOrDefault(service.key(), Set.of());
            ServiceRules known = reusable.get(service.key());
            boolean same =
                    known != null && known.facts() == service && known.denied().equals(without);
            rules.put(service.key(), same ? known : new ServiceCompiler(service, without, placement).compile());
        }
        return new RuleSet(placement, rules);
    }

    /**
     * Addresses that anybody may write into a service could be another's. The frontends that a service must leave alone: a
     * cluster IP belongs to its service with all ports, and anything else to the first service by name.
     */
    private static Map<ObjectKey, Set<Frontend>> denied(Collection<ServiceFacts> services, Placement placement) {
        List<ServiceFacts> external = services.stream()
                .filter(RuleCompiler::isExternal)
                .sorted(Comparator.comparing(service -> service.key().toString()))
                .toList();
        if (external.isEmpty()) {
            return Map.of();
        }
        Set<IpAddress> clusterIps = HashSet.newHashSet(services.size());
        services.forEach(service -> clusterIps.addAll(service.clusterIps()));
        Map<Frontend, ObjectKey> owners = new HashMap<>();
        Map<ObjectKey, Set<Frontend>> denied = new HashMap<>();
        for (ServiceFacts service : external) {
            for (ServicePort port : service.ports()) {
                for (Frontend frontend :
                        externalFrontends(service, port, placement.node().addresses())) {
                    if (clusterIps.contains(frontend.address())
                            || !service.key().equals(owners.computeIfAbsent(frontend, any -> service.key()))) {
                        denied.computeIfAbsent(service.key(), any -> new HashSet<>())
                                .add(frontend);
                    }
                }
            }
        }
        return denied;
    }

    private static boolean isExternal(ServiceFacts service) {
        return !service.externalIps().isEmpty()
                || !service.loadBalancerIps().isEmpty()
                || service.ports().stream().anyMatch(port -> port.nodePort() != 0);
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
