package io.mokube.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The packaged services, as processes of their own. */
final class Applications {

    private Applications() {}

    /**
     * The command that runs a service of this checkout in a small JVM; its management port is any free one.
     *
     * @param module such as {@code kube-proxy}
     */
    static List<String> command(String module, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-jar",
                jar(module).toString(),
                "--server.port=0"));
        command.addAll(arguments);
        return command;
    }

    private static Path jar(String module) {
        Path target = Path.of("..", module, "target").toAbsolutePath().normalize();
        try (Stream<Path> files = Files.list(target)) {
            return files.filter(file -> file.getFileName().toString().endsWith("-application.jar"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no application jar in " + target + ": package " + module));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
