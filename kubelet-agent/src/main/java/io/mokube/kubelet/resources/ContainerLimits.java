package io.mokube.kubelet.resources;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.runtime.ContainerConfig;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** What a container's requests and limits are to the kernel. */
public final class ContainerLimits {

    static final long CPU_PERIOD_MICROS = 100_000;
    private static final long LEAST_CPU_QUOTA_MICROS = 1_000;
    private static final int CRITICAL_PRIORITY_SCORE = -997;
    private static final String HUGE_PAGES = "hugepages-";

    private ContainerLimits() {}

    /**
     * The limits of one container.
     *
     * @param pod whose container it is: its quality of service decides whom the kernel ends first
     * @param nodeMemoryBytes the memory of the node
     */
    public static ContainerConfig.Resources of(Pod pod, Container container, long nodeMemoryBytes) {
        ResourceRequirements resources =
                Objects.requireNonNullElseGet(container.getResources(), ResourceRequirements::new);
        long cpuLimit = PodFacts.amount(resources.getLimits(), "cpu");
        long cpuRequest = PodFacts.amount(resources.getRequests(), "cpu");
        long memoryLimit = PodFacts.amount(resources.getLimits(), "memory") / 1000;
        long memoryRequest = PodFacts.amount(resources.getRequests(), "memory") / 1000;
        return new ContainerConfig.Resources(
                cpuLimit == 0 ? 0 : CPU_PERIOD_MICROS,
                cpuQuota(cpuLimit),
                PodFacts.cpuShares(cpuRequest == 0 ? cpuLimit : cpuRequest),
                memoryLimit,
                oomScoreAdjust(pod, memoryRequest == 0 ? memoryLimit : memoryRequest, nodeMemoryBytes),
                hugePages(resources.getLimits()));
    }

    /** Microseconds of each period; 0 without a limit. */
    static long cpuQuota(long milliCpu) {
        return milliCpu == 0 ? 0 : Math.max(LEAST_CPU_QUOTA_MICROS, milliCpu * CPU_PERIOD_MICROS / 1000);
    }

    /** The pods that asked for least are the first that the kernel ends when the node's memory is gone. */
    private static int oomScoreAdjust(Pod pod, long memoryRequest, long nodeMemoryBytes) {
        if (PodFacts.isCritical(pod)) {
            return CRITICAL_PRIORITY_SCORE;
        }
        return switch (PodFacts.qosClass(pod)) {
            case "Guaranteed" -> -997;
            case "BestEffort" -> 1000;
            default -> Math.clamp(1000 - 1000 * memoryRequest / Math.max(1, nodeMemoryBytes), 3, 999);
        };
    }

    /** Limits of huge pages in bytes, by the kernel's names of their sizes, such as {@code 2MB}. */
    static Map<String, Long> hugePages(@org.jspecify.annotations.Nullable Map<String, Quantity> limits) {
        Map<String, Long> pages = new TreeMap<>();
        if (limits != null) {
            limits.forEach((name, amount) -> {
                if (name.startsWith(HUGE_PAGES)) {
                    pages.put(sizeName(name.substring(HUGE_PAGES.length())), PodFacts.amount(limits, name) / 1000);
                }
            });
        }
        return pages;
    }

    /** {@code 2Mi} is {@code 2MB} to the kernel. */
    static String sizeName(String size) {
        return size.replaceFirst("([KMGT])i$", "$1B");
    }
}
