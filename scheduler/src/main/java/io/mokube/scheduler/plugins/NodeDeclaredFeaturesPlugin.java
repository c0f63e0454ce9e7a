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

/** Lets a pod that needs what not every node can do only where the node declares it ({@code status.declaredFeatures}). */
public final class NodeDeclaredFeaturesPlugin implements FilterPlugin {

    private static final String NAME = "NodeDeclaredFeatures";
    private static final Verdict LACKING =
            new Verdict.Unfit(NAME, List.of("node(s) didn't match Pod's required features"), false);

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        Set<String> required = pod.requiredFeatures();
        return required.isEmpty()
                ? NodeFilter.NONE
                : node -> node.facts().declaredFeatures().containsAll(required) ? Verdict.FITS : LACKING;
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return Set.of(ClusterEvent.NODE_ADDED, ClusterEvent.NODE_FEATURES_CHANGED);
    }

    @Override
    public boolean mayUnblock(PodInfo pod, ClusterChange change) {
        return change.after(NodeFacts.class)
                .map(node -> node.declaredFeatures().containsAll(pod.requiredFeatures()))
                .orElse(true);
    }
}
