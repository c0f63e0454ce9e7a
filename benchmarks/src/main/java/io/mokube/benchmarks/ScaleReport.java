package io.mokube.benchmarks;

import io.mokube.benchmarks.RolloutScale.Step;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import tools.jackson.databind.node.ObjectNode;

/** Writes how the cost of steps grows with their size, as JSON and as a table. */
final class ScaleReport {

    private static final double MEGA = 1e6;

    private ScaleReport() {}

    /** Writes {@code <name>-<time>.json} and {@code .md} into a folder; returns the table. */
    static String write(Path folder, String name, String notes, List<Step> steps, Instant at) throws IOException {
        String table = table(name, notes, steps, at);
        Report.save(folder, name, at, table, json(name, notes, steps, at));
        return table;
    }

    private static String table(String name, String notes, List<Step> steps, Instant at) throws IOException {
        Set<String> components = steps.getFirst().cpu().keySet();
        StringBuilder text =
                new StringBuilder("# " + name + "\n\n" + Report.machine() + ", " + at + "\n\n" + notes + "\n\n");
        text.append("| step | pods | seconds | pods/s |");
        components.forEach(component -> text.append(' ').append(component).append(": CPU s | ms/pod | MB |"));
        text.append("\n|---|---|---|---|")
                .append("---|---|---|".repeat(components.size()))
                .append('\n');
        for (Step step : steps) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %d | %.1f | %.0f |",
                    step.name(),
                    step.replicas(),
                    seconds(step.time()),
                    step.replicas() / seconds(step.time())));
            for (String component : components) {
                double cpu = seconds(cpu(step, component));
                text.append(String.format(
                        Locale.ROOT,
                        " %.1f | %.2f | %.0f |",
                        cpu,
                        cpu * 1000 / step.replicas(),
                        step.resident().getOrDefault(component, 0L) / MEGA));
            }
            text.append('\n');
        }
        text.append(
                "\nHow it grows: the exponent of the number of pods, from size to size.\n\n| step | from | to | time |");
        components.forEach(component -> text.append(' ').append(component).append(" CPU |"));
        text.append("\n|---|---|---|---|")
                .append("---|".repeat(components.size()))
                .append('\n');
        for (String stepName : names(steps)) {
            List<Step> sizes = of(stepName, steps);
            for (int i = 1; i < sizes.size(); i++) {
                Step small = sizes.get(i - 1);
                Step large = sizes.get(i);
                text.append(String.format(
                        Locale.ROOT,
                        "| %s | %d | %d | %.2f |",
                        stepName,
                        small.replicas(),
                        large.replicas(),
                        exponent(small, large, step -> seconds(step.time()))));
                for (String component : components) {
                    text.append(String.format(
                            Locale.ROOT, " %.2f |", exponent(small, large, step -> seconds(cpu(step, component)))));
                }
                text.append('\n');
            }
        }
        return text.toString();
    }

    /** The exponent with which a cost grows between two sizes. */
    static double exponent(Step small, Step large, ToDoubleFunction<Step> cost) {
        return Math.log(cost.applyAsDouble(large) / cost.applyAsDouble(small))
                / Math.log((double) large.replicas() / small.replicas());
    }

    private static Set<String> names(List<Step> steps) {
        Set<String> names = new LinkedHashSet<>();
        steps.forEach(step -> names.add(step.name()));
        return names;
    }

    private static List<Step> of(String name, List<Step> steps) {
        List<Step> found = new ArrayList<>(steps);
        found.removeIf(step -> !step.name().equals(name));
        return found;
    }

    private static Duration cpu(Step step, String component) {
        return step.cpu().getOrDefault(component, Duration.ZERO);
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }

    private static ObjectNode json(String name, String notes, List<Step> steps, Instant at) throws IOException {
        ObjectNode root = Json.MAPPER.createObjectNode();
        root.put("benchmark", name)
                .put("at", at.toString())
                .put("machine", Report.machine())
                .put("notes", notes);
        for (Step step : steps) {
            ObjectNode entry = root.withArray("steps")
                    .addObject()
                    .put("step", step.name())
                    .put("pods", step.replicas())
                    .put("seconds", seconds(step.time()));
            ObjectNode cpu = entry.putObject("cpuSeconds");
            step.cpu().forEach((component, used) -> cpu.put(component, seconds(used)));
            ObjectNode resident = entry.putObject("residentBytes");
            step.resident().forEach(resident::put);
        }
        return root;
    }
}
