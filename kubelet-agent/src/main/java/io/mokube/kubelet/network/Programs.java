package io.mokube.kubelet.network;

import io.mokube.machinery.component.ComponentException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Programs of the host: finding them on the PATH and running them to their end. */
public final class Programs {

    private Programs() {}

    /** Where the program is, if it is installed. */
    public static Optional<Path> find(String program) {
        // The folders for root's programs are often not on the PATH of services.
        return Stream.concat(
                        Stream.of(System.getenv().getOrDefault("PATH", "").split(":")),
                        Stream.of("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /**
     * Runs the command to its end and returns what it printed.
     *
     * @throws ComponentException when it fails; the message holds what it printed
     */
    public static String run(List<String> command) {
        return run(command, "");
    }

    /**
     * The same with some input.
     *
     * @throws ComponentException when it fails; the message holds what it printed
     */
    public static String run(List<String> command, String input) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            try (OutputStream in = process.getOutputStream()) {
                in.write(input.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // It ended without reading it all; what it printed tells why.
            }
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int exit = process.waitFor();
            if (exit != 0) {
                throw new ComponentException(String.join(" ", command) + " failed (" + exit + "): " + output.strip());
            }
            return output;
        } catch (IOException e) {
            throw new ComponentException("can't run " + command.getFirst() + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ComponentException("interrupted while running " + command.getFirst(), e);
        }
    }
}
