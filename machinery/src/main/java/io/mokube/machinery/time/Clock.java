package io.mokube.machinery.time;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/**
 * Reads the time, sleeps, and runs something later. Every component gets its clock handed in, so that a test can run a
 * week in a second.
 *
 * <p>Implementations are safe for use by many threads.
 */
public interface Clock extends InstantSource {

    /** The wall-clock time. It may jump; never measure an interval with it. */
    @Override
    Instant instant();

    /** A monotonic reading in nanoseconds, good only for the difference of two readings of the same clock. */
    long nanoTime();

    /**
     * Blocks the calling thread for the given time; returns at once when it is zero or negative.
     *
     * @throws InterruptedException when the thread is interrupted before or during the sleep
     */
    void sleep(Duration duration) throws InterruptedException;

    /**
     * Runs the task once after the delay, on a virtual thread of its own.
     *
     * @return a handle whose {@link Timer#cancel()} prevents a run that has not begun
     */
    Timer schedule(Duration delay, Runnable task);

    /** A pending run of {@link #schedule}. */
    @FunctionalInterface
    interface Timer {
        /** Prevents the run when it has not begun; does nothing otherwise. */
        void cancel();
    }

    /** The machine's own clock. */
    static Clock system() {
        return SystemClock.INSTANCE;
    }
}
