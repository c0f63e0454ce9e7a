package io.mokube.scheduler.snapshot;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a pod takes from its node, by Kubernetes' rule: the containers and sidecars run together; an init container runs
 * alone beside the sidecars started before it; the pod takes the larger of both, and its overhead on top. Requests
 * stated for the whole pod replace the sum of its containers'. While a container is being resized the larger of what it
 * asks for and what it has counts.
 *
 * @param total the sum that must fit
 * @param scoredMilliCpu CPU as scoring sees it: a container that asks for none counts as 100 thousandths of a core, so
 *     that pods without requests spread too
 * @param scoredMemory memory as scoring sees it: a container that asks for none counts as 200 MiB
 */
public record PodRequests(Resources total, long scoredMilliCpu, long scoredMemory) {

    public static final PodRequests NONE = new PodRequests(Resources.NONE, 0, 0);

    private static final long DEFAULT_MILLI_CPU = 100;
    private static final long DEFAULT_MEMORY = 200L << 20;

    public static PodRequests of(Pod pod) {
        Map<String, ContainerStatus> statuses = new HashMap<>();
        if (pod.getStatus() != null) {
            pod.getStatus().getContainerStatuses().forEach(status -> statuses.put(status.getName(), status));
            pod.getStatus().getInitContainerStatuses().forEach(status -> statuses.put(status.getName(), status));
        }
        List<Container> containers = pod.getSpec().getContainers();
        List<Container> initContainers = pod.getSpec().getInitContainers();
        Resources total = sum(containers, initContainers, statuses, false);
        Resources scored = sum(containers, initContainers, statuses, true);
        ResourceRequirements podLevel = pod.getSpec().getResources();
        if (podLevel != null && podLevel.getRequests() != null) {
            total = override(total, podLevel.getRequests());
            scored = override(scored, podLevel.getRequests());
        }
        if (pod.getSpec().getOverhead() != null && !pod.getSpec().getOverhead().isEmpty()) {
            Resources overhead = Resources.of(pod.getSpec().getOverhead());
            total = total.plus(overhead);
            scored = scored.plus(overhead);
        }
        return new PodRequests(total, scored.milliCpu(), scored.memory());
    }

    private static Resources sum(
            List<Container> containers,
            List<Container> initContainers,
            Map<String, ContainerStatus> statuses,
            boolean scored) {
        Resources running = Resources.NONE;
        for (Container container : containers) {
            running = running.plus(requests(container, statuses.get(container.getName()), scored));
        }
        Resources sidecars = Resources.NONE;
        Resources initPeak = Resources.NONE;
        for (Container container : initContainers) {
            Resources own = requests(container, statuses.get(container.getName()), scored);
            if (isSidecar(container)) {
                sidecars = sidecars.plus(own);
                initPeak = initPeak.max(sidecars);
            } else {
                initPeak = initPeak.max(sidecars.plus(own));
            }
        }
        return running.plus(sidecars).max(initPeak);
    }

    static boolean isSidecar(Container initContainer) {
        return "Always".equals(initContainer.getRestartPolicy());
    }

    private static Resources requests(Container container, @Nullable ContainerStatus status, boolean scored) {
        Map<String, Quantity> stated =
                container.getResources() == null || container.getResources().getRequests() == null
                        ? Map.of()
                        : container.getResources().getRequests();
        Resources requests = Resources.of(stated);
        if (status != null) {
            if (status.getAllocatedResources() != null) {
                requests = requests.max(Resources.of(status.getAllocatedResources()));
            }
            if (status.getResources() != null && status.getResources().getRequests() != null) {
                requests = requests.max(Resources.of(status.getResources().getRequests()));
            }
        }
        if (!scored) {
            return requests;
        }
        return new Resources(
                stated.containsKey(Resources.CPU) ? requests.milliCpu() : DEFAULT_MILLI_CPU,
                stated.containsKey(Resources.MEMORY) ? requests.memory() : DEFAULT_MEMORY,
                0,
                Map.of());
    }

    private static Resources override(Resources sum, Map<String, Quantity> podLevel) {
        Resources stated = Resources.of(podLevel);
        Map<String, Long> others = sum.others();
        if (!stated.others().isEmpty()) {
            others = new HashMap<>(others);
            others.putAll(stated.others());
        }
        return new Resources(
                podLevel.containsKey(Resources.CPU) ? stated.milliCpu() : sum.milliCpu(),
                podLevel.containsKey(Resources.MEMORY) ? stated.memory() : sum.memory(),
                sum.ephemeralStorage(),
                others);
    }
}
