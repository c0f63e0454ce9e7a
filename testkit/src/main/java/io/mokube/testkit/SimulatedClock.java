package io.mokube.testkit;

import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Time that moves only when a test moves it, so that a week takes a second.
 *
 * <p>{@link #advance} goes from one due moment to the next, in the order of their times and then of their making. A due
 * timer's task runs on a virtual thread of its own, and {@code advance} waits until it has ended or sleeps on this clock,
 * so that tasks which schedule further tasks play out as they would in real time. A thread waking from {@link #sleep} is
 * likewise given a moment to end or sleep again. A task that blocks on something else holds {@code advance} up for no
 * more than {@value #PATIENCE_MILLIS} real milliseconds.
 */
public final class SimulatedClock implements Clock {

    private static final long PATIENCE_MILLIS = 1_000;
    private static final long SLEEPER_PATIENCE_MILLIS = 20;
    private static final Instant DEFAULT_START = Instant.parse("2026-01-01T00:00:00Z");

    private final Object lock = new Object();
    private final Instant start;
    private final PriorityQueue<Moment> moments = new PriorityQueue<>();
    /** Threads let go by {@link #advance}, until they sleep again; ended ones are dropped with their wake-up. */
    private final Map<Thread, CountDownLatch> running = new HashMap<>();

    private long nanos;
    private long wallOffsetNanos;
    private long made;

    /** Starts at the beginning of 2026. */
    public SimulatedClock() {
        this(DEFAULT_START);
    }

    public SimulatedClock(Instant start) {
        this.start = start;
    }

    @Override
    public Instant instant() {
        synchronized (lock) {
            return start.plusNanos(nanos).plusNanos(wallOffsetNanos);
        }
    }

    @Override
    public long nanoTime() {
        synchronized (lock) {
            return nanos;
        }
    }

    @Override
    public void sleep(Duration duration) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        if (!duration.isPositive()) {
            return;
        }
        CountDownLatch wake = new CountDownLatch(1);
        Moment moment;
        synchronized (lock) {
            moment = new Moment(nanos + duration.toNanos(), made++, null, Thread.currentThread(), wake);
            moments.add(moment);
            settled(Thread.currentThread());
        }
        try {
            wake.await();
        } finally {
            synchronized (lock) {
                moments.remove(moment);
            }
        }
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        synchronized (lock) {
            long due = nanos + Math.max(0, delay.toNanos());
            Moment moment = new Moment(due, made++, task, null, new CountDownLatch(1));
            moments.add(moment);
            return () -> {
                synchronized (lock) {
                    moments.remove(moment);
                }
            };
        }
    }

    /** Moves time forward, running everything that becomes due on the way. A zero duration runs what is due now. */
    public void advance(Duration duration) {
        long end;
        synchronized (lock) {
            end = nanos + duration.toNanos();
        }
        while (true) {
            Moment due;
            synchronized (lock) {
                Moment next = moments.peek();
                if (next == null || next.due() > end) {
                    nanos = Math.max(nanos, end);
                    return;
                }
                due = moments.remove();
                nanos = Math.max(nanos, due.due());
            }
            play(due);
        }
    }

    /** Moves time to the next due moment and runs it; does nothing when nothing is pending. */
    public void advanceToNext() {
        Duration wait;
        synchronized (lock) {
            Moment next = moments.peek();
            if (next == null) {
                return;
            }
            wait = Duration.ofNanos(Math.max(0, next.due() - nanos));
        }
        advance(wait);
    }

    /** Makes the wall clock jump, forward or backward; monotonic time, sleeps and timers are untouched. */
    public void jumpWallClock(Duration by) {
        synchronized (lock) {
            wallOffsetNanos += by.toNanos();
        }
    }

    /** How many sleeping threads and pending timers there are. */
    public int pending() {
        synchronized (lock) {
            return moments.size();
        }
    }

    /** Waits, in real time, until at least so many threads sleep or timers are pending: the code under test is idle. */
    public void awaitPending(int atLeast) {
        Await.until(atLeast + " sleepers or timers on the simulated clock", () -> pending() >= atLeast);
    }

    /** When each pending sleep and timer is due, soonest first. */
    public List<Duration> pendingIn() {
        synchronized (lock) {
            List<Moment> sorted = new ArrayList<>(moments);
            sorted.sort(null);
            return sorted.stream().map(m -> Duration.ofNanos(m.due() - nanos)).toList();
        }
    }

    private void play(Moment due) {
        CountDownLatch settled = new CountDownLatch(1);
        Runnable task = due.task();
        if (task == null) {
            Thread sleeper = due.sleeper();
            synchronized (lock) {
                if (sleeper != null) {
                    running.put(sleeper, settled);
                }
            }
            due.wake().countDown();
            await(settled, sleeper, SLEEPER_PATIENCE_MILLIS);
        } else {
            Thread thread = Thread.ofVirtual().unstarted(() -> {
                try {
                    task.run();
                } finally {
                    synchronized (lock) {
                        settled(Thread.currentThread());
                    }
                }
            });
            synchronized (lock) {
                running.put(thread, settled);
            }
            thread.start();
            await(settled, thread, PATIENCE_MILLIS);
        }
    }

    private void await(CountDownLatch settled, @Nullable Thread thread, long patienceMillis) {
        try {
            long waited = 0;
            while (waited < patienceMillis && !settled.await(1, TimeUnit.MILLISECONDS)) {
                waited++;
                if (thread == null || !thread.isAlive()) {
                    break;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            synchronized (lock) {
                if (thread != null) {
                    running.remove(thread, settled);
                }
            }
        }
    }

    private void settled(Thread thread) {
        CountDownLatch latch = running.remove(thread);
        if (latch != null) {
            latch.countDown();
        }
    }

    /** A due moment: a task to run, or a sleeper to wake. */
    private record Moment(
            long due,
            long order,
            @Nullable Runnable task,
            @Nullable Thread sleeper,
            CountDownLatch wake) implements Comparable<Moment> {
        @Override
        public int compareTo(Moment other) {
            return due != other.due ? Long.compare(due, other.due) : Long.compare(order, other.order);
        }
    }
}
