package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * Plays the transcripts of a folder below {@code src/test/resources/transcripts} in several variants at once, each
 * transcript in a namespace of its own, and compares what comes back. {@code -Dgolden.update=true} writes what came back
 * into the transcripts: read the difference before committing it.
 *
 * <p>Commands find their namespace in {@code $NS}, a node of their variant's own in {@code $NODE}, and run in a copy of the
 * folder's {@code files}.
 */
final class Transcripts {

    private static final Path FOLDER = Path.of("src/test/resources/transcripts");
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    /** What client-go sometimes logs when it ends a watch of its own. */
    private static final Pattern CANCELLED_WATCH =
            Pattern.compile("(?m)^I\\d{4} .*reflector\\.go.*context canceled.*\n");

    private final Path kubeconfig;
    private final Path work;

    /**
     * A variant of a program.
     *
     * @param name its version
     * @param programs what commands call programs, and the files that are meant
     * @param node the node that this variant may drain and taint
     */
    record Variant(String name, Map<String, Path> programs, String node) {}

    /**
     * @param kubeconfig of the cluster
     * @param work a folder for this run alone
     */
    Transcripts(Path kubeconfig, Path work) {
        this.kubeconfig = kubeconfig;
        this.work = work;
    }

    /** Plays everything; each test then tells how one transcript went in one variant. */
    Stream<DynamicTest> play(String folder, List<Variant> variants) throws InterruptedException {
        List<Path> files = transcripts(FOLDER.resolve(folder));
        Map<String, Future<Map<Path, List<String>>>> playing = new LinkedHashMap<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Variant variant : variants) {
                playing.put(variant.name(), threads.submit(() -> new Player(folder, variant).play(files)));
            }
        }
        Map<String, Map<Path, List<String>>> printed = new LinkedHashMap<>();
        for (Map.Entry<String, Future<Map<Path, List<String>>>> entry : playing.entrySet()) {
            try {
                printed.put(entry.getKey(), entry.getValue().get());
            } catch (ExecutionException e) {
                throw new AssertionError(entry.getKey() + ": " + e.getCause(), e);
            }
        }
        if (Boolean.getBoolean("golden.update")) {
            files.forEach(file -> update(file, printed));
        }
        List<DynamicTest> tests = new ArrayList<>();
        for (Path file : files) {
            for (Map.Entry<String, Map<Path, List<String>>> entry : printed.entrySet()) {
                tests.add(DynamicTest.dynamicTest(
                        file.getFileName() + " " + entry.getKey(),
                        () -> check(
                                read(file),
                                entry.getKey(),
                                Objects.requireNonNull(entry.getValue().get(file)))));
            }
        }
        return tests.stream();
    }

    private static void check(Transcript transcript, String variant, List<String> printed) {
        StringBuilder expected = new StringBuilder();
        StringBuilder actual = new StringBuilder();
        for (int i = 0; i < printed.size(); i++) {
            Transcript.Step step = transcript.steps().get(i);
            expected.append("$ ").append(step.command()).append('\n').append(step.expected(variant));
            actual.append("$ ").append(step.command()).append('\n').append(printed.get(i));
        }
        assertThat(actual.toString()).isEqualTo(expected.toString());
    }

    private static void update(Path file, Map<String, Map<Path, List<String>>> printed) {
        Map<String, List<String>> ofFile = new LinkedHashMap<>();
        printed.forEach((variant, outputs) -> ofFile.put(variant, Objects.requireNonNull(outputs.get(file))));
        try {
            Files.writeString(file, read(file).with(ofFile));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> transcripts(Path folder) {
        String only = System.getProperty("transcript", "");
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".txt")
                            && file.getFileName().toString().startsWith(only))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Transcript read(Path file) {
        try {
            return Transcript.parse(Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Plays all transcripts of one variant, one after another. */
    private final class Player {

        private final String folder;
        private final Variant variant;
        private final Path home;

        Player(String folder, Variant variant) {
            this.folder = folder;
            this.variant = variant;
            this.home = work.resolve(folder + "-" + variant.name());
        }

        Map<Path, List<String>> play(List<Path> transcripts) throws IOException {
            Files.createDirectories(home.resolve("bin"));
            for (Map.Entry<String, Path> program : variant.programs().entrySet()) {
                Files.createSymbolicLink(
                        home.resolve("bin").resolve(program.getKey()),
                        program.getValue().toAbsolutePath());
            }
            Map<Path, List<String>> printed = new TreeMap<>();
            for (Path transcript : transcripts) {
                printed.put(transcript, play(transcript));
            }
            return printed;
        }

        private List<String> play(Path transcript) throws IOException {
            String name = transcript.getFileName().toString().replace(".txt", "");
            String namespace = folder + "-" + variant.name().replace('.', '-') + "-" + name;
            Path desk = home.resolve(name);
            Files.createDirectories(desk);
            copyFiles(desk);
            Path ownConfig = desk.resolve(".kubeconfig");
            Files.copy(kubeconfig, ownConfig);
            Map<String, String> environment = environment(namespace, desk, ownConfig);
            run(
                            "kubectl create namespace " + namespace
                                    + " && kubectl config set-context --current --namespace=" + namespace,
                            environment)
                    .orFail();
            List<String> printed = new ArrayList<>();
            for (Transcript.Step step : read(transcript).steps()) {
                Commands.Result result = run("exec 2>&1; " + step.command(), environment);
                String output = CANCELLED_WATCH
                        .matcher(result.output())
                        .replaceAll("")
                        .replace(namespace, "NAMESPACE")
                        .replace(variant.node(), "NODE");
                if (!output.isEmpty() && !output.endsWith("\n")) {
                    output += "\n";
                }
                String ending = result.code() == 0 ? "" : "(exit code " + result.code() + ")\n";
                printed.add(Golden.normalised(output) + ending);
            }
            run("kubectl delete namespace --wait=false " + namespace, environment)
                    .orFail();
            return printed;
        }

        private void copyFiles(Path desk) throws IOException {
            Path files = FOLDER.resolve(folder).resolve("files");
            try (Stream<Path> all = Files.walk(files)) {
                for (Path file : all.toList()) {
                    Path target = desk.resolve(files.relativize(file).toString());
                    if (Files.isDirectory(file)) {
                        Files.createDirectories(target);
                    } else {
                        Files.copy(file, target);
                    }
                }
            }
        }

        private Map<String, String> environment(String namespace, Path desk, Path ownConfig) {
            return Map.of(
                    "PATH", home.resolve("bin") + ":" + System.getenv("PATH"),
                    "HOME", home.toString(),
                    "KUBECONFIG", ownConfig.toString(),
                    "KUBECACHEDIR", home.resolve("cache").toString(),
                    "NS", namespace,
                    "NODE", variant.node(),
                    "DESK", desk.toString());
        }

        private Commands.Result run(String command, Map<String, String> environment) {
            return Commands.run(List.of("bash", "-c", "cd \"$DESK\"; " + command), environment, PATIENCE);
        }
    }
}
