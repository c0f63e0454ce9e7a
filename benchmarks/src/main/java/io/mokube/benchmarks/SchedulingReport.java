package io.mokube.benchmarks;

import io.mokube.benchmarks.SchedulingReplay.Round;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.ToDoubleFunction;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes how fast decisions are, against Kubernetes' own thresholds, and how they slow down as clusters grow. */
final class SchedulingReport {

    /**
     * One case at several sizes.
     *
     * @param rounds by number of nodes
     */
    record Measured(SchedulingCase scheduled, SortedMap<Integer, List<Round>> rounds) {

        double median(int nodes, ToDoubleFunction<Round> figure) {
            return Comparison.median(rounds.getOrDefault(nodes, List.of()).stream()
                    .mapToDouble(figure)
                    .toArray());
        }

        /** The exponent with which the CPU time of a pod grows with the number of nodes. */
        double exponent(int small, int large) {
            return Math.log(median(large, Round::cpuMicrosPerPod) / median(small, Round::cpuMicrosPerPod))
                    / Math.log((double) large / small);
        }
    }

    private SchedulingReport() {}

    /** Writes {@code <name>-<time>.json} and {@code .md} into a folder; returns the table. */
    static String write(
            Path folder, String name, String notes, double goal, int nodes, List<Measured> cases, Instant at)
            throws IOException {
        String table = table(name, notes, goal, nodes, cases, at);
        Report.save(folder, name, at, table, json(name, notes, goal, cases, at));
        return table;
    }

    private static String table(String name, String notes, double goal, int nodes, List<Measured> cases, Instant at)
            throws IOException {
        StringBuilder text =
                new StringBuilder("# " + name + "\n\n" + Report.machine() + ", " + at + "\n\n" + notes + "\n\n");
        text.append("| case, ")
                .append(nodes)
                .append(
                        " nodes | pods | pods/s: median (lowest to highest) | threshold | ratio | goal | CPU µs/pod |\n")
                .append("|---|---|---|---|---|---|---|\n");
        for (Measured each : cases) {
            List<Round> rounds = each.rounds().getOrDefault(nodes, List.of());
            double median = each.median(nodes, Round::perSecond);
            int threshold = each.scheduled().threshold();
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %d | %.0f (%.0f to %.0f) | %s | %s | ≥ %.1f | %.1f |%n",
                    each.scheduled().name(),
                    rounds.getFirst().pods(),
                    median,
                    rounds.stream().mapToDouble(Round::perSecond).min().orElse(0),
                    rounds.stream().mapToDouble(Round::perSecond).max().orElse(0),
                    threshold == 0 ? "none" : threshold,
                    threshold == 0 ? "" : String.format(Locale.ROOT, "%.1f", median / threshold),
                    goal,
                    each.median(nodes, Round::cpuMicrosPerPod)));
        }
        List<Integer> sizes = List.copyOf(cases.getFirst().rounds().keySet());
        if (sizes.size() > 1) {
            text.append("\nHow it grows: CPU µs for each pod, and the exponent of the number of nodes.\n\n| case |");
            sizes.forEach(size -> text.append(' ').append(size).append(" nodes |"));
            for (int i = 1; i < sizes.size(); i++) {
                text.append(" exponent to ").append(sizes.get(i)).append(" |");
            }
            text.append("\n|---|").append("---|".repeat(sizes.size() * 2 - 1)).append('\n');
            for (Measured each : cases) {
                text.append("| ").append(each.scheduled().name()).append(" |");
                sizes.forEach(size ->
                        text.append(String.format(Locale.ROOT, " %.1f |", each.median(size, Round::cpuMicrosPerPod))));
                for (int i = 1; i < sizes.size(); i++) {
                    text.append(String.format(Locale.ROOT, " %.2f |", each.exponent(sizes.get(i - 1), sizes.get(i))));
                }
                text.append('\n');
            }
        }
        return text.toString();
    }

    private static ObjectNode json(String name, String notes, double goal, List<Measured> cases, Instant at)
            throws IOException {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("benchmark", name)
                .put("at", at.toString())
                .put("machine", Report.machine())
                .put("notes", notes)
                .put("goal", goal);
        ArrayNode list = root.putArray("cases");
        for (Measured each : cases) {
            ObjectNode entry = list.addObject()
                    .put("case", each.scheduled().name())
                    .put("threshold", each.scheduled().threshold());
            for (Map.Entry<Integer, List<Round>> size : each.rounds().entrySet()) {
                ObjectNode sized = entry.withArray("sizes").addObject().put("nodes", size.getKey());
                for (Round round : size.getValue()) {
                    sized.withArray("rounds")
                            .addObject()
                            .put("pods", round.pods())
                            .put("seconds", round.seconds())
                            .put("cpuSeconds", round.cpuSeconds())
                            .put("podsPerSecond", round.perSecond());
                }
            }
        }
        return root;
    }
}
