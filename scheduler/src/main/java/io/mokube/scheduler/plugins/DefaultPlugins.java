package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.Profile;
import io.mokube.scheduler.framework.Profile.WeightedScore;
import java.util.List;

/** The plugins that take part by default, in kube-scheduler's order and with its weights. */
public final class DefaultPlugins {

    private DefaultPlugins() {}

    /** The default profile for the pods that name this scheduler. */
    public static Profile profile(String schedulerName) {
        TaintTolerationPlugin taintToleration = new TaintTolerationPlugin();
        NodeAffinityPlugin nodeAffinity = new NodeAffinityPlugin();
        NodeResourcesFitPlugin resourcesFit = new NodeResourcesFitPlugin();
        PodTopologySpreadPlugin topologySpread = new PodTopologySpreadPlugin();
        InterPodAffinityPlugin interPodAffinity = new InterPodAffinityPlugin();
        return new Profile(
                schedulerName,
                List.of(new SchedulingGatesPlugin()),
                List.of(
                        new NodeUnschedulablePlugin(),
                        new NodeNamePlugin(),
                        taintToleration,
                        nodeAffinity,
                        new NodePortsPlugin(),
                        resourcesFit,
                        new VolumeRestrictionsPlugin(),
                        new NodeVolumeLimitsPlugin(),
                        new VolumeBindingPlugin(VolumeBindingPlugin.DEFAULT_PATIENCE),
                        new VolumeZonePlugin(),
                        topologySpread,
                        interPodAffinity),
                List.of(
                        new WeightedScore(taintToleration, 3),
                        new WeightedScore(nodeAffinity, 2),
                        new WeightedScore(resourcesFit, 1),
                        new WeightedScore(topologySpread, 2),
                        new WeightedScore(interPodAffinity, 2),
                        new WeightedScore(new NodeResourcesBalancedAllocationPlugin(), 1),
                        new WeightedScore(new ImageLocalityPlugin(), 1)),
                List.of(new DynamicResourcesPlugin(), new DefaultPreemptionPlugin()),
                0);
    }
}
