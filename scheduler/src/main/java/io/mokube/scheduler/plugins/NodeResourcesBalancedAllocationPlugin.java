package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.FeasibleNodes;
import io.mokube.scheduler.framework.NodeScorer;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Resources;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.List;

/** Prefers nodes whose resources would be used to a similar share, so that none is left over alone. */
public final class NodeResourcesBalancedAllocationPlugin implements ScorePlugin {

    private static final List<String> CPU_AND_MEMORY = List.of("cpu", "memory");

    private final List<String> resources;

    public NodeResourcesBalancedAllocationPlugin() {
        this(CPU_AND_MEMORY);
    }

    /** Configured with the names of the resources that are to be in balance. */
    public NodeResourcesBalancedAllocationPlugin(List<String> resources) {
        this.resources = List.copyOf(resources);
    }

    @Override
    public String name() {
        return "NodeResourcesBalancedAllocation";
    }

    @Override
    public NodeScorer prepare(PodInfo pod, Snapshot snapshot, FeasibleNodes feasible) {
        Resources wanted = pod.requests().total();
        if (!resources.equals(CPU_AND_MEMORY)) {
            return resources.stream().allMatch(name -> wanted.amount(name) == 0)
                    ? NodeScorer.NONE
                    : node -> balance(node, wanted);
        }
        if (wanted.milliCpu() == 0 && wanted.memory() == 0) {
            // Such a pod changes no node's balance: it would follow the best balanced node for ever.
            return NodeScorer.NONE;
        }
        return node -> {
            Resources allocatable = node.facts().allocatable();
            if (allocatable.milliCpu() == 0 || allocatable.memory() == 0) {
                return MAX_SCORE;
            }
            double cpu = share(node.requested().milliCpu() + wanted.milliCpu(), allocatable.milliCpu());
            double memory = share(node.requested().memory() + wanted.memory(), allocatable.memory());
            // The standard deviation of two values is half their distance.
            return (long) ((1 - Math.abs(cpu - memory) / 2) * MAX_SCORE);
        };
    }

    private long balance(NodeInfo node, Resources wanted) {
        double[] shares = new double[resources.size()];
        int kinds = 0;
        double sum = 0;
        for (String resource : resources) {
            long capacity = node.facts().allocatable().amount(resource);
            // An extended resource counts for those pods only that want some.
            if (capacity > 0 && (CPU_AND_MEMORY.contains(resource) || wanted.amount(resource) > 0)) {
                shares[kinds] = share(node.requested().amount(resource) + wanted.amount(resource), capacity);
                sum += shares[kinds++];
            }
        }
        double squares = 0;
        for (int i = 0; i < kinds; i++) {
            squares += (shares[i] - sum / kinds) * (shares[i] - sum / kinds);
        }
        double deviation = kinds < 2 ? 0 : Math.sqrt(squares / kinds);
        return (long) ((1 - deviation) * MAX_SCORE);
    }

    private static double share(long requested, long capacity) {
        return Math.min(1, (double) requested / capacity);
    }
}
