package io.mokube.benchmarks;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Two servers measured in turns, A B A B, so that what else happens on the machine meets both.
 *
 * @param title what is compared
 * @param figure what the ratio is of
 * @param rounds what each pair of turns saw
 */
record Comparison(String title, String ours, String theirs, Figure figure, double goal, List<Round> rounds) {

    /** What is compared; of each, more is better. */
    enum Figure {
        /** Operations a second. */
        THROUGHPUT,
        /** The inverse of the time that one operation of a hundred exceeds. */
        P99
    }

    /** One turn of one server. */
    record Turn(Work.Outcome outcome, double cpuMicrosPerOperation) {}

    /** One turn of each. */
    record Round(Turn ours, Turn theirs) {

        /** Ours against theirs. */
        double ratio(Figure figure) {
            return switch (figure) {
                case THROUGHPUT -> ours.outcome().perSecond() / theirs.outcome().perSecond();
                case P99 -> theirs.outcome().p99Micros() / ours.outcome().p99Micros();
            };
        }

        /** Their CPU time for an operation against ours. */
        double cpuRatio() {
            return theirs.cpuMicrosPerOperation() / ours.cpuMicrosPerOperation();
        }
    }

    /** How a comparison is run. */
    record Plan(int connections, Duration turn, Duration warmUp, int rounds) {}

    static Comparison measure(String title, Figure figure, double goal, Side ours, Side theirs, Plan plan)
            throws IOException, InterruptedException {
        warmUp(ours, plan);
        warmUp(theirs, plan);
        List<Round> rounds = new ArrayList<>();
        for (int i = 0; i < plan.rounds(); i++) {
            Round round = new Round(turn(ours, plan), turn(theirs, plan));
            rounds.add(round);
            System.out.printf(
                    "  %s, round %d: %.0f/s against %.0f/s, p99 %.0f µs against %.0f µs, ratio %.2f%n",
                    title,
                    i + 1,
                    round.ours().outcome().perSecond(),
                    round.theirs().outcome().perSecond(),
                    round.ours().outcome().p99Micros(),
                    round.theirs().outcome().p99Micros(),
                    round.ratio(figure));
        }
        return new Comparison(title, ours.subject().name(), theirs.subject().name(), figure, goal, List.copyOf(rounds));
    }

    /** A server and the load it gets. */
    record Side(Subject subject, Work work) {}

    private static void warmUp(Side side, Plan plan) throws IOException, InterruptedException {
        side.work().run(plan.connections(), plan.warmUp());
    }

    private static Turn turn(Side side, Plan plan) throws IOException, InterruptedException {
        Duration before = side.subject().cpu();
        Work.Outcome outcome = side.work().run(plan.connections(), plan.turn());
        Duration used = side.subject().cpu().minus(before);
        return new Turn(outcome, used.toNanos() / 1e3 / outcome.operations());
    }

    double medianRatio() {
        return median(rounds.stream().mapToDouble(round -> round.ratio(figure)).toArray());
    }

    double medianCpuRatio() {
        return median(rounds.stream().mapToDouble(Round::cpuRatio).toArray());
    }

    double lowestRatio() {
        return rounds.stream().mapToDouble(round -> round.ratio(figure)).min().orElseThrow();
    }

    double highestRatio() {
        return rounds.stream().mapToDouble(round -> round.ratio(figure)).max().orElseThrow();
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
