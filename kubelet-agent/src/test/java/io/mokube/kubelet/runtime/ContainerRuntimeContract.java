package io.mokube.kubelet.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.kubelet.runtime.ContainerStatus.State;
import io.mokube.testkit.Await;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every container runtime must do for the agent. */
abstract class ContainerRuntimeContract {

    private static final Map<String, String> LABELS = Map.of("mokube.io/test", "contract");
    private static final Duration SECOND = Duration.ofSeconds(1);

    @TempDir
    Path logs;

    /** The runtime under test, with {@link #image} present. */
    abstract ContainerRuntime runtime();

    /** A present image with busybox. */
    abstract String image();

    @AfterEach
    void removeSandboxes() {
        for (Sandbox sandbox : runtime().listSandboxes(LABELS)) {
            runtime().stopSandbox(sandbox.id());
            runtime().removeSandbox(sandbox.id());
        }
    }

    private SandboxConfig sandbox(int attempt, String uid) {
        return new SandboxConfig(
                "web",
                uid,
                "default",
                attempt,
                "web",
                logs.toString(),
                SandboxConfig.Dns.HOST,
                List.of(),
                LABELS,
                Map.of("note", "kept"),
                "",
                SandboxConfig.Namespaces.OWN,
                Map.of(),
                false);
    }

    private ContainerConfig container(int attempt, String... command) {
        return new ContainerConfig(
                "main",
                attempt,
                image(),
                List.of(command),
                List.of(),
                "",
                Map.of("GREETING", "hello"),
                List.of(),
                LABELS,
                Map.of("restarts", "3"),
                "main/" + attempt + ".log",
                false,
                false,
                false,
                new ContainerConfig.Resources(100_000, 50_000, 102, 64L << 20, 0),
                ContainerConfig.Security.DEFAULT,
                SandboxConfig.Namespaces.OWN);
    }

    private static String uid() {
        return UUID.randomUUID().toString();
    }

    private String startedContainer(String sandboxId, SandboxConfig sandbox, ContainerConfig config) {
        java.nio.file.Path folder = logs.resolve("main");
        assertThat(folder.toFile().isDirectory() || folder.toFile().mkdirs()).isTrue();
        String id = runtime().createContainer(sandboxId, config, sandbox);
        runtime().startContainer(id);
        return id;
    }

    @Test
    void saysItsVersionAndThatItIsReady() {
        assertThat(runtime().version().name()).isNotEmpty();
        assertThat(runtime().version().version()).matches("\\d+\\.\\d+\\.\\d+.*");
        assertThat(runtime().status().ready()).isTrue();
        assertThat(runtime().status().networkReady()).isTrue();
    }

    @Test
    void aSandboxHasItsOwnAddressAndKeepsWhatItWasGiven() {
        String uid = uid();
        String first = runtime().runSandbox(sandbox(0, uid));
        String second = runtime().runSandbox(sandbox(0, uid()));
        SandboxStatus status = runtime().sandboxStatus(first).orElseThrow();
        assertThat(status.sandbox().ready()).isTrue();
        assertThat(status.sandbox().uid()).isEqualTo(uid);
        assertThat(status.sandbox().name()).isEqualTo("web");
        assertThat(status.sandbox().labels()).containsAllEntriesOf(LABELS);
        assertThat(status.sandbox().annotations()).containsEntry("note", "kept");
        assertThat(status.addresses()).singleElement().asString().startsWith("10.");
        assertThat(runtime().sandboxStatus(second).orElseThrow().addresses())
                .doesNotContainAnyElementsOf(status.addresses());
        assertThat(runtime().listSandboxes(LABELS)).extracting(Sandbox::id).containsExactlyInAnyOrder(first, second);
        assertThat(runtime().listSandboxes(Map.of("mokube.io/test", "other"))).isEmpty();
    }

    @Test
    void theSameSandboxIsNeverMadeTwice() {
        SandboxConfig config = sandbox(0, uid());
        runtime().runSandbox(config);
        assertThatThrownBy(() -> runtime().runSandbox(config)).isInstanceOf(RuntimeCallException.class);
    }

