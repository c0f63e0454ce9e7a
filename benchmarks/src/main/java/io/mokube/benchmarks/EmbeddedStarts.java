package io.mokube.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How long a test waits for its cluster: the first one of a JVM, and those after it. */
final class EmbeddedStarts {

    private static final double MOST_COLD_SECONDS = 3;
    private static final double MOST_WARM_SECONDS = 1;

    private final Path folder;

    EmbeddedStarts(Path folder) {
        this.folder = folder;
    }

    /**
     * @param rounds how many JVMs
     * @param starts how many clusters in each, one after another; those of the first half are not counted as warm
     */
    List<Report.Measure> measure(int rounds, int starts) throws IOException, InterruptedException {
        List<Double> cold = new ArrayList<>();
        List<Double> warm = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            List<Double> seconds = run(folder.resolve(Integer.toString(round)), starts);
            cold.add(seconds.getFirst());
            warm.addAll(seconds.subList((starts + 1) / 2, starts));
        }
        return List.of(
                measure("first cluster of a JVM, to its first answer", cold, MOST_COLD_SECONDS),
                measure("later clusters of a JVM, to their first answers", warm, MOST_WARM_SECONDS));
    }

    private static Report.Measure measure(String title, List<Double> seconds, double most) {
        List<Double> sorted = seconds.stream().sorted().toList();
        double median = sorted.get(sorted.size() / 2);
        return new Report.Measure(
                String.format(Locale.ROOT, "%s, of %.0f s", title, most),
                median / most,
                1,
                String.format(
                        Locale.ROOT,
                        "median %.2f s, %.2f to %.2f s in %d starts",
                        median,
                        sorted.getFirst(),
                        sorted.getLast(),
                        sorted.size()));
    }

    private static List<Double> run(Path folder, int starts) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        Path log = folder.resolve("log");
        Process process = new ProcessBuilder(
                        // As Surefire starts a JVM for tests, with nothing learnt before.
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx1g",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp",
                        System.getProperty("java.class.path"),
                        EmbeddedStartsMain.class.getName(),
                        folder.toString(),
                        Integer.toString(starts))
                .redirectError(log.toFile())
                .start();
        List<Double> seconds = new ArrayList<>();
        try (BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                if (line.startsWith(EmbeddedStartsMain.ANSWERED)) {
                    seconds.add(Double.parseDouble(line.substring(EmbeddedStartsMain.ANSWERED.length())));
                }
            }
        }
        if (process.waitFor() != 0 || seconds.size() != starts) {
            throw new IOException("the clusters did not start: " + Files.readString(log));
        }
        return seconds;
    }
}
