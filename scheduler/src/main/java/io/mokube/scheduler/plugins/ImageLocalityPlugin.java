package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.FeasibleNodes;
import io.mokube.scheduler.framework.NodeScorer;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.List;

/**
 * Prefers nodes that have the pod's images already. An image counts by its size and by how many nodes have it, so that
 * one node with a rare image does not draw every pod that uses it.
 */
public final class ImageLocalityPlugin implements ScorePlugin {

    private static final long MEGABYTE = 1L << 20;
    private static final long SMALLEST = 23 * MEGABYTE;
    private static final long LARGEST_PER_IMAGE = 1000 * MEGABYTE;

    @Override
    public String name() {
        return "ImageLocality";
    }

    @Override
    public NodeScorer prepare(PodInfo pod, Snapshot snapshot, FeasibleNodes feasible) {
        List<String> images = pod.images();
        double[] spread = new double[images.size()];
        boolean present = false;
        for (int i = 0; i < spread.length; i++) {
            int nodes = snapshot.nodesWithImage(images.get(i));
            spread[i] = (double) nodes / snapshot.size();
            present |= nodes > 0;
        }
        if (!present) {
            return NodeScorer.NONE;
        }
        long largest = LARGEST_PER_IMAGE * images.size();
        return node -> {
            long bytes = 0;
            for (int i = 0; i < spread.length; i++) {
                Long size = node.facts().images().get(images.get(i));
                if (size != null) {
                    bytes += (long) (size * spread[i]);
                }
            }
            long counted = Math.clamp(bytes, SMALLEST, largest);
            return MAX_SCORE * (counted - SMALLEST) / (largest - SMALLEST);
        };
    }
}
