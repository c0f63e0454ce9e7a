package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.ClusterChange;
import io.mokube.scheduler.framework.ClusterEvent;
import io.mokube.scheduler.framework.FeasibleNodes;
import io.mokube.scheduler.framework.FilterPlugin;
import io.mokube.scheduler.framework.NodeFilter;
import io.mokube.scheduler.framework.NodeScorer;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.framework.Verdict;
import io.mokube.scheduler.snapshot.NodeFacts;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.NodeTaint;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.PodToleration;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.List;
import java.util.Set;

/** Keeps pods away from taints they do not tolerate, and prefers nodes with fewer discouraging ones. */
public final class TaintTolerationPlugin implements FilterPlugin, ScorePlugin {

    private static final String NAME = "TaintToleration";
    private static final Verdict TAINTED = new Verdict.Unfit(NAME, List.of("node(s) had untolerated taint(s)"), false);

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public NodeFilter prepare(PodInfo pod, Snapshot snapshot) {
        List<PodToleration> tolerations = pod.tolerations();
        return node -> tolerate(tolerations, node.facts()) ? Verdict.FITS : TAINTED;
    }

    /** Whether these tolerations cover all taints that would keep a pod away from a node. */
    static boolean tolerate(List<PodToleration> tolerations, NodeFacts node) {
        return untolerated(node.forbidding(), tolerations, true) == 0;
    }

    @Override
    public Set<ClusterEvent> unblockedBy() {
        return Set.of(ClusterEvent.NODE_ADDED, ClusterEvent.NODE_TAINTS_CHANGED);
    }

    /** A node whose taints the pod tolerates, and did not before. */
    @Override
    public boolean mayUnblock(PodInfo pod, ClusterChange change) {
        return change.after(NodeFacts.class)
                .map(node -> tolerate(pod.tolerations(), node)
                        && !change.before(NodeFacts.class)
                                .map(before -> tolerate(pod.tolerations(), before))
                                .orElse(false))
                .orElse(true);
    }

    @Override
    public NodeScorer prepare(PodInfo pod, Snapshot snapshot, FeasibleNodes feasible) {
        boolean discouraged = false;
        for (int i = 0; i < feasible.size() && !discouraged; i++) {
            discouraged = !feasible.get(i).facts().discouraging().isEmpty();
        }
        if (!discouraged) {
            return NodeScorer.NONE;
        }
        List<PodToleration> tolerations = pod.tolerations();
        return new NodeScorer() {
            @Override
            public long score(NodeInfo node) {
                return untolerated(node.facts().discouraging(), tolerations, false);
            }

            @Override
            public void normalize(long[] scores) {
                NodeScorer.stretchReversed(scores);
            }
        };
    }

    /** How many of the taints no toleration covers; only whether there is one when the first is enough. */
    private static int untolerated(List<NodeTaint> taints, List<PodToleration> tolerations, boolean firstIsEnough) {
        int untolerated = 0;
        for (int i = 0; i < taints.size(); i++) {
            if (!tolerated(taints.get(i), tolerations)) {
                untolerated++;
                if (firstIsEnough) {
                    break;
                }
            }
        }
        return untolerated;
    }

    private static boolean tolerated(NodeTaint taint, List<PodToleration> tolerations) {
        for (int i = 0; i < tolerations.size(); i++) {
            if (tolerations.get(i).tolerates(taint)) {
                return true;
            }
        }
        return false;
    }
}
