package io.mokube.proxy.compile;

import io.mokube.machinery.address.Cidr;
import io.mokube.machinery.address.Family;
import io.mokube.machinery.address.IpAddress;
import io.mokube.proxy.compile.ElementKey.Choice;
import io.mokube.proxy.compile.ElementKey.Frontend;
import io.mokube.proxy.compile.Rule.Action;
import io.mokube.proxy.compile.Rule.Condition;
import io.mokube.proxy.model.Endpoint;
import io.mokube.proxy.model.Placement;
import io.mokube.proxy.model.ServiceFacts;
import io.mokube.proxy.model.ServicePort;
import io.mokube.proxy.model.Usable;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Makes rules of one service. */
final class ServiceCompiler {

    private static final ElementValue REFUSE = new ElementValue.Goto(Frame.REFUSE);

    private final ServiceFacts service;
    private final Set<Frontend> denied;
    private final Placement placement;

    ServiceCompiler(ServiceFacts service, Set<Frontend> denied, Placement placement) {
        this.service = service;
        this.denied = denied;
        this.placement = placement;
    }

    ServiceRules compile() {
        Map<Family, ServiceRules.Part> parts = new EnumMap<>(Family.class);
        for (Family family : RuleCompiler.families(service)) {
            FamilyPart part = new FamilyPart(family);
            part.compile();
            parts.put(family, new ServiceRules.Part(part.own, part.shared, part.hairpins));
        }
        return new ServiceRules(service, denied, parts);
    }

    /** The service's contribution to one table. */
    private final class FamilyPart {

        private final Family family;
        private final List<Cidr> pods;
        private final Contents own = Contents.empty();
        private final Set<SharedChain> shared = new HashSet<>();
        private final Set<IpAddress> hairpins = new HashSet<>();

        FamilyPart(Family family) {
            this.family = family;
            pods = placement.clusterCidrs(family);
        }

        void compile() {
            for (IpAddress address : service.clusterIps()) {
                if (address.family() == family) {
                    own.add(Container.CLUSTER_IPS, new ElementKey.Single(address), ElementValue.Present.PRESENT);
                }
            }
            for (ServicePort port : service.ports()) {
                compile(port);
            }
        }

        private void compile(ServicePort port) {
            Usable usable = Usable.of(port.endpoints(family), placement.node());
            List<Endpoint> inside = service.internalLocal() ? usable.local() : usable.cluster();
            Set<Endpoint> used = new HashSet<>();
            for (IpAddress address : service.clusterIps()) {
                Frontend frontend = new Frontend(address, port.protocol(), port.port());
                if (address.family() == family) {
                    if (inside.isEmpty()) {
                        own.add(Container.NO_ENDPOINTS, frontend, usable.anywhere() ? ElementValue.Drop.DROP : REFUSE);
                    } else {
                        String chain = service.internalLocal() && service.hasAffinity()
                                ? sticky(Container.STICKY_LOCAL_ENDPOINTS, port, frontend, inside)
                                : toOneOf(port, frontend, inside);
                        own.add(Container.SERVICES, frontend, new ElementValue.Goto(chain));
                        used.addAll(inside);
                    }
                }
            }
            for (Frontend frontend : RuleCompiler.externalFrontends(
                    service, port, placement.node().addresses())) {
                if (frontend.address().family() == family && !denied.contains(frontend)) {
                    external(port, frontend, usable);
                    used.addAll(usable.cluster());
                    used.addAll(service.externalLocal() ? usable.local() : List.of());
                }
            }
            firewall(port);
            for (Endpoint endpoint : used) {
                if (placement.node().has(endpoint)) {
                    hairpins.add(endpoint.address());
                }
                if (service.hasAffinity()) {
                    rememberingChain(port, endpoint);
                }
            }
        }

        private void external(ServicePort port, Frontend frontend, Usable usable) {
            if (!usable.anywhere()) {
                own.add(Container.NO_ENDPOINTS, frontend, REFUSE);
                return;
            }
            String toOneOf = toOneOf(port, frontend, usable.cluster());
            String masquerading = masquerading(port, usable.cluster());
            String chain =
                    service.externalLocal() ? local(port, frontend, toOneOf, masquerading, usable) : masquerading;
            own.add(Container.SERVICES, frontend, new ElementValue.Goto(chain));
        }

        /** The chain that sends a connection to one of the endpoints. */
        private String toOneOf(ServicePort port, Frontend frontend, List<Endpoint> endpoints) {
            if (service.hasAffinity()) {
                return sticky(Container.STICKY_ENDPOINTS, port, frontend, endpoints);
            }
            for (int i = 0; i < endpoints.size(); i++) {
                own.add(Container.endpoints(port.protocol()), new Choice(frontend, i), target(endpoints.get(i)));
            }
            return share(new SharedChain.Pick(endpoints.size()));
        }

