package io.mokube.benchmarks;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Events that each of many watchers must get: bursts of them are sent, and each is awaited everywhere before the next. */
final class FanOut implements Work {

    private static final int BURST = 50;

    /** Opens the watches. */
    interface Watching {
        EventCounter open(int watchers) throws IOException;
    }

    /** Causes events. */
    interface Trigger extends AutoCloseable {
        void fire(int events) throws IOException;

        @Override
        void close() throws IOException;
    }

    private final Watching watching;
    private final Trigger trigger;
    private @Nullable EventCounter counter;
    private int watchers;

    FanOut(Watching watching, Trigger trigger) {
        this.watching = watching;
        this.trigger = trigger;
    }

    /** An operation is one event that reached one watcher. */
    @Override
    public Outcome run(int count, Duration duration) throws IOException {
        if (counter == null) {
            counter = watching.open(count);
            watchers = count;
        }
        long before = counter.bytes();
        long begun = System.nanoTime();
        Repeated.LatencyLog latencies = new Repeated.LatencyLog();
        do {
            burst(latencies::add);
        } while (System.nanoTime() - begun < duration.toNanos());
        long[] bursts = latencies.toArray();
        Outcome outcome = Repeated.outcome(bursts, counter.bytes() - before, (System.nanoTime() - begun) / 1e9);
        return new Outcome(
                (long) bursts.length * BURST * watchers,
                outcome.bytes(),
                outcome.seconds(),
                outcome.p50Micros(),
                outcome.p99Micros());
    }

    private void burst(Consumer<Long> took) throws IOException {
        long begun = System.nanoTime();
        trigger.fire(BURST);
        Objects.requireNonNull(counter).await((long) BURST * watchers);
        took.accept(System.nanoTime() - begun);
    }

    @Override
    public void close() throws IOException {
        if (counter != null) {
            counter.close();
        }
        trigger.close();
    }
}
