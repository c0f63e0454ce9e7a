package io.mokube.controllermanager.controllers.nodelifecycle;

import java.time.Duration;

/**
 * How patient the cluster is with silent nodes.
 *
 * @param grace how long a node may say nothing until its conditions become Unknown
 * @param startupGrace the same for a node that has never reported its conditions
 * @param monitorPeriod how often each node is looked at
 * @param evictionsPerSecond how many nodes of a zone may be emptied per second
 * @param reducedEvictionsPerSecond the same in a large zone of which too much is gone
 * @param unhealthyShare the share of a zone that is too much
 * @param largeZone a zone with more nodes is large; in a smaller one, of which too much is gone, nothing is evicted
 */
public record NodeLifecycleConfig(
        Duration grace,
        Duration startupGrace,
        Duration monitorPeriod,
        double evictionsPerSecond,
        double reducedEvictionsPerSecond,
        double unhealthyShare,
        int largeZone) {

    /** Kubernetes' own values. */
    public static final NodeLifecycleConfig STANDARD = new NodeLifecycleConfig(
            Duration.ofSeconds(50), Duration.ofSeconds(60), Duration.ofSeconds(5), 0.1, 0.01, 0.55, 50);

    /** The same, looking every {@code period} and waiting for {@code patience}. */
    public NodeLifecycleConfig withGrace(Duration patience, Duration period) {
        return new NodeLifecycleConfig(
                patience,
                startupGrace,
                period,
                evictionsPerSecond,
                reducedEvictionsPerSecond,
                unhealthyShare,
                largeZone);
    }
}
