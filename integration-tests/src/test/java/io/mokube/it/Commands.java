package io.mokube.it;

import io.mokube.testkit.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Runs commands and keeps what they print. */
final class Commands {

    private Commands() {}

    /** What a command did. */
    record Result(List<String> command, int code, String output, String errors) {

        /** The output of a command that succeeded. */
        String orFail() {
            if (code != 0) {
                throw new AssertionError("%s ended with %d%noutput: %s%nerrors: %s"
                        .formatted(String.join(" ", command), code, output, errors));
            }
            return output;
        }
    }

    /** Runs a command to its end. */
    static Result run(List<String> command, Map<String, String> environment, Duration patience) {
        Path output = null;
        Path errors = null;
        try {
            output = Files.createTempFile("mokube-it", ".out");
            errors = Files.createTempFile("mokube-it", ".err");
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectOutput(output.toFile())
                    .redirectError(errors.toFile());
            builder.environment().putAll(environment);
            long start = System.nanoTime();
            Process process = builder.start();
            if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("%s did not end within %s%noutput: %s%nerrors: %s"
                        .formatted(String.join(" ", command), patience, read(output), read(errors)));
            }
            Duration deadline = ownDeadline(command).orElse(patience);
            Await.tellIfClose(String.join(" ", command), Duration.ofNanos(System.nanoTime() - start), deadline);
            return new Result(command, process.exitValue(), read(output), read(errors));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        } finally {
            delete(output);
            delete(errors);
        }
    }

    /** How long kubectl was told to wait. */
    private static Optional<Duration> ownDeadline(List<String> command) {
        return command.stream()
                .filter(argument -> argument.matches("--timeout=\\d+[smh]"))
                .map(argument -> Duration.parse(
                        "PT" + argument.substring("--timeout=".length()).toUpperCase(Locale.ROOT)))
                .findFirst();
    }

    private static String read(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8);
    }

    private static void delete(@org.jspecify.annotations.Nullable Path file) {
        if (file != null) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
