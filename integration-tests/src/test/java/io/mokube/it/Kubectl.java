package io.mokube.it;

import io.mokube.testkit.Needs;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * An unmodified kubectl of one version.
 *
 * @param version such as {@code 1.32}
 * @param binary the program
 */
record Kubectl(String version, Path binary) {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** The versions found on this machine, oldest first: {@code kubectl.1.xx} on PATH, beside
     * the real kubectl, or where {@code mokube setup --for tests} puts them. */
    static NavigableMap<String, Kubectl> found() {
        NavigableMap<String, Kubectl> found = new TreeMap<>();
        for (Path folder : folders()) {
            if (!Files.isDirectory(folder)) {
                continue;
            }
            try (Stream<Path> files = Files.list(folder)) {
                files.filter(file -> file.getFileName().toString().matches("kubectl\\.1\\.\\d+"))
                        .forEach(file -> {
                            String version = file.getFileName().toString().substring("kubectl.".length());
                            found.putIfAbsent(version, new Kubectl(version, file));
                        });
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return found;
    }

    private static List<Path> folders() {
        List<Path> folders = new ArrayList<>();
        for (String folder : System.getenv("PATH").split(File.pathSeparator, -1)) {
            folders.add(Path.of(folder));
        }
        onPath("kubectl").ifPresent(kubectl -> folders.add(kubectl.getParent()));
        folders.add(Path.of("../target/tools"));
        return folders;
    }

    /** A program that is where kubectl's versions are, such as {@code helm.4}. */
    static Optional<Path> program(String name) {
        return folders().stream()
                .map(folder -> folder.resolve(name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** The kubectl of this version. */
    static Kubectl of(String version) {
        Kubectl found = found().get(version);
        Needs.part("kubectl " + version, found != null);
        return Objects.requireNonNull(found);
    }

    /** The newest kubectl found; what it prints changes when another one is installed. */
    static Kubectl any() {
        NavigableMap<String, Kubectl> found = found();
        Needs.part("kubectl", !found.isEmpty());
        return Objects.requireNonNull(found.get(found.lastKey()));
    }

    private static Optional<Path> onPath(String name) {
        for (String folder : System.getenv("PATH").split(File.pathSeparator, -1)) {
            Path candidate = Path.of(folder, name);
            if (Files.isExecutable(candidate)) {
                try {
                    return Optional.of(candidate.toRealPath());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
        return Optional.empty();
    }

    /** Runs it against a cluster. */
    Commands.Result run(Path kubeconfig, String... arguments) {
        List<String> command = new ArrayList<>(List.of(binary.toString()));
        command.addAll(List.of(arguments));
        // A cache of its own, so that what one cluster serves is never taken for another's.
        return Commands.run(
                command,
                Map.of(
                        "KUBECONFIG", kubeconfig.toString(),
                        "KUBECACHEDIR",
                                kubeconfig
                                        .resolveSibling("kubectl-cache-" + version)
                                        .toString()),
                PATIENCE);
    }

    /** Runs it and returns what it printed; fails when it fails. */
    String ok(Path kubeconfig, String... arguments) {
        return run(kubeconfig, arguments).orFail();
    }

    /** Applies a manifest. */
    void apply(Path kubeconfig, String manifest) {
        try {
            Path file = Files.writeString(Files.createTempFile("mokube-it", ".yaml"), manifest);
            try {
                ok(kubeconfig, "apply", "-f", file.toString());
            } finally {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return "kubectl " + version;
    }
}
