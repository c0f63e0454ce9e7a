package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.Plugin;
import io.mokube.scheduler.framework.Profile;
import java.util.List;
import java.util.Map;

/** The plugins that take part by default, in kube-scheduler's order and with its weights. */
public final class DefaultPlugins {

    private static final Map<String, Integer> WEIGHTS = Map.of(
            "TaintToleration", 3,
            "NodeAffinity", 2,
            "PodTopologySpread", 2,
            "InterPodAffinity", 2);

    private DefaultPlugins() {}

    /** All of them with their standard arguments, in the order in which they are asked. */
    public static List<Plugin> standard() {
        return List.of(
                new SchedulingGatesPlugin(),
                new PrioritySortPlugin(),
                new NodeUnschedulablePlugin(),
                new NodeNamePlugin(),
                new NodeDeclaredFeaturesPlugin(),
                new TaintTolerationPlugin(),
                new NodeAffinityPlugin(),
                new NodePortsPlugin(),
                new NodeResourcesFitPlugin(),
                new VolumeRestrictionsPlugin(),
                new NodeVolumeLimitsPlugin(),
                new VolumeBindingPlugin(VolumeBindingPlugin.DEFAULT_PATIENCE),
                new VolumeZonePlugin(),
                new PodTopologySpreadPlugin(),
                new InterPodAffinityPlugin(),
                new DynamicResourcesPlugin(),
                new DefaultPreemptionPlugin(),
                new NodeResourcesBalancedAllocationPlugin(),
                new ImageLocalityPlugin(),
                new DefaultBinderPlugin());
    }

    /** How much score plugins count by default, where that is not 1. */
    public static Map<String, Integer> weights() {
        return WEIGHTS;
    }

    /** How much a score plugin counts by default. */
    public static int weight(String plugin) {
        return WEIGHTS.getOrDefault(plugin, 1);
    }

    /** The default profile for the pods that name this scheduler. */
    public static Profile profile(String schedulerName) {
        return Profile.of(schedulerName, standard(), WEIGHTS, 0);
    }
}
