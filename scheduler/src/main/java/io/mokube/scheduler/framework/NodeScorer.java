package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.NodeInfo;

/** One plugin's measure of a node, made for one pod. Asked from one thread. */
@FunctionalInterface
public interface NodeScorer {

    /** Sees no difference; never asked. */
    NodeScorer NONE = node -> 0;

    /** The node's score: within 0 to {@link ScorePlugin#MAX_SCORE} after {@link #normalize}. */
    long score(NodeInfo node);

    /** Brings the scores of all nodes into range, in place. */
    default void normalize(long[] scores) {}

    /** Stretches scores so that the largest becomes the best; all zero stay zero. */
    static void stretch(long[] scores) {
        long largest = largest(scores);
        if (largest > 0) {
            for (int i = 0; i < scores.length; i++) {
                scores[i] = scores[i] * ScorePlugin.MAX_SCORE / largest;
            }
        }
    }

    /** Stretches scores so that the largest becomes the worst and zero the best. */
    static void stretchReversed(long[] scores) {
        long largest = largest(scores);
        for (int i = 0; i < scores.length; i++) {
            scores[i] = largest == 0
                    ? ScorePlugin.MAX_SCORE
                    : ScorePlugin.MAX_SCORE - scores[i] * ScorePlugin.MAX_SCORE / largest;
        }
    }

    private static long largest(long[] scores) {
        long largest = 0;
        for (long score : scores) {
            largest = Math.max(largest, score);
        }
        return largest;
    }
}
