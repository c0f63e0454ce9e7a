package io.mokube.proxy.apply.nftables;

import io.mokube.proxy.apply.RuleApplier.ApplyException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Runs programs of this machine in one network namespace.
 *
 * @param namespace the name of the namespace as {@code ip netns} knows it; nothing for that of this process
 */
public record HostCommands(Optional<String> namespace) {

    /** What a program said. */
    public record Result(int code, String output, String errors) {

        public boolean succeeded() {
            return code == 0;
        }
    }

    /** Where the program is; nothing when it is not installed. */
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
     * Runs a program to its end, and returns what it printed.
     *
     * @throws ApplyException when it fails; the message holds its errors
     */
    public String output(String input, String program, String... arguments) {
        Result result = run(input, program, arguments);
        if (!result.succeeded()) {
            throw new ApplyException("%s %s failed (%d): %s"
                    .formatted(
                            program,
                            String.join(" ", arguments),
                            result.code(),
                            shortened(result.errors().strip())));
        }
        return result.output();
    }

    /**
     * Runs a program to its end.
     *
     * @throws ApplyException when it can't be started, or this thread is interrupted
     */
    public Result run(String input, String program, String... arguments) {
        List<String> command = new ArrayList<>();
        namespace.ifPresent(name -> command.addAll(List.of(path("ip"), "netns", "exec", name)));
        command.add(path(program));
        command.addAll(List.of(arguments));
        try {
            Process process = new ProcessBuilder(command).start();
            StringBuilder errors = new StringBuilder();
            Thread reader = Thread.ofVirtual().start(() -> errors.append(read(process.getErrorStream())));
            Thread writer = Thread.ofVirtual().start(() -> write(process.getOutputStream(), input));
            String output = read(process.getInputStream());
            reader.join();
            writer.join();
            return new Result(process.waitFor(), output, errors.toString());
        } catch (IOException e) {
            throw new ApplyException("can't run " + program + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ApplyException("interrupted while running " + program, e);
        }
    }

    private static String path(String program) {
        return find(program).map(Path::toString).orElse(program);
    }

    private static String read(InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    private static void write(OutputStream stream, String input) {
        try (stream) {
            stream.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // A program that ended before it read everything says why itself.
        }
    }

    /** nft repeats the line of a mistake, which may hold thousands of elements. */
    private static String shortened(String text) {
        int most = 2000;
        return text.length() <= most ? text : text.substring(0, most) + " …";
    }
}
