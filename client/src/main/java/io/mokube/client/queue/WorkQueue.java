package io.mokube.client.queue;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Keys that wait for work. A key waits at most once, however often it is added, and is never given to two workers: one
 * added while it is being worked on waits until {@link #done} and is then given out again. Keys come in the order in
 * which they were first added.
 *
 * <p>The queue is bounded by the number of different keys. Its meters bear client-go's names, {@code workqueue_depth} and
 * the like, and those that show its present state go when it is shut down. Safe for use by many threads.
 *
 * @param <K> the keys, with equality of values
 */
public final class WorkQueue<K> {

    private static final Duration FIRST_DELAY = Duration.ofMillis(5);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(1000);

    /** From a microsecond to a thousand seconds, as in Kubernetes. */
    private static final Duration[] BUCKETS = {
        Duration.ofNanos(1_000),
        Duration.ofNanos(10_000),
        Duration.ofNanos(100_000),
        Duration.ofMillis(1),
        Duration.ofMillis(10),
        Duration.ofMillis(100),
        Duration.ofSeconds(1),
        Duration.ofSeconds(10),
        Duration.ofSeconds(100),
        Duration.ofSeconds(1_000)
    };

    private final Clock clock;
    private final MeterRegistry meters;
    private final RetryBudget retryBudget;
    private final Queue<K> waiting = new ArrayDeque<>();
    private final Map<K, Long> dirtySince = new HashMap<>();
    private final Map<K, Long> processingSince = new HashMap<>();
    private final Map<K, Delayed> delayed = new HashMap<>();
    private final Map<K, Integer> failures = new HashMap<>();
    private boolean shutDown;

    private final Counter adds;
    private final Counter retries;
    private final Timer queueTime;
    private final Timer workTime;
    private final List<Gauge> gauges;

    /**
     * An empty queue.
     *
     * @param name how the queue is called in metrics
     */
    public WorkQueue(String name, Platform platform) {
        this.clock = platform.clock();
        this.meters = platform.meters();
        this.retryBudget = new RetryBudget(clock.nanoTime());
        this.adds = Counter.builder("workqueue.adds").tag("name", name).register(meters);
        this.retries = Counter.builder("workqueue.retries").tag("name", name).register(meters);
        this.queueTime = timer("workqueue.queue.duration", name);
        this.workTime = timer("workqueue.work.duration", name);
        this.gauges = List.of(
                Gauge.builder("workqueue.depth", this, WorkQueue::depth)
                        .tag("name", name)
                        .register(meters),
                seconds(
                        "workqueue.unfinished.work",
                        name,
                        queue -> queue.running().total()),
                seconds(
                        "workqueue.longest.running.processor",
                        name,
                        queue -> queue.running().longest()));
    }

    private Timer timer(String meter, String name) {
        return Timer.builder(meter)
                .tag("name", name)
                .serviceLevelObjectives(BUCKETS)
                .register(meters);
    }

    private Gauge seconds(String meter, String name, ToDoubleFunction<WorkQueue<K>> value) {
        return Gauge.builder(meter, this, value)
                .baseUnit("seconds")
                .tag("name", name)
                .register(meters);
    }

    /** Those that come back after their present work included, as client-go counts. */
    private synchronized int depth() {
        return dirtySince.size();
    }

    /** For how many seconds the keys are worked on that are given out now: the longest, and all together. */
    private record Running(double longest, double total) {}

    private synchronized Running running() {
        long now = clock.nanoTime();
        double longest = 0;
        double total = 0;
        for (long since : processingSince.values()) {
            double seconds = (now - since) / 1e9;
            longest = Math.max(longest, seconds);
            total += seconds;
        }
        return new Running(longest, total);
    }

    /** Adds a key, unless it waits already. */
    public synchronized void add(K key) {
        if (shutDown || dirtySince.containsKey(key)) {
            return;
        }
        dirtySince.put(key, clock.nanoTime());
        adds.increment();
        if (!processingSince.containsKey(key)) {
            waiting.add(key);
            notify();
        }
    }

    /** Adds a key after a delay. Of several delayed adds of a key the earliest counts. */
    public synchronized void addAfter(K key, Duration delay) {
        if (!delay.isPositive()) {
            add(key);
            return;
        }
        if (shutDown) {
            return;
        }
        long due = clock.nanoTime() + delay.toNanos();
        Delayed pending = delayed.get(key);
        if (pending != null) {
            if (pending.due - due <= 0) {
                return;
            }
            pending.timer.cancel();
        }
        delayed.put(key, new Delayed(due, clock.schedule(delay, () -> ripen(key, due))));
    }

    private synchronized void ripen(K key, long due) {
        Delayed pending = delayed.get(key);
        if (pending != null && pending.due == due) {
            delayed.remove(key);
            add(key);
        }
    }

    /**
     * Adds a key after a delay that doubles with each call, from 5 ms to 1,000 s, until {@link #forget}. All keys
     * together come back no faster than 10 a second once 100 of them did, as with client-go's default limits.
     */
    public synchronized void addRateLimited(K key) {
        int before = failures.merge(key, 1, Integer::sum) - 1;
        retries.increment();
        Duration own = before >= 18 ? LONGEST_DELAY : min(FIRST_DELAY.multipliedBy(1L << before), LONGEST_DELAY);
        Duration shared = retryBudget.reserve(clock.nanoTime());
        addAfter(key, own.compareTo(shared) < 0 ? shared : own);
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    /** The key's work succeeded: its next delay starts small again. */
    public synchronized void forget(K key) {
        failures.remove(key);
    }

    /** How often {@link #addRateLimited} was called since the last {@link #forget}. */
    public synchronized int failures(K key) {
        return failures.getOrDefault(key, 0);
    }

    /**
     * Waits for a key to work on. {@link #done} must follow.
     *
     * @return the key, or null when the queue is shut down and empty
     */
    public synchronized @Nullable K take() throws InterruptedException {
        while (waiting.isEmpty()) {
            if (shutDown) {
                return null;
            }
            wait();
        }
        K key = waiting.remove();
        long now = clock.nanoTime();
        Long since = dirtySince.remove(key);
        if (since != null) {
            queueTime.record(now - since, TimeUnit.NANOSECONDS);
        }
        processingSince.put(key, now);
        return key;
    }

    /** The work on a key is over. */
    public synchronized void done(K key) {
        Long since = processingSince.remove(key);
        if (since == null) {
            return;
        }
        workTime.record(clock.nanoTime() - since, TimeUnit.NANOSECONDS);
        if (dirtySince.containsKey(key)) {
            waiting.add(key);
            notify();
        }
    }

    /** How many keys wait, without those delayed. */
    public synchronized int size() {
        return waiting.size();
    }

    /** Takes no more keys and forgets the delayed ones; those that wait are still given out. */
    public synchronized void shutDown() {
        shutDown = true;
        delayed.values().forEach(pending -> pending.timer.cancel());
        delayed.clear();
        // A queue of the same name may follow, and its gauges would be taken for these.
        gauges.forEach(meters::remove);
        notifyAll();
    }

    /** {@link #shutDown}, and gives out nothing any more. */
    public synchronized void shutDownNow() {
        shutDown();
        waiting.clear();
        dirtySince.clear();
    }

    private record Delayed(long due, Clock.Timer timer) {}

    /** A right to 100 retries, ten more every second; who comes too early waits for a later one. */
    private static final class RetryBudget {
        private static final double MOST = 100;
        private static final double PER_SECOND = 10;

        private double left = MOST;
        private long at;

        RetryBudget(long now) {
            at = now;
        }

        /** How long to wait for the retry that is taken by this call. */
        Duration reserve(long now) {
            left = Math.min(MOST, left + (now - at) / 1e9 * PER_SECOND) - 1;
            at = now;
            return left >= 0 ? Duration.ZERO : Duration.ofNanos((long) (-left / PER_SECOND * 1e9));
        }
    }
}
