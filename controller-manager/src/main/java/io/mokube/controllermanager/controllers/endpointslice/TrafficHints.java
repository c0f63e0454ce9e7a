package io.mokube.controllermanager.controllers.endpointslice;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointFluent;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.services.ServiceFacts;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How a service wants its traffic routed, and the hints on endpoints that say so to proxies. Pure. */
final class TrafficHints {

    private static final String TOPOLOGY_MODE = "service.kubernetes.io/topology-mode";
    private static final String OLD_TOPOLOGY_MODE = "service.kubernetes.io/topology-aware-hints";

    private TrafficHints() {}

    /** Where a service wants its traffic to go. */
    enum Wish {
        /** To any endpoint: no hints. */
        ANYWHERE,
        /** To endpoints of the client's zone: each ready endpoint is for its own zone. */
        SAME_ZONE,
        /** To endpoints of the client's node, then zone. */
        SAME_NODE,
        /** To zones in proportion to their size, see {@link ZoneHints}. */
        BY_ZONE_SIZE
    }

    /** What the service wants. The annotation has precedence over the field. */
    static Wish of(Service service) {
        Map<String, String> annotations = Ownership.annotations(service);
        @Nullable String mode = annotations.getOrDefault(OLD_TOPOLOGY_MODE, annotations.get(TOPOLOGY_MODE));
        if ("Auto".equals(mode) || "auto".equals(mode)) {
            return Wish.BY_ZONE_SIZE;
        }
        @Nullable String distribution = ServiceFacts.spec(service).getTrafficDistribution();
        if ("PreferSameNode".equals(distribution)) {
            return Wish.SAME_NODE;
        }
        return "PreferClose".equals(distribution) || "PreferSameZone".equals(distribution)
                ? Wish.SAME_ZONE
                : Wish.ANYWHERE;
    }

    /** The endpoint without hints. */
    static Endpoint without(Endpoint endpoint) {
        return endpoint.getHints() == null
                ? endpoint
                : new EndpointBuilder(endpoint).withHints(null).build();
    }

    /** The endpoint for clients of its own zone and, if wanted, node. One that is not ready is for nobody. */
    static Endpoint close(Endpoint endpoint, boolean node) {
        @Nullable String zone = endpoint.getZone();
        @Nullable String nodeName = node ? endpoint.getNodeName() : null;
        if (!EndpointFacts.isReady(endpoint) || (zone == null && nodeName == null)) {
            return without(endpoint);
        }
        EndpointFluent<EndpointBuilder>.HintsNested<EndpointBuilder> hints =
                new EndpointBuilder(endpoint).withNewHints();
        if (zone != null) {
            hints.addNewForZone(zone);
        }
        if (nodeName != null) {
            hints.addNewForNode(nodeName);
        }
        return hints.endHints().build();
    }

    /** The endpoint for clients of one zone. */
    static Endpoint forZone(Endpoint endpoint, String zone) {
        return new EndpointBuilder(endpoint)
                .withNewHints()
                .addNewForZone(zone)
                .endHints()
                .build();
    }
}
