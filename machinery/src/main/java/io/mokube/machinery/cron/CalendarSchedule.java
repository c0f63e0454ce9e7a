package io.mokube.machinery.cron;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The minutes whose clock time and date match all fields. */
record CalendarSchedule(Field minutes, Field hours, Field daysOfMonth, Field months, Field daysOfWeek)
        implements CronSchedule {

    private static final int YEARS_AHEAD = 5;
    private static final int DAYS_IN_WEEK = 7;

    /**
     * The values a field allows.
     *
     * @param bits one for each value from 0 to 59
     * @param star whether the field was written as all of its values
     */
    record Field(long bits, boolean star) {
        boolean has(int value) {
            return (bits >> value & 1) != 0;
        }
    }

    @Override
    public Optional<Instant> next(Instant after, ZoneId zone) {
        ZoneRules rules = zone.getRules();
        Instant from = after.truncatedTo(ChronoUnit.SECONDS).plusSeconds(1);
        int lastYear = local(from, rules).getYear() + YEARS_AHEAD;
        // Between two changes of the clocks, local time is time: one stretch after the other is searched.
        while (true) {
            ZoneOffset offset = rules.getOffset(from);
            Optional<Instant> found = ceiling(local(from, rules), lastYear).map(match -> match.toInstant(offset));
            @Nullable ZoneOffsetTransition change = rules.nextTransition(from);
            if (change == null) {
                return found;
            }
            if (found.isPresent() && found.get().isBefore(change.getInstant())) {
                return found;
            }
            from = change.getInstant();
            if (local(from, rules).getYear() > lastYear) {
                return Optional.empty();
            }
        }
    }

    @Override
    public Optional<Instant> latest(Instant after, Instant until, ZoneId zone) {
        for (Duration back = Duration.ofMinutes(2); ; back = back.multipliedBy(2)) {
            Instant from = until.minus(back);
            boolean all = !from.isAfter(after);
            Optional<Instant> last = Optional.empty();
            Optional<Instant> next = next(all ? after : from, zone);
            while (next.isPresent() && !next.get().isAfter(until)) {
                last = next;
                next = next(last.get(), zone);
            }
            if (all || last.isPresent()) {
                return last;
            }
        }
    }

    private static LocalDateTime local(Instant time, ZoneRules rules) {
        return LocalDateTime.ofEpochSecond(time.getEpochSecond(), 0, rules.getOffset(time));
    }

    /** The first match on a clock that nobody changes. */
    private Optional<LocalDateTime> ceiling(LocalDateTime from, int lastYear) {
        LocalDateTime minute = from.truncatedTo(ChronoUnit.MINUTES);
        LocalDateTime time = minute.equals(from) ? from : minute.plusMinutes(1);
        while (time.getYear() <= lastYear) {
            if (!months.has(time.getMonthValue())) {
                time = time.truncatedTo(ChronoUnit.DAYS).withDayOfMonth(1).plusMonths(1);
            } else if (!dayMatches(time)) {
                time = time.truncatedTo(ChronoUnit.DAYS).plusDays(1);
            } else if (!hours.has(time.getHour())) {
                time = time.truncatedTo(ChronoUnit.HOURS).plusHours(1);
            } else if (!minutes.has(time.getMinute())) {
                time = time.plusMinutes(1);
            } else {
                return Optional.of(time);
            }
        }
        return Optional.empty();
    }

    private boolean dayMatches(LocalDateTime time) {
        boolean ofMonth = daysOfMonth.has(time.getDayOfMonth());
        boolean ofWeek = daysOfWeek.has(time.getDayOfWeek().getValue() % DAYS_IN_WEEK);
        return (daysOfMonth.star || daysOfWeek.star) ? ofMonth && ofWeek : ofMonth || ofWeek;
    }
}
