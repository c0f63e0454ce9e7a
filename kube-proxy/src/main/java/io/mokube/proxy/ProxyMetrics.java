package io.mokube.proxy;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** The proxy's metrics, under the names that kube-proxy gives them. */
final class ProxyMetrics {

    private final Timer full;
    private final Timer partial;
    private final Timer all;
    private final Timer networkProgramming;
    private final Counter failures;
    private final Counter serviceChanges;
    private final Counter endpointChanges;
    private final AtomicLong lastSync = new AtomicLong();
    private final AtomicLong lastQueued = new AtomicLong();

    ProxyMetrics(MeterRegistry meters) {
        all = Timer.builder("kubeproxy.sync.proxy.rules.duration")
                .description("SyncProxyRules latency in seconds.")
                .serviceLevelObjectives(doubling(Duration.ofMillis(1), 15))
                .register(meters);
        full = Timer.builder("kubeproxy.sync.full.proxy.rules.duration")
                .description("SyncProxyRules latency in seconds for full resyncs.")
                .serviceLevelObjectives(doubling(Duration.ofMillis(1), 15))
                .register(meters);
        partial = Timer.builder("kubeproxy.sync.partial.proxy.rules.duration")
                .description("SyncProxyRules latency in seconds for partial resyncs.")
                .serviceLevelObjectives(doubling(Duration.ofMillis(1), 15))
                .register(meters);
        networkProgramming = Timer.builder("kubeproxy.network.programming.duration")
                .description("In cluster network programming latency in seconds.")
                .serviceLevelObjectives(doubling(Duration.ofMillis(15), 13))
                .register(meters);
        failures = Counter.builder("kubeproxy.sync.proxy.rules.nftables.sync.failures")
                .description("Cumulative proxy nftables sync failures.")
                .register(meters);
        serviceChanges = Counter.builder("kubeproxy.sync.proxy.rules.service.changes")
                .description("Cumulative proxy rules Service changes.")
                .register(meters);
        endpointChanges = Counter.builder("kubeproxy.sync.proxy.rules.endpoint.changes")
                .description("Cumulative proxy rules Endpoint changes.")
                .register(meters);
        seconds(
                meters,
                "kubeproxy.sync.proxy.rules.last.timestamp.seconds",
                "The last time rules were synced.",
                lastSync);
        seconds(
                meters,
                "kubeproxy.sync.proxy.rules.last.queued.timestamp.seconds",
                "The last time a sync of rules was queued.",
                lastQueued);
    }

    private static void seconds(MeterRegistry meters, String name, String description, AtomicLong millis) {
        Gauge.builder(name, millis, each -> each.get() / 1000.0)
                .description(description)
                .register(meters);
    }

    private static Duration[] doubling(Duration first, int count) {
        List<Duration> limits = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            limits.add(first.multipliedBy(1L << i));
        }
        return limits.toArray(Duration[]::new);
    }

    void synced(boolean everything, Duration took, Instant now) {
        all.record(took);
        (everything ? full : partial).record(took);
        lastSync.set(now.toEpochMilli());
    }

    void failed() {
        failures.increment();
    }

    void serviceChanged(Instant now) {
        serviceChanges.increment();
        lastQueued.set(now.toEpochMilli());
    }

    void endpointsChanged(Instant now) {
        endpointChanges.increment();
        lastQueued.set(now.toEpochMilli());
    }

    /** From the change of a pod or service to the rules that follow it. */
    void programmed(Duration took) {
        networkProgramming.record(took.isNegative() ? Duration.ZERO : took);
    }
}
