package io.mokube.benchmarks;

import java.io.IOException;
import java.time.Duration;

/** Something that is done again and again by several workers at once, and measured. */
interface Work extends AutoCloseable {

    /**
     * What a run saw.
     *
     * @param operations how often it was done
     * @param bytes what was received
     * @param seconds how long it took
     * @param p50Micros the median time of one
     * @param p99Micros the time that one of a hundred exceeds
     */
    record Outcome(long operations, long bytes, double seconds, double p50Micros, double p99Micros) {

        double perSecond() {
            return operations / seconds;
        }
    }

    /** Runs for at least the given time; every worker finishes what it is at. */
    Outcome run(int workers, Duration duration) throws IOException, InterruptedException;

    @Override
    void close() throws IOException;
}
