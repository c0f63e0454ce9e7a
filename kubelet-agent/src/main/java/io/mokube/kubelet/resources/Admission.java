package io.mokube.kubelet.resources;

import io.fabric8.kubernetes.api.model.Pod;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.policy.Threshold.Pressure;
import io.mokube.kubelet.resources.NodeAmounts.Amounts;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Whether a node takes a pod that was assigned to it, in Kubernetes' words. */
public final class Admission {

    private static final String SHUTDOWN = "Pod was rejected as the node is shutting down.";

    private Admission() {}

    /** Why a pod is not taken. */
    public record Refusal(String reason, String message) {}

    /**
     * The state of the node.
     *
     * @param maxPods how many pods may run
     * @param pressures what the node is short of
     * @param shuttingDown whether it takes no pods any more
     */
    public record Node(Amounts allocatable, int maxPods, Set<Pressure> pressures, boolean shuttingDown) {}

    /**
     * Decides about a new pod.
     *
     * @param others the node's other pods that have not ended
     */
    public static Optional<Refusal> refusal(Pod pod, Collection<Pod> others, Node node) {
        if (node.shuttingDown()) {
            return Optional.of(new Refusal("NodeShutdown", SHUTDOWN));
        }
        return pressure(pod, node.pressures()).or(() -> shortage(pod, others, node));
    }

    /** Under pressure only critical pods come in; when memory alone is short, also those that have asked for some. */
    private static Optional<Refusal> pressure(Pod pod, Set<Pressure> pressures) {
        if (pressures.isEmpty() || PodFacts.isCritical(pod)) {
            return Optional.empty();
        }
        if (pressures.equals(Set.of(Pressure.MEMORY))
                && (!PodFacts.qosClass(pod).equals("BestEffort") || toleratesMemoryPressure(pod))) {
            return Optional.empty();
        }
        List<String> names = pressures.stream().sorted().map(Pressure::type).toList();
        return Optional.of(new Refusal("Evicted", "The node had condition: [" + String.join(" ", names) + "]. "));
    }

    private static boolean toleratesMemoryPressure(Pod pod) {
        return pod.getSpec().getTolerations().stream()
                .anyMatch(toleration -> (toleration.getKey() == null
                                || toleration.getKey().isEmpty()
                                || toleration.getKey().equals("node.kubernetes.io/memory-pressure"))
                        && (toleration.getEffect() == null
                                || toleration.getEffect().isEmpty()
                                || toleration.getEffect().equals("NoSchedule"))
                        && ("Exists".equals(toleration.getOperator())
                                || (toleration.getKey() != null
                                        && !toleration.getKey().isEmpty()
                                        && (toleration.getValue() == null
                                                || toleration.getValue().isEmpty()))));
    }

    /** The first of what the node has not enough of beside the other pods; empty when the pod fits. */
    public static Optional<Refusal> shortage(Pod pod, Collection<Pod> others, Node node) {
        if (others.size() + 1 > node.maxPods()) {
            return Optional.of(new Refusal("OutOfpods", insufficient("pods", 1, others.size(), node.maxPods())));
        }
        for (Amount amount : amounts(node.allocatable())) {
            long requested = PodRequests.request(pod, amount.resource()) / amount.unit();
            long used = others.stream()
                    .mapToLong(other -> PodRequests.request(other, amount.resource()) / amount.unit())
                    .sum();
            if (requested > 0 && requested > amount.capacity() - used) {
                return Optional.of(new Refusal(
                        "OutOf" + amount.resource(),
                        insufficient(amount.resource(), requested, used, amount.capacity())));
            }
        }
        return Optional.empty();
    }

    private static String insufficient(String resource, long requested, long used, long capacity) {
        return "Node didn't have enough resource: " + resource + ", requested: " + requested + ", used: " + used
                + ", capacity: " + capacity;
    }

    /** What the pod could not have even if it were alone; empty when it could. */
    static Optional<String> beyondCapacity(Pod pod, Amounts allocatable) {
        long memory = PodRequests.request(pod, "memory") / 1000;
        if (memory > allocatable.memoryBytes()) {
            return Optional.of("Node didn't have enough capacity: memory, requested: " + memory + ", capacity: "
                    + allocatable.memoryBytes());
        }
        long cpu = PodRequests.request(pod, "cpu");
        return cpu > allocatable.cpuMillis()
                ? Optional.of("Node didn't have enough capacity: cpu, requested: " + cpu + ", capacity: "
                        + allocatable.cpuMillis())
                : Optional.empty();
    }

    /** A resource in its unit: thousandths of a core, whole bytes. */
    private record Amount(String resource, long unit, long capacity) {}

    private static List<Amount> amounts(Amounts allocatable) {
        List<Amount> amounts = new ArrayList<>();
        amounts.add(new Amount("cpu", 1, allocatable.cpuMillis()));
        amounts.add(new Amount("memory", 1000, allocatable.memoryBytes()));
        amounts.add(new Amount("ephemeral-storage", 1000, allocatable.storageBytes()));
        return amounts;
    }
}