    @Test
    void aContainerRunsAndIsStopped() {
        SandboxConfig sandbox = sandbox(0, uid());
        String sandboxId = runtime().runSandbox(sandbox);
        String id = startedContainer(sandboxId, sandbox, container(2, "sleep", "1000"));
        ContainerStatus running = runtime().containerStatus(id).orElseThrow();
        assertThat(running.state()).isEqualTo(State.RUNNING);
        assertThat(running.attempt()).isEqualTo(2);
        assertThat(running.name()).isEqualTo("main");
        assertThat(running.startedAt()).isNotNull();
        assertThat(running.finishedAt()).isNull();
        assertThat(running.imageId()).isNotEmpty();
        assertThat(running.annotations()).containsEntry("restarts", "3");
        assertThat(running.logPath()).isEqualTo(logs.resolve("main/2.log").toString());
        assertThat(runtime().listContainers(LABELS)).singleElement().satisfies(summary -> {
            assertThat(summary.sandboxId()).isEqualTo(sandboxId);
            assertThat(summary.state()).isEqualTo(State.RUNNING);
        });
        runtime().stopContainer(id, SECOND);
        runtime().stopContainer(id, SECOND);
        ContainerStatus ended = runtime().containerStatus(id).orElseThrow();
        assertThat(ended.state()).isEqualTo(State.EXITED);
        assertThat(ended.exitCode()).isIn(143, 137);
        assertThat(ended.finishedAt()).isNotNull();
        runtime().removeContainer(id);
        runtime().removeContainer(id);
        assertThat(runtime().containerStatus(id)).isEmpty();
    }

    @Test
    void aContainerThatCrashesShowsItsExitCode() {
        SandboxConfig sandbox = sandbox(0, uid());
        String id = startedContainer(runtime().runSandbox(sandbox), sandbox, container(0, "sh", "-c", "exit 3"));
        Await.until(
                "the container ends",
                () -> runtime().containerStatus(id).orElseThrow().state() == State.EXITED);
        assertThat(runtime().containerStatus(id).orElseThrow().exitCode()).isEqualTo(3);
    }

    @Test
    void theSameContainerIsNeverMadeTwice() {
        SandboxConfig sandbox = sandbox(0, uid());
        String sandboxId = runtime().runSandbox(sandbox);
        startedContainer(sandboxId, sandbox, container(0, "sleep", "1000"));
        assertThatThrownBy(() -> runtime().createContainer(sandboxId, container(0, "sleep", "1"), sandbox))
                .isInstanceOf(RuntimeCallException.class);
    }

    @Test
    void aCommandRunsInAContainer() {
        SandboxConfig sandbox = sandbox(0, uid());
        String id = startedContainer(runtime().runSandbox(sandbox), sandbox, container(0, "sleep", "1000"));
        ContainerRuntime.ExecResult result = runtime().execSync(id, List.of("echo", "hi", "there"), SECOND);
        assertThat(result.exitCode()).isZero();
        assertThat(new String(result.stdout(), StandardCharsets.UTF_8)).isEqualTo("hi there\n");
        assertThat(runtime().execSync(id, List.of("false"), SECOND).exitCode()).isEqualTo(1);
    }

    @Test
    void aCommandGetsAllItsInputAndGivesAllItsOutput() {
        SandboxConfig sandbox = sandbox(0, uid());
        String id = startedContainer(runtime().runSandbox(sandbox), sandbox, container(0, "sleep", "1000"));
        byte[] blob = new byte[3_000_000];
        new Random(7).nextBytes(blob);
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        int code = runtime().exec(id, List.of("cat"), streams(new ByteArrayInputStream(blob), output));
        assertThat(code).isZero();
        assertThat(output.toByteArray()).isEqualTo(blob);
    }

    @Test
    void aCommandsExitCodeIsItsAnswer() {
        SandboxConfig sandbox = sandbox(0, uid());
        String id = startedContainer(runtime().runSandbox(sandbox), sandbox, container(0, "sleep", "1000"));
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        assertThat(runtime().exec(id, List.of("sh", "-c", "exit 42"), streams(null, output)))
                .isEqualTo(42);
        assertThat(runtime().exec(id, List.of("echo", "hi"), streams(null, output)))
                .isZero();
        assertThat(output.toString(StandardCharsets.UTF_8)).isEqualTo("hi\n");
        runtime().stopContainer(id, Duration.ZERO);
        assertThatThrownBy(() -> runtime().exec(id, List.of("echo"), streams(null, output)))
                .isInstanceOf(RuntimeCallException.class);
    }

