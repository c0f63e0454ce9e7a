package io.mokube.kubelet;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.mokube.client.event.EventRecorder;
import io.mokube.client.informer.Informer;
import io.mokube.client.informer.Selection;
import io.mokube.client.rest.ApiClient;
import io.mokube.kubelet.devices.DeviceClaims;
import io.mokube.kubelet.devices.DeviceDrivers;
import io.mokube.kubelet.log.LogRotation;
import io.mokube.kubelet.node.Machine;
import io.mokube.kubelet.node.NodeReporter;
import io.mokube.kubelet.node.NodeStatuses;
import io.mokube.kubelet.plugin.PluginRegistry;
import io.mokube.kubelet.pods.RuntimeLabels;
import io.mokube.kubelet.resources.GroupLimits;
import io.mokube.kubelet.resources.NodeAmounts;
import io.mokube.kubelet.resources.NodeAmounts.Amounts;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.ContainerRuntime.RuntimeStatus;
import io.mokube.kubelet.runtime.ContainerRuntime.RuntimeVersion;
import io.mokube.kubelet.runtime.ContainerStatus;
import io.mokube.kubelet.runtime.ContainerSummary;
import io.mokube.kubelet.runtime.Image;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.hollow.HollowRuntime;
import io.mokube.kubelet.server.NodeServer;
import io.mokube.kubelet.staticpods.StaticPodFolder;
import io.mokube.kubelet.sync.CgroupFolders;
import io.mokube.kubelet.sync.PodWorkers;
import io.mokube.kubelet.upkeep.NodeShutdown;
import io.mokube.kubelet.upkeep.NodeUpkeep;
import io.mokube.kubelet.volume.CsiDrivers;
import io.mokube.kubelet.volume.VolumeUsage;
import io.mokube.machinery.component.Component;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.component.Release;
import io.mokube.machinery.quantity.Quantity;
import io.mokube.machinery.selector.FieldSelector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The agent of one node: registers it, runs the pods assigned to it and says how they are. It waits for its container
 * runtime and for the API server for as long as it takes. Stopping it touches no running container; the next one with the
 * same node name and folder goes on where it ended.
 */
public final class Kubelet implements Component {

    private static final Logger log = LoggerFactory.getLogger(Kubelet.class);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration ROTATE_EVERY = Duration.ofSeconds(10);

    private final KubeletConfig config;
    private final Platform platform;
    private @Nullable ApiClient client;
    private @Nullable EventRecorder events;
    private @Nullable NodeServer server;
    private @Nullable NodeReporter reporter;
    private @Nullable NodeUpkeep upkeep;
    private @Nullable StaticPodFolder staticPods;
    private volatile boolean shuttingDown;
    private @Nullable Thread connecting;
    private @Nullable Informer<Pod> pods;
    private @Nullable Informer<Service> services;
    private @Nullable PluginRegistry plugins;
    private @Nullable Thread rotating;
    private @Nullable CsiDrivers drivers;
    private @Nullable DeviceDrivers deviceDrivers;
    private volatile @Nullable ContainerRuntime runtime;
    private volatile @Nullable RuntimeVersion runtimeVersion;
    private volatile @Nullable PodWorkers workers;
    private boolean stopped;

    public Kubelet(KubeletConfig config, Platform platform) {
        this.config = config;
        this.platform = platform;
    }

    @Override
    public String name() {
        return "kubelet";
    }

    @Override
    public synchronized void start() {
        try {
            Files.createDirectories(config.root());
        } catch (IOException e) {
            throw new ComponentException(
                    "the agent's folder " + config.root() + " can't be made: " + e.getMessage(), e);
        }
        ApiClient api;
        try {
            api = new ApiClient(config.client().withUserAgent("kubelet/" + Release.GIT_VERSION), platform);
        } catch (IllegalArgumentException e) {
            throw new ComponentException("the agent's credentials can't be used: " + e.getMessage(), e);
        }
        client = api;
        DeviceDrivers knownDrivers = new DeviceDrivers();
        deviceDrivers = knownDrivers;
        DeviceClaims devices = new DeviceClaims(config.root(), api, knownDrivers);
        Machine machine = Machine.read();
        EventRecorder recorder = new EventRecorder(api, "kubelet", config.nodeName());
        events = recorder;
        NodeServer nodeServer = new NodeServer(
                config, platform, api, () -> Optional.ofNullable(runtime), this::podsInSight, this::volumeUsage);
        server = nodeServer;
        nodeServer.start();
        connecting = Thread.ofVirtual()
                .name("connect to the runtime")
                .start(() -> connect(api, recorder, nodeServer.port(), machine, devices));
        log.atInfo()
                .setMessage("kubelet started")
                .addKeyValue("node", config.nodeName())
                .addKeyValue("port", nodeServer.port())
                .log();
    }

    private Collection<Pod> podsInSight() {
        PodWorkers known = workers;
        return known == null ? List.of() : known.pods();
    }

