package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeTaint;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.PodToleration;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.List;
import java.util.Set;

/** Keeps pods away from cordoned nodes, except those that tolerate the taint that cordoning stands for. */
public final class NodeUnschedulablePlugin implements FilterPlugin {

    private static final String NAME = "NodeUnschedulable";
    private static final NodeTaint CORDON =
            new NodeTaint("node.kubernetes.io/unschedulable", "", NodeTaint.Effect.NO_SCHEDULE);
    private static final Verdict CORDONED = new Verdict.Unfit(NAME, List.of("node(s) were unschedulable"), false);

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        for (PodToleration toleration : pod.tolerations()) {
            if (toleration.tolerates(CORDON)) {
                return NodeFilter.NONE;
            }
        }
        return node -> node.facts().unschedulable() ? CORDONED : Verdict.FITS;
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return Set.of(ClusterEvent.NODE_ADDED, ClusterEvent.NODE_TAINTS_CHANGED);
    }

    /** A node that is not cordoned, or not any more. */
    @Override
    public boolean mayUnblock(PodInfo pod, ClusterChange change) {
        return change.after(NodeFacts.class)
                .map(node -> !node.unschedulable()
                        && change.before(NodeFacts.class)
                                .map(NodeFacts::unschedulable)
                                .orElse(true))
                .orElse(true);
    }
}
