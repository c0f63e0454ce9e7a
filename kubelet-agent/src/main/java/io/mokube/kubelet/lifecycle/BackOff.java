package io.mokube.kubelet.lifecycle;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How long to wait before trying again: 10 s, doubled with each failure up to 5 min, and forgotten after 10 min of peace.
 *
 * @param delay the present delay
 * @param since when it was set
 */
public record BackOff(Duration delay, Instant since) {

    static final Duration FIRST = Duration.ofSeconds(10);
    static final Duration LONGEST = Duration.ofMinutes(5);
    static final Duration FORGOTTEN_AFTER = LONGEST.multipliedBy(2);

    /** The delay after another failure. */
    static BackOff next(@Nullable BackOff before, Instant failed, Instant now) {
        if (before == null || before.forgottenAt(failed)) {
            return new BackOff(FIRST, now);
        }
        Duration doubled = before.delay.multipliedBy(2);
        return new BackOff(doubled.compareTo(LONGEST) > 0 ? LONGEST : doubled, now);
    }

    boolean forgottenAt(Instant time) {
        return Duration.between(since, time).compareTo(FORGOTTEN_AFTER) > 0;
    }

    /** When the next try may be made after a failure at that time. */
    Instant retryAfter(Instant failed) {
        return forgottenAt(failed) ? failed : failed.plus(delay);
    }
}
