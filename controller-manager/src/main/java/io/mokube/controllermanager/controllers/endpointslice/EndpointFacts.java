package io.mokube.controllermanager.controllers.endpointslice;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointConditions;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointHints;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What tells endpoints apart, and when two say the same. Pure. */
final class EndpointFacts {

    private EndpointFacts() {}

    /** Endpoints of one identity are one endpoint, whatever else changes about it. */
    record Identity(List<String> addresses, String hostname, String namespace, String name) {

        static Identity of(Endpoint endpoint) {
            @Nullable ObjectReference target = endpoint.getTargetRef();
            return new Identity(
                    endpoint.getAddresses().stream().sorted().toList(),
                    orEmpty(endpoint.getHostname()),
                    target == null ? "" : orEmpty(target.getNamespace()),
                    target == null ? "" : orEmpty(target.getName()));
        }
    }

    /** Whether two endpoints of one identity say the same, apart from hints. */
    static boolean sameWithoutHints(Endpoint one, Endpoint other) {
        return Objects.equals(one.getNodeName(), other.getNodeName())
                && Objects.equals(one.getZone(), other.getZone())
                && conditions(one).equals(conditions(other))
                && target(one).equals(target(other));
    }

    /** Whether two endpoints say the same. */
    static boolean same(Endpoint one, Endpoint other) {
        return Identity.of(one).equals(Identity.of(other))
                && sameWithoutHints(one, other)
                && hints(one).equals(hints(other));
    }

    static boolean isReady(Endpoint endpoint) {
        return Boolean.TRUE.equals(conditions(endpoint).getReady());
    }

    /** The zones that should use the endpoint, by its hints. */
    static List<String> hintedZones(Endpoint endpoint) {
        return hints(endpoint).getForZones().stream()
                .map(zone -> zone.getName())
                .toList();
    }

    static List<Endpoint> endpoints(EndpointSlice slice) {
        @Nullable List<Endpoint> endpoints = slice.getEndpoints();
        return endpoints == null ? List.of() : endpoints;
    }

    private static EndpointConditions conditions(Endpoint endpoint) {
        @Nullable EndpointConditions conditions = endpoint.getConditions();
        return conditions == null ? new EndpointConditions() : conditions;
    }

    private static EndpointHints hints(Endpoint endpoint) {
        @Nullable EndpointHints hints = endpoint.getHints();
        return hints == null ? new EndpointHints() : hints;
    }

    /** The target without the version it had, which changes for reasons that are no endpoint's business. */
    private static Optional<ObjectReference> target(Endpoint endpoint) {
        @Nullable ObjectReference target = endpoint.getTargetRef();
        return target == null
                ? Optional.empty()
                : Optional.of(new ObjectReferenceBuilder(target)
                        .withResourceVersion(null)
                        .build());
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }
}
