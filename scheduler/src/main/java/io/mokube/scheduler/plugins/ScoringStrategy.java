package io.mokube.scheduler.plugins;

import io.mokube.scheduler.framework.NodeScorer;
import io.mokube.scheduler.framework.ScorePlugin;
import io.mokube.scheduler.snapshot.NodeInfo;
import io.mokube.scheduler.snapshot.PodRequests;
import java.util.List;

/**
 * How {@code NodeResourcesFit} rates a node by what would be used of it.
 *
 * @param resources which resources count, and how much
 */
public record ScoringStrategy(Kind kind, List<WeightedResource> resources) {

    /** The one of kube-scheduler: least allocated, by CPU and memory. */
    public static final ScoringStrategy DEFAULT = new ScoringStrategy(
            new Kind.LeastAllocated(), List.of(new WeightedResource("cpu", 1), new WeightedResource("memory", 1)));

    public ScoringStrategy {
        resources = List.copyOf(resources);
    }

    /** A resource, and how much it counts. */
    public record WeightedResource(String name, int weight) {}

    /** What makes a node good. */
    public sealed interface Kind {

        /** Much is left: pods are spread. */
        record LeastAllocated() implements Kind {}

        /** Little is left: pods are packed. */
        record MostAllocated() implements Kind {}

        /**
         * As a curve says.
         *
         * @param shape by rising utilization; straight lines between the points, level outside
         */
        record RequestedToCapacityRatio(List<Point> shape) implements Kind {

            public RequestedToCapacityRatio {
                shape = List.copyOf(shape);
            }

            /** The score at a utilization in percent, with whole numbers throughout as kube-scheduler has them. */
            long at(long utilization) {
                for (int i = 0; i < shape.size(); i++) {
                    Point point = shape.get(i);
                    if (utilization <= point.utilization()) {
                        if (i == 0) {
                            return point.score();
                        }
                        Point before = shape.get(i - 1);
                        return before.score()
                                + (point.score() - before.score())
                                        * (utilization - before.utilization())
                                        / (point.utilization() - before.utilization());
                    }
                }
                return shape.getLast().score();
            }
        }

        /** A point of the curve: utilization in percent, score from 0 to 100. */
        record Point(long utilization, long score) {}
    }

    /** What is used and what there is of one resource on one node. */
    private record Share(long requested, long capacity) {}

    NodeScorer scorer(PodRequests pod) {
        return node -> score(node, pod);
    }

    private long score(NodeInfo node, PodRequests pod) {
        long sum = 0;
        long weights = 0;
        for (int i = 0; i < resources.size(); i++) {
            WeightedResource resource = resources.get(i);
            Share share = share(node, pod, resource.name());
            if (share.capacity() == 0) {
                continue;
            }
            switch (kind) {
                case Kind.LeastAllocated least -> {
                    sum += resource.weight() * free(share);
                    weights += resource.weight();
                }
                case Kind.MostAllocated most -> {
                    sum += resource.weight()
                            * (Math.min(share.requested(), share.capacity())
                                    * ScorePlugin.MAX_SCORE
                                    / share.capacity());
                    weights += resource.weight();
                }
                case Kind.RequestedToCapacityRatio curve -> {
                    long score = curve.at(
                            share.requested() > share.capacity() ? 100 : share.requested() * 100 / share.capacity());
                    // What scores nothing doesn't count, as in kube-scheduler.
                    if (score > 0) {
                        sum += resource.weight() * score;
                        weights += resource.weight();
                    }
                }
            }
        }
        if (weights == 0) {
            return 0;
        }
        return kind instanceof Kind.RequestedToCapacityRatio ? Math.round((double) sum / weights) : sum / weights;
    }

    private static long free(Share share) {
        return share.requested() > share.capacity()
                ? 0
                : (share.capacity() - share.requested()) * ScorePlugin.MAX_SCORE / share.capacity();
    }

    private static Share share(NodeInfo node, PodRequests pod, String resource) {
        return switch (resource) {
            case "cpu" ->
                new Share(
                        node.scoredMilliCpu() + pod.scoredMilliCpu(),
                        node.facts().allocatable().milliCpu());
            case "memory" ->
                new Share(
                        node.scoredMemory() + pod.scoredMemory(),
                        node.facts().allocatable().memory());
            case "ephemeral-storage" ->
                new Share(
                        node.requested().ephemeralStorage() + pod.total().ephemeralStorage(),
                        node.facts().allocatable().ephemeralStorage());
            default -> {
                long wanted = pod.total().other(resource);
                // A resource of which the pod wants nothing says nothing about the node.
                yield wanted == 0
                        ? new Share(0, 0)
                        : new Share(
                                node.requested().other(resource) + wanted,
                                node.facts().allocatable().other(resource));
            }
        };
    }
}
