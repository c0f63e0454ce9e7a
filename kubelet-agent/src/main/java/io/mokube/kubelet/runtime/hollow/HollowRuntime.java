package io.mokube.kubelet.runtime.hollow;

import io.mokube.kubelet.runtime.ContainerConfig;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.ContainerStats;
import io.mokube.kubelet.runtime.ContainerStatus;
import io.mokube.kubelet.runtime.ContainerStatus.State;
import io.mokube.kubelet.runtime.ContainerSummary;
import io.mokube.kubelet.runtime.Image;
import io.mokube.kubelet.runtime.ImageVolumes;
import io.mokube.kubelet.runtime.ProcessStreams;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.RuntimeCallException.Kind;
import io.mokube.kubelet.runtime.Sandbox;
import io.mokube.kubelet.runtime.SandboxConfig;
import io.mokube.kubelet.runtime.SandboxStatus;
import io.mokube.kubelet.runtime.Usage;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Queue;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A runtime that only remembers: its containers run, end and crash as a {@link HollowScript} says, by the injected clock.
 * Ids count up and addresses come from the node's range in order, so that the same calls give the same answers.
 *
 * <p>It has no processes that could outlive it; an agent that is restarted is given the same instance again.
 */
public final class HollowRuntime implements ContainerRuntime {

    private static final Pattern EXIT = Pattern.compile("(?:sh -c )?exit ([0-9]{1,3})");

    private final AddressPool addresses;
    private final HollowScript script;
    private final Clock clock;
    private final Map<String, HollowSandbox> sandboxes = new LinkedHashMap<>();
    private final Map<String, HollowContainer> containers = new LinkedHashMap<>();
    private final Map<String, Image> images = new LinkedHashMap<>();
    private volatile Function<String, Optional<Map<String, String>>> annotations = uid -> Optional.empty();
    private long lastId;
    private long allCpuNanos;
    private Instant measuredAt = Instant.EPOCH;

    /**
     * @param podCidr the range of the pods' addresses, such as {@code 10.244.1.0/24}
     * @param script what images and containers do
     */
    public HollowRuntime(String podCidr, HollowScript script, Clock clock) {
        this.addresses = new AddressPool(podCidr);
        this.script = script;
        this.clock = clock;
    }

    private static final class HollowSandbox {
        private final String id;
        private final SandboxConfig config;
        private final Instant createdAt;
        private boolean ready = true;
        private @Nullable String address;

        HollowSandbox(String id, SandboxConfig config, Instant createdAt, @Nullable String address) {
            this.id = id;
            this.config = config;
            this.createdAt = createdAt;
            this.address = address;
        }

        Sandbox view() {
            return new Sandbox(
                    id,
                    config.name(),
                    config.uid(),
                    config.namespace(),
                    config.attempt(),
                    ready,
                    createdAt,
                    config.labels(),
                    config.annotations());
        }
    }

    private static final class HollowContainer {
        private final String id;
        private final String sandboxId;
        private final ContainerConfig config;
        private final String logPath;
        private final Instant createdAt;
        private State state = State.CREATED;
        private @Nullable Instant startedAt;
        private @Nullable Instant finishedAt;
        private @Nullable Instant measuredAt;
        private long cpuNanos;
        private int exitCode;
        private String reason = "";

        HollowContainer(String id, String sandboxId, ContainerConfig config, String logPath, Instant createdAt) {
            this.id = id;
            this.sandboxId = sandboxId;
            this.config = config;
            this.logPath = logPath;
            this.createdAt = createdAt;
        }

        void end(Instant now, int code, String why) {
            if (state == State.RUNNING) {
                state = State.EXITED;
                finishedAt = now;
                exitCode = code;
                reason = why;
            }
        }

        ContainerSummary summary() {
            return new ContainerSummary(
                    id,
                    sandboxId,
                    config.name(),
                    config.attempt(),
                    state,
                    createdAt,
                    config.labels(),
                    config.annotations());
        }

        ContainerStatus status() {
            return new ContainerStatus(
                    id,
                    config.name(),
                    config.attempt(),
                    state,
                    createdAt,
                    startedAt,
                    finishedAt,
                    exitCode,
                    config.image(),
                    imageId(config.image()),
                    reason,
                    "",
                    logPath,
                    config.labels(),
                    config.annotations());
        }
    }

    @Override
    public RuntimeVersion version() {
        return new RuntimeVersion("hollow", "1.0.0");
    }

    @Override
    public RuntimeStatus status() {
        return new RuntimeStatus(true, true, "");
    }

