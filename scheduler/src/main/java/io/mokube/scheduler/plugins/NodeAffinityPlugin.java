package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FeasibleNodes;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.NodeScorer;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.NodePreference;
import io.mokube.scheduler.snapshot.NodeRequirement;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Keeps pods to the nodes that their node selector and node affinity name, and prefers those they would like. */
public final class NodeAffinityPlugin implements FilterPlugin, ScorePlugin {

    private static final String NAME = "NodeAffinity";
    private static final Verdict NO_MATCH =
            new Verdict.Unfit(NAME, List.of("node(s) didn't match Pod's node affinity/selector"), false);

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        Optional<NodeRequirement> selector = pod.nodeSelector();
        Optional<List<NodeRequirement>> required = pod.requiredNodes();
        if (selector.isEmpty() && required.isEmpty()) {
            return NodeFilter.NONE;
        }
        return node -> allow(selector, required, node.facts()) ? Verdict.FITS : NO_MATCH;
    }

    /** Whether a pod's node selector and required affinity allow a node. */
    static boolean allow(Optional<NodeRequirement> selector, Optional<List<NodeRequirement>> required, NodeFacts node) {
        if (selector.isPresent() && !selector.get().matches(node)) {
            return false;
        }
        if (required.isEmpty()) {
            return true;
        }
        List<NodeRequirement> terms = required.get();
        for (int i = 0; i < terms.size(); i++) {
            if (terms.get(i).matches(node)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return Set.of(ClusterEvent.NODE_ADDED, ClusterEvent.NODE_LABELS_CHANGED);
    }

    @Override
    public NodeScorer prepare(PodInfo pod, Snapshot snapshot, FeasibleNodes feasible) {
        List<NodePreference> preferences = pod.preferredNodes();
        if (preferences.isEmpty()) {
            return NodeScorer.NONE;
        }
        return new NodeScorer() {
            @Override
            public long score(NodeInfo node) {
                long score = 0;
                for (int i = 0; i < preferences.size(); i++) {
                    if (preferences.get(i).requirement().matches(node.facts())) {
                        score += preferences.get(i).weight();
                    }
                }
                return score;
            }

            @Override
            public void normalize(long[] scores) {
                NodeScorer.stretch(scores);
            }
        };
    }
}
