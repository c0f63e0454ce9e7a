package io.mokube.kubelet.runtime.docker;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.command.InspectExecResponse;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.Statistics;
import com.github.dockerjava.core.InvocationBuilder;
import io.mokube.kubelet.runtime.ContainerConfig;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.ContainerStats;
import io.mokube.kubelet.runtime.ContainerStatus;
import io.mokube.kubelet.runtime.ContainerSummary;
import io.mokube.kubelet.runtime.Image;
import io.mokube.kubelet.runtime.ImageVolumes;
import io.mokube.kubelet.runtime.ProcessStreams;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.RuntimeCallException.Kind;
import io.mokube.kubelet.runtime.Sandbox;
import io.mokube.kubelet.runtime.SandboxConfig;
import io.mokube.kubelet.runtime.SandboxStatus;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.time.Clock;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A Docker Engine of this machine as the runtime of one node. The network and the image of the pause container are made when
 * they are missing. Connections are made call by call: a call fails with {@link Kind#UNAVAILABLE} while the engine is away.
 *
 * <p>Container logs stay with Docker, in its JSON form; at a container's log path is a link to them. That, the volumes and
 * the sandbox's resolv.conf want an engine that shares this machine's files.
 */
public final class DockerRuntime implements ContainerRuntime {

    private static final Duration STATS_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration EXEC_POLL = Duration.ofMillis(20);

    /** As much as containerd keeps. */
    private static final int LONGEST_OUTPUT_BYTES = 16 * 1024 * 1024;

    private final DockerConfig config;
    private final Clock clock;
    private final DockerCalls docker;
    private final DockerImages images;
    private final DockerLayers layers;
    private final PodNetwork network;
    private final ReentrantLock addresses = new ReentrantLock();

    /** A client of the engine. Does not connect yet. */
    public DockerRuntime(DockerConfig config, Clock clock) {
        this.config = config;
        this.clock = clock;
        this.docker = new DockerCalls(config.socket());
        this.images = new DockerImages(docker);
        this.layers = new DockerLayers(docker, config.network());
        this.network = new PodNetwork(docker, config);
    }

    @Override
    public RuntimeVersion version() {
        return new RuntimeVersion(
                "docker", docker.call(client -> client.versionCmd().exec().getVersion()));
    }

    @Override
    public RuntimeStatus status() {
        docker.call(client -> client.pingCmd().exec());
        try {
            network.ensure();
            return new RuntimeStatus(true, true, "");
        } catch (RuntimeCallException e) {
            return new RuntimeStatus(true, false, e.text());
        }
    }

    // ---- sandboxes

    @Override
    public String runSandbox(SandboxConfig sandbox) {
        images.ensurePause();
        String id = createSandbox(sandbox);
        try {
            docker.call(client -> client.startContainerCmd(id).exec());
            writeResolvConf(id, sandbox.dns());
        } catch (RuntimeCallException e) {
            // Its name must be free for the next try.
            removeContainer(id);
            throw e;
        }
        return id;
    }

    private String createSandbox(SandboxConfig sandbox) {
        if (sandbox.namespaces().hostNetwork()) {
            return create(request -> DockerRequests.sandbox(request, sandbox, config.network(), ""));
        }
        network.ensure();
        addresses.lock();
        try {
            String address = network.free();
            return create(request -> DockerRequests.sandbox(request, sandbox, config.network(), address));
        } finally {
            addresses.unlock();
        }
    }

    private String create(Consumer<CreateContainerCmd> filling) {
        return docker.call(client -> {
            // The image is named by the filling; the library wants one at once.
            CreateContainerCmd request = client.createContainerCmd("");
            filling.accept(request);
            return request.exec().getId();
        });
    }

    /** Docker would put its own name server in front of the pod's. */
    private void writeResolvConf(String id, SandboxConfig.Dns dns) {
        if (dns.servers().isEmpty()) {
            return;
        }
        StringBuilder content = new StringBuilder();
        dns.servers()
                .forEach(server -> content.append("nameserver ").append(server).append('\n'));
        if (!dns.searches().isEmpty()) {
            content.append("search ").append(String.join(" ", dns.searches())).append('\n');
        }
        if (!dns.options().isEmpty()) {
            content.append("options ").append(String.join(" ", dns.options())).append('\n');
        }
        String path =
                docker.call(client -> client.inspectContainerCmd(id).exec().getResolvConfPath());
        try {
            Files.writeString(Path.of(path), content);
        } catch (IOException e) {
            throw new RuntimeCallException(
                    Kind.FAILED, "can't write the sandbox's resolv.conf " + path + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void stopSandbox(String sandboxId) {
        for (Container container : containersOf(sandboxId)) {
            stopContainer(container.getId(), Duration.ZERO);
        }
        stopContainer(sandboxId, Duration.ZERO);
    }

    @Override
    public void removeSandbox(String sandboxId) {
        containersOf(sandboxId).forEach(container -> removeContainer(container.getId()));
        removeContainer(sandboxId);
    }

    private List<Container> containersOf(String sandboxId) {
        return list(DockerLabels.CONTAINER, Map.of(DockerLabels.SANDBOX_ID, sandboxId));
    }

    private List<Container> list(String type, Map<String, String> labels) {
        return list(type, labels, false);
    }

    private List<Container> list(String type, Map<String, String> labels, boolean withSizes) {
        Map<String, String> all = new HashMap<>(labels);
        all.put(DockerLabels.TYPE, type);
        all.put(DockerLabels.NETWORK, config.network());
        return docker.call(client -> client.listContainersCmd()
                .withShowAll(true)
                .withShowSize(withSizes)
                .withLabelFilter(all)
                .exec());
    }

    @Override
    public List<Sandbox> listSandboxes(Map<String, String> labels) {
        return list(DockerLabels.SANDBOX, labels).stream()
                .map(each -> sandbox(
                        each.getId(),
                        state(each.getState()) == ContainerStatus.State.RUNNING,
                        Instant.ofEpochSecond(each.getCreated()),
                        each.getLabels()))
                .toList();
    }

    private static Sandbox sandbox(String id, boolean ready, Instant createdAt, Map<String, String> labels) {
        return new Sandbox(
                id,
                labels.getOrDefault(DockerLabels.POD_NAME, ""),
                labels.getOrDefault(DockerLabels.POD_UID, ""),
                labels.getOrDefault(DockerLabels.POD_NAMESPACE, ""),
                DockerLabels.attempt(labels),
                ready,
                createdAt,
                DockerLabels.labels(labels),
                DockerLabels.annotations(labels));
    }

    @Override
    public Optional<SandboxStatus> sandboxStatus(String sandboxId) {
        return inspect(sandboxId, DockerLabels.SANDBOX).map(found -> {
            boolean ready = state(found.getState().getStatus()) == ContainerStatus.State.RUNNING;
            Sandbox sandbox = sandbox(
                    found.getId(),
                    ready,
                    Instant.parse(found.getCreated()),
                    found.getConfig().getLabels());
            ContainerNetwork in = found.getNetworkSettings().getNetworks().get(config.network());
            List<String> own =
                    in == null || in.getIpAddress() == null || in.getIpAddress().isEmpty()
                            ? List.of()
                            : List.of(in.getIpAddress());
            return new SandboxStatus(sandbox, own);
        });
    }

    /** A container of that type and of this network; others are as good as absent. */
    private Optional<InspectContainerResponse> inspect(String id, String type) {
        return docker.find(client -> client.inspectContainerCmd(id).exec()).filter(found -> {
            Map<String, String> labels = found.getConfig().getLabels();
            return labels != null
                    && type.equals(labels.get(DockerLabels.TYPE))
                    && config.network().equals(labels.get(DockerLabels.NETWORK));
        });
    }

    // ---- containers

    @Override
    public String createContainer(String sandboxId, ContainerConfig container, SandboxConfig sandbox) {
        return create(request -> DockerRequests.container(request, container, sandbox, sandboxId, config.network()));
    }

    @Override
    public void startContainer(String containerId) {
        docker.call(client -> client.startContainerCmd(containerId).exec());
        // Makes the link to its log.
        containerStatus(containerId);
    }

    @Override
    public void stopContainer(String containerId, Duration grace) {
        docker.settle(
                DockerCalls.TIMEOUT.plus(grace),
                client -> client.stopContainerCmd(containerId)
                        .withTimeout(Math.toIntExact(grace.toSeconds()))
                        .exec());
    }

    @Override
    public void updateContainer(String containerId, ContainerConfig.Resources resources) {
        docker.call(client -> DockerRequests.update(client.updateContainerCmd(containerId), resources)
                .exec());
    }

    @Override
    public Optional<Path> imageFolder() {
        String folder = docker.call(client -> client.infoCmd().exec().getDockerRootDir());
        return Optional.ofNullable(folder).map(Path::of).filter(Files::isDirectory);
    }

    @Override
    public ImageVolumes imageVolumes() {
        return ImageVolumes.mountedBy(version()) ? new ImageVolumes.ByRuntime(Optional.of(layers)) : layers;
    }

    @Override
    public void removeContainer(String containerId) {
        docker.settle(
                DockerCalls.TIMEOUT,
                client -> client.removeContainerCmd(containerId)
                        .withForce(true)
                        .withRemoveVolumes(true)
                        .exec());
        LeftProcesses.kill(containerId);
    }

    @Override
    public List<ContainerSummary> listContainers(Map<String, String> labels) {
        return list(DockerLabels.CONTAINER, labels).stream()
                .map(each -> new ContainerSummary(
                        each.getId(),
                        each.getLabels().getOrDefault(DockerLabels.SANDBOX_ID, ""),
                        each.getLabels().getOrDefault(DockerLabels.CONTAINER_NAME, ""),
                        DockerLabels.attempt(each.getLabels()),
                        state(each.getState()),
                        Instant.ofEpochSecond(each.getCreated()),
                        DockerLabels.labels(each.getLabels()),
                        DockerLabels.annotations(each.getLabels())))
                .toList();
    }

    /** Docker takes a second for each, so all are measured side by side. */
    @Override
    public List<ContainerStats> containerStats(Map<String, String> labels) {
        List<Container> running = list(DockerLabels.CONTAINER, labels, true).stream()
                .filter(each -> state(each.getState()) == ContainerStatus.State.RUNNING)
                .toList();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Optional<ContainerStats>>> measured = running.stream()
                    .map(each -> threads.submit(() -> measure(each)))
                    .toList();
            List<ContainerStats> all = new ArrayList<>();
            for (Future<Optional<ContainerStats>> each : measured) {
                each.get().ifPresent(all::add);
            }
            return List.copyOf(all);
        } catch (ExecutionException e) {
            throw DockerCalls.failure(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RuntimeCallException(Kind.CANCELLED, "interrupted", e);
        }
    }

    private Optional<ContainerStats> measure(Container container) {
        try {
            return docker.call(
                    STATS_TIMEOUT,
                    client -> DockerStats.of(
                            container,
                            client.statsCmd(container.getId())
                                    .withNoStream(true)
                                    .exec(new InvocationBuilder.AsyncResultCallback<Statistics>())
                                    .awaitResult()));
        } catch (RuntimeCallException e) { // it ended, or is too busy to be measured
            return Optional.empty();
        }
    }

    private static ContainerStatus.State state(@Nullable String state) {
        return switch (state == null ? "" : state) {
            case "created" -> ContainerStatus.State.CREATED;
            case "running", "paused", "restarting" -> ContainerStatus.State.RUNNING;
            case "exited", "dead", "removing" -> ContainerStatus.State.EXITED;
            default -> ContainerStatus.State.UNKNOWN;
        };
    }

    @Override
    public Optional<ContainerStatus> containerStatus(String containerId) {
        return inspect(containerId, DockerLabels.CONTAINER).map(this::status);
    }

    private ContainerStatus status(InspectContainerResponse found) {
        Map<String, String> labels = found.getConfig().getLabels();
        InspectContainerResponse.ContainerState now = found.getState();
        Instant createdAt = Instant.parse(found.getCreated());
        Instant startedAt = time(now.getStartedAt());
        Instant finishedAt = time(now.getFinishedAt());
        ContainerStatus.State state = state(now.getStatus());
        int exitCode = now.getExitCodeLong() == null ? 0 : now.getExitCodeLong().intValue();
        String reason = "";
        if (state == ContainerStatus.State.CREATED && exitCode != 0) {
            // Docker's word for a container that could not be started; it is at its end.
            state = ContainerStatus.State.EXITED;
            startedAt = createdAt;
            finishedAt = createdAt;
            reason = "ContainerCannotRun";
        } else if (state == ContainerStatus.State.EXITED) {
            reason = Boolean.TRUE.equals(now.getOOMKilled()) ? "OOMKilled" : exitCode == 0 ? "Completed" : "Error";
        } else {
            // Docker keeps what was before a restart; we restart none.
            finishedAt = null;
        }
        Optional<Image> image = images.find(found.getImageId());
        String logPath = labels.getOrDefault(DockerLabels.LOG_PATH, "");
        if (startedAt != null) {
            LogLink.make(Path.of(logPath), found.getLogPath());
        }
        return new ContainerStatus(
                found.getId(),
                labels.getOrDefault(DockerLabels.CONTAINER_NAME, ""),
                DockerLabels.attempt(labels),
                state,
                createdAt,
                startedAt,
                finishedAt,
                exitCode,
                image.flatMap(each -> each.tags().stream().findFirst())
                        .orElse(found.getConfig().getImage()),
                image.flatMap(each -> each.digests().stream().findFirst()).orElse(found.getImageId()),
                reason,
                now.getError() == null ? "" : now.getError(),
                logPath,
                DockerLabels.labels(labels),
                DockerLabels.annotations(labels));
    }

    /** Docker's form of a time that never was is the first day of year 1. */
    private static @Nullable Instant time(@Nullable String text) {
        if (text == null || text.isEmpty()) {
            return null;
        }
        Instant time = Instant.parse(text);
        return time.isBefore(Instant.EPOCH) ? null : time;
    }

    /** Docker rotates its logs by itself. */
    @Override
    public void reopenLog(String containerId) {}

    // ---- processes

    @Override
    public ExecResult execSync(String containerId, List<String> command, Duration timeout) {
        ByteArrayOutputStream stdout = new LimitedOutput();
        ByteArrayOutputStream stderr = new LimitedOutput();
        ProcessStreams streams = new ProcessStreams(false, null, stdout, stderr, ProcessStreams.Resizes.NONE);
        String exec = createExec(containerId, command, streams);
        try {
            int code = docker.within(timeout, () -> runExec(exec, streams));
            return new ExecResult(code, stdout.toByteArray(), stderr.toByteArray());
        } catch (RuntimeCallException e) {
            if (e.kind() == Kind.TIMEOUT) {
                killExec(exec, containerId);
                throw new RuntimeCallException(
                        Kind.TIMEOUT,
                        "command \"" + String.join(" ", command) + "\" timed out after " + timeout.toSeconds() + " s",
                        e);
            }
            throw e;
        }
    }

    /** Keeps the beginning of what a command writes. */
    private static final class LimitedOutput extends ByteArrayOutputStream {
        @Override
        public synchronized void write(byte[] bytes, int offset, int length) {
            super.write(bytes, offset, Math.min(length, LONGEST_OUTPUT_BYTES - size()));
        }
    }

    /** Docker can't be asked to end a command: what nobody waits for any more is killed as a process of this machine. */
    private void killExec(String exec, String containerId) {
        try {
            Long pid = docker.find(client -> client.inspectExecCmd(exec).exec())
                    .filter(found -> Boolean.TRUE.equals(found.isRunning()))
                    .map(InspectExecResponse::getPidLong)
                    .orElse(null);
            // A process of that number outside the container is another machine's or another's.
            if (pid != null
                    && pid > 0
                    && Files.readString(Path.of("/proc", Long.toString(pid), "cgroup"))
                            .contains(containerId)) {
                ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
            }
        } catch (IOException | RuntimeCallException e) {
            // It has ended meanwhile, or the engine has, which ends it.
            return;
        }
    }

    @Override
    public int exec(String containerId, List<String> command, ProcessStreams streams) {
        String exec = createExec(containerId, command, streams);
        return streaming(() -> runExec(exec, streams));
    }

    private String createExec(String containerId, List<String> command, ProcessStreams streams) {
        return docker.call(client -> client.execCreateCmd(containerId)
                .withCmd(command.toArray(String[]::new))
                .withTty(streams.tty())
                .withAttachStdin(streams.stdin() != null)
                .withAttachStdout(streams.stdout() != null)
                .withAttachStderr(streams.stderr() != null)
                .exec()
                .getId());
    }

    private int runExec(String exec, ProcessStreams streams) throws IOException, InterruptedException {
        byte[] request = Json.MAPPER.writeValueAsBytes(Map.of("Detach", false, "Tty", streams.tty()));
        DockerStreams.carry(
                HijackedConnection.open(config.socket(), "/exec/" + exec + "/start", request),
                streams,
                !streams.tty(),
                size -> resize(client -> client.resizeExecCmd(exec)
                        .withSize(size.height(), size.width())
                        .exec()));
        // The output may have ended before the process, or before the engine has noticed its end.
        while (true) {
            InspectExecResponse end =
                    docker.call(client -> client.inspectExecCmd(exec).exec());
            if (!Boolean.TRUE.equals(end.isRunning())) {
                return end.getExitCodeLong() == null ? 0 : end.getExitCodeLong().intValue();
            }
            clock.sleep(EXEC_POLL);
        }
    }

    @Override
    public void attach(String containerId, ProcessStreams streams) {
        String path = "/containers/" + containerId + "/attach?stream=1"
                + (streams.stdin() == null ? "" : "&stdin=1")
                + (streams.stdout() == null ? "" : "&stdout=1")
                + (streams.stderr() == null ? "" : "&stderr=1");
        boolean once = docker.call(client -> Boolean.TRUE.equals(
                client.inspectContainerCmd(containerId).exec().getConfig().getStdInOnce()));
        streaming(() -> {
            DockerStreams.carry(
                    HijackedConnection.open(config.socket(), path, new byte[0]),
                    streams,
                    once && !streams.tty(),
                    size -> resize(client -> client.resizeContainerCmd(containerId)
                            .withSize(size.height(), size.width())
                            .exec()));
            return 0;
        });
    }

    private void resize(DockerCalls.Call<@Nullable Void> call) {
        docker.call(call);
    }

    /** Runs in the caller's thread what the caller may interrupt. */
    private static <T> T streaming(Callable<T> work) {
        try {
            return work.call();
        } catch (RuntimeCallException e) {
            throw e;
        } catch (ClosedByInterruptException | InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RuntimeCallException(Kind.CANCELLED, "interrupted", e);
        } catch (IOException e) {
            throw new RuntimeCallException(Kind.UNAVAILABLE, "the connection to Docker broke: " + e.getMessage(), e);
        } catch (Exception e) {
            throw new RuntimeCallException(Kind.FAILED, String.valueOf(e.getMessage()), e);
        }
    }

    /** The pause container has a program that connects its input and output to a port: it sees the sandbox's loopback. */
    @Override
    public void portForward(String sandboxId, int port, InputStream fromClient, OutputStream toClient) {
        ByteArrayOutputStream errors = new LimitedOutput();
        ProcessStreams streams = new ProcessStreams(false, fromClient, toClient, errors, ProcessStreams.Resizes.NONE);
        String exec = createExec(sandboxId, List.of("nc", "127.0.0.1", Integer.toString(port)), streams);
        int code;
        try {
            code = streaming(() -> runExec(exec, streams));
        } catch (RuntimeCallException e) {
            // Nobody would end the program: not in this thread, which may be interrupted.
            Thread.ofVirtual().name("port-" + port).start(() -> killExec(exec, sandboxId));
            throw e;
        }
        if (code != 0 && errors.size() > 0) {
            throw new RuntimeCallException(
                    Kind.FAILED,
                    "failed to connect to localhost:" + port + " inside the pod: "
                            + errors.toString(StandardCharsets.UTF_8).strip());
        }
        try {
            toClient.close();
        } catch (IOException e) {
            throw new RuntimeCallException(Kind.CANCELLED, "the connection broke: " + e.getMessage(), e);
        }
    }

    // ---- images

    @Override
    public List<Image> listImages() {
        return images.list();
    }

    @Override
    public Optional<Image> imageStatus(String reference) {
        return images.find(reference);
    }

    @Override
    public String pullImage(String reference, Optional<RegistryLogin> login) {
        return images.pull(reference, login);
    }

    @Override
    public void removeImage(String reference) {
        images.remove(reference);
    }

    @Override
    public void close() {
        docker.close();
    }
}
