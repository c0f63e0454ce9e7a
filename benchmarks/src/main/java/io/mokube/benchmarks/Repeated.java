package io.mokube.benchmarks;

import io.mokube.benchmarks.Work.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Runs an operation in a closed loop on several threads and times each. */
final class Repeated {

    /** Does it once; returns the bytes received. */
    interface Operation {
        long run(int worker) throws Exception;
    }

    private Repeated() {}

    static Outcome run(int workers, Duration duration, Operation operation) throws IOException, InterruptedException {
        List<Callable<long[]>> loops = new ArrayList<>();
        long begun = System.nanoTime();
        long end = begun + duration.toNanos();
        long[] bytes = new long[workers];
        for (int i = 0; i < workers; i++) {
            int worker = i;
            loops.add(() -> {
                LatencyLog latencies = new LatencyLog();
                do {
                    long sent = System.nanoTime();
                    bytes[worker] += operation.run(worker);
                    latencies.add(System.nanoTime() - sent);
                } while (System.nanoTime() < end);
                return latencies.toArray();
            });
        }
        List<long[]> measured = new ArrayList<>();
        try (ExecutorService executor = Executors.newFixedThreadPool(workers)) {
            for (Future<long[]> loop : executor.invokeAll(loops)) {
                measured.add(loop.get());
            }
        } catch (ExecutionException e) {
            throw new IOException("an operation failed: " + e.getCause(), e.getCause());
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        return outcome(
                measured.stream().flatMapToLong(Arrays::stream).toArray(),
                Arrays.stream(bytes).sum(),
                seconds);
    }

    /** Sums up times in nanoseconds. */
    static Outcome outcome(long[] nanos, long bytes, double seconds) {
        long[] sorted = nanos.clone();
        Arrays.sort(sorted);
        return new Outcome(
                sorted.length,
                bytes,
                seconds,
                sorted[sorted.length / 2] / 1e3,
                sorted[Math.min(sorted.length - 1, (int) (sorted.length * 0.99))] / 1e3);
    }

    /** Times, in a growing array: boxing each of them would disturb what is measured. */
    static final class LatencyLog {
        private long[] nanos = new long[1024];
        private int size;

        void add(long value) {
            if (size == nanos.length) {
                nanos = Arrays.copyOf(nanos, size * 2);
            }
            nanos[size++] = value;
        }

        long[] toArray() {
            return Arrays.copyOf(nanos, size);
        }
    }
}
