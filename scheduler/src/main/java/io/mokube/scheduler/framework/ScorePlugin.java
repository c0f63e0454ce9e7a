package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;

/** Says how good a node is, compared with the others that fit ({@code PreScore}, {@code Score}, normalization). */
public interface ScorePlugin extends Plugin {

    /** The best a node can get from one plugin, before the plugin's weight. */
    long MAX_SCORE = 100;

    /**
     * Looks at the pod, the cluster and the nodes that fit once and gives the measure for each node.
     * {@link NodeScorer#NONE} when the plugin sees no difference between nodes.
     */
    NodeScorer prepare(PodInfo pod, Snapshot snapshot, FeasibleNodes feasible);
}
