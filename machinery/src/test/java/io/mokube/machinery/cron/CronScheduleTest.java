package io.mokube.machinery.cron;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CronScheduleTest {

    private static final ZoneId UTC = ZoneOffset.UTC;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "* * * * *|2026-07-09T15:00:00Z|2026-07-09T15:01:00Z",
                "* * * * *|2026-07-09T14:59:59.999Z|2026-07-09T15:00:00Z",
                "0/15 * * * *|2026-07-09T14:45:00Z|2026-07-09T15:00:00Z",
                "*/15 * * * *|2026-07-09T14:59:59Z|2026-07-09T15:00:00Z",
                "20-35/15 * * * *|2026-07-09T15:45:00Z|2026-07-09T16:20:00Z",
                "40/15 * * * *|2026-07-09T15:45:00Z|2026-07-09T15:55:00Z",
                "5 9-17/4 * * mon-FRI|2026-07-10T17:05:00Z|2026-07-13T09:05:00Z",
                "0 0 */2 * *|2026-07-09T00:00:00Z|2026-07-11T00:00:00Z",
                "0 0 29 Feb ?|2026-07-09T14:45:00Z|2028-02-29T00:00:00Z",
                "0 0 1 jan,dec *|2026-07-09T14:45:00Z|2026-12-01T00:00:00Z",
                "0 0 * * 0|2026-07-09T14:45:00Z|2026-07-12T00:00:00Z",
                "0 0 * * sun|2026-07-09T14:45:00Z|2026-07-12T00:00:00Z",
                // One of the two day fields is enough, unless one is a star.
                "0 0 13 * fri|2026-07-09T14:45:00Z|2026-07-10T00:00:00Z",
                "0 0 13 * fri|2026-07-10T00:00:00Z|2026-07-13T00:00:00Z",
                "0 0 * * fri|2026-07-10T00:00:00Z|2026-07-17T00:00:00Z",
                "0 0 13 * ?|2026-07-09T14:45:00Z|2026-07-13T00:00:00Z",
                // A star with a step is no star: every second day, and every friday.
                "0 0 */2 * fri|2026-07-09T14:45:00Z|2026-07-10T00:00:00Z",
                "0 0 */2 * fri|2026-07-10T14:45:00Z|2026-07-11T00:00:00Z",
                "0 0 */1 * fri|2026-07-10T14:45:00Z|2026-07-17T00:00:00Z",
                "@hourly|2026-07-09T14:45:00Z|2026-07-09T15:00:00Z",
                "@daily|2026-07-09T14:45:00Z|2026-07-10T00:00:00Z",
                "@midnight|2026-07-09T14:45:00Z|2026-07-10T00:00:00Z",
                "@weekly|2026-07-09T14:45:00Z|2026-07-12T00:00:00Z",
                "@monthly|2026-07-09T14:45:00Z|2026-08-01T00:00:00Z",
                "@yearly|2026-07-09T14:45:00Z|2027-01-01T00:00:00Z",
                "@annually|2026-07-09T14:45:00Z|2027-01-01T00:00:00Z",
                "@every 1h30m|2026-07-09T14:45:10.5Z|2026-07-09T16:15:10Z",
                "@every 1.5s|2026-07-09T14:45:10Z|2026-07-09T14:45:11Z",
                "@every 10ms|2026-07-09T14:45:10Z|2026-07-09T14:45:11Z",
                "@every -1h|2026-07-09T14:45:10Z|2026-07-09T14:45:11Z",
            })
    void theNextTimeInUtc(String schedule, Instant after, Instant next) {
        assertThat(CronSchedule.parse(schedule).next(after, UTC)).contains(next);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // Clocks go from 2:00 to 3:00: what is due in between does not happen that day.
                "30 2 * * *|America/New_York|2026-03-07T12:00:00-05:00|2026-03-09T02:30:00-04:00",
                "0 * * * *|America/New_York|2026-03-08T01:00:00-05:00|2026-03-08T03:00:00-04:00",
                "0 3 * * *|America/New_York|2026-03-08T01:00:00-05:00|2026-03-08T03:00:00-04:00",
                "*/30 2,3 * * *|America/New_York|2026-03-08T01:00:00-05:00|2026-03-08T03:00:00-04:00",
                // Clocks go from 2:00 back to 1:00: what is due in that hour happens twice.
                "30 1 * * *|America/New_York|2026-11-01T00:00:00-04:00|2026-11-01T01:30:00-04:00",
                "30 1 * * *|America/New_York|2026-11-01T01:30:00-04:00|2026-11-01T01:30:00-05:00",
                "30 1 * * *|America/New_York|2026-11-01T01:30:00-05:00|2026-11-02T01:30:00-05:00",
                "0 2 * * *|America/New_York|2026-11-01T00:00:00-04:00|2026-11-01T02:00:00-05:00",
                "30 2 * * *|Europe/Vienna|2026-03-28T12:00:00+01:00|2026-03-30T02:30:00+02:00",
                "30 2 * * *|Europe/Vienna|2026-10-25T02:30:00+02:00|2026-10-25T02:30:00+01:00",
                // Midnight that is not there.
                "0 0 9 10 *|America/Sao_Paulo|2018-10-17T05:00:00-03:00|2019-10-09T00:00:00-03:00",
                "5 0 * * *|America/Sao_Paulo|2018-11-03T05:00:00-03:00|2018-11-05T00:05:00-02:00",
                "0 0 * * 0|America/Santiago|2026-09-05T12:00:00-04:00|2026-09-13T00:00:00-03:00",
                // Clocks that change by half an hour.
                "*/15 * * * *|Australia/Lord_Howe|2026-10-04T01:45:00+10:30|2026-10-04T02:30:00+11:00",
                "15 2 * * *|Australia/Lord_Howe|2026-10-03T12:00:00+10:30|2026-10-05T02:15:00+11:00",
                "45 1 * * *|Australia/Lord_Howe|2026-04-05T01:45:00+11:00|2026-04-05T01:45:00+10:30",
                "0 9 * * *|Asia/Kathmandu|2026-07-09T00:00:00Z|2026-07-09T09:00:00+05:45",
            })
    void theNextTimeOnOtherClocks(String schedule, String zone, OffsetDateTime after, OffsetDateTime next) {
        assertThat(CronSchedule.parse(schedule).next(after.toInstant(), ZoneId.of(zone)))
                .contains(next.toInstant());
    }

    @ParameterizedTest
    @CsvSource({"59 23 31 2 *", "0 0 30 feb ?", "'0 0 , * *'"})
    void whatNeverComes(String schedule) {
        CronSchedule never = CronSchedule.parse(schedule);
        assertThat(never.next(Instant.parse("2026-07-09T14:45:00Z"), UTC)).isEmpty();
        assertThat(never.next(Instant.parse("2026-07-09T14:45:00Z"), ZoneId.of("Europe/Vienna")))
                .isEmpty();
        assertThat(never.latest(Instant.parse("2020-07-09T14:45:00Z"), Instant.parse("2026-07-09T14:45:00Z"), UTC))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "* * * * *|2026-07-09T14:44:00Z|2026-07-09T14:45:00Z|2026-07-09T14:45:00Z",
                "* * * * *|2026-07-09T14:45:00Z|2026-07-09T14:45:59Z|",
                "* * * * *|2020-01-01T00:00:00Z|2026-07-09T14:45:30Z|2026-07-09T14:45:00Z",
                "*/1 9 * * 1|2026-07-01T00:00:00Z|2026-07-12T23:00:00Z|2026-07-06T09:59:00Z",
                "@yearly|2020-01-01T00:00:00Z|2026-07-09T14:45:30Z|2026-01-01T00:00:00Z",
                "@every 7m|2026-07-09T14:00:00Z|2026-07-09T14:45:00Z|2026-07-09T14:42:00Z",
                "@every 7m|2026-07-09T14:00:00Z|2026-07-09T14:06:59Z|",
            })
    void theLatestTime(String schedule, Instant after, Instant until, Instant latest) {
        assertThat(CronSchedule.parse(schedule).latest(after, until, UTC)).isEqualTo(Optional.ofNullable(latest));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''|empty spec string",
                "' '|expected exactly 5 fields, found 0: []",
                "* * * *|expected exactly 5 fields, found 4: [* * * *]",
                "0 * * *  * *|expected exactly 5 fields, found 6: [0 * * * * *]",
                "60 * * * *|end of range (60) above maximum (59): 60",
                "* 24 * * *|end of range (24) above maximum (23): 24",
                "* * 0 * *|beginning of range (0) below minimum (1): 0",
                "* * * * 7|end of range (7) above maximum (6): 7",
                "5-1 * * * *|beginning of range (5) beyond end of range (1): 5-1",
                "1-2-3 * * * *|too many hyphens: 1-2-3",
                "*/2/3 * * * *|too many slashes: */2/3",
                "*/0 * * * *|step of range should be a positive number: */0",
                "a * * * *|failed to parse int from a: strconv.Atoi: parsing \"a\": invalid syntax",
                "* * * * monday|failed to parse int from monday: strconv.Atoi: parsing \"monday\": invalid syntax",
                "-1 * * * *|failed to parse int from : strconv.Atoi: parsing \"\": invalid syntax",
                "*/-5 * * * *|negative number (-5) not allowed: -5",
                "99999999999999999999 * * * *|failed to parse int from 99999999999999999999: strconv.Atoi: parsing"
                        + " \"99999999999999999999\": value out of range",
                "@never|unrecognized descriptor: @never",
                "@Daily|unrecognized descriptor: @Daily",
                "@every x|failed to parse duration @every x: time: invalid duration \"x\"",
                "@every 5|failed to parse duration @every 5: time: invalid duration \"5\"",
            })
    void whatIsWrongIsSaidInTheParsersWords(String schedule, String message) {
        assertThatThrownBy(() -> CronSchedule.parse(schedule))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    /** Random schedules against a library for the same language, as far as the two agree on what it means. */
    @Test
    void agreesWithAnotherImplementation() {
        Random random = new Random(7);
        var unix = new com.cronutils.parser.CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX));
        for (int i = 0; i < 400; i++) {
            boolean dayOfMonth = random.nextBoolean();
            String schedule = String.join(
                    " ",
                    field(random, 0, 59),
                    field(random, 0, 23),
                    dayOfMonth ? field(random, 1, 31) : "*",
                    field(random, 1, 12),
                    dayOfMonth ? "*" : field(random, 0, 6));
            CronSchedule ours = CronSchedule.parse(schedule);
            ExecutionTime theirs = ExecutionTime.forCron(unix.parse(schedule));
            Instant at = Instant.parse("2026-01-01T00:00:00Z").plus(Duration.ofMinutes(random.nextInt(525_600)));
            for (int n = 0; n < 5; n++) {
                Optional<Instant> next = ours.next(at, UTC);
                Optional<Instant> expected =
                        theirs.nextExecution(at.atZone(UTC)).map(time -> time.toInstant());
                if (next.isEmpty()) {
                    break; // we look no further than five years
                }
                assertThat(next).as(schedule + " after " + at).isEqualTo(expected);
                at = next.get();
            }
        }
    }

    private static String field(Random random, int min, int max) {
        int low = min + random.nextInt(max - min + 1);
        int high = low + random.nextInt(max - low + 1);
        return switch (random.nextInt(5)) {
            case 0 -> "*";
            case 1 -> Integer.toString(low);
            case 2 -> low + "-" + high;
            case 3 -> "*/" + (1 + random.nextInt(max));
            default -> {
                List<Integer> values = new ArrayList<>(List.of(low, high, min));
                yield values.stream().distinct().sorted().map(Object::toString).collect(Collectors.joining(","));
            }
        };
    }
}
