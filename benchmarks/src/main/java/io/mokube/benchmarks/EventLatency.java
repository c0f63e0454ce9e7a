package io.mokube.benchmarks;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/** How long it takes from the moment a write is sent until its event is read by a watcher, one write after another. */
final class EventLatency implements Work {

    /** Writes the next object and waits for the answer. */
    interface Write {
        void next() throws Exception;
    }

    private final Write write;
    private final BlockingQueue<Long> seen;
    private final Closing closing;

    /** Ends the watch and what writes. */
    interface Closing {
        void close() throws IOException;
    }

    /**
     * @param seen gets the time, by {@link System#nanoTime}, at which each event was read
     */
    EventLatency(Write write, BlockingQueue<Long> seen, Closing closing) {
        this.write = write;
        this.seen = seen;
        this.closing = closing;
    }

    @Override
    public Outcome run(int workers, Duration duration) throws IOException, InterruptedException {
        Repeated.LatencyLog latencies = new Repeated.LatencyLog();
        long begun = System.nanoTime();
        do {
            long sent = System.nanoTime();
            try {
                write.next();
            } catch (InterruptedException | IOException e) {
                throw e;
            } catch (Exception e) {
                throw new IOException("a write failed", e);
            }
            Long at = seen.poll(1, TimeUnit.MINUTES);
            if (at == null) {
                throw new IOException("no event came in a minute");
            }
            latencies.add(at - sent);
        } while (System.nanoTime() - begun < duration.toNanos());
        return Repeated.outcome(latencies.toArray(), 0, (System.nanoTime() - begun) / 1e9);
    }

    @Override
    public void close() throws IOException {
        closing.close();
    }
}
