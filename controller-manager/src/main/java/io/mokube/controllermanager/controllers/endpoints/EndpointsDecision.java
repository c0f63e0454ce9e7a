package io.mokube.controllermanager.controllers.endpoints;

import io.fabric8.kubernetes.api.model.EndpointAddress;
import io.fabric8.kubernetes.api.model.EndpointAddressBuilder;
import io.fabric8.kubernetes.api.model.EndpointPortBuilder;
import io.fabric8.kubernetes.api.model.EndpointSubset;
import io.fabric8.kubernetes.api.model.EndpointSubsetBuilder;
import io.fabric8.kubernetes.api.model.Endpoints;
import io.fabric8.kubernetes.api.model.EndpointsBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.controllermanager.controllers.ownership.PodFacts;
import io.mokube.controllermanager.controllers.services.ServiceFacts;
import io.mokube.controllermanager.controllers.services.ServicePods;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the endpoints of a service that selects pods should be. Pure. */
final class EndpointsDecision {

    static final String MANAGED_BY = "endpoints.kubernetes.io/managed-by";
    static final String MANAGER = "endpoint-controller";
    static final String OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";

    /** The most addresses in all subsets together; the rest only slices tell. */
    static final int CAPACITY = 1000;

    private EndpointsDecision() {}

    /**
     * The endpoints to write; empty when the present ones are right.
     *
     * @param pods those the service selects
     * @param trigger when the change happened that is written down now
     */
    static Optional<Endpoints> change(
            Service service, List<Pod> pods, Optional<Endpoints> present, Optional<Instant> trigger) {
        List<EndpointSubset> all = subsets(service, pods);
        List<EndpointSubset> subsets = cut(all);
        boolean isCut = count(subsets) < count(all);
        Map<String, String> labels = labels(service);
        Map<String, String> annotations =
                new HashMap<>(present.map(Ownership::annotations).orElse(Map.of()));
        Optional<String> wasCut = Optional.ofNullable(annotations.remove(OVER_CAPACITY));
        if (present.isPresent()
                && subsets.equals(present.get().getSubsets())
                && labels.equals(Ownership.labels(present.get()))
                && isCut == wasCut.isPresent()) {
            return Optional.empty();
        }
        annotations.remove(ServiceFacts.TRIGGER_TIME);
        trigger.ifPresent(time -> annotations.put(ServiceFacts.TRIGGER_TIME, time.toString()));
        if (isCut) {
            annotations.put(OVER_CAPACITY, "truncated");
        }
        return Optional.of(present.map(EndpointsBuilder::new)
                .orElseGet(EndpointsBuilder::new)
                .editOrNewMetadata()
                .withNamespace(Ownership.namespace(service))
                .withName(service.getMetadata().getName())
                .withLabels(labels)
                .withAnnotations(annotations)
                .endMetadata()
                .withSubsets(subsets)
                .build());
    }

    static List<EndpointSubset> subsets(Service service, List<Pod> pods) {
        boolean publishesNotReady = ServiceFacts.publishesNotReady(service);
        String family = ServiceFacts.families(service).getFirst();
        SubsetPacking packing = new SubsetPacking();
        for (Pod pod : pods) {
            List<String> addresses = ServicePods.addresses(pod, family);
            boolean isGoing = Ownership.isBeingDeleted(pod) && !publishesNotReady;
            if (!ServicePods.isEndpoint(pod) || isGoing || addresses.isEmpty()) {
                continue;
            }
            EndpointAddress address = address(service, pod, addresses.getFirst());
            boolean ready = publishesNotReady || PodFacts.isReady(pod);
            if (ServiceFacts.ports(service).isEmpty() && ServiceFacts.isHeadless(service)) {
                packing.add(address, ready);
            }
            for (ServicePort port : ServiceFacts.ports(service)) {
                ServicePods.targetPort(pod, port)
                        .ifPresent(number -> packing.add(
                                address,
                                new EndpointPortBuilder()
                                        .withName(port.getName())
                                        .withPort(number)
                                        .withProtocol(ServicePods.protocol(port))
                                        .withAppProtocol(port.getAppProtocol())
                                        .build(),
                                ready));
            }
        }
        return packing.subsets();
    }

    private static EndpointAddress address(Service service, Pod pod, String ip) {
        return new EndpointAddressBuilder()
                .withIp(ip)
                .withNodeName(pod.getSpec().getNodeName())
                .withHostname(ServicePods.hostname(pod, service).orElse(null))
                .withTargetRef(ServicePods.reference(pod))
                .build();
    }

    /** At most as many addresses as there may be, ready ones first, each subset in proportion. */
    static List<EndpointSubset> cut(List<EndpointSubset> subsets) {
        int ready = subsets.stream()
                .mapToInt(subset -> subset.getAddresses().size())
                .sum();
        int notReady = count(subsets) - ready;
        if (ready + notReady <= CAPACITY) {
            return subsets;
        }
        boolean cutsReady = ready > CAPACITY;
        int capacity = cutsReady ? CAPACITY : CAPACITY - ready;
        int total = cutsReady ? ready : notReady;
        int left = capacity;
        List<EndpointSubset> result = new ArrayList<>();
        for (EndpointSubset subset : subsets) {
            List<EndpointAddress> addresses = cutsReady ? subset.getAddresses() : subset.getNotReadyAddresses();
            int share = (int) Math.ceil((double) addresses.size() / total * capacity);
            List<EndpointAddress> kept = addresses.subList(0, Math.min(addresses.size(), Math.min(share, left)));
            left -= kept.size();
            EndpointSubset smaller = new EndpointSubsetBuilder(subset)
                    .withAddresses(cutsReady ? kept : subset.getAddresses())
                    .withNotReadyAddresses(cutsReady ? List.of() : kept)
                    .build();
            if (count(List.of(smaller)) > 0) {
                result.add(smaller);
            }
        }
        return result;
    }

    private static int count(List<EndpointSubset> subsets) {
        return subsets.stream()
                .mapToInt(subset -> subset.getAddresses().size()
                        + subset.getNotReadyAddresses().size())
                .sum();
    }

    private static Map<String, String> labels(Service service) {
        Map<String, String> labels = new HashMap<>(Ownership.labels(service));
        labels.put(MANAGED_BY, MANAGER);
        labels.remove(ServiceFacts.HEADLESS);
        if (ServiceFacts.isHeadless(service)) {
            labels.put(ServiceFacts.HEADLESS, "");
        }
        return labels;
    }
}
