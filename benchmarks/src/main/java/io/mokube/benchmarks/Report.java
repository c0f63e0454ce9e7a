package io.mokube.benchmarks;

import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes what was measured as JSON and as a table, with the machine and the date. */
final class Report {

    /**
     * A ratio that needs no second server.
     *
     * @param goal the most it should be
     * @param how the figures behind it
     */
    record Measure(String title, double ratio, double goal, String how) {}

    private Report() {}

    /** Writes {@code <name>-<time>.json} and {@code .md} into a folder; returns the table. */
    static String write(
            Path folder, String name, String notes, List<Comparison> comparisons, List<Measure> measures, Instant at)
            throws IOException {
        String table = table(name, notes, comparisons, measures, at);
        save(folder, name, at, table, json(name, notes, comparisons, measures, at));
        return table;
    }

    /** Saves a table and its JSON under the benchmark's name and time. */
    static void save(Path folder, String name, Instant at, String table, ObjectNode json) throws IOException {
        Files.createDirectories(folder);
        String stamp = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT)
                .withZone(ZoneOffset.UTC)
                .format(at);
        Files.writeString(folder.resolve(name + "-" + stamp + ".md"), table);
        Files.writeString(
                folder.resolve(name + "-" + stamp + ".json"),
                Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json));
    }

    private static String table(
            String name, String notes, List<Comparison> comparisons, List<Measure> measures, Instant at)
            throws IOException {
        StringBuilder text = new StringBuilder("# " + name + "\n\n" + machine() + ", " + at + "\n\n" + notes + "\n\n");
        if (!comparisons.isEmpty()) {
            text.append(
                    "| what | against | ratio: median (lowest to highest) | goal | ops/s | against | CPU µs/op | against |"
                            + " p99 µs | against |\n|---|---|---|---|---|---|---|---|---|---|\n");
        }
        for (Comparison comparison : comparisons) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %s | %.2f (%.2f to %.2f) | ≥ %.2f | %.1f | %.1f | %.1f | %.1f | %.0f | %.0f |%n",
                    comparison.title(),
                    comparison.theirs(),
                    comparison.medianRatio(),
                    comparison.lowestRatio(),
                    comparison.highestRatio(),
                    comparison.goal(),
                    median(comparison, round -> round.ours().outcome().perSecond()),
                    median(comparison, round -> round.theirs().outcome().perSecond()),
                    median(comparison, round -> round.ours().cpuMicrosPerOperation()),
                    median(comparison, round -> round.theirs().cpuMicrosPerOperation()),
                    median(comparison, round -> round.ours().outcome().p99Micros()),
                    median(comparison, round -> round.theirs().outcome().p99Micros())));
        }
        if (!measures.isEmpty()) {
            text.append("\n| what | measured | goal | how |\n|---|---|---|---|\n");
        }
        for (Measure measure : measures) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %.3f | ≤ %.2f | %s |%n",
                    measure.title(),
                    measure.ratio(),
                    measure.goal(),
                    measure.how()));
        }
        return text.toString();
    }

    private static double median(Comparison comparison, ToDoubleFunction<Comparison.Round> value) {
        return Comparison.median(comparison.rounds().stream().mapToDouble(value).toArray());
    }

    private static ObjectNode json(
            String name, String notes, List<Comparison> comparisons, List<Measure> measures, Instant at)
            throws IOException {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("benchmark", name)
                .put("at", at.toString())
                .put("machine", machine())
                .put("notes", notes);
        ArrayNode list = root.putArray("comparisons");
        for (Comparison comparison : comparisons) {
            ObjectNode entry = list.addObject()
                    .put("what", comparison.title())
                    .put("ours", comparison.ours())
                    .put("theirs", comparison.theirs())
                    .put("goal", comparison.goal())
                    .put("medianRatio", comparison.medianRatio())
                    .put("lowestRatio", comparison.lowestRatio())
                    .put("highestRatio", comparison.highestRatio())
                    .put("medianCpuRatio", comparison.medianCpuRatio());
            ArrayNode rounds = entry.putArray("rounds");
            for (Comparison.Round round : comparison.rounds()) {
                ObjectNode values = rounds.addObject().put("ratio", round.ratio(comparison.figure()));
                turn(values.putObject("ours"), round.ours());
                turn(values.putObject("theirs"), round.theirs());
            }
        }
        ArrayNode figures = root.putArray("measures");
        for (Measure measure : measures) {
            figures.addObject()
                    .put("what", measure.title())
                    .put("ratio", measure.ratio())
                    .put("goal", measure.goal())
                    .put("how", measure.how());
        }
        return root;
    }

    private static void turn(ObjectNode node, Comparison.Turn turn) {
        node.put("operations", turn.outcome().operations())
                .put("bytes", turn.outcome().bytes())
                .put("seconds", turn.outcome().seconds())
                .put("perSecond", turn.outcome().perSecond())
                .put("p50Micros", turn.outcome().p50Micros())
                .put("p99Micros", turn.outcome().p99Micros())
                .put("cpuMicrosPerOperation", turn.cpuMicrosPerOperation());
    }

    /** The processor, how many of it, the kernel and the JVM. */
    static String machine() throws IOException {
        String processor = "unknown processor";
        Path info = Path.of("/proc/cpuinfo");
        if (Files.isReadable(info)) {
            processor = Files.readAllLines(info).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).trim())
                    .findFirst()
                    .orElse(processor);
        }
        return Runtime.getRuntime().availableProcessors() + " × " + processor + ", "
                + System.getProperty("os.name") + " " + System.getProperty("os.version") + ", JDK "
                + Runtime.version();
    }
}
