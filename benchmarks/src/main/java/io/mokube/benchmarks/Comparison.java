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
 * @param rounds what each pair of turns saw
 */
record Comparison(String title, String ours, String theirs, double goal, List<Round> rounds) {

    /** One turn of one server. */
    record Turn(Load.Outcome outcome, double cpuMicrosPerOperation) {}

    /** One turn of each. */
    record Round(Turn ours, Turn theirs) {

        /** Our throughput against theirs. */
        double ratio() {
            return ours.outcome().perSecond() / theirs.outcome().perSecond();
        }

        /** Their CPU time for an operation against ours. */
        double cpuRatio() {
            return theirs.cpuMicrosPerOperation() / ours.cpuMicrosPerOperation();
        }
    }

    /** How a comparison is run. */
    record Plan(int connections, Duration turn, Duration warmUp, int rounds) {}

    static Comparison measure(String title, double goal, Side ours, Side theirs, Plan plan)
            throws IOException, InterruptedException {
        warmUp(ours, plan);
        warmUp(theirs, plan);
        List<Round> rounds = new ArrayList<>();
        for (int i = 0; i < plan.rounds(); i++) {
            Round round = new Round(turn(ours, plan), turn(theirs, plan));
            rounds.add(round);
            System.out.printf(
                    "  round %d: %.0f/s against %.0f/s, ratio %.2f%n",
                    i + 1,
                    round.ours().outcome().perSecond(),
                    round.theirs().outcome().perSecond(),
                    round.ratio());
        }
        return new Comparison(title, ours.subject().name(), theirs.subject().name(), goal, List.copyOf(rounds));
    }

    /** A server and the load it gets. */
    record Side(Subject subject, Load load) {}

    private static void warmUp(Side side, Plan plan) throws IOException, InterruptedException {
        side.load().run(plan.connections(), plan.warmUp());
    }

    private static Turn turn(Side side, Plan plan) throws IOException, InterruptedException {
        Duration before = side.subject().cpu();
        Load.Outcome outcome = side.load().run(plan.connections(), plan.turn());
        Duration used = side.subject().cpu().minus(before);
        return new Turn(outcome, used.toNanos() / 1e3 / outcome.operations());
    }

    double medianRatio() {
        return median(rounds.stream().mapToDouble(Round::ratio).toArray());
    }

    double medianCpuRatio() {
        return median(rounds.stream().mapToDouble(Round::cpuRatio).toArray());
    }

    double lowestRatio() {
        return rounds.stream().mapToDouble(Round::ratio).min().orElseThrow();
    }

    double highestRatio() {
        return rounds.stream().mapToDouble(Round::ratio).max().orElseThrow();
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
