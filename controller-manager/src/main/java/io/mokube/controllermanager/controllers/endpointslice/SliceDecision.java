package io.mokube.controllermanager.controllers.endpointslice;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.services.ServiceFacts;
import io.mokube.controllermanager.controllers.services.ServicePods;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** What the slices of a service that selects pods should be. Pure. */
final class SliceDecision {

    static final String MANAGER = "endpointslice-controller.k8s.io";

    /** The most endpoints in one slice. */
    static final int MOST = 100;

    private final Service service;
    private final List<Pod> pods;
    private final Cluster cluster;
    private final boolean wasHinted;
    private final List<Notice> notices = new ArrayList<>();
    private boolean hinted;

    /**
     * What of the cluster's nodes endpoints depend on.
     *
     * @param node finds a node by name
     * @param shares of the zones, see {@link ZoneHints#shares}; few services ask for them
     */
    record Cluster(Function<String, Optional<Node>> node, Supplier<Map<String, Double>> shares) {}

    /** An event about the service. */
    record Notice(boolean warning, String reason, String message) {}

    /**
     * What to do.
     *
     * @param hinted whether endpoints have hints by zone size from now on
     */
    record Plan(SliceChanges changes, List<Notice> notices, boolean hinted) {}

    private SliceDecision(Service service, List<Pod> pods, Cluster cluster, boolean wasHinted) {
        this.service = service;
        this.pods = pods;
        this.cluster = cluster;
        this.wasHinted = wasHinted;
    }

    /**
     * Decides.
     *
     * @param service one that selects pods
     * @param pods those it selects
     * @param present the slices that carry the service's name and this controller's mark
     * @param trigger when the change happened that is written down now
     * @param wasHinted whether endpoints had hints by zone size before
     */
    static Plan plan(
            Service service,
            List<Pod> pods,
            Cluster cluster,
            List<EndpointSlice> present,
            Optional<Instant> trigger,
            boolean wasHinted) {
        return new SliceDecision(service, pods, cluster, wasHinted).plan(present, trigger);
    }

    private Plan plan(List<EndpointSlice> present, Optional<Instant> trigger) {
        List<String> families = ServiceFacts.families(service);
        List<EndpointSlice> own = new ArrayList<>();
        List<EndpointSlice> others = new ArrayList<>();
        for (EndpointSlice slice : present) {
            if (!Ownership.isBeingDeleted(slice)) {
                // A namesake's slices are not touched but replaced: the garbage collector may be after them.
                boolean ours = Ownership.isControlledBy(slice, service) && families.contains(slice.getAddressType());
                (ours ? own : others).add(slice);
            }
        }
        List<SliceDraft> wanted = new ArrayList<>();
        for (String family : families) {
            wanted.addAll(hint(family, drafts(family, own)));
        }
        SliceChanges changes = SliceChanges.between(
                        own, wanted, new SliceChanges.Look(service, labels(service), Optional.empty()))
                .deleting(others)
                .map(slice -> stamp(slice, trigger));
        return new Plan(changes, notices, hinted);
    }

    private List<SliceDraft> drafts(String family, List<EndpointSlice> own) {
        Map<List<SlicePort>, List<EndpointSlice>> present = new HashMap<>();
        for (EndpointSlice slice : own) {
            if (slice.getAddressType().equals(family)) {
                present.computeIfAbsent(SlicePort.of(slice), ports -> new ArrayList<>())
                        .add(slice);
            }
        }
        List<SliceDraft> drafts = new ArrayList<>();
        endpoints(family)
                .forEach((ports, endpoints) -> drafts.addAll(
                        SlicePacking.pack(family, ports, present.getOrDefault(ports, List.of()), endpoints, MOST)));
        if (drafts.isEmpty()) {
            // A slice without anything tells that there is a service, only without endpoints.
            drafts.add(new SliceDraft(Optional.empty(), family, List.of(), List.of(), false));
        }
        return drafts;
    }

