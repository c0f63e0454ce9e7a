package io.mokube.kubelet.resources;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.kubelet.pods.PodContainer;
import io.mokube.kubelet.pods.PodFacts;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * The limits of a control group that holds several containers. 0 means none.
 *
 * @param cpuShares the weight beside other groups, 2 to 262144
 * @param cpuQuota microseconds of a tenth of a second
 * @param hugePages in bytes, by the kernel's names of the sizes
 */
public record GroupLimits(long cpuShares, long cpuQuota, long memoryBytes, long pids, Map<String, Long> hugePages) {

    private static final long LEAST_SHARES = 2;

    public GroupLimits {
        hugePages = Map.copyOf(hugePages);
    }

    /** A pod's own group: the sum of its containers, as long as each has a limit. */
    public static GroupLimits ofPod(Pod pod, OptionalLong podPids) {
        if (PodFacts.qosClass(pod).equals("BestEffort")) {
            return new GroupLimits(LEAST_SHARES, 0, 0, podPids.orElse(0), Map.of());
        }
        Map<String, Long> pages = new TreeMap<>();
        for (PodContainer container : PodContainer.all(pod)) {
            if (container.spec().getResources() != null) {
                ContainerLimits.hugePages(container.spec().getResources().getLimits())
                        .forEach((size, bytes) -> pages.merge(size, bytes, Long::sum));
            }
        }
        return new GroupLimits(
                PodFacts.cpuShares(PodRequests.request(pod, "cpu")),
                ContainerLimits.cpuQuota(PodRequests.limit(pod, "cpu")),
                PodRequests.limit(pod, "memory") / 1000,
                podPids.orElse(0),
                pages);
    }

    /** The group of all pods with a quality of service below Guaranteed: they weigh as much as they asked for together. */
    public static GroupLimits ofClass(String qosClass, Collection<Pod> pods) {
        long cpu = qosClass.equals("BestEffort")
                ? 0
                : pods.stream()
                        .filter(pod -> PodFacts.qosClass(pod).equals(qosClass))
                        .mapToLong(pod -> PodRequests.request(pod, "cpu"))
                        .sum();
        return new GroupLimits(PodFacts.cpuShares(cpu), 0, 0, 0, Map.of());
    }

    /** The group of all pods. */
    public static GroupLimits ofNode(NodeAmounts amounts) {
        return new GroupLimits(
                PodFacts.cpuShares(amounts.forPods().cpuMillis()),
                0,
                amounts.forPods().memoryBytes(),
                amounts.pidsForPods(),
                Map.of());
    }

    /** The files of the first version of control groups and what stands in them, by controller. */
    public Map<String, Map<String, String>> firstVersion() {
        Map<String, Map<String, String>> files = new HashMap<>();
        Map<String, String> cpu = new TreeMap<>();
        cpu.put("cpu.shares", Long.toString(cpuShares));
        cpu.put("cpu.cfs_period_us", Long.toString(ContainerLimits.CPU_PERIOD_MICROS));
        cpu.put("cpu.cfs_quota_us", cpuQuota == 0 ? "-1" : Long.toString(cpuQuota));
        files.put("cpu", cpu);
        files.put("memory", Map.of("memory.limit_in_bytes", memoryBytes == 0 ? "-1" : Long.toString(memoryBytes)));
        files.put("pids", Map.of("pids.max", pids == 0 ? "max" : Long.toString(pids)));
        Map<String, String> pages = new TreeMap<>();
        hugePages.forEach((size, bytes) -> pages.put("hugetlb." + size + ".limit_in_bytes", Long.toString(bytes)));
        files.put("hugetlb", pages);
        return files;
    }

    /** The files of the second version and what stands in them. */
    public Map<String, String> secondVersion() {
        Map<String, String> files = new TreeMap<>();
        files.put("cpu.weight", Long.toString(weight(cpuShares)));
        files.put(
                "cpu.max", (cpuQuota == 0 ? "max" : Long.toString(cpuQuota)) + " " + ContainerLimits.CPU_PERIOD_MICROS);
        files.put("memory.max", memoryBytes == 0 ? "max" : Long.toString(memoryBytes));
        files.put("pids.max", pids == 0 ? "max" : Long.toString(pids));
        hugePages.forEach((size, bytes) -> files.put("hugetlb." + size + ".max", Long.toString(bytes)));
        return files;
    }

    /** Shares from 2 to 262144 as weights from 1 to 10000. */
    static long weight(long shares) {
        return 1 + (shares - 2) * 9999 / 262_142;
    }
}
