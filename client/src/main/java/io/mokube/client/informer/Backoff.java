package io.mokube.client.informer;

import java.time.Duration;
import java.util.random.RandomGenerator;

/** Pauses that double up to a limit, each lengthened by up to its own length. Used by one thread. */
final class Backoff {

    private final Duration first;
    private final Duration longest;
    private final RandomGenerator random;
    private Duration base;

    Backoff(Duration first, Duration longest, RandomGenerator random) {
        this.first = first;
        this.longest = longest;
        this.random = random;
        this.base = first;
    }

    Duration next() {
        Duration pause = base.plusNanos(random.nextLong(base.toNanos()));
        base = base.multipliedBy(2).compareTo(longest) < 0 ? base.multipliedBy(2) : longest;
        return pause;
    }

    void reset() {
        base = first;
    }
}
