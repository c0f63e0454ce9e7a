package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.List;
import java.util.stream.LongStream;

/** Asks one score plugin, as the decider does. */
public final class TestScores {

    private TestScores() {}

    public static List<Long> of(ScorePlugin plugin, PodInfo pod, Snapshot snapshot, NodeInfo... nodes) {
        FeasibleNodes feasible = new FeasibleNodes(nodes.length);
        for (NodeInfo node : nodes) {
            feasible.add(node);
        }
        NodeScorer scorer = plugin.prepare(pod, snapshot, feasible);
        if (scorer == NodeScorer.NONE) {
            return List.of();
        }
        long[] scores = new long[nodes.length];
        for (int i = 0; i < nodes.length; i++) {
            scores[i] = scorer.score(nodes[i]);
        }
        scorer.normalize(scores);
        return LongStream.of(scores).boxed().toList();
    }
}
