package io.mokube.scheduler.framework;

import io.mokube.scheduler.snapshot.PodInfo;
import io.mokube.scheduler.snapshot.Snapshot;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The rules for the pods that name one scheduler.
 *
 * @param schedulerName what {@code spec.schedulerName} says in these pods
 * @param queueSort which pod comes first
 * @param enqueuePlugins asked before a pod is considered
 * @param filters asked in this order; the first that objects ends the question
 * @param postFilters asked in this order when no node fits; the first that finds a way out is followed
 * @param scores with their weights
 * @param reserves set things aside in this order, and give them back in the other
 * @param permits asked in this order
 * @param preBinds prepare a binding in this order
 * @param binds the first that takes the pod binds it
 * @param postBinds told of a binding in this order
 * @param percentageOfNodesToScore how many of the nodes to find before choosing; 0 adapts to the size of the cluster
 */
public record Profile(
        String schedulerName,
        QueueSortPlugin queueSort,
        List<EnqueuePlugin> enqueuePlugins,
        List<FilterPlugin> filters,
        List<PostFilterPlugin> postFilters,
        List<WeightedScore> scores,
        List<ReservePlugin> reserves,
        List<PermitPlugin> permits,
        List<PreBindPlugin> preBinds,
        List<BindPlugin> binds,
        List<PostBindPlugin> postBinds,
        int percentageOfNodesToScore) {

    private static final int FEWEST_NODES = 100;
    private static final int SMALLEST_PERCENTAGE = 5;

    public Profile {
        enqueuePlugins = List.copyOf(enqueuePlugins);
        filters = List.copyOf(filters);
        postFilters = List.copyOf(postFilters);
        scores = List.copyOf(scores);
        reserves = List.copyOf(reserves);
        permits = List.copyOf(permits);
        preBinds = List.copyOf(preBinds);
        binds = List.copyOf(binds);
        postBinds = List.copyOf(postBinds);
    }

    /** A score plugin and how much it counts. */
    public record WeightedScore(ScorePlugin plugin, int weight) {}

    /**
     * A profile in which each plugin takes part wherever it can, in the order given.
     *
     * @param weights how much score plugins count, by name; 1 for those that are not named
     */
    public static Profile of(
            String schedulerName, List<? extends Plugin> plugins, Map<String, Integer> weights, int percentage) {
        List<WeightedScore> scores = new ArrayList<>();
        for (ScorePlugin score : those(plugins, ScorePlugin.class)) {
            scores.add(new WeightedScore(score, weights.getOrDefault(score.name(), 1)));
        }
        return new Profile(
                schedulerName,
                those(plugins, QueueSortPlugin.class).getFirst(),
                those(plugins, EnqueuePlugin.class),
                those(plugins, FilterPlugin.class),
                those(plugins, PostFilterPlugin.class),
                scores,
                those(plugins, ReservePlugin.class),
                those(plugins, PermitPlugin.class),
                those(plugins, PreBindPlugin.class),
                those(plugins, BindPlugin.class),
                those(plugins, PostBindPlugin.class),
                percentage);
    }

    private static <T> List<T> those(List<? extends Plugin> plugins, Class<T> point) {
        return plugins.stream().filter(point::isInstance).map(point::cast).toList();
    }

    /** All plugins that can turn a pod away, by name. */
    Map<String, RejectingPlugin> rejecting() {
        Map<String, RejectingPlugin> byName = new LinkedHashMap<>();
        for (List<? extends RejectingPlugin> plugins : List.of(enqueuePlugins, filters, reserves, permits)) {
            plugins.forEach(plugin -> byName.put(plugin.name(), plugin));
        }
        // They may reject what they prepare, without taking part anywhere else.
        preBinds.forEach(plugin -> {
            if (plugin instanceof RejectingPlugin rejecting) {
                byName.put(plugin.name(), rejecting);
            }
        });
        return byName;
    }

    /** The first plugin that makes a pod wait, whatever the cluster's nodes look like. */
    Optional<EnqueuePlugin> heldBackBy(PodInfo pod, Supplier<Snapshot> cluster) {
        for (EnqueuePlugin plugin : enqueuePlugins) {
            if (plugin.holdsBack(pod, cluster).isPresent()) {
                return Optional.of(plugin);
            }
        }
        return Optional.empty();
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

    /** The events after which a pod that these plugins rejected may be worth another try. */
    public Set<ClusterEvent> unblockedBy(Set<String> plugins) {
        EnumSet<ClusterEvent> events = EnumSet.noneOf(ClusterEvent.class);
        rejecting().forEach((name, plugin) -> {
            if (plugins.contains(name)) {
                events.addAll(plugin.unblockedBy());
            }
        });
        // Without nodes nobody objected.
        if (plugins.isEmpty()) {
            events.add(ClusterEvent.NODE_ADDED);
        }
        return events;
    }
}
