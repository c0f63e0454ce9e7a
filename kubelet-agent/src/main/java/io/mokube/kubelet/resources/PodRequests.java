package io.mokube.kubelet.resources;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.mokube.kubelet.pods.PodContainer;
import io.mokube.kubelet.pods.PodContainer.Kind;
import io.mokube.kubelet.pods.PodFacts;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What a whole pod asks for and may have, as Kubernetes sums it up over its containers. Amounts are in thousandths. */
public final class PodRequests {

    private static final Set<String> OF_THE_POD = Set.of("cpu", "memory");

    private PodRequests() {}

    /** What the pod asks for, its overhead with it. */
    public static long request(Pod pod, String resource) {
        return sum(pod, resource, ResourceRequirements::getRequests) + overhead(pod, resource);
    }

    /** The most that the pod may have; 0 when a container has no limit. */
    public static long limit(Pod pod, String resource) {
        ResourceRequirements own = pod.getSpec().getResources();
        boolean ofPod = OF_THE_POD.contains(resource) && own != null && PodFacts.amount(own.getLimits(), resource) > 0;
        boolean everywhere = ofPod
                || PodContainer.all(pod).stream()
                        .filter(container -> container.kind() == Kind.MAIN || container.kind() == Kind.SIDECAR)
                        .allMatch(container -> amount(container, resource, ResourceRequirements::getLimits) > 0);
        return everywhere ? sum(pod, resource, ResourceRequirements::getLimits) + overhead(pod, resource) : 0;
    }

    /** The sum of the limits that there are; 0 when there is none. */
    public static long statedLimits(Pod pod, String resource) {
        return sum(pod, resource, ResourceRequirements::getLimits);
    }

    private static long overhead(Pod pod, String resource) {
        return PodFacts.amount(pod.getSpec().getOverhead(), resource);
    }

    /**
     * The most that is wanted at one time: an init container runs beside the sidecars before it, the main containers run
     * beside all sidecars.
     */
    private static long sum(
            Pod pod, String resource, Function<ResourceRequirements, @Nullable Map<String, Quantity>> which) {
        ResourceRequirements own = pod.getSpec().getResources();
        long ofPod = own == null || !OF_THE_POD.contains(resource) ? 0 : PodFacts.amount(which.apply(own), resource);
        if (ofPod > 0) {
            return ofPod;
        }
        long sidecars = 0;
        long most = 0;
        for (PodContainer container : PodContainer.initContainers(pod)) {
            long amount = amount(container, resource, which);
            if (container.kind() == Kind.SIDECAR) {
                sidecars += amount;
                most = Math.max(most, sidecars);
            } else {
                most = Math.max(most, sidecars + amount);
            }
        }
        long mains = PodContainer.mainContainers(pod).stream()
                .mapToLong(container -> amount(container, resource, which))
                .sum();
        return Math.max(most, sidecars + mains);
    }

    private static long amount(
            PodContainer container,
            String resource,
            Function<ResourceRequirements, @Nullable Map<String, Quantity>> which) {
        ResourceRequirements resources = container.spec().getResources();
        return resources == null ? 0 : PodFacts.amount(which.apply(resources), resource);
    }
}
