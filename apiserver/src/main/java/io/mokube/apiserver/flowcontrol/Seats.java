package io.mokube.apiserver.flowcontrol;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How many requests each priority level may have answered at once: its part of the server's seats by its shares, and what
 * it borrows from levels that lend. Pure.
 */
final class Seats {

    private static final int HALVINGS = 50;

    private Seats() {}

    /**
     * What a level has and may have.
     *
     * @param nominal its part by its shares
     * @param least what it always keeps
     * @param most what it may have with all that it borrows
     */
    record Range(int nominal, int least, int most) {}

    /** The ranges of levels by their names, for so many seats. */
    static Map<String, Range> ranges(Collection<PriorityLevel> levels, int seats) {
        int allShares =
                Math.max(1, levels.stream().mapToInt(PriorityLevel::shares).sum());
        Map<String, Range> ranges = new HashMap<>();
        for (PriorityLevel level : levels) {
            int nominal = Math.ceilDiv(seats * level.shares(), allShares);
            int lendable = Math.round(nominal * level.lendablePercent() / 100f);
            int borrowable = level.borrowingLimitPercent().isPresent()
                    ? Math.round(nominal * level.borrowingLimitPercent().getAsInt() / 100f)
                    : seats;
            ranges.put(level.name(), new Range(nominal, nominal - lendable, nominal + borrowable));
        }
        return ranges;
    }

    /**
     * What a level wants.
     *
     * @param highest the most seats it could have used at one moment of the last period
     * @param smoothed the same over a longer time
     */
    record Demand(Range range, double highest, double smoothed) {

        /** It need not lend what it used a moment ago. */
        double least() {
            return Math.max(range.least(), Math.min(range.nominal(), highest));
        }

        double target() {
            return Math.max(least(), smoothed);
        }
    }

    /**
     * Divides the seats: every level gets the same fraction of what it wants, but no less than its least and no more than
     * its most.
     *
     * @return the seats of the levels, in the order given; together as many as there are, but for rounding
     */
    static List<Integer> divide(List<Demand> demands, int seats) {
        double leastOfAll = demands.stream().mapToDouble(Demand::least).sum();
        if (leastOfAll >= seats) {
            double scale = seats / leastOfAll;
            return demands.stream()
                    .map(demand -> atLeastOne(demand, demand.least() * scale))
                    .toList();
        }
        double low = 0;
        double high = seats;
        for (int i = 0; i < HALVINGS; i++) {
            double middle = (low + high) / 2;
            double sum = demands.stream()
                    .mapToDouble(demand -> portion(demand, middle))
                    .sum();
            if (sum < seats) {
                low = middle;
            } else {
                high = middle;
            }
        }
        double fraction = low;
        return demands.stream()
                .map(demand -> atLeastOne(demand, portion(demand, fraction)))
                .toList();
    }

    private static double portion(Demand demand, double fraction) {
        return Math.clamp(
                demand.target() * fraction,
                demand.least(),
                Math.max(demand.least(), demand.range().most()));
    }

    /** A level with a part of its own never stands still. */
    private static int atLeastOne(Demand demand, double seats) {
        return Math.max(demand.range().nominal() > 0 ? 1 : 0, (int) Math.round(seats));
    }
}
