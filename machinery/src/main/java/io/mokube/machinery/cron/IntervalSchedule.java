package io.mokube.machinery.cron;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** {@code @every} so many whole seconds, counted from the last time. */
record IntervalSchedule(Duration interval) implements CronSchedule {

    IntervalSchedule {
        interval = interval.toSeconds() < 1 ? Duration.ofSeconds(1) : interval.truncatedTo(ChronoUnit.SECONDS);
    }

    @Override
    public Optional<Instant> next(Instant after, ZoneId zone) {
        return Optional.of(after.truncatedTo(ChronoUnit.SECONDS).plus(interval));
    }

    @Override
    public Optional<Instant> latest(Instant after, Instant until, ZoneId zone) {
        Instant from = after.truncatedTo(ChronoUnit.SECONDS);
        long times = until.isBefore(from) ? 0 : Duration.between(from, until).dividedBy(interval);
        return times == 0 ? Optional.empty() : Optional.of(from.plus(interval.multipliedBy(times)));
    }
}
