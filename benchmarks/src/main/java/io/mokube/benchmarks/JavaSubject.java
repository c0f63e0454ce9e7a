package io.mokube.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A main class of this module in a JVM of its own. It says {@code READY <address> <address without TLS>} and ends when its
 * input ends.
 */
final class JavaSubject implements Subject {

    private static final String READY = "READY ";
    private static final String HEAP = "HEAP ";

    private final String name;
    private final Process process;
    private final URI server;
    private final URI plainText;
    private final String path;
    private final BlockingQueue<String> said;

    private JavaSubject(
            String name, Process process, URI server, URI plainText, String path, BlockingQueue<String> said) {
        this.name = name;
        this.process = process;
        this.server = server;
        this.plainText = plainText;
        this.path = path;
        this.said = said;
    }

    /** Starts the class and waits until it serves. */
    static JavaSubject start(String name, Class<?> main, List<String> arguments, String path) throws IOException {
        return start(name, "4g", main, arguments, path);
    }

    /** The same with another size of the heap. */
    static JavaSubject start(String name, String heap, Class<?> main, List<String> arguments, String path)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heap,
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.startsWith(READY)) {
                BlockingQueue<String> said = new LinkedBlockingQueue<>();
                Thread.ofVirtual()
                        .start(() -> output.lines()
                                .filter(rest -> rest.startsWith(HEAP))
                                .forEach(said::add));
                String[] addresses = line.substring(READY.length()).split(" ", 2);
                return new JavaSubject(name, process, URI.create(addresses[0]), URI.create(addresses[1]), path, said);
            }
        }
        process.destroyForcibly();
        throw new IOException(name + " ended before it served");
    }

    /** Where it serves, without a path. */
    URI server() {
        return server;
    }

    /** Said by the process once it serves. */
    static void sayReady(URI server, URI plainText) {
        System.out.println(READY + server + " " + plainText);
    }

    /** The same process, reached without TLS. */
    JavaSubject withoutTls() {
        return new JavaSubject(name, process, plainText, plainText, path, said);
    }

    /** Tells heaps when asked to; ends when the parent closes our input, or dies. */
    static void serveParent() throws IOException {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            for (int i = 0; i < 3; i++) {
                System.gc();
            }
            System.out.println(HEAP
                    + (Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory()));
        }
    }

    /** The bytes of memory that the process has now, and 0 where the system does not tell. */
    long resident() {
        return resident(process);
    }

    /** The bytes of memory that a process has now, and 0 where the system does not tell. */
    static long resident(Process process) {
        try (Stream<String> lines = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }

    /** The bytes on the heap after everything unreachable was collected. */
    long heap() throws IOException, InterruptedException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
        String line = said.poll(2, TimeUnit.MINUTES);
        if (line == null) {
            throw new IOException(name + " does not tell its heap");
        }
        return Long.parseLong(line.substring(HEAP.length()));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public URI target() {
        return URI.create(server + path);
    }

    @Override
    public Duration cpu() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    @Override
    public void close() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
