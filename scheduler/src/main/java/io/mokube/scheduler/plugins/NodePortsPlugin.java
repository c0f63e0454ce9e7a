package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.HostPort;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.List;
import java.util.Set;

/** Gives each port of a node to one pod only. */
public final class NodePortsPlugin implements FilterPlugin {

    private static final String NAME = "NodePorts";
    private static final Verdict TAKEN =
            new Verdict.Unfit(NAME, List.of("node(s) didn't have free ports for the requested pod ports"), true);

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        List<HostPort> wanted = pod.hostPorts();
        return wanted.isEmpty() ? NodeFilter.NONE : node -> conflict(wanted, node.usedPorts()) ? TAKEN : Verdict.FITS;
    }

    private static boolean conflict(List<HostPort> wanted, List<HostPort> used) {
        for (int i = 0; i < used.size(); i++) {
            for (int j = 0; j < wanted.size(); j++) {
                if (wanted.get(j).conflictsWith(used.get(i))) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return Set.of(ClusterEvent.NODE_ADDED, ClusterEvent.ASSIGNED_POD_REMOVED);
    }

    /** A pod that goes must have held a port that this one wants. */
    @Override
    public boolean mayUnblock(PodInfo pod, ClusterChange change) {
        return change.before(PodInfo.class)
                .map(gone -> conflict(pod.hostPorts(), gone.hostPorts()))
                .orElse(true);
    }
}