    /** The endpoints there should be, by their ports. */
    private Map<List<SlicePort>, List<Endpoint>> endpoints(String family) {
        Map<List<SlicePort>, List<Endpoint>> byPorts = new LinkedHashMap<>();
        for (Pod pod : pods) {
            List<String> addresses = ServicePods.addresses(pod, family);
            Optional<Node> node =
                    Optional.ofNullable(pod.getSpec().getNodeName()).flatMap(cluster.node());
            // A pod of a node that is gone is about to go too; the node's coming back brings the service here again.
            boolean placed = node.isPresent() || ServiceFacts.publishesNotReady(service);
            if (placed && ServicePods.isEndpoint(pod) && !addresses.isEmpty()) {
                byPorts.computeIfAbsent(ports(pod), ports -> new ArrayList<>()).add(endpoint(pod, node, addresses));
            }
        }
        return byPorts;
    }

    /** The ports of the service as this pod has them; those it lacks are left out. */
    private List<SlicePort> ports(Pod pod) {
        List<SlicePort> ports = new ArrayList<>();
        for (ServicePort port : ServiceFacts.ports(service)) {
            ServicePods.targetPort(pod, port)
                    .ifPresent(number -> ports.add(
                            SlicePort.of(port.getName(), ServicePods.protocol(port), number, port.getAppProtocol())));
        }
        return SlicePort.set(ports);
    }

    private Endpoint endpoint(Pod pod, Optional<Node> node, List<String> addresses) {
        boolean serving = PodFacts.isReady(pod);
        boolean terminating = Ownership.isBeingDeleted(pod);
        return new EndpointBuilder()
                .withAddresses(addresses)
                .withNewConditions()
                .withReady(ServiceFacts.publishesNotReady(service) || (serving && !terminating))
                .withServing(serving)
                .withTerminating(terminating)
                .endConditions()
                .withTargetRef(ServicePods.reference(pod))
                .withNodeName(pod.getSpec().getNodeName())
                .withZone(node.map(Ownership::labels)
                        .map(labels -> labels.get(ZoneHints.ZONE))
                        .filter(zone -> !zone.isEmpty())
                        .orElse(null))
                .withHostname(ServicePods.hostname(pod, service).orElse(null))
                .build();
    }

    private List<SliceDraft> hint(String family, List<SliceDraft> drafts) {
        TrafficHints.Wish wish = TrafficHints.of(service);
        if (wasHinted && wish != TrafficHints.Wish.BY_ZONE_SIZE) {
            notice(true, "TopologyAwareHintsDisabled", "Topology Aware Hints has been disabled", family);
        }
        return switch (wish) {
            case ANYWHERE -> each(drafts, TrafficHints::without);
            case SAME_ZONE -> each(drafts, endpoint -> TrafficHints.close(endpoint, false));
            case SAME_NODE -> each(drafts, endpoint -> TrafficHints.close(endpoint, true));
            case BY_ZONE_SIZE -> {
                ZoneHints.Result result =
                        ZoneHints.assign(drafts, cluster.shares().get());
                result.problem().ifPresent(problem -> notice(true, "TopologyAwareHintsDisabled", problem, family));
                if (result.problem().isEmpty()) {
                    hinted = true;
                    if (!wasHinted) {
                        notice(false, "TopologyAwareHintsEnabled", "Topology Aware Hints has been enabled", family);
                    }
                }
                yield result.drafts();
            }
        };
    }

    private void notice(boolean warning, String reason, String message, String family) {
        notices.add(new Notice(warning, reason, message + ", addressType: " + family));
    }

    private static List<SliceDraft> each(List<SliceDraft> drafts, Function<Endpoint, Endpoint> change) {
        return drafts.stream()
                .map(draft -> draft.with(draft.endpoints().stream().map(change).toList()))
                .toList();
    }

    /** The service's labels and those by which slices are found. */
    private static Map<String, String> labels(Service service) {
        Map<String, String> labels = new HashMap<>(Ownership.labels(service));
        labels.remove(ServiceFacts.HEADLESS);
        if (ServiceFacts.isHeadless(service)) {
            labels.put(ServiceFacts.HEADLESS, "");
        }
        labels.put(SliceChanges.SERVICE_NAME, service.getMetadata().getName());
        labels.put(SliceChanges.MANAGED_BY, MANAGER);
        return labels;
    }

    private static EndpointSlice stamp(EndpointSlice slice, Optional<Instant> trigger) {
        return new EndpointSliceBuilder(slice)
                .editMetadata()
                .removeFromAnnotations(ServiceFacts.TRIGGER_TIME)
                .addToAnnotations(trigger.map(time -> Map.of(ServiceFacts.TRIGGER_TIME, time.toString()))
                        .orElse(Map.of()))
                .endMetadata()
                .build();
    }
}
