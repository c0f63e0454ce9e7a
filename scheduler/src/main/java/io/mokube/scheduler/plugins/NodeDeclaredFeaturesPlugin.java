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
import java.util.SortedSet;
import java.util.TreeSet;

/** Lets a pod that needs what not every node can do only where the node declares it ({@code status.declaredFeatures}). */
public final class NodeDeclaredFeaturesPlugin implements FilterPlugin {

    private static final String NAME = "NodeDeclaredFeatures";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        SortedSet<String> required = new TreeSet<>(pod.requiredFeatures());
        return required.isEmpty() ? NodeFilter.NONE : node -> verdict(required, node.facts());
    }

    private static Verdict verdict(SortedSet<String> required, NodeFacts node) {
        if (node.declaredFeatures().containsAll(required)) {
            return Verdict.FITS;
        }
        List<String> missing = required.stream()
                .filter(feature -> !node.declaredFeatures().contains(feature))
                .toList();
        return new Verdict.Unfit(
                NAME,
                List.of("node declared features check failed - unsatisfied requirements: "
                        + String.join(", ", missing)),
                false);
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
