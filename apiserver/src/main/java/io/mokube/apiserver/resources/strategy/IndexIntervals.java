package io.mokube.apiserver.resources.strategy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * Completion indexes as Jobs write them, such as {@code 1,3-5}.
 *
 * @param intervals those before the first mistake, in their order
 * @param error what is wrong with the text, in Kubernetes' words
 */
record IndexIntervals(List<Interval> intervals, Optional<String> error) {

    private static final Pattern NUMBER = Pattern.compile("\\d{1,18}");

    /** From the first index to the last one, both included. */
    record Interval(long first, long last) {}

    /** Reads a text of indexes, each of which has to be below the number of completions and above the one before. */
    static IndexIntervals parse(String text, long completions) {
        List<Interval> read = new ArrayList<>();
        if (text.isEmpty()) {
            return new IndexIntervals(List.of(), Optional.empty());
        }
        for (String part : text.split(",", -1)) {
            Optional<String> error = add(part, completions, read);
            if (error.isPresent()) {
                return new IndexIntervals(List.copyOf(read), error);
            }
        }
        return new IndexIntervals(List.copyOf(read), Optional.empty());
    }

    private static Optional<String> add(String part, long completions, List<Interval> read) {
        String[] limits = part.split("-", -1);
        if (limits.length > 2) {
            return Optional.of(
                    "the fragment \"" + part + "\" violates the requirement that an index interval can have at"
                            + " most two parts separated by '-'");
        }
        for (String limit : limits) {
            if (!NUMBER.matcher(limit).matches()) {
                return Optional.of("cannot convert string to integer for index: \"" + limit + "\"");
            }
            if (Long.parseLong(limit) >= completions) {
                return Optional.of("too large index: \"" + limit + "\"");
            }
        }
        long first = Long.parseLong(limits[0]);
        long last = limits.length == 1 ? first : Long.parseLong(limits[1]);
        if (limits.length > 1 && first >= last) {
            return Optional.of(order(first, last));
        }
        if (!read.isEmpty() && read.getLast().last() >= first) {
            return Optional.of(order(read.getLast().last(), first));
        }
        read.add(new Interval(first, last));
        return Optional.empty();
    }

    private static String order(long previous, long current) {
        return "non-increasing order, previous: " + previous + ", current: " + current;
    }

    /** How many indexes these are. */
    long count() {
        return intervals.stream()
                .mapToLong(interval -> interval.last() - interval.first() + 1)
                .sum();
    }

    /** The lowest index that both have. */
    OptionalLong firstCommon(IndexIntervals other) {
        int mine = 0;
        int theirs = 0;
        while (mine < intervals.size() && theirs < other.intervals.size()) {
            Interval a = intervals.get(mine);
            Interval b = other.intervals.get(theirs);
            if (a.first() <= b.last() && b.first() <= a.last()) {
                return OptionalLong.of(Math.max(a.first(), b.first()));
            }
            if (a.last() < b.first()) {
                mine++;
            } else {
                theirs++;
            }
        }
        return OptionalLong.empty();
    }
}