    @Override
    public String runSandbox(SandboxConfig config) {
        pause(script.sandboxDelay());
        synchronized (this) {
            for (HollowSandbox other : sandboxes.values()) {
                if (other.config.uid().equals(config.uid()) && other.config.attempt() == config.attempt()) {
                    throw new RuntimeCallException(
                            Kind.FAILED, "sandbox " + config.attempt() + " of pod " + config.uid() + " exists");
                }
            }
            String address = config.namespaces().hostNetwork() ? null : addresses.take();
            HollowSandbox sandbox = new HollowSandbox(nextId(), config, clock.instant(), address);
            sandboxes.put(sandbox.id, sandbox);
            return sandbox.id;
        }
    }

    @Override
    public synchronized void stopSandbox(String sandboxId) {
        HollowSandbox sandbox = sandboxes.get(sandboxId);
        if (sandbox == null) {
            return;
        }
        sandbox.ready = false;
        if (sandbox.address != null) {
            addresses.giveBack(sandbox.address);
            sandbox.address = null;
        }
        containers.values().stream()
                .filter(container -> container.sandboxId.equals(sandboxId))
                .forEach(container -> container.end(clock.instant(), 137, "Error"));
    }

    @Override
    public synchronized void removeSandbox(String sandboxId) {
        stopSandbox(sandboxId);
        containers.values().removeIf(container -> container.sandboxId.equals(sandboxId));
        sandboxes.remove(sandboxId);
    }

    @Override
    public synchronized List<Sandbox> listSandboxes(Map<String, String> labels) {
        return sandboxes.values().stream()
                .map(HollowSandbox::view)
                .filter(sandbox -> sandbox.labels().entrySet().containsAll(labels.entrySet()))
                .toList();
    }

    @Override
    public synchronized Optional<SandboxStatus> sandboxStatus(String sandboxId) {
        return Optional.ofNullable(sandboxes.get(sandboxId))
                .map(sandbox -> new SandboxStatus(
                        sandbox.view(), sandbox.address == null ? List.of() : List.of(sandbox.address)));
    }

    @Override
    public synchronized String createContainer(String sandboxId, ContainerConfig config, SandboxConfig sandbox) {
        HollowSandbox home = sandboxes.get(sandboxId);
        if (home == null || !home.ready) {
            throw new RuntimeCallException(Kind.NOT_FOUND, "no ready sandbox " + sandboxId);
        }
        if (findImage(config.image()).isEmpty()) {
            throw new RuntimeCallException(Kind.NOT_FOUND, "no image " + config.image());
        }
        for (HollowContainer other : containers.values()) {
            if (other.sandboxId.equals(sandboxId)
                    && other.config.name().equals(config.name())
                    && other.config.attempt() == config.attempt()) {
                throw new RuntimeCallException(
                        Kind.FAILED, "container " + config.name() + " number " + config.attempt() + " exists");
            }
        }
        String logPath = sandbox.logDirectory() + "/" + config.logPath();
        HollowContainer container = new HollowContainer(nextId(), sandboxId, config, logPath, clock.instant());
        containers.put(container.id, container);
        return container.id;
    }

    @Override
    public void startContainer(String containerId) {
        pause(script.startDelay());
        synchronized (this) {
            HollowContainer container = existing(containerId);
            if (container.state != State.CREATED) {
                throw new RuntimeCallException(Kind.FAILED, "container " + containerId + " was started before");
            }
            container.state = State.RUNNING;
            container.startedAt = clock.instant();
            container.measuredAt = container.startedAt.truncatedTo(ChronoUnit.MILLIS);
            script.ending(container.config)
                    .ifPresent(ending -> clock.schedule(
                            ending.after(), () -> endContainer(containerId, ending.exitCode(), ending.outOfMemory())));
        }
    }

    /** Ends a running container as a crash would; does nothing when it does not run. */
    public void crash(String containerId, int exitCode) {
        endContainer(containerId, exitCode, false);
    }

    private synchronized void endContainer(String containerId, int exitCode, boolean outOfMemory) {
        HollowContainer container = containers.get(containerId);
        if (container != null) {
            container.end(clock.instant(), exitCode, outOfMemory ? "OOMKilled" : exitCode == 0 ? "Completed" : "Error");
        }
    }

    @Override
    public synchronized void stopContainer(String containerId, Duration grace) {
        // 128 + the number of the signal that ends it: KILL without a grace period, TERM with one.
        endContainer(containerId, grace.isZero() ? 137 : 143, false);
    }

    /** Nothing follows from limits here. */
    @Override
    public synchronized void updateContainer(String containerId, ContainerConfig.Resources resources) {
        if (existing(containerId).state != State.RUNNING) {
            throw new RuntimeCallException(Kind.FAILED, "container " + containerId + " is not running");
        }
    }

