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
import java.util.HashSet;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Keys that wait for work. A key waits at most once, however often it is added, and is never given to two workers: one
 * added while it is being worked on waits until {@link #done} and is then given out again. Keys come in the order in
 * which they were first added.
 *
 * <p>The queue is bounded by the number of different keys. Safe for use by many threads.
 *
 * @param <K> the keys, with equality of values
 */
public final class WorkQueue<K> {

    private static final Duration FIRST_DELAY = Duration.ofMillis(5);
    private static final Duration LONGEST_DELAY = Duration.ofSeconds(1000);

    private final Clock clock;
    private final Queue<K> waiting = new ArrayDeque<>();
    private final Map<K, Long> dirtySince = new HashMap<>();
    private final Set<K> processing = new HashSet<>();
    private final Map<K, Long> processingSince = new HashMap<>();
    private final Map<K, Delayed> delayed = new HashMap<>();
    private final Map<K, Integer> failures = new HashMap<>();
    private boolean shutDown;

    private final Counter adds;
    private final Counter retries;
    private final Timer queueTime;
    private final Timer workTime;

    /**
     * An empty queue.
     *
     * @param name how the queue is called in metrics
     */
    public WorkQueue(String name, Platform platform) {
        this.clock = platform.clock();
        MeterRegistry meters = platform.meters();
        this.adds = Counter.builder("workqueue.adds").tag("name", name).register(meters);
        this.retries = Counter.builder("workqueue.retries").tag("name", name).register(meters);
        this.queueTime =
                Timer.builder("workqueue.queue.duration").tag("name", name).register(meters);
        this.workTime =
                Timer.builder("workqueue.work.duration").tag("name", name).register(meters);
        Gauge.builder("workqueue.depth", this, WorkQueue::size)
                .tag("name", name)
                .register(meters);
    }

    /** Adds a key, unless it waits already. */
    public synchronized void add(K key) {
        if (shutDown || dirtySince.containsKey(key)) {
            return;
        }
        dirtySince.put(key, clock.nanoTime());
        adds.increment();
        if (!processing.contains(key)) {
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

    /** Adds a key after a delay that doubles with each call, from 5 ms to 1,000 s, until {@link #forget}. */
    public synchronized void addRateLimited(K key) {
        int before = failures.merge(key, 1, Integer::sum) - 1;
        retries.increment();
        addAfter(key, before >= 18 ? LONGEST_DELAY : min(FIRST_DELAY.multipliedBy(1L << before)));
    }

    private static Duration min(Duration delay) {
        return delay.compareTo(LONGEST_DELAY) < 0 ? delay : LONGEST_DELAY;
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
        processing.add(key);
        processingSince.put(key, now);
        return key;
    }

    /** The work on a key is over. */
    public synchronized void done(K key) {
        if (!processing.remove(key)) {
            return;
        }
        Long since = processingSince.remove(key);
        if (since != null) {
            workTime.record(clock.nanoTime() - since, TimeUnit.NANOSECONDS);
        }
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
        notifyAll();
    }

    /** {@link #shutDown}, and gives out nothing any more. */
    public synchronized void shutDownNow() {
        shutDown();
        waiting.clear();
        dirtySince.clear();
    }

    private record Delayed(long due, Clock.Timer timer) {}
}
