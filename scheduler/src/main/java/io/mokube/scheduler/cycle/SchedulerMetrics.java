package io.mokube.scheduler.cycle;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.mokube.scheduler.framework.Profile;
import io.mokube.scheduler.framework.Profiles;
import io.mokube.scheduler.queue.SchedulingQueue;
import io.mokube.scheduler.queue.SchedulingQueue.Sizes;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToIntFunction;

/** The scheduler's metrics, under the names that kube-scheduler gives them. */
public final class SchedulerMetrics {

    /** How an attempt to schedule a pod ended. */
    enum Result {
        SCHEDULED("scheduled"),
        UNSCHEDULABLE("unschedulable"),
        ERROR("error");

        private final String label;

        Result(String label) {
            this.label = label;
        }
    }

    private record Attempts(Counter count, Timer duration) {}

    private final Map<String, Map<Result, Attempts>> attempts = new HashMap<>();
    private final Timer algorithmDuration;
    private final Timer podDuration;
    private final DistributionSummary podAttempts;
    private final Counter preemptionAttempts;
    private final DistributionSummary preemptionVictims;

    public SchedulerMetrics(MeterRegistry meters, Profiles profiles, SchedulingQueue queue) {
        for (Profile profile : profiles.all()) {
            attempts.put(profile.schedulerName(), attempts(meters, profile.schedulerName()));
        }
        algorithmDuration = Timer.builder("scheduler.scheduling.algorithm.duration")
                .description("Scheduling algorithm latency.")
                .serviceLevelObjectives(doubling(Duration.ofNanos(62_500), 15))
                .register(meters);
        podDuration = Timer.builder("scheduler.pod.scheduling.sli.duration")
                .description("From the pod's first appearance to its binding.")
                .serviceLevelObjectives(doubling(Duration.ofMillis(10), 20))
                .register(meters);
        podAttempts = DistributionSummary.builder("scheduler.pod.scheduling.attempts")
                .description("Number of attempts to successfully schedule a pod.")
                .serviceLevelObjectives(1, 2, 4, 8, 16)
                .register(meters);
        preemptionAttempts = Counter.builder("scheduler.preemption.attempts")
                .description("Total preemption attempts in the cluster till now.")
                .register(meters);
        preemptionVictims = DistributionSummary.builder("scheduler.preemption.victims")
                .description("Number of selected preemption victims.")
                .serviceLevelObjectives(1, 2, 4, 8, 16, 32, 64)
                .register(meters);
        pending(meters, queue, "active", Sizes::active);
        pending(meters, queue, "backoff", Sizes::backoff);
        pending(meters, queue, "unschedulable", Sizes::unschedulable);
        pending(meters, queue, "gated", Sizes::gated);
    }

    private static Map<Result, Attempts> attempts(MeterRegistry meters, String profile) {
        Map<Result, Attempts> attempts = new EnumMap<>(Result.class);
        for (Result result : Result.values()) {
            attempts.put(
                    result,
                    new Attempts(
                            Counter.builder("scheduler.schedule.attempts")
                                    .description("Number of attempts to schedule pods, by the result.")
                                    .tag("result", result.label)
                                    .tag("profile", profile)
                                    .register(meters),
                            Timer.builder("scheduler.scheduling.attempt.duration")
                                    .description("Scheduling attempt latency (decision and binding).")
                                    .tag("result", result.label)
                                    .tag("profile", profile)
                                    .serviceLevelObjectives(doubling(Duration.ofMillis(1), 15))
                                    .register(meters)));
        }
        return attempts;
    }

    private static void pending(MeterRegistry meters, SchedulingQueue queue, String place, ToIntFunction<Sizes> size) {
        Gauge.builder("scheduler.pending.pods", queue, counted -> size.applyAsInt(counted.sizes()))
                .description("Number of pending pods, by the queue type.")
                .tag("queue", place)
                .register(meters);
    }

    private static Duration[] doubling(Duration first, int count) {
        Duration[] bounds = new Duration[count];
        for (int i = 0; i < count; i++) {
            bounds[i] = first.multipliedBy(1L << i);
        }
        return bounds;
    }

    void decided(long nanos) {
        algorithmDuration.record(Duration.ofNanos(nanos));
    }

    void attempted(Profile profile, Result result, long nanos) {
        Attempts measured = Objects.requireNonNull(
                Objects.requireNonNull(attempts.get(profile.schedulerName())).get(result));
        measured.count().increment();
        measured.duration().record(Duration.ofNanos(nanos));
    }

    void bound(int tries, long nanosSinceFirstSeen) {
        podAttempts.record(tries);
        podDuration.record(Duration.ofNanos(nanosSinceFirstSeen));
    }

    void preempted(int victims) {
        preemptionAttempts.increment();
        preemptionVictims.record(victims);
    }
}