        /** The chain that does the same for clients outside the cluster. */
        private String masquerading(ServicePort port, List<Endpoint> endpoints) {
            if (!service.hasAffinity()) {
                return share(new SharedChain.Masquerade(endpoints.size()));
            }
            String name = chainName("masquerade", port);
            own.add(Chain.of(
                    name,
                    Rule.always(Action.Mark.MARK),
                    Rule.always(new Action.Goto(stickyName(Container.STICKY_ENDPOINTS, port)))));
            return name;
        }

        /** The chain that gives clients outside the cluster endpoints of this node only. */
        private String local(ServicePort port, Frontend frontend, String toOneOf, String masquerading, Usable usable) {
            List<Endpoint> local = usable.local();
            if (!service.hasAffinity()) {
                for (int i = 0; i < local.size(); i++) {
                    own.add(Container.localEndpoints(port.protocol()), new Choice(frontend, i), target(local.get(i)));
                }
                return share(
                        new SharedChain.Local(local.size(), usable.cluster().size()));
            }
            List<Rule> rules = new ArrayList<>(
                    SharedChain.Local.inside(pods, new Action.Goto(toOneOf), new Action.Goto(masquerading)));
            rules.add(Rule.always(
                    local.isEmpty()
                            ? Action.Drop.DROP
                            : new Action.Goto(sticky(Container.STICKY_LOCAL_ENDPOINTS, port, frontend, local))));
            String name = chainName("local", port);
            own.add(Chain.of(name, rules));
            return name;
        }

        private String share(SharedChain chain) {
            shared.add(chain);
            return chain.name();
        }

        /** The chain that sends a client to the endpoint that remembers it, and a new one to any. */
        private String sticky(Container map, ServicePort port, Frontend frontend, List<Endpoint> endpoints) {
            List<Rule> rules = new ArrayList<>();
            for (int i = 0; i < endpoints.size(); i++) {
                String endpoint = endpointName("endpoint", port, endpoints.get(i));
                rules.add(Rule.when(
                        new Condition.SourceRemembered(endpointName("affinity", port, endpoints.get(i))),
                        new Action.Goto(endpoint)));
                own.add(map, new Choice(frontend, i), new ElementValue.Goto(endpoint));
            }
            rules.add(Rule.always(new Action.Choose(map, endpoints.size())));
            own.add(Chain.of(stickyName(map, port), rules));
            return stickyName(map, port);
        }

        private String stickyName(Container map, ServicePort port) {
            return chainName(map == Container.STICKY_LOCAL_ENDPOINTS ? "sticky-local" : "sticky", port);
        }

        private void rememberingChain(ServicePort port, Endpoint endpoint) {
            String set = endpointName("affinity", port, endpoint);
            own.affinitySets().add(set);
            own.add(Chain.of(
                    endpointName("endpoint", port, endpoint),
                    Rule.always(new Action.Remember(set, service.affinity())),
                    Rule.when(new Condition.Speaks(port.protocol()), new Action.SendTo(target(endpoint)))));
        }

        /**
         * Keeps away who may not use the load balancer's addresses. Where the node itself may, those addresses may too:
         * what the node sends to them can have them as its source.
         */
        private void firewall(ServicePort port) {
            List<Cidr> allowed = new ArrayList<>(service.sourceRanges(family));
            List<IpAddress> addresses = service.loadBalancerIps().stream()
                    .filter(each -> each.family() == family)
                    .toList();
            boolean everybody = allowed.stream().anyMatch(range -> range.prefix() == 0);
            if (allowed.isEmpty() || everybody || addresses.isEmpty()) {
                return;
            }
            if (placement.node().addresses().stream()
                    .anyMatch(node -> allowed.stream().anyMatch(range -> range.contains(node)))) {
                addresses.stream()
                        .filter(each -> allowed.stream().noneMatch(range -> range.contains(each)))
                        .forEach(each -> allowed.add(Cidr.of(each)));
            }
            String chain = chainName("firewall", port);
            for (IpAddress address : addresses) {
                Frontend frontend = new Frontend(address, port.protocol(), port.port());
                if (!denied.contains(frontend)) {
                    own.add(Container.FIREWALL, frontend, new ElementValue.Jump(chain));
                }
            }
            own.add(Chain.of(
                    chain, Rule.when(new Condition.SourceIn(Cidr.disjoint(allowed), false), Action.Drop.DROP)));
        }

        private static ElementValue.Target target(Endpoint endpoint) {
            return new ElementValue.Target(endpoint.address(), endpoint.port());
        }

        /** Port names are unique in a service; a port without one is the only one. */
        private String chainName(String kind, ServicePort port) {
            String name = port.name().isEmpty() ? port.protocol().name().toLowerCase(Locale.ROOT) : port.name();
            return kind + "/" + service.key().namespace() + "/" + service.key().name() + "/" + name;
        }

        private String endpointName(String kind, ServicePort port, Endpoint endpoint) {
            // Names in nftables have no colons.
            return chainName(kind, port) + "/" + endpoint.address().text().replace(':', '.') + "/" + endpoint.port();
        }
    }
}