    private List<VolumeUsage> volumeUsage(String uid) {
        PodWorkers known = workers;
        return known == null ? List.of() : known.volumeUsage(uid);
    }

    private Optional<Map<String, String>> annotations(String uid) {
        return podsInSight().stream()
                .filter(pod -> pod.getMetadata().getUid().equals(uid))
                .findFirst()
                .map(pod -> Map.copyOf(pod.getMetadata().getAnnotations()));
    }

    /** Waits for the runtime, then begins everything that needs it. */
    private void connect(ApiClient api, EventRecorder recorder, int port, Machine machine, DeviceClaims devices) {
        ContainerRuntime connection = null;
        RuntimeVersion version = null;
        while (version == null || connection == null) {
            try {
                connection = connection == null ? config.runtime().get() : connection;
                version = connection.version();
            } catch (RuntimeException e) {
                boolean expected = e instanceof RuntimeCallException || e instanceof ComponentException;
                log.atLevel(expected ? Level.WARN : Level.ERROR)
                        .setMessage("waiting for the container runtime")
                        .addKeyValue("node", config.nodeName())
                        .addKeyValue("reason", e.getMessage())
                        .setCause(expected ? null : e)
                        .log();
                try {
                    platform.clock().sleep(RETRY);
                } catch (InterruptedException interrupted) {
                    closeAll(connection);
                    return;
                }
            }
        }
        begin(api, recorder, port, machine, devices, connection, version);
    }

    /** Asks the runtime nothing: it may have died since it answered, and whoever looks later tries again. */
    private synchronized void begin(
            ApiClient api,
            EventRecorder recorder,
            int port,
            Machine machine,
            DeviceClaims devices,
            ContainerRuntime connection,
            RuntimeVersion version) {
        if (stopped) {
            connection.close();
            return;
        }
        runtime = connection;
        runtimeVersion = version;
        Selection assigned = Selection.ALL.withFields(FieldSelector.equal("spec.nodeName", config.nodeName()));
        Informer<Pod> podInformer = new Informer<>(api.resource(Pod.class), assigned, platform);
        Informer<Service> serviceInformer = new Informer<>(api.resource(Service.class), Selection.ALL, platform);
        pods = podInformer;
        services = serviceInformer;
        boolean files = !(connection instanceof HollowRuntime);
        if (connection instanceof HollowRuntime hollow) {
            hollow.lookUpAnnotations(this::annotations);
        }
        CsiDrivers csi = new CsiDrivers(api, config.nodeName());
        drivers = csi;
        NodeAmounts amounts = amounts(machine);
        CgroupFolders groups = new CgroupFolders(files ? config.cgroupParent() : "");
        limit(groups, amounts);
        if (!config.policy().ignored().isEmpty()) {
            log.atWarn()
                    .setMessage("parts of the kubelet's configuration are not used")
                    .addKeyValue("fields", config.policy().ignored())
                    .log();
        }
        PodWorkers podWorkers = new PodWorkers(
                config,
                platform,
                connection,
                files,
                api,
                recorder,
                podInformer,
                serviceInformer.store(),
                new PodWorkers.NodeFacts(
                        config.addresses(),
                        amounts,
                        config.policy().maxPods().orElse(config.resources().pods()),
                        groups,
                        version.name()),
                csi,
                devices);
        workers = podWorkers;
        podWorkers.start();
        serviceInformer.start();
        podInformer.start();
        NodeUpkeep nodeUpkeep =
                new NodeUpkeep(config, amounts, connection, files, podWorkers, groups, recorder, platform.clock());
        upkeep = nodeUpkeep;
        nodeUpkeep.start();
        config.policy().staticPods().filter(path -> files).ifPresent(path -> {
            StaticPodFolder folder =
                    new StaticPodFolder(path, config.nodeName(), podWorkers, podInformer, api, platform.clock());
            staticPods = folder;
            folder.start();
        });
        NodeReporter nodeReporter = new NodeReporter(
                config,
                api,
                platform,
                recorder,
                machine,
                amounts,
                () -> snapshot(connection, version, port, podWorkers, nodeUpkeep));
        reporter = nodeReporter;
        nodeUpkeep.whenChanged(nodeReporter::reportNow);
        nodeReporter.start();
        if (files) {
            PluginRegistry registry = new PluginRegistry(
                    config.root().resolve("plugins_registry"),
                    Map.of(CsiDrivers.TYPE, csi, DeviceDrivers.TYPE, devices.drivers()),
                    platform.clock());
            plugins = registry;
            registry.start();
            rotating = Thread.ofVirtual().name("log rotation").start(() -> rotateLogs(connection));
        }
    }

