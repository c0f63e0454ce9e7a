package io.mokube.scheduler.devices;

import io.fabric8.kubernetes.api.model.ContainerExtendedResourceRequest;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaim;
import io.fabric8.kubernetes.api.model.resource.v1.ResourceClaimBuilder;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.scheduler.devices.DeviceClaimFacts.Option;
import io.mokube.scheduler.devices.DeviceClaimFacts.Request;
import io.mokube.scheduler.snapshot.PodClaims.ContainerRequest;
import io.mokube.scheduler.snapshot.PodInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The claim that a pod would have to make for what it asks for as extended resources behind which devices stand. An init
 * container that ends shares with the containers that run after it.
 *
 * @param requests the claim's, by name
 * @param mappings which container gets which request's devices
 */
public record ExtendedResources(List<Wanted> requests, List<ContainerExtendedResourceRequest> mappings) {

    /** A request for devices of a class. */
    public record Wanted(String name, String className, long count) {}

    public ExtendedResources {
        requests = List.copyOf(requests);
        mappings = List.copyOf(mappings);
    }

    /**
     * What the claim asks for.
     *
     * @param resources those behind which devices stand on the pod's node
     */
    public static ExtendedResources of(List<ContainerRequest> asked, Set<String> resources, Devices devices) {
        List<Wanted> requests = new ArrayList<>();
        List<ContainerExtendedResourceRequest> mappings = new ArrayList<>();
        for (String resource : new TreeSet<>(resources)) {
            String className =
                    Objects.requireNonNull(devices.classFor(resource)).name();
            List<ContainerRequest> here = asked.stream()
                    .filter(each -> each.resource().equals(resource))
                    .toList();
            List<ContainerRequest> lasting =
                    here.stream().filter(ContainerRequest::lasting).toList();
            for (ContainerRequest each : lasting) {
                requests.add(new Wanted(name(each), className, each.count()));
                mappings.add(mapping(each, name(each)));
            }
            shortLived(here, lasting, className, requests, mappings);
        }
        requests.sort(Comparator.comparing(Wanted::name));
        return new ExtendedResources(requests, mappings);
    }

    /** Init containers that end use what later containers have, and together one request for what they need beyond. */
    private static void shortLived(
            List<ContainerRequest> here,
            List<ContainerRequest> lasting,
            String className,
            List<Wanted> requests,
            List<ContainerExtendedResourceRequest> mappings) {
        List<ContainerRequest> needing = new ArrayList<>();
        Optional<Wanted> most = Optional.empty();
        for (ContainerRequest each : here) {
            if (each.lasting()) {
                continue;
            }
            long missing = each.count();
            for (ContainerRequest later : lasting) {
                if (missing > 0 && later.index() > each.index()) {
                    missing -= later.count();
                    mappings.add(mapping(each, name(later)));
                }
            }
            if (missing > 0) {
                needing.add(each);
                if (most.isEmpty() || most.get().count() < missing) {
                    most = Optional.of(new Wanted(name(each), className, missing));
                }
            }
        }
        if (most.isPresent()) {
            requests.add(most.get());
            for (ContainerRequest each : needing) {
                mappings.add(mapping(each, most.get().name()));
            }
        }
    }

    private static String name(ContainerRequest request) {
        return "container-" + request.index() + "-request-" + request.resourceIndex();
    }

    private static ContainerExtendedResourceRequest mapping(ContainerRequest request, String name) {
        return new ContainerExtendedResourceRequest(request.container(), name, request.resource());
    }

    /** The claim as long as it is written nowhere; its name is none that the API would take. */
    public DeviceClaimFacts unwritten(PodInfo pod) {
        return new DeviceClaimFacts(
                new ObjectKey(pod.key().namespace(), "<extended-resources> of " + pod.uid()),
                "",
                "",
                pod.uid(),
                false,
                requests.stream()
                        .map(each -> new Request(
                                each.name(),
                                List.of(new Option(
                                        each.name(),
                                        each.className(),
                                        List.of(),
                                        false,
                                        Math.toIntExact(each.count()),
                                        false,
                                        List.of(),
                                        Map.of()))))
                        .toList(),
                List.of(),
                List.of(),
                Optional.empty(),
                false,
                List.of(),
                true);
    }

    /** The claim as it is written. */
    public ResourceClaim claim(PodInfo pod) {
        ResourceClaimBuilder claim = new ResourceClaimBuilder()
                .withNewMetadata()
                .withNamespace(pod.key().namespace())
                .withGenerateName(pod.key().name() + "-extended-resources-")
                .addToAnnotations(DeviceClaimFacts.EXTENDED, "true")
                .addNewOwnerReference()
                .withApiVersion("v1")
                .withKind("Pod")
                .withName(pod.key().name())
                .withUid(pod.uid())
                .withController(true)
                .endOwnerReference()
                .endMetadata()
                .withNewSpec()
                .withNewDevices()
                .endDevices()
                .endSpec();
        for (Wanted each : requests) {
            claim.editSpec()
                    .editDevices()
                    .addNewRequest()
                    .withName(each.name())
                    .withNewExactly()
                    .withDeviceClassName(each.className())
                    .withAllocationMode("ExactCount")
                    .withCount(each.count())
                    .endExactly()
                    .endRequest()
                    .endDevices()
                    .endSpec();
        }
        return claim.build();
    }
}
