package io.mokube.kubelet.resources;

import io.mokube.kubelet.policy.NodePolicy;
import io.mokube.kubelet.policy.Threshold.Signal;
import io.mokube.machinery.quantity.Quantity;
import java.util.Map;

/**
 * What a node has, and how much of it is for pods.
 *
 * @param capacity everything
 * @param allocatable what the scheduler may give away: without what is reserved and what eviction keeps free
 * @param forPods what all pods together may use: without what is reserved
 * @param pidsForPods processes and threads of all pods together; 0 for as many as the machine allows
 */
public record NodeAmounts(Amounts capacity, Amounts allocatable, Amounts forPods, long pidsForPods) {

    /** Amounts of what can be given away. */
    public record Amounts(long cpuMillis, long memoryBytes, long storageBytes) {

        private Amounts minus(long cpu, long memory, long storage) {
            return new Amounts(
                    Math.max(0, cpuMillis - cpu),
                    Math.max(0, memoryBytes - memory),
                    Math.max(0, storageBytes - storage));
        }
    }

    /**
     * Divides a node up.
     *
     * @param pidsAllowed on the machine; 0 when it is not known
     */
    public static NodeAmounts of(Amounts capacity, long pidsAllowed, NodePolicy policy) {
        Amounts unreserved = capacity;
        long pids = 0;
        for (Map<String, Quantity> reserved : java.util.List.of(policy.kubeReserved(), policy.systemReserved())) {
            unreserved = unreserved.minus(
                    reserved.getOrDefault("cpu", Quantity.ZERO).milliValue(),
                    reserved.getOrDefault("memory", Quantity.ZERO).value(),
                    reserved.getOrDefault("ephemeral-storage", Quantity.ZERO).value());
            pids += reserved.getOrDefault("pid", Quantity.ZERO).value();
        }
        Amounts allocatable = unreserved.minus(
                0,
                policy.eviction().hard(Signal.MEMORY).of(capacity.memoryBytes()),
                policy.eviction().hard(Signal.NODE_DISK).of(capacity.storageBytes()));
        return new NodeAmounts(capacity, allocatable, unreserved, pids == 0 ? 0 : Math.max(1, pidsAllowed - pids));
    }
}