    @Override
    public synchronized void removeContainer(String containerId) {
        containers.remove(containerId);
    }

    @Override
    public synchronized List<ContainerSummary> listContainers(Map<String, String> labels) {
        return containers.values().stream()
                .map(HollowContainer::summary)
                .filter(container -> container.labels().entrySet().containsAll(labels.entrySet()))
                .toList();
    }

    /**
     * Where the annotations of a pod are looked up, by its UID, each time it is measured: what they say of its use may
     * change while it runs. What is not found there counts as its sandbox was made.
     */
    public void lookUpAnnotations(Function<String, Optional<Map<String, String>>> pods) {
        annotations = pods;
    }

    @Override
    public List<ContainerStats> containerStats(Map<String, String> labels) {
        Map<String, HollowUsage> rates = rates();
        synchronized (this) {
            measure(rates);
            return containers.values().stream()
                    .filter(container -> container.state == State.RUNNING
                            && container.config.labels().entrySet().containsAll(labels.entrySet()))
                    .map(container -> stats(container, rates))
                    .toList();
        }
    }

    @Override
    public boolean hasNetwork() {
        return false;
    }

    /** What ran here since the runtime began, together. */
    @Override
    public Optional<Usage> machineUsage() {
        Map<String, HollowUsage> rates = rates();
        synchronized (this) {
            measure(rates);
            long memory = containers.values().stream()
                    .filter(container -> container.state == State.RUNNING)
                    .mapToLong(container -> rate(container, rates).memoryBytes())
                    .sum();
            return Optional.of(new Usage(measuredAt, allCpuNanos, memory, memory, memory));
        }
    }

    /** By sandbox. Looked up without the lock: whoever knows the pods may be waiting for this runtime. */
    private Map<String, HollowUsage> rates() {
        Map<String, HollowUsage> rates = new HashMap<>();
        for (Sandbox sandbox : listSandboxes(Map.of())) {
            rates.put(
                    sandbox.id(),
                    HollowUsage.of(annotations.apply(sandbox.uid()).orElse(sandbox.annotations())));
        }
        return rates;
    }

    private void measure(Map<String, HollowUsage> rates) {
        // Monitoring tells times in milliseconds: what is used in them comes out even.
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        measuredAt = now;
        for (HollowContainer container : containers.values()) {
            Instant before = container.measuredAt;
            if (container.state == State.RUNNING && before != null) {
                long more = rate(container, rates).cpuNanos(Duration.between(before, now));
                container.measuredAt = now;
                container.cpuNanos += more;
                allCpuNanos += more;
            }
        }
    }

    private static HollowUsage rate(HollowContainer container, Map<String, HollowUsage> rates) {
        return rates.getOrDefault(container.sandboxId, HollowUsage.DEFAULT);
    }

    private ContainerStats stats(HollowContainer container, Map<String, HollowUsage> rates) {
        long memory = rate(container, rates).memoryBytes();
        return new ContainerStats(
                container.id, new Usage(measuredAt, container.cpuNanos, memory, memory, memory), 0, 0);
    }

    @Override
    public synchronized Optional<ContainerStatus> containerStatus(String containerId) {
        return Optional.ofNullable(containers.get(containerId)).map(HollowContainer::status);
    }

    @Override
    public synchronized void reopenLog(String containerId) {
        existing(containerId);
    }

    /** A command that only echoes or exits does so; any other succeeds without output. */
    @Override
    public ExecResult execSync(String containerId, List<String> command, Duration timeout) {
        synchronized (this) {
            if (existing(containerId).state != State.RUNNING) {
                throw new RuntimeCallException(Kind.FAILED, "container " + containerId + " is not running");
            }
        }
        return switch (command.getFirst()) {
            case "false" -> new ExecResult(1, new byte[0], new byte[0]);
            case "echo" ->
                new ExecResult(
                        0,
                        (String.join(" ", command.subList(1, command.size())) + "\n").getBytes(StandardCharsets.UTF_8),
                        new byte[0]);
            default -> new ExecResult(0, new byte[0], new byte[0]);
        };
    }

    /**
     * Plays a few commands: {@code cat} gives its input back, {@code exit N} and {@code sh -c "exit N"} end with that code;
     * any other as {@link #execSync} does.
     */
    @Override
    public int exec(String containerId, List<String> command, ProcessStreams streams) {
        ExecResult result = execSync(containerId, command, Duration.ZERO);
        try {
            if (command.getFirst().equals("cat")) {
                echo(streams.stdin(), streams.stdout());
                return 0;
            }
            OutputStream stdout = streams.stdout();
            if (stdout != null) {
                stdout.write(result.stdout());
            }
        } catch (IOException e) {
            throw new RuntimeCallException(Kind.CANCELLED, "nobody is connected any more", e);
        }
        Matcher exit = EXIT.matcher(String.join(" ", command));
        return exit.matches() ? Integer.parseInt(exit.group(1)) : result.exitCode();
    }

