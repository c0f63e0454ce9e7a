package io.mokube.machinery.cron;

import io.mokube.machinery.cron.CalendarSchedule.Field;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads schedules. What is wrong with one is said in the words of the parser that Kubernetes uses. */
final class CronParser {

    private static final Bounds MINUTES = new Bounds(0, 59, List.of());
    private static final Bounds HOURS = new Bounds(0, 23, List.of());
    private static final Bounds DAYS_OF_MONTH = new Bounds(1, 31, List.of());
    private static final Bounds MONTHS = new Bounds(
            1, 12, List.of("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"));
    private static final Bounds DAYS_OF_WEEK =
            new Bounds(0, 6, List.of("sun", "mon", "tue", "wed", "thu", "fri", "sat"));

    private static final Map<String, String> NAMED = Map.of(
            "@yearly", "0 0 1 1 *",
            "@annually", "0 0 1 1 *",
            "@monthly", "0 0 1 * *",
            "@weekly", "0 0 * * 0",
            "@daily", "0 0 * * *",
            "@midnight", "0 0 * * *",
            "@hourly", "0 * * * *");
    private static final String EVERY = "@every ";

    private static final Pattern DURATION =
            Pattern.compile("(?<sign>[-+]?)(?<terms>((\\d+\\.?\\d*|\\.\\d+)(ns|us|µs|μs|ms|s|m|h))+)");
    private static final Pattern DURATION_TERM = Pattern.compile("(?<number>[\\d.]+)(?<unit>[a-zµμ]+)");
    private static final Map<String, Duration> UNITS = Map.of(
            "ns", Duration.ofNanos(1),
            "us", Duration.ofNanos(1_000),
            "µs", Duration.ofNanos(1_000),
            "μs", Duration.ofNanos(1_000),
            "ms", Duration.ofMillis(1),
            "s", Duration.ofSeconds(1),
            "m", Duration.ofMinutes(1),
            "h", Duration.ofHours(1));

    private CronParser() {}

    /**
     * What a field may hold.
     *
     * @param words that stand for the values, in their order
     */
    private record Bounds(int min, int max, List<String> words) {}

    static CronSchedule parse(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("empty spec string");
        }
        if (text.startsWith("@")) {
            if (text.startsWith(EVERY)) {
                return new IntervalSchedule(duration(text));
            }
            String fields = NAMED.get(text);
            if (fields == null) {
                throw new IllegalArgumentException("unrecognized descriptor: " + text);
            }
            return parse(fields);
        }
        List<String> fields = words(text, "\\s+");
        if (fields.size() != 5) {
            throw new IllegalArgumentException(
                    "expected exactly 5 fields, found " + fields.size() + ": [" + String.join(" ", fields) + "]");
        }
        return new CalendarSchedule(
                field(fields.get(0), MINUTES),
                field(fields.get(1), HOURS),
                field(fields.get(2), DAYS_OF_MONTH),
                field(fields.get(3), MONTHS),
                field(fields.get(4), DAYS_OF_WEEK));
    }

    private static List<String> words(String text, String separator) {
        return Pattern.compile(separator)
                .splitAsStream(text)
                .filter(word -> !word.isEmpty())
                .toList();
    }

    /** Ranges, with commas between them. */
    private static Field field(String text, Bounds bounds) {
        long bits = 0;
        boolean star = false;
        for (String range : words(text, ",")) {
            Field values = range(range, bounds);
            bits |= values.bits();
            star |= values.star();
        }
        return new Field(bits, star);
    }

    /** {@code N}, {@code N-M} or {@code *}, each perhaps with {@code /STEP}; {@code N/STEP} goes on to the end. */
    private static Field range(String text, Bounds bounds) {
        String[] rangeAndStep = text.split("/", -1);
        String[] ends = rangeAndStep[0].split("-", -1);
        boolean star = ends[0].equals("*") || ends[0].equals("?");
        long start = bounds.min();
        long end = bounds.max();
        if (!star) {
            start = value(ends[0], bounds);
            if (ends.length > 2) {
                throw new IllegalArgumentException("too many hyphens: " + text);
            }
            end = ends.length == 2 ? value(ends[1], bounds) : start;
        }
        long step = 1;
        if (rangeAndStep.length > 2) {
            throw new IllegalArgumentException("too many slashes: " + text);
        }
        if (rangeAndStep.length == 2) {
            step = number(rangeAndStep[1]);
            end = ends.length == 1 ? bounds.max() : end;
        }
        if (start < bounds.min()) {
            throw new IllegalArgumentException(
                    "beginning of range (%d) below minimum (%d): %s".formatted(start, bounds.min(), text));
        }
        if (end > bounds.max()) {
            throw new IllegalArgumentException(
                    "end of range (%d) above maximum (%d): %s".formatted(end, bounds.max(), text));
        }
        if (start > end) {
            throw new IllegalArgumentException(
                    "beginning of range (%d) beyond end of range (%d): %s".formatted(start, end, text));
        }
        if (step == 0) {
            throw new IllegalArgumentException("step of range should be a positive number: " + text);
        }
        long bits = 0;
        for (long value = start; value <= end; value += Math.min(step, end + 1)) {
            bits |= 1L << value;
        }
        return new Field(bits, star && step == 1);
    }

    private static long value(String text, Bounds bounds) {
        int word = bounds.words().indexOf(text.toLowerCase(Locale.ROOT));
        return word >= 0 ? word + bounds.min() : number(text);
    }

    private static long number(String text) {
        String failure = "failed to parse int from " + text + ": strconv.Atoi: parsing \"" + text + "\": ";
        if (!text.matches("[-+]?[0-9]+")) {
            throw new IllegalArgumentException(failure + "invalid syntax");
        }
        long number;
        try {
            number = Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(failure + "value out of range", e);
        }
        if (number < 0) {
            throw new IllegalArgumentException("negative number (%d) not allowed: %s".formatted(number, text));
        }
        return number;
    }

    /** The duration of {@code @every}, in Go's form. */
    private static Duration duration(String text) {
        String value = text.substring(EVERY.length());
        if (value.matches("[-+]?0")) {
            return Duration.ZERO;
        }
        Matcher whole = DURATION.matcher(value);
        if (!whole.matches()) {
            throw new IllegalArgumentException(
                    "failed to parse duration " + text + ": time: invalid duration \"" + value + "\"");
        }
        BigDecimal nanos = BigDecimal.ZERO;
        Matcher term = DURATION_TERM.matcher(whole.group("terms"));
        while (term.find()) {
            Duration unit = UNITS.get(term.group("unit"));
            if (unit != null) {
                nanos = nanos.add(new BigDecimal(term.group("number")).multiply(BigDecimal.valueOf(unit.toNanos())));
            }
        }
        boolean tooLong = nanos.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0;
        if (tooLong) {
            throw new IllegalArgumentException(
                    "failed to parse duration " + text + ": time: invalid duration \"" + value + "\"");
        }
        Duration length = Duration.ofNanos(nanos.longValue());
        return whole.group("sign").equals("-") ? length.negated() : length;
    }
}
