package io.mokube.machinery.component;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.machinery.time.Clock;
import java.security.SecureRandom;
import java.util.random.RandomGenerator;

/**
 * What a component takes from its surroundings instead of reaching for it: time, randomness, meters.
 *
 * @param clock the time; never {@code Instant.now()} beside it
 * @param random randomness for jitter, names and identifiers; safe for use by many threads
 * @param meters where the component registers its metrics
 */
public record Platform(Clock clock, RandomGenerator random, MeterRegistry meters) {

    /** The real clock, real randomness, and meters nobody reads. */
    public static Platform system() {
        return new Platform(Clock.system(), new SecureRandom(), new SimpleMeterRegistry());
    }
}