    private void rotateLogs(ContainerRuntime connection) {
        LogRotation rotation = new LogRotation(
                config.root().resolve("logs"),
                LogRotation.DEFAULT_BYTES,
                LogRotation.DEFAULT_FILES,
                file -> writer(connection, file));
        try {
            while (true) {
                platform.clock().sleep(ROTATE_EVERY);
                rotation.look(platform.clock().instant());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** How the runtime is told to open a container's log again, if the container runs. */
    private Optional<Runnable> writer(ContainerRuntime connection, Path file) {
        for (ContainerSummary container : connection.listContainers(Map.of(RuntimeLabels.NODE, config.nodeName()))) {
            Optional<ContainerStatus> running = container.state() == ContainerStatus.State.RUNNING
                            && file.toString().contains(container.labels().getOrDefault(RuntimeLabels.POD_UID, "-"))
                    ? connection.containerStatus(container.id())
                    : Optional.empty();
            if (running.filter(status -> status.logPath().equals(file.toString()))
                    .isPresent()) {
                return Optional.of(() -> connection.reopenLog(container.id()));
            }
        }
        return Optional.empty();
    }

    private NodeAmounts amounts(Machine machine) {
        KubeletConfig.Resources own = config.resources();
        Machine.Left left = Machine.look(config.root());
        Amounts capacity = new Amounts(
                own.cpu().map(text -> Quantity.parse(text).milliValue()).orElse(machine.cpuMillis()),
                own.memory().map(text -> Quantity.parse(text).value()).orElse(machine.memoryBytes()),
                own.storage().map(text -> Quantity.parse(text).value()).orElse(left.diskTotal()));
        return NodeAmounts.of(capacity, left.pidsAllowed(), config.policy());
    }

    /** Pods together get what is not reserved; where that can't be enforced they run all the same. */
    private static void limit(CgroupFolders groups, NodeAmounts amounts) {
        try {
            groups.limitAll(GroupLimits.ofNode(amounts));
        } catch (IOException e) {
            log.atWarn()
                    .setMessage("what pods may use together is not enforced")
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
    }

    private NodeStatuses.Snapshot snapshot(
            ContainerRuntime connection, RuntimeVersion version, int port, PodWorkers podWorkers, NodeUpkeep node) {
        RuntimeStatus status;
        List<Image> images = List.of();
        try {
            status = connection.status();
            images = connection.listImages();
        } catch (RuntimeCallException e) {
            status = new RuntimeStatus(false, false, e.text());
        }
        return new NodeStatuses.Snapshot(
                status, version, images, port, podWorkers.ready(), node.pressures(), shuttingDown);
    }

    @Override
    public Readiness readiness() {
        PodWorkers known = workers;
        NodeReporter node;
        synchronized (this) {
            node = reporter;
        }
        if (runtimeVersion == null || known == null || node == null) {
            return Readiness.waitingFor("the container runtime");
        }
        if (!node.registered()) {
            return Readiness.waitingFor("the registration of node " + config.nodeName());
        }
        return known.ready() ? Readiness.READY : Readiness.waitingFor("the list of pods");
    }

    /** The port of the node's HTTPS server; only after {@link #start}. */
    public synchronized int serverPort() {
        if (server == null) {
            throw new IllegalStateException("not started");
        }
        return server.port();
    }

    /**
     * Ends the node's pods, as its policy has it, because the machine ends: they fail with the reason Terminated, and the
     * node tells that it is not ready. Does nothing when the policy leaves pods running. The agent is stopped afterwards.
     */
    public void shutDownNode() {
        PodWorkers known = workers;
        NodeReporter node;
        synchronized (this) {
            node = reporter;
        }
        if (known == null || node == null || !config.policy().shutdown().configured()) {
            return;
        }
        shuttingDown = true;
        node.reportNow();
        try {
            NodeShutdown.run(config.policy().shutdown(), known, platform.clock());
            known.awaitWritten(Duration.ofSeconds(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void stop(Duration grace) {
        PodWorkers known;
        synchronized (this) {
            if (stopped) {
                return;
            }
            stopped = true;
            known = workers;
            closeAll(plugins, reporter, upkeep, staticPods, pods, services, server);
            if (connecting != null) {
                connecting.interrupt();
            }
            if (rotating != null) {
                rotating.interrupt();
            }
        }
        if (known != null) {
            known.awaitIdle(grace);
        }
        synchronized (this) {
            closeAll(known, drivers, deviceDrivers, events, client);
            ContainerRuntime connection = runtime;
            if (connection != null && !(connection instanceof HollowRuntime)) {
                connection.close();
            }
        }
        log.atInfo()
                .setMessage("kubelet stopped")
                .addKeyValue("node", config.nodeName())
                .log();
    }

    private static void closeAll(@Nullable AutoCloseable... parts) {
        for (AutoCloseable part : parts) {
            try {
                if (part != null) {
                    part.close();
                }
            } catch (Exception e) {
                log.atWarn()
                        .setMessage("a part of the agent did not close")
                        .setCause(e)
                        .log();
            }
        }
    }
}
