package io.mokube.controllermanager.controllers.batch;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A set of completion indexes, written as in a Job's status: {@code 1,3-5,7}. It costs as much as it has gaps, however
 * many indexes there are. Immutable.
 */
final class Indexes {

    static final Indexes NONE = new Indexes(List.of());

    private static final Pattern INTERVAL = Pattern.compile("(?<first>\\d{1,10})(-(?<last>\\d{1,10}))?");

    /** Disjoint, ascending, with at least one index between two of them. */
    private final List<Interval> intervals;

    private Indexes(List<Interval> intervals) {
        this.intervals = intervals;
    }

    private record Interval(int first, int last) {
        int overlap(Interval other) {
            return Math.max(0, Math.min(last, other.last) - Math.max(first, other.first) + 1);
        }
    }

    static Indexes of(Collection<Integer> indexes) {
        return of(new TreeSet<>(indexes)
                .stream().map(index -> new Interval(index, index)).toList());
    }

    private static Indexes of(List<Interval> ascending) {
        List<Interval> merged = new ArrayList<>();
        for (Interval next : ascending) {
            Interval last = merged.isEmpty() ? null : merged.getLast();
            if (last == null || next.first > last.last + 1L) {
                merged.add(next);
            } else if (next.last > last.last) {
                merged.set(merged.size() - 1, new Interval(last.first, next.last));
            }
        }
        return new Indexes(List.copyOf(merged));
    }

    /** Reads the written form; what lies beyond the completions, or can't be understood, is left out. */
    static Indexes parse(@Nullable String text, int completions) {
        if (text == null || text.isEmpty()) {
            return NONE;
        }
        List<Interval> read = new ArrayList<>();
        for (String part : text.split(",")) {
            Matcher interval = INTERVAL.matcher(part);
            if (interval.matches()) {
                long first = Long.parseLong(interval.group("first"));
                long last = interval.group("last") == null ? first : Long.parseLong(interval.group("last"));
                last = Math.min(last, completions - 1L);
                if (first <= last) {
                    read.add(new Interval((int) first, (int) last));
                }
            }
        }
        read.sort((a, b) -> Integer.compare(a.first, b.first));
        return of(read);
    }

    Indexes plus(Indexes other) {
        List<Interval> all = new ArrayList<>(intervals);
        all.addAll(other.intervals);
        all.sort((a, b) -> Integer.compare(a.first, b.first));
        return of(all);
    }

    boolean contains(int index) {
        int low = 0;
        int high = intervals.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Interval interval = intervals.get(middle);
            if (index < interval.first) {
                high = middle - 1;
            } else if (index > interval.last) {
                low = middle + 1;
            } else {
                return true;
            }
        }
        return false;
    }

    int size() {
        return intervals.stream()
                .mapToInt(interval -> interval.last - interval.first + 1)
                .sum();
    }

    boolean isEmpty() {
        return intervals.isEmpty();
    }

    /** How many indexes are in both. */
    int overlap(Indexes other) {
        int common = 0;
        int mine = 0;
        int theirs = 0;
        while (mine < intervals.size() && theirs < other.intervals.size()) {
            Interval a = intervals.get(mine);
            Interval b = other.intervals.get(theirs);
            common += a.overlap(b);
            if (a.last <= b.last) {
                mine++;
            }
            if (b.last <= a.last) {
                theirs++;
            }
        }
        return common;
    }

    /** The lowest indexes below {@code completions} that are not in this set, at most {@code count}. */
    List<Integer> missing(int count, int completions) {
        List<Integer> missing = new ArrayList<>();
        int candidate = 0;
        for (Interval interval : intervals) {
            for (; candidate < Math.min(interval.first, completions) && missing.size() < count; candidate++) {
                missing.add(candidate);
            }
            candidate = interval.last + 1;
        }
        for (; candidate < completions && missing.size() < count; candidate++) {
            missing.add(candidate);
        }
        return missing;
    }

    /** The written form; two indexes in a row are written as two. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Interval interval : intervals) {
            if (!text.isEmpty()) {
                text.append(',');
            }
            text.append(interval.first);
            if (interval.last > interval.first) {
                text.append(interval.last == interval.first + 1 ? ',' : '-').append(interval.last);
            }
        }
        return text.toString();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Indexes indexes && indexes.intervals.equals(intervals);
    }

    @Override
    public int hashCode() {
        return intervals.hashCode();
    }
}