    /** The main process gives its input back until that ends. */
    @Override
    public void attach(String containerId, ProcessStreams streams) {
        execSync(containerId, List.of("true"), Duration.ZERO);
        try {
            echo(streams.stdin(), streams.stdout());
        } catch (IOException e) {
            throw new RuntimeCallException(Kind.CANCELLED, "nobody is connected any more", e);
        }
    }

    /** On every port somebody listens who gives back what he is sent. */
    @Override
    public void portForward(String sandboxId, int port, InputStream fromClient, OutputStream toClient) {
        if (sandboxStatus(sandboxId).isEmpty()) {
            throw new RuntimeCallException(Kind.NOT_FOUND, "no sandbox " + sandboxId);
        }
        try (toClient) {
            fromClient.transferTo(toClient);
        } catch (IOException e) {
            throw new RuntimeCallException(Kind.CANCELLED, "nobody is connected any more", e);
        }
    }

    private static void echo(@Nullable InputStream from, @Nullable OutputStream to) throws IOException {
        if (from != null) {
            from.transferTo(to == null ? OutputStream.nullOutputStream() : to);
        }
    }

    @Override
    public synchronized List<Image> listImages() {
        return List.copyOf(images.values());
    }

    @Override
    public synchronized Optional<Image> imageStatus(String reference) {
        return findImage(reference);
    }

    private Optional<Image> findImage(String reference) {
        return images.values().stream()
                .filter(image -> image.id().equals(reference) || image.tags().contains(reference))
                .findFirst();
    }

    @Override
    public ImageVolumes imageVolumes() {
        return new ImageVolumes.Unsupported("hollow containers have no files");
    }

    @Override
    public String pullImage(String reference, Optional<RegistryLogin> login) {
        pause(script.pullDelay());
        if (script.missingImage(reference)) {
            throw new RuntimeCallException(
                    Kind.NOT_FOUND,
                    "failed to pull and unpack image \"" + reference + "\": " + reference + ": not found");
        }
        synchronized (this) {
            String id = imageId(reference);
            images.put(id, new Image(id, List.of(reference), List.of(), 1_000_000, OptionalLong.empty(), ""));
            return id;
        }
    }

    @Override
    public synchronized void removeImage(String reference) {
        images.values()
                .removeIf(image -> image.id().equals(reference) || image.tags().contains(reference));
    }

    @Override
    public void close() {}

    private static String imageId(String reference) {
        if (reference.startsWith("sha256:")) {
            return reference;
        }
        String seed = Integer.toHexString(reference.hashCode());
        return "sha256:" + "0".repeat(64 - seed.length()) + seed;
    }

    private HollowContainer existing(String containerId) {
        HollowContainer container = containers.get(containerId);
        if (container == null) {
            throw new RuntimeCallException(Kind.NOT_FOUND, "no container " + containerId);
        }
        return container;
    }

    private String nextId() {
        return "%064x".formatted(++lastId);
    }

    private void pause(Duration delay) {
        try {
            clock.sleep(delay);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RuntimeCallException(Kind.CANCELLED, "interrupted", e);
        }
    }

    /** The addresses of a range, given out in order; one that came back is used again last. */
    private static final class AddressPool {
        private final long first;
        private final long last;
        private long next;
        private final Queue<String> returned = new ArrayDeque<>();
        private final Map<String, Boolean> inUse = new HashMap<>();

        AddressPool(String cidr) {
            int slash = cidr.indexOf('/');
            long base = 0;
            for (String part : cidr.substring(0, slash).split("\\.")) {
                base = base << 8 | Integer.parseInt(part);
            }
            long size = 1L << (32 - Integer.parseInt(cidr.substring(slash + 1)));
            // The first address is the range's own, the second the node's, the last for broadcasts.
            first = base + 2;
            last = base + size - 2;
            next = first;
        }

        String take() {
            String address = next <= last ? text(next++) : returned.poll();
            if (address == null) {
                throw new RuntimeCallException(Kind.FAILED, "no address is free in the node's range");
            }
            inUse.put(address, true);
            return address;
        }

        void giveBack(String address) {
            if (inUse.remove(address) != null) {
                returned.add(address);
            }
        }

        private static String text(long address) {
            return (address >> 24 & 255) + "." + (address >> 16 & 255) + "." + (address >> 8 & 255) + "."
                    + (address & 255);
        }
    }
}
