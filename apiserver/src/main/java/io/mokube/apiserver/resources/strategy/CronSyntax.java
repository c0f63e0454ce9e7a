package io.mokube.apiserver.resources.strategy;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether a text is a cron schedule: five fields, or one of the names such as {@code @daily}. */
final class CronSyntax {

    private static final Set<String> NAMES =
            Set.of("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly");
    private static final List<String> MONTHS =
            List.of("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec");
    private static final List<String> DAYS = List.of("sun", "mon", "tue", "wed", "thu", "fri", "sat");

    /** What a field may hold, numbers or words that stand for them. */
    private record Field(int min, int max, List<String> words) {}

    private static final List<Field> FIELDS = List.of(
            new Field(0, 59, List.of()),
            new Field(0, 23, List.of()),
            new Field(1, 31, List.of()),
            new Field(1, 12, MONTHS),
            new Field(0, 6, DAYS));

    private CronSyntax() {}

    /** What is wrong, or null. */
    static @Nullable String check(String schedule) {
        if (schedule.startsWith("TZ=") || schedule.startsWith("CRON_TZ=")) {
            return "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        }
        if (schedule.startsWith("@")) {
            return NAMES.contains(schedule) || schedule.matches("@every ([0-9]+(\\.[0-9]+)?(h|m|s|ms))+")
                    ? null
                    : "unrecognized descriptor: " + schedule;
        }
        List<String> parts = List.of(schedule.strip().split("\\s+"));
        if (parts.size() != FIELDS.size()) {
            return "expected exactly 5 fields, found " + parts.size() + ": " + parts;
        }
        for (int i = 0; i < FIELDS.size(); i++) {
            for (String term : parts.get(i).split(",", -1)) {
                String wrong = term(term, FIELDS.get(i));
                if (wrong != null) {
                    return wrong;
                }
            }
        }
        return null;
    }

    private static @Nullable String term(String term, Field field) {
        String[] rangeAndStep = term.split("/", -1);
        if (rangeAndStep.length > 2) {
            return "too many slashes: " + term;
        }
        if (rangeAndStep.length == 2 && number(rangeAndStep[1]) <= 0) {
            return "step of range should be a positive number: " + term;
        }
        String range = rangeAndStep[0];
        if (range.equals("*") || range.equals("?")) {
            return null;
        }
        String[] bounds = range.split("-", -1);
        if (bounds.length > 2) {
            return "too many hyphens: " + term;
        }
        int low = value(bounds[0], field);
        int high = bounds.length == 2 ? value(bounds[1], field) : low;
        if (low < 0 || high < 0) {
            return "failed to parse int from " + range;
        }
        if (low < field.min) {
            return "beginning of range (" + low + ") below minimum (" + field.min + "): " + term;
        }
        if (high > field.max) {
            return "end of range (" + high + ") above maximum (" + field.max + "): " + term;
        }
        return low > high ? "beginning of range (" + low + ") beyond end of range (" + high + "): " + term : null;
    }

    private static int value(String text, Field field) {
        int word = field.words.indexOf(text.toLowerCase(Locale.ROOT));
        return word >= 0 ? word + field.min : number(text);
    }

    private static int number(String text) {
        return text.matches("[0-9]{1,6}") ? Integer.parseInt(text) : -1;
    }
}
