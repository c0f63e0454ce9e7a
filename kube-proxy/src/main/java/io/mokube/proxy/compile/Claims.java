package io.mokube.proxy.compile;

import io.mokube.machinery.address.IpAddress;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.proxy.compile.ElementKey.Frontend;
import io.mokube.proxy.model.Placement;
import io.mokube.proxy.model.ServiceFacts;
import io.mokube.proxy.model.ServicePort;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who wants which addresses. Those that anybody may write into a service could be another's: a cluster IP belongs to its
 * service with all ports, and anything else to the first service by name.
 *
 * @param clusterIps of how many services an address is a cluster IP
 * @param addresses how many times an address is claimed from outside
 * @param claimants the services that claim a frontend from outside, by name
 */
record Claims(
        SharedMap<IpAddress, Integer> clusterIps,
        SharedMap<IpAddress, Integer> addresses,
        SharedMap<Frontend, List<ObjectKey>> claimants) {

    static final Claims NONE = new Claims(SharedMap.empty(), SharedMap.empty(), SharedMap.empty());

    /** Next claims being made. */
    static final class Editor {

        private final Claims before;
        private final Placement placement;
        private final UseCounts<IpAddress> clusterIps;
        private final UseCounts<IpAddress> addresses;
        private final SharedMap.Editor<Frontend, List<ObjectKey>> claimants;
        private final Set<ObjectKey> affected = new HashSet<>();

        Editor(Claims before, Placement placement) {
            this.before = before;
            this.placement = placement;
            clusterIps = new UseCounts<>(before.clusterIps);
            addresses = new UseCounts<>(before.addresses);
            claimants = before.claimants.edit();
        }

        void add(ServiceFacts service) {
            for (IpAddress address : service.clusterIps()) {
                clusterIps.add(address);
                affectClaimants(address);
            }
            for (Frontend frontend : external(service)) {
                addresses.add(frontend.address());
                List<ObjectKey> all = new ArrayList<>(claimants(frontend));
                all.add(service.key());
                all.sort(Comparator.comparing(ObjectKey::toString));
                claim(frontend, all);
            }
        }

        void remove(ServiceFacts service) {
            for (IpAddress address : service.clusterIps()) {
                clusterIps.remove(address);
                affectClaimants(address);
            }
            for (Frontend frontend : external(service)) {
                addresses.remove(frontend.address());
                List<ObjectKey> all = new ArrayList<>(claimants(frontend));
                all.remove(service.key());
                claim(frontend, all);
            }
        }

        /** The services that may have won or lost a frontend, beside those that were added and removed. */
        Set<ObjectKey> affected() {
            return affected;
        }

        /** The frontends that a service must leave alone. */
        Set<Frontend> denied(ServiceFacts service) {
            Set<Frontend> denied = new HashSet<>();
            for (Frontend frontend : external(service)) {
                if (clusterIps.get(frontend.address()) > 0
                        || !service.key().equals(claimants(frontend).getFirst())) {
                    denied.add(frontend);
                }
            }
            return denied;
        }

        Claims done() {
            return new Claims(clusterIps.done(), addresses.done(), claimants.done());
        }

        private List<ObjectKey> claimants(Frontend frontend) {
            @Nullable List<ObjectKey> all = claimants.get(frontend);
            return all == null ? List.of() : all;
        }

        private void claim(Frontend frontend, List<ObjectKey> now) {
            affected.addAll(claimants(frontend));
            affected.addAll(now);
            if (now.isEmpty()) {
                claimants.remove(frontend);
            } else {
                claimants.put(frontend, List.copyOf(now));
            }
        }

        /** Hardly ever does somebody claim what is a cluster IP; only then all claims are looked at. */
        private void affectClaimants(IpAddress clusterIp) {
            if (addresses.get(clusterIp) > 0) {
                before.claimants.forEach((frontend, keys) -> {
                    if (frontend.address().equals(clusterIp)) {
                        affected.addAll(keys);
                    }
                });
            }
        }

        private Collection<Frontend> external(ServiceFacts service) {
            Set<Frontend> all = new HashSet<>();
            for (ServicePort port : service.ports()) {
                all.addAll(RuleCompiler.externalFrontends(
                        service, port, placement.node().addresses()));
            }
            return all;
        }
    }
}
