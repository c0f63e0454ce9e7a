package io.mokube.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * A process started by a test. Its output goes to a file under {@code target/test-logs}, which stays after the test. The
 * process ends with {@link #close}, or at the latest with the test's JVM.
 */
public final class ChildProcess implements AutoCloseable {

    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static final Set<Process> LIVE = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().unstarted(() -> LIVE.forEach(Process::destroyForcibly)));
    }

    private final String name;
    private final Path log;
    private final Process process;

    private ChildProcess(String name, Path log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
    }

    /** Starts the command with variables added to this JVM's environment. */
    public static ChildProcess start(String name, List<String> command, Map<String, String> environment) {
        try {
            Path logs = Files.createDirectories(Path.of("target", "test-logs"));
            Path log = logs.resolve(
                    "%s-%d-%d.log".formatted(name, ProcessHandle.current().pid(), NUMBER.incrementAndGet()));
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
            builder.environment().putAll(environment);
            Process process = builder.start();
            LIVE.add(process);
            return new ChildProcess(name, log, process);
        } catch (IOException e) {
            throw new UncheckedIOException("can't start " + command.getFirst(), e);
        }
    }

    /** A command for a JVM of the same kind and class path as this one. */
    public static List<String> javaCommand(Class<?> main, String... arguments) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(List.of(
                java, "-Xmx256m", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    public boolean alive() {
        return process.isAlive();
    }

    public long pid() {
        return process.pid();
    }

    /** Waits until the process is ready; fails with the end of its log when it ends before or takes too long. */
    public void awaitReady(Duration deadline, BooleanSupplier ready) {
        long start = System.nanoTime();
        while (!ready.getAsBoolean()) {
            if (!alive()) {
                throw new AssertionError(name + " ended with " + process.exitValue() + ":\n" + logTail());
            }
            if (System.nanoTime() - start > deadline.toNanos()) {
                throw new AssertionError(name + " was not ready after " + deadline + ":\n" + logTail());
            }
            pause();
        }
    }

    /** Ends the process as {@code kill -9} does, and waits until it is gone. */
    public void kill() {
        process.destroyForcibly();
        awaitExit(Duration.ofSeconds(10));
    }

    /** Asks the process to end (SIGTERM) and waits; kills it when the grace period passes. */
    public void stop(Duration grace) {
        process.destroy();
        try {
            if (!process.waitFor(grace.toMillis(), TimeUnit.MILLISECONDS)) {
                kill();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    /** Freezes the process (SIGSTOP) until {@link #resume}. */
    public void freeze() {
        signal("STOP");
    }

    /** Lets a frozen process run on (SIGCONT). */
    public void resume() {
        signal("CONT");
    }

    /** Waits for the process to end and returns its exit value; fails when it does not. */
    public int awaitExit(Duration deadline) {
        try {
            if (process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
                return process.exitValue();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new AssertionError(name + " did not end within " + deadline + ":\n" + logTail());
    }

    /** Everything the process has printed so far. */
    public String log() {
        try {
            return new String(Files.readAllBytes(log), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Kills the process when it still runs. */
    @Override
    public void close() {
        if (alive()) {
            kill();
        }
        LIVE.remove(process);
    }

    private String logTail() {
        List<String> lines = log().lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
    }

    private void signal(String signal) {
        try {
            int exit = new ProcessBuilder("kill", "-" + signal, Long.toString(pid()))
                    .start()
                    .waitFor();
            if (exit != 0) {
                throw new AssertionError("can't send " + signal + " to " + name);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(10);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }
}
