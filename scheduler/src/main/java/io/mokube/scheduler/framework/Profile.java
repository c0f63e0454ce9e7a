package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.PodInfo;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The rules for the pods that name one scheduler.
 *
 * @param schedulerName what {@code spec.schedulerName} says in these pods
 * @param enqueuePlugins asked before a pod is considered
 * @param filters asked in this order; the first that objects ends the question
 * @param scores with their weights
 * @param postFilters asked in this order when no node fits; the first that finds a way out is followed
 * @param percentageOfNodesToScore how many of the nodes to find before choosing; 0 adapts to the size of the cluster
 */
public record Profile(
        String schedulerName,
        List<EnqueuePlugin> enqueuePlugins,
        List<FilterPlugin> filters,
        List<WeightedScore> scores,
        List<PostFilterPlugin> postFilters,
        int percentageOfNodesToScore) {

    private static final int FEWEST_NODES = 100;
    private static final int SMALLEST_PERCENTAGE = 5;

    public Profile {
        enqueuePlugins = List.copyOf(enqueuePlugins);
        filters = List.copyOf(filters);
        scores = List.copyOf(scores);
        postFilters = List.copyOf(postFilters);
    }

    /** A score plugin and how much it counts. */
    public record WeightedScore(ScorePlugin plugin, int weight) {}

    /** Whether a pod must wait, whatever the cluster looks like. */
    public boolean holdsBack(PodInfo pod) {
        for (EnqueuePlugin plugin : enqueuePlugins) {
            if (plugin.holdsBack(pod).isPresent()) {
                return true;
            }
        }
        return false;
    }

    /** How many fitting nodes are enough, as kube-scheduler counts: all of up to 100, then a falling share. */
    public int enoughNodes(int clusterSize) {
        if (clusterSize < FEWEST_NODES) {
            return clusterSize;
        }
        int percentage = percentageOfNodesToScore;
        if (percentage == 0) {
            percentage = Math.max(SMALLEST_PERCENTAGE, 50 - clusterSize / 125);
        }
        return Math.max(FEWEST_NODES, (int) ((long) clusterSize * percentage / 100));
    }

    /** The events after which a pod that these plugins rejected is worth another try. */
    public Set<ClusterEvent> unblockedBy(Set<String> plugins) {
        EnumSet<ClusterEvent> events = EnumSet.noneOf(ClusterEvent.class);
        for (FilterPlugin filter : filters) {
            if (plugins.contains(filter.name())) {
                events.addAll(filter.unblockedBy());
            }
        }
        // Without nodes nobody objected.
        if (plugins.isEmpty()) {
            events.add(ClusterEvent.NODE_ADDED);
        }
        return events;
    }
}
