package io.mokube.testkit;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Waits for a condition instead of sleeping. Every method checks at once and then again and again until the deadline
 * (a minute when none is given), and fails with an {@link AssertionError} that says what was awaited and what was seen
 * last. An exception or assertion error thrown by the condition means "not yet". What took more than half of its time is
 * printed: the next slower machine would make it a failure.
 */
public final class Await {

    private static final Duration DEFAULT_DEADLINE = Duration.ofMinutes(1);
    private static final long FIRST_PAUSE_MILLIS = 1;
    private static final long LONGEST_PAUSE_MILLIS = 50;

    private Await() {}

    /** Something that is to become true. */
    @FunctionalInterface
    public interface Condition {
        boolean holds() throws Exception;
    }

    /** A value that is to appear. */
    @FunctionalInterface
    public interface Source<T> {
        Optional<T> look() throws Exception;
    }

    /** Assertions that are to pass. */
    @FunctionalInterface
    public interface Assertions {
        void check() throws Exception;
    }

    /** Waits until the condition holds. */
    public static void until(String what, Condition condition) {
        until(DEFAULT_DEADLINE, what, condition);
    }

    /** Waits until the condition holds. */
    public static void until(Duration deadline, String what, Condition condition) {
        value(deadline, what, () -> condition.holds() ? Optional.of(true) : Optional.empty());
    }

    /** Waits until the source has a value, and returns it. */
    public static <T> T value(String what, Source<T> source) {
        return value(DEFAULT_DEADLINE, what, source);
    }

    /** Waits until the source has a value, and returns it. */
    public static <T> T value(Duration deadline, String what, Source<T> source) {
        long start = System.nanoTime();
        long pauseMillis = FIRST_PAUSE_MILLIS;
        while (true) {
            Throwable seen = null;
            try {
                Optional<T> found = source.look();
                if (found.isPresent()) {
                    tellIfClose(what, Duration.ofNanos(System.nanoTime() - start), deadline);
                    return found.get();
                }
            } catch (InterruptedException e) {
                throw interrupted(what, e);
            } catch (Exception | AssertionError e) {
                seen = e;
            }
            if (System.nanoTime() - start >= deadline.toNanos()) {
                throw timedOut(deadline, what, seen);
            }
            try {
                Thread.sleep(pauseMillis);
            } catch (InterruptedException e) {
                throw interrupted(what, e);
            }
            pauseMillis = Math.min(pauseMillis * 2, LONGEST_PAUSE_MILLIS);
        }
    }

    /** Waits until the assertions pass; on failure theirs is the cause. */
    public static void passes(Assertions assertions) {
        passes(DEFAULT_DEADLINE, assertions);
    }

    /** Waits until the assertions pass; on failure theirs is the cause. */
    public static void passes(Duration deadline, Assertions assertions) {
        value(deadline, "assertions to pass", () -> {
            assertions.check();
            return Optional.of(true);
        });
    }

    /** Prints that something took more than half of the time it had, if it did. */
    public static void tellIfClose(String what, Duration taken, Duration deadline) {
        if (taken.multipliedBy(2).compareTo(deadline) > 0) {
            System.out.println("close to its deadline: " + what + " took " + taken.toMillis() + " of "
                    + deadline.toMillis() + " ms");
        }
    }

    private static AssertionError timedOut(Duration deadline, String what, @Nullable Throwable seen) {
        String last = seen == null ? "" : "; last seen: " + seen;
        return new AssertionError("waited " + deadline + " in vain for: " + what + last, seen);
    }

    private static AssertionError interrupted(String what, InterruptedException e) {
        Thread.currentThread().interrupt();
        return new AssertionError("interrupted while waiting for: " + what, e);
    }
}
