package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.FeasibleNodes;
import io.mokube.scheduler.framework.NodeScorer;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Resources;
import io.mokube.scheduler.snapshot.Snapshot;

/** Prefers nodes whose CPU and memory would be used to a similar share, so that neither is left over alone. */
public final class NodeResourcesBalancedAllocationPlugin implements ScorePlugin {

    @Override
    public String name() {
        return "NodeResourcesBalancedAllocation";
    }

    @Override
    public NodeScorer prepare(PodInfo pod, Snapshot snapshot, FeasibleNodes feasible) {
        Resources wanted = pod.requests().total();
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

    private static double share(long requested, long capacity) {
        return Math.min(1, (double) requested / capacity);
    }
}
