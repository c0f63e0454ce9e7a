package io.mokube.machinery.cron;

import java.time.Instant;
import java.time.ZoneId;
import java.util.Optional;

/**
 * When something is to happen again and again: five fields (minute, hour, day of month, month, day of week), a name such
 * as {@code @daily}, or {@code @every 1h30m}. The language and its meaning are those of the standard parser of
 * {@code robfig/cron} v3, which Kubernetes uses. Immutable.
 *
 * <p>A day must match both of its fields when one of them is {@code *} or {@code ?}, and only one of them otherwise;
 * {@code *}{@code /2} is no star. Clocks that are put forward skip the times they jump over; clocks that are put back
 * show an hour twice, and what is scheduled in it happens twice.
 */
public sealed interface CronSchedule permits CalendarSchedule, IntervalSchedule {

    /**
     * The first time after a moment; empty when there is none in that year and the next five.
     *
     * @param zone whose clocks the fields are read on
     */
    Optional<Instant> next(Instant after, ZoneId zone);

    /** The last time after one moment and not after another. */
    Optional<Instant> latest(Instant after, Instant until, ZoneId zone);

    /**
     * Reads a schedule.
     *
     * @throws IllegalArgumentException when it is none; the message says why, in the words of Kubernetes' parser
     */
    static CronSchedule parse(String text) {
        return CronParser.parse(text);
    }
}
