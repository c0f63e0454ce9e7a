package io.mokube.controllermanager.controllers.endpointslice;

import io.fabric8.kubernetes.api.model.EndpointAddress;
import io.fabric8.kubernetes.api.model.EndpointSubset;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.services.ServiceFacts;
import io.mokube.machinery.address.IpAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The slices that say what somebody's own endpoints say. Pure. */
final class MirrorDecision {

    static final String MANAGER = "endpointslicemirroring-controller.k8s.io";

    /** The most addresses of a subset that are mirrored, so that each subset becomes one slice of each family. */
    static final int MOST = 1000;

    private static final String SKIP = "endpointslice.kubernetes.io/skip-mirror";
    private static final String LEADER = "control-plane.alpha.kubernetes.io/leader";
    private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

    private final Map<Group, List<Endpoint>> groups = new LinkedHashMap<>();
    private int invalid;
    private int skipped;

    private record Group(String addressType, List<SlicePort> ports) {}

    /**
     * What to do.
     *
     * @param invalid how many addresses can't be mirrored because they are none
     * @param skipped how many were not mirrored because they are too many
     */
    record Plan(SliceChanges changes, int invalid, int skipped) {}

    private MirrorDecision() {}

    /**
     * Whether the endpoints are to be mirrored: those of a service that selects no pods, unless they say otherwise or
     * serve to elect a leader.
     */
    static boolean isMirrored(Endpoints endpoints, Optional<Service> service) {
        return service.filter(each -> !ServiceFacts.hasSelector(each)).isPresent()
                && !"true".equals(Ownership.labels(endpoints).get(SKIP))
                && !Ownership.annotations(endpoints).containsKey(LEADER);
    }

    /**
     * Decides.
     *
     * @param present the slices that carry the service's name and this controller's mark
     */
    static Plan plan(Endpoints endpoints, List<EndpointSlice> present) {
        MirrorDecision decision = new MirrorDecision();
        @Nullable List<EndpointSubset> subsets = endpoints.getSubsets();
        if (subsets != null) {
            subsets.forEach(decision::add);
        }
        List<EndpointSlice> own = new ArrayList<>();
        List<EndpointSlice> others = new ArrayList<>();
        for (EndpointSlice slice : present) {
            if (!Ownership.isBeingDeleted(slice)) {
                (Ownership.isControlledBy(slice, endpoints) ? own : others).add(slice);
            }
        }
        List<SliceDraft> wanted = new ArrayList<>();
        decision.groups.forEach((group, addresses) -> wanted.addAll(SlicePacking.pack(
                group.addressType(),
                group.ports(),
                own.stream()
                        .filter(slice -> slice.getAddressType().equals(group.addressType())
                                && SlicePort.of(slice).equals(group.ports()))
                        .toList(),
                addresses,
                MOST)));
        SliceChanges.Look look =
                new SliceChanges.Look(endpoints, labels(endpoints), Optional.of(annotations(endpoints)));
        return new Plan(SliceChanges.between(own, wanted, look).deleting(others), decision.invalid, decision.skipped);
    }

    private void add(EndpointSubset subset) {
        List<SlicePort> ports = subset.getPorts() == null
                ? List.of()
                : SlicePort.set(subset.getPorts().stream()
                        .map(port ->
                                SlicePort.of(port.getName(), port.getProtocol(), port.getPort(), port.getAppProtocol()))
                        .toList());
        int left = add(subset.getAddresses(), ports, true, MOST);
        add(subset.getNotReadyAddresses(), ports, false, left);
    }

    private int add(@Nullable List<EndpointAddress> addresses, List<SlicePort> ports, boolean ready, int most) {
        int left = most;
        for (EndpointAddress address : addresses == null ? List.<EndpointAddress>of() : addresses) {
            Optional<String> family = left == 0 ? Optional.empty() : family(address.getIp());
            if (left == 0) {
                skipped++;
            } else if (family.isEmpty()) {
                invalid++;
            } else {
                groups.computeIfAbsent(new Group(family.get(), ports), group -> new ArrayList<>())
                        .add(endpoint(address, ready));
                left--;
            }
        }
        return left;
    }

    private static Optional<String> family(@Nullable String ip) {
        return Optional.ofNullable(ip)
                .flatMap(IpAddress::parse)
                .map(address -> address.family().apiName());
    }

    private static Endpoint endpoint(EndpointAddress address, boolean ready) {
        @Nullable String hostname = address.getHostname();
        return new EndpointBuilder()
                .withAddresses(address.getIp())
                .withNewConditions()
                .withReady(ready)
                .endConditions()
                .withTargetRef(address.getTargetRef())
                .withNodeName(address.getNodeName())
                .withHostname(hostname == null || hostname.isEmpty() ? null : hostname)
                .build();
    }

    private static Map<String, String> labels(Endpoints endpoints) {
        Map<String, String> labels = new HashMap<>(Ownership.labels(endpoints));
        labels.put(SliceChanges.SERVICE_NAME, endpoints.getMetadata().getName());
        labels.put(SliceChanges.MANAGED_BY, MANAGER);
        return labels;
    }

    private static Map<String, String> annotations(Endpoints endpoints) {
        Map<String, String> annotations = new HashMap<>(Ownership.annotations(endpoints));
        annotations.remove(ServiceFacts.TRIGGER_TIME);
        annotations.remove(LAST_APPLIED);
        return annotations;
    }
}
