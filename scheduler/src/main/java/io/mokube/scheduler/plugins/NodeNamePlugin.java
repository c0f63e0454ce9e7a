package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.List;
import java.util.Set;

/** A pod that names its node goes nowhere else. */
public final class NodeNamePlugin implements FilterPlugin {

    private static final String NAME = "NodeName";
    private static final Verdict OTHER_NODE =
            new Verdict.Unfit(NAME, List.of("node(s) didn't match the requested node name"), false);

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        String wanted = pod.nodeName();
        return wanted.isEmpty() ? NodeFilter.NONE : node -> node.name().equals(wanted) ? Verdict.FITS : OTHER_NODE;
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return Set.of(ClusterEvent.NODE_ADDED);
    }

    @Override
    public boolean mayUnblock(PodInfo pod, ClusterChange change) {
        return change.after(NodeFacts.class)
                .map(node -> node.name().equals(pod.nodeName()))
                .orElse(true);
    }
}