    @Test
    void whoeverIsInterruptedLetsGoOfTheCommand() throws InterruptedException {
        SandboxConfig sandbox = sandbox(0, uid());
        String id = startedContainer(runtime().runSandbox(sandbox), sandbox, container(0, "sleep", "1000"));
        AtomicReference<RuntimeCallException.Kind> outcome = new AtomicReference<>();
        PipedInputStream neverEnding = new PipedInputStream();
        Thread caller = Thread.ofVirtual().start(() -> {
            try (PipedOutputStream kept = new PipedOutputStream(neverEnding)) {
                runtime().exec(id, List.of("cat"), streams(neverEnding, new ByteArrayOutputStream()));
            } catch (RuntimeCallException e) {
                outcome.set(e.kind());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        Await.until(
                "the command waits for input",
                () -> caller.getState() == Thread.State.WAITING || caller.getState() == Thread.State.TIMED_WAITING);
        caller.interrupt();
        assertThat(caller.join(Duration.ofSeconds(10))).isTrue();
        assertThat(outcome.get()).isEqualTo(RuntimeCallException.Kind.CANCELLED);
    }

    @Test
    void portsOfTheSandboxsLoopbackAddressAreReached() {
        SandboxConfig sandbox = sandbox(0, uid());
        String sandboxId = runtime().runSandbox(sandbox);
        startedContainer(sandboxId, sandbox, container(0, "httpd", "-f", "-p", "127.0.0.1:7000", "-h", "/"));
        byte[] question = "GET /absent HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.UTF_8);
        Await.until("the port answers", () -> {
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            try {
                runtime().portForward(sandboxId, 7000, new ByteArrayInputStream(question), answer);
            } catch (RuntimeCallException e) {
                // It does not listen yet.
                return false;
            }
            // Whoever only echoes gives the version back too.
            return answer.toString(StandardCharsets.UTF_8).contains("HTTP/1.");
        });
    }

    private static ProcessStreams streams(@Nullable InputStream stdin, OutputStream stdout) {
        return new ProcessStreams(false, stdin, stdout, OutputStream.nullOutputStream(), ProcessStreams.Resizes.NONE);
    }

    @Test
    void runningContainersSayWhatTheyUse() {
        SandboxConfig sandbox = sandbox(0, uid());
        String sandboxId = runtime().runSandbox(sandbox);
        String busy = startedContainer(sandboxId, sandbox, container(0, "sh", "-c", "while true; do :; done"));
        String ended = startedContainer(sandboxId, sandbox, container(1, "sleep", "1000"));
        runtime().stopContainer(ended, Duration.ZERO);
        Usage first = Await.value("the container is measured", () -> usage(busy));
        assertThat(first.workingSetBytes()).isPositive();
        assertThat(first.memoryBytes()).isGreaterThanOrEqualTo(first.workingSetBytes());
        Usage later = Await.value(
                "it used more of its core",
                () -> usage(busy).filter(usage -> usage.cpuNanos() > first.cpuNanos() + 5_000_000));
        assertThat(later.at()).isAfter(first.at());
        assertThat(usage(ended)).isEmpty();
        assertThat(runtime().containerStats(Map.of("mokube.io/test", "another")))
                .isEmpty();
    }

    private Optional<Usage> usage(String containerId) {
        return runtime().containerStats(LABELS).stream()
                .filter(stats -> stats.id().equals(containerId))
                .findFirst()
                .map(ContainerStats::usage);
    }

    @Test
    void stoppingASandboxEndsItsContainersAndRemovingItLeavesNothing() {
        SandboxConfig sandbox = sandbox(0, uid());
        String sandboxId = runtime().runSandbox(sandbox);
        String id = startedContainer(sandboxId, sandbox, container(0, "sleep", "1000"));
        runtime().stopSandbox(sandboxId);
        runtime().stopSandbox(sandboxId);
        assertThat(runtime().containerStatus(id).orElseThrow().state()).isEqualTo(State.EXITED);
        assertThat(runtime().sandboxStatus(sandboxId).orElseThrow().sandbox().ready())
                .isFalse();
        runtime().removeSandbox(sandboxId);
        runtime().removeSandbox(sandboxId);
        assertThat(runtime().sandboxStatus(sandboxId)).isEmpty();
        assertThat(runtime().containerStatus(id)).isEmpty();
        assertThat(runtime().listContainers(LABELS)).isEmpty();
    }

    @Test
    void imagesAreFoundByNameAndById() {
        Image image = runtime().imageStatus(image()).orElseThrow();
        assertThat(image.id()).startsWith("sha256:");
        assertThat(image.tags()).contains(image());
        assertThat(image.sizeBytes()).isPositive();
        assertThat(runtime().imageStatus(image.id()).orElseThrow().id()).isEqualTo(image.id());
        assertThat(runtime().listImages()).extracting(Image::id).contains(image.id());
        assertThat(runtime().imageStatus("docker.io/library/absent:1")).isEmpty();
    }

    @Test
    void pullingAnImageThatIsNotThereFailsWithTheRuntimesWords() {
        assertThatThrownBy(() -> runtime().pullImage("127.0.0.1:1/absent:1", Optional.empty()))
                .isInstanceOf(RuntimeCallException.class)
                .hasMessageContaining("127.0.0.1:1/absent:1");
    }

    @Test
    void whatDoesNotExistIsAnsweredAsSuch() {
        assertThat(runtime().containerStatus("0000")).isEmpty();
        assertThat(runtime().sandboxStatus("0000")).isEmpty();
        runtime().stopContainer("0000", SECOND);
        runtime().stopSandbox("0000");
        assertThatThrownBy(() -> runtime().startContainer("0000")).isInstanceOf(RuntimeCallException.class);
    }
}
