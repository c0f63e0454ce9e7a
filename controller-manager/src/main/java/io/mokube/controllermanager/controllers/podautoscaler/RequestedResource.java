package io.mokube.controllermanager.controllers.podautoscaler;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** How much of a resource pods ask for: what use is measured against. In thousandths. Pure. */
final class RequestedResource {

    private final String resource;

    RequestedResource(String resource) {
        this.resource = resource;
    }

    /**
     * What a pod asks for as a whole: by a request of its own, if it makes any, else by all of its containers that stay.
     *
     * @throws MetricUnavailableException when it does not say
     */
    long ofPod(Pod pod) throws MetricUnavailableException {
        if (asksAsAWhole(pod)) {
            OptionalLong request = ownRequest(pod);
            if (request.isEmpty()) {
                throw new MetricUnavailableException(
                        "missing pod-level request for " + resource + " in Pod " + name(pod));
            }
            return request.getAsLong() + of(pod.getSpec().getOverhead()).orElse(0);
        }
        long sum = 0;
        for (Container container : staying(pod)) {
            sum += required(pod, container);
        }
        return sum;
    }

    /** The containers that run as long as the pod does. */
    private static List<Container> staying(Pod pod) {
        return Stream.concat(
                        pod.getSpec().getContainers().stream(),
                        pod.getSpec().getInitContainers().stream().filter(RequestedResource::isSidecar))
                .toList();
    }

    /**
     * What one container of a pod asks for.
     *
     * @throws MetricUnavailableException when it does not say, or there is none of this name that stays
     */
    long ofContainer(Pod pod, String container) throws MetricUnavailableException {
        for (Container each : staying(pod)) {
            if (each.getName().equals(container)) {
                return required(pod, each);
            }
        }
        throw new MetricUnavailableException("container " + container + " not found in Pod " + name(pod));
    }

    private static boolean asksAsAWhole(Pod pod) {
        return requests(pod.getSpec().getResources()).keySet().stream().anyMatch(RequestedResource::isOfPods);
    }

    private static boolean isOfPods(String resource) {
        return resource.equals("cpu") || resource.equals("memory") || resource.startsWith("hugepages-");
    }

    /** What the pod asks for itself; of what it leaves open, what its containers ask for. */
    private OptionalLong ownRequest(Pod pod) {
        OptionalLong own = of(requests(pod.getSpec().getResources()));
        if (own.isPresent() && isOfPods(resource)) {
            return own;
        }
        boolean known = false;
        long sidecars = 0;
        long most = 0;
        for (Container initial : pod.getSpec().getInitContainers()) {
            OptionalLong request = of(requests(initial.getResources()));
            known |= request.isPresent();
            if (isSidecar(initial)) {
                sidecars += request.orElse(0);
            }
            most = Math.max(most, isSidecar(initial) ? sidecars : sidecars + request.orElse(0));
        }
        long sum = sidecars;
        for (Container container : pod.getSpec().getContainers()) {
            OptionalLong request = of(requests(container.getResources()));
            known |= request.isPresent();
            sum += request.orElse(0);
        }
        return known ? OptionalLong.of(Math.max(sum, most)) : OptionalLong.empty();
    }

    private long required(Pod pod, Container container) throws MetricUnavailableException {
        OptionalLong request = of(requests(container.getResources()));
        if (request.isEmpty()) {
            throw new MetricUnavailableException("missing request for " + resource + " in container "
                    + container.getName() + " of Pod " + name(pod));
        }
        return request.getAsLong();
    }

    private OptionalLong of(@Nullable Map<String, Quantity> amounts) {
        Quantity amount = amounts == null ? null : amounts.get(resource);
        return amount == null
                ? OptionalLong.empty()
                : OptionalLong.of(io.mokube.machinery.quantity.Quantity.parse(amount.toString())
                        .milliValue());
    }

    private static Map<String, Quantity> requests(@Nullable ResourceRequirements resources) {
        return Optional.ofNullable(resources)
                .map(ResourceRequirements::getRequests)
                .orElse(Map.of());
    }

    private static boolean isSidecar(Container initial) {
        return "Always".equals(initial.getRestartPolicy());
    }

    private static String name(Pod pod) {
        return pod.getMetadata().getName();
    }
}
