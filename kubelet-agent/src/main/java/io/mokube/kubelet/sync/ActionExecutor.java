package io.mokube.kubelet.sync;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.LifecycleHandler;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.node.v1.RuntimeClass;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ConnectionException;
import io.mokube.client.rest.DeleteOptions;
import io.mokube.kubelet.devices.DeviceClaims;
import io.mokube.kubelet.devices.DeviceException;
import io.mokube.kubelet.images.PullRecords;
import io.mokube.kubelet.lifecycle.Action;
import io.mokube.kubelet.lifecycle.ActionResult;
import io.mokube.kubelet.lifecycle.PodEvent;
import io.mokube.kubelet.network.PodAddresses;
import io.mokube.kubelet.pods.PodContainer;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.pods.RuntimeLabels;
import io.mokube.kubelet.probe.ProbeSender;
import io.mokube.kubelet.resources.GroupLimits;
import io.mokube.kubelet.runtime.ContainerConfig;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.ContainerStatus.State;
import io.mokube.kubelet.runtime.ContainerSummary;
import io.mokube.kubelet.runtime.Image;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.SandboxConfig;
import io.mokube.kubelet.sync.RuntimeConfigs.VolumeImage;
import io.mokube.kubelet.volume.ConfigurationSource;
import io.mokube.kubelet.volume.CsiDrivers;
import io.mokube.kubelet.volume.PodFields;
import io.mokube.kubelet.volume.PodVolumes;
import io.mokube.kubelet.volume.VolumeException;
import io.mokube.kubelet.volume.VolumeUsage;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out actions on pods: every call blocks until the action is done or has failed. Safe for use by many threads.
 *
 * <p>Whether and when to do something is decided elsewhere.
 */
final class ActionExecutor {

    private static final Logger log = LoggerFactory.getLogger(ActionExecutor.class);
    private static final ActionResult DONE = new ActionResult.Done();

    private final ContainerRuntime runtime;
    private final RuntimeConfigs configs;
    private final PodTree tree;
    private final boolean files;
    private final ApiClient client;
    private final PodVolumes volumes;
    private final EnvironmentVariables environment;
    private final ImageSource images;
    private final ProbeSender hooks;
    private final Clock clock;
    private final Surroundings surroundings;
    private final CgroupFolders groups;
    private final OptionalLong podPids;

    /**
     * What is around the pods.
     *
     * @param node the node's name
     * @param drivers the drivers of volumes that the node has
     * @param devices what pods have of the node's devices
     * @param pulls what was pulled with which credentials
     */
    record Surroundings(
            String node,
            List<String> hostAddresses,
            long cpuMillis,
            long memoryBytes,
            Function<Pod, List<Service>> services,
            CsiDrivers drivers,
            DeviceClaims devices,
            PullRecords pulls) {}

    /**
     * @param files whether the runtime's containers see files of the host
     * @param podPids how many processes and threads a pod may have
     */
    ActionExecutor(
            ContainerRuntime runtime,
            RuntimeConfigs configs,
            PodTree tree,
            boolean files,
            ApiClient client,
            Surroundings surroundings,
            CgroupFolders groups,
            OptionalLong podPids,
            Clock clock) {
        this.runtime = runtime;
        this.configs = configs;
        this.tree = tree;
        this.files = files;
        this.client = client;
        this.clock = clock;
        this.surroundings = surroundings;
        this.groups = groups;
        this.podPids = podPids;
        ConfigurationSource source = new ConfigurationSource(client);
        this.volumes = new PodVolumes(tree.pods(), source, surroundings.node(), surroundings.drivers(), runtime, clock);
        this.environment = new EnvironmentVariables(source);
        this.images =
                new ImageSource(runtime, source, files ? Optional.of(surroundings.pulls()) : Optional.empty(), clock);
        this.hooks = new ProbeSender(runtime);
    }

    /** What a running action may tell, and learn, about its pod. */
    interface PodContext {
        Pod pod();

        void tell(PodEvent event);

        /** Runs an image pull that is given up when the pod is not wanted any more. */
        <T> T pull(java.util.function.Supplier<T> call);

        /** Notes that a container runs with the resources of this specification. */
        void applied(String containerId, Container with);

        /** Waits until the pod's last status is at the API server. */
        void awaitStatusWritten() throws InterruptedException;
    }

    ActionResult execute(Action action, PodContext context) {
        try {
            return switch (action) {
                case Action.RunSandbox(int attempt) -> runSandbox(attempt, context);
                case Action.StartContainer start -> startContainer(start, context);
                case Action.ResizeContainer resize -> resizeContainer(resize, context);
                case Action.StopContainer stop -> stopContainer(stop, context);
                case Action.RemoveContainer remove -> removeContainer(remove, context.pod());
                case Action.StopSandbox(String id) -> {
                    runtime.stopSandbox(id);
                    yield DONE;
                }
                case Action.RemoveSandbox(String id) -> {
                    runtime.removeSandbox(id);
                    yield DONE;
                }
                case Action.ReleaseDevices() -> {
                    surroundings.devices().unprepare(PodFacts.uid(context.pod()));
                    yield DONE;
                }
                case Action.ReleaseVolumes() -> releaseVolumes(context.pod());
                case Action.CleanUp() -> cleanUp(context.pod());
                case Action.DeleteObject() -> deleteObject(context);
            };
        } catch (RuntimeCallException e) {
            log.atWarn()
                    .setMessage("the runtime failed")
                    .addKeyValue("pod", PodFacts.key(context.pod()))
                    .addKeyValue("action", action)
                    .addKeyValue("reason", e.text())
                    .log();
            return new ActionResult.Failed("RuntimeError", e.text());
        } catch (VolumeException e) {
            context.tell(PodEvent.warning("FailedMount", e.text(), ""));
            return new ActionResult.Failed("FailedMount", e.text());
        } catch (DeviceException e) {
            log.atWarn()
                    .setMessage("a pod's devices were not taken back")
                    .addKeyValue("pod", PodFacts.key(context.pod()))
                    .addKeyValue("reason", e.text())
                    .log();
            return new ActionResult.Failed("FailedUnprepareDynamicResources", e.text());
        } catch (ApiException | ConnectionException | IOException e) {
            return new ActionResult.Failed("ApiError", String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new ActionResult.Failed("Interrupted", "the agent is stopping");
        }
    }

    private PodFields fields(Pod pod, List<String> addresses) {
        return new PodFields(
                pod, addresses, surroundings.hostAddresses(), surroundings.cpuMillis(), surroundings.memoryBytes());
    }

    // ---- sandboxes

    private ActionResult runSandbox(int attempt, PodContext context) throws IOException {
        Pod pod = context.pod();
        String complaint = configs.nameComplaint(pod).orElse("");
        if (!complaint.isEmpty()) {
            context.tell(PodEvent.warning("FailedCreatePodSandBox", "Failed to create pod sandbox: " + complaint, ""));
            return new ActionResult.Failed("FailedCreatePodSandBox", complaint);
        }
        if (files) {
            volumes.setUp(fields(pod, List.of()), true);
            Files.createDirectories(tree.logs(pod));
            Files.createDirectories(tree.pod(PodFacts.uid(pod)));
            limitGroup(pod);
        }
        configs.dns(pod).warnings().forEach(warning -> context.tell(PodEvent.warning("DNSConfigForming", warning, "")));
        if (files) {
            try {
                surroundings.devices().prepare(pod);
            } catch (DeviceException e) {
                String words = "Failed to prepare dynamic resources: prepare dynamic resources: " + e.text();
                context.tell(PodEvent.warning("FailedPrepareDynamicResources", words, ""));
                return new ActionResult.Failed("FailedPrepareDynamicResources", e.text());
            }
        }
        String className = Objects.requireNonNullElse(pod.getSpec().getRuntimeClassName(), "");
        Optional<String> handler = className.isEmpty() ? Optional.of("") : runtimeHandler(className);
        if (handler.isEmpty()) {
            String missing =
                    "failed to get sandbox runtime: runtimeclasses.node.k8s.io \"" + className + "\" not found";
            context.tell(PodEvent.warning("FailedCreatePodSandBox", "Failed to create pod sandbox: " + missing, ""));
            return new ActionResult.Failed("FailedCreatePodSandBox", missing);
        }
        try {
            String id = runtime.runSandbox(configs.sandbox(pod, attempt).withRuntimeHandler(handler.get()));
            log.atInfo()
                    .setMessage("sandbox started")
                    .addKeyValue("pod", PodFacts.key(pod))
                    .addKeyValue("sandbox", id)
                    .log();
            return DONE;
        } catch (RuntimeCallException e) {
            context.tell(PodEvent.warning("FailedCreatePodSandBox", "Failed to create pod sandbox: " + e.text(), ""));
            return new ActionResult.Failed("FailedCreatePodSandBox", e.text());
        }
    }

    /** Which of the runtime's ways a class of pods is run in; empty when there is no such class. */
    private Optional<String> runtimeHandler(String className) {
        return client.resource(RuntimeClass.class).get("", className).map(RuntimeClass::getHandler);
    }

    private Map<String, Path> setUpVolumes(Pod pod, List<String> addresses) {
        return volumes.setUp(fields(pod, addresses), false);
    }

    /** Brings the files of config maps, secrets, tokens and the pod's own fields up to date. */
    void refreshVolumes(Pod pod, List<String> addresses) {
        if (files) {
            setUpVolumes(pod, addresses);
        }
    }

    /** Whether drivers have devices prepared for the pod. */
    boolean holdsDevices(Pod pod) {
        return surroundings.devices().usedBy(PodFacts.uid(pod));
    }

    /** Takes devices back from pods that are no more, and whose end no agent has seen. */
    void releaseDevicesOfTheGone(Predicate<String> known) {
        for (String uid : surroundings.devices().users()) {
            try {
                // A pod is known before anything is prepared for it.
                if (!known.test(uid)) {
                    surroundings.devices().unprepare(uid);
                }
            } catch (DeviceException e) {
                log.atWarn()
                        .setMessage("a pod's devices were not taken back")
                        .addKeyValue("uid", uid)
                        .addKeyValue("reason", e.text())
                        .log();
            }
        }
    }

    /** How full the pod's volumes are. */
    List<VolumeUsage> volumeUsage(Pod pod) {
        return files ? volumes.usage(pod) : List.of();
    }

    /** Finds out what became of what the last agent was pulling. */
    void recoverPulls() {
        images.recover();
    }

    /** Forgets the credentials of all images but those that the runtime had at a time. */
    void forgetOtherImages(List<Image> present, Instant at) {
        images.forgetOthers(present, at);
    }

    // ---- starting a container

    private ActionResult startContainer(Action.StartContainer start, PodContext context) throws IOException {
        Pod pod = context.pod();
        PodContainer container = PodContainer.find(pod, start.name()).orElse(null);
        if (container == null) {
            return new ActionResult.Failed("CreateContainerConfigError", "no container " + start.name());
        }
        Map<String, VolumeImage> volumeImages = new HashMap<>();
        for (Volume volume : imageVolumes(pod, container)) {
            String reference = Objects.requireNonNullElse(volume.getImage().getReference(), "");
            switch (images.get(pod, volume.getImage(), context)) {
                case ImageSource.Outcome.Present(Image found) ->
                    volumeImages.put(volume.getName(), new VolumeImage(found, reference, Optional.empty()));
                case ImageSource.Outcome.Missing missing -> {
                    return withoutImage(container, reference, missing, context);
                }
            }
        }
        Image image;
        switch (images.get(pod, container, context)) {
            case ImageSource.Outcome.Present(Image found) -> image = found;
            case ImageSource.Outcome.Missing missing -> {
                return withoutImage(container, container.spec().getImage(), missing, context);
            }
        }
        List<String> addresses = runtime.sandboxStatus(start.sandboxId())
                .map(status -> PodAddresses.ordered(
                        status.addresses(), surroundings.hostAddresses().getFirst()))
                .filter(list -> !list.isEmpty())
                .orElse(PodFacts.hostNetwork(pod) ? surroundings.hostAddresses() : List.of());
        ContainerConfig config;
        try {
            config = prepare(pod, container, start, image, mounted(pod, volumeImages), addresses);
        } catch (RuntimeConfigs.ImageVolumeException e) {
            String message = String.valueOf(e.getMessage());
            context.tell(PodEvent.warning("Failed", "Error: " + message, container.fieldPath()));
            return new ActionResult.Failed("CreateContainerError", message);
        } catch (EnvironmentVariables.MissingSourceException
                | RuntimeConfigs.InvalidSpecException
                | IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            context.tell(PodEvent.warning("Failed", "Error: " + message, container.fieldPath()));
            return new ActionResult.Failed("CreateContainerConfigError", message);
        }
        SandboxConfig sandbox = configs.sandbox(pod, 0);
        String id;
        try {
            id = runtime.createContainer(start.sandboxId(), config, sandbox);
        } catch (RuntimeCallException e) {
            context.tell(PodEvent.warning("Failed", "Error: " + e.text(), container.fieldPath()));
            return new ActionResult.Failed("CreateContainerError", e.text());
        }
        context.applied(id, container.spec());
        context.tell(PodEvent.normal("Created", "Created container: " + start.name(), container.fieldPath()));
        try {
            runtime.startContainer(id);
        } catch (RuntimeCallException e) {
            context.tell(PodEvent.warning("Failed", "Error: " + e.text(), container.fieldPath()));
            return new ActionResult.Failed("RunContainerError", e.text());
        }
        context.tell(PodEvent.normal("Started", "Started container " + start.name(), container.fieldPath()));
        log.atInfo()
                .setMessage("container started")
                .addKeyValue("pod", PodFacts.key(pod))
                .addKeyValue("container", start.name())
                .addKeyValue("attempt", start.attempt())
                .addKeyValue("id", id)
                .log();
        return postStart(container, id, addresses, context);
    }

    private static ActionResult withoutImage(
            PodContainer container, String image, ImageSource.Outcome.Missing missing, PodContext context) {
        context.tell(PodEvent.warning("Failed", "Error: " + missing.reason(), container.fieldPath()));
        return new ActionResult.Failed(missing.reason(), missing.message(), image);
    }

    /** The pod's volumes that are images and that the container mounts. */
    private static List<Volume> imageVolumes(Pod pod, PodContainer container) {
        return pod.getSpec().getVolumes().stream()
                .filter(volume -> volume.getImage() != null)
                .filter(volume -> container.spec().getVolumeMounts().stream()
                        .anyMatch(mount -> mount.getName().equals(volume.getName())))
                .toList();
    }

    private Map<String, VolumeImage> mounted(Pod pod, Map<String, VolumeImage> images) {
        if (!files) {
            return Map.of();
        }
        Map<String, VolumeImage> mounted = new HashMap<>();
        images.forEach((volume, each) -> {
            try {
                Optional<Path> folder =
                        volumes.mountImage(pod, volume, each.image().id());
                mounted.put(volume, new VolumeImage(each.image(), each.reference(), folder));
            } catch (RuntimeCallException e) {
                throw new RuntimeConfigs.ImageVolumeException(e.text(), e);
            }
        });
        return mounted;
    }

    /**
     * The pod's own group and the container's limit each other: the group is widened before, or narrowed after. What fails is
     * tried again.
     */
    private ActionResult resizeContainer(Action.ResizeContainer resize, PodContext context) throws IOException {
        Pod pod = context.pod();
        PodContainer container = PodContainer.find(pod, resize.name()).orElse(null);
        if (container == null) {
            return DONE;
        }
        ContainerConfig.Resources limits = configs.resources(pod, container.spec());
        long used = runtime.containerStats(Map.of(RuntimeLabels.POD_UID, PodFacts.uid(pod))).stream()
                .filter(stats -> stats.id().equals(resize.id()))
                .mapToLong(stats -> stats.usage().workingSetBytes())
                .findFirst()
                .orElse(0);
        if (limits.memoryLimitBytes() > 0 && limits.memoryLimitBytes() < used) {
            return new ActionResult.Failed(
                    "Error",
                    "attempting to set container \"" + resize.name() + "\" memory limit (" + limits.memoryLimitBytes()
                            + ") below current usage (" + used + ")");
        }
        try {
            limitGroup(pod);
        } catch (IOException e) {
            // It is narrower than what is in it: that has to go first.
            log.atDebug()
                    .setMessage("a pod's group is narrowed after its container")
                    .addKeyValue("pod", PodFacts.key(pod))
                    .addKeyValue("reason", e.getMessage())
                    .log();
        }
        runtime.updateContainer(resize.id(), limits);
        limitGroup(pod);
        context.applied(resize.id(), container.spec());
        log.atInfo()
                .setMessage("container resized")
                .addKeyValue("pod", PodFacts.key(pod))
                .addKeyValue("container", resize.name())
                .addKeyValue("limits", limits)
                .log();
        return DONE;
    }

    private void limitGroup(Pod pod) throws IOException {
        if (files) {
            groups.limit(pod, GroupLimits.ofPod(pod, podPids));
        }
    }

    private ContainerConfig prepare(
            Pod pod,
            PodContainer container,
            Action.StartContainer start,
            Image image,
            Map<String, VolumeImage> volumeImages,
            List<String> addresses)
            throws IOException {
        int attempt = start.attempt();
        Map<String, Path> paths;
        if (!files) {
            // Nothing reads files where no program runs: volumes are named and not made.
            paths = pod.getSpec().getVolumes().stream().collect(Collectors.toMap(Volume::getName, each -> tree.pods()));
        } else {
            paths = setUpVolumes(pod, addresses);
            Files.createDirectories(tree.logs(pod).resolve(container.name()));
            writeHostsFile(pod, addresses);
            Path lastWords = tree.terminationMessage(PodFacts.uid(pod), container.name(), attempt);
            Files.createDirectories(lastWords.getParent());
            if (!Files.exists(lastWords)) {
                Files.createFile(lastWords);
                // The container writes it as whatever user it runs as.
                Files.setPosixFilePermissions(lastWords, PosixFilePermissions.fromString("rw-rw-rw-"));
            }
        }
        List<Service> services = surroundings.services().apply(pod);
        Map<String, String> variables = environment.of(container.spec(), fields(pod, addresses), services);
        String target = PodContainer.target(pod, container.name())
                .map(name -> targetOf(name, start.sandboxId()))
                .orElse("");
        return configs.container(
                pod,
                container,
                attempt,
                target,
                image,
                variables,
                paths,
                volumeImages,
                files ? surroundings.devices().cdiIds(pod, container.spec()) : List.of());
    }

    /** The running container of that name. */
    private String targetOf(String name, String sandboxId) {
        return runtime.listContainers(Map.of(RuntimeLabels.CONTAINER_NAME, name)).stream()
                .filter(each -> each.sandboxId().equals(sandboxId) && each.state() == State.RUNNING)
                .map(ContainerSummary::id)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("unable to find target container \"" + name + "\""));
    }

    private void writeHostsFile(Pod pod, List<String> addresses) throws IOException {
        Path file = tree.hostsFile(PodFacts.uid(pod));
        Files.createDirectories(file.getParent());
        // Written in place: running containers hold this very file.
        Files.writeString(file, configs.hosts(pod, addresses));
    }

    private ActionResult postStart(PodContainer container, String id, List<String> addresses, PodContext context) {
        LifecycleHandler hook = container.spec().getLifecycle() == null
                ? null
                : container.spec().getLifecycle().getPostStart();
        if (hook == null) {
            return DONE;
        }
        ProbeSender.Answer answer = run(
                hook, container.spec(), id, addresses.isEmpty() ? "" : addresses.getFirst(), Duration.ofMinutes(30));
        if (answer.success()) {
            return DONE;
        }
        context.tell(PodEvent.warning("FailedPostStartHook", "PostStartHook failed", container.fieldPath()));
        context.tell(PodEvent.normal("Killing", "FailedPostStartHook", container.fieldPath()));
        runtime.stopContainer(id, PodFacts.gracePeriod(context.pod()));
        return new ActionResult.Failed("PostStartHookError", answer.message());
    }

    private ProbeSender.Answer run(
            LifecycleHandler hook, Container container, String id, String address, Duration timeout) {
        if (hook.getExec() != null) {
            return hooks.exec(hook.getExec(), id, timeout);
        }
        if (hook.getHttpGet() != null) {
            return hooks.http(hook.getHttpGet(), container, address, timeout);
        }
        if (hook.getSleep() != null) {
            try {
                Duration pause = Duration.ofSeconds(hook.getSleep().getSeconds());
                clock.sleep(pause.compareTo(timeout) > 0 ? timeout : pause);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        return new ProbeSender.Answer(true, "");
    }

    // ---- ending

    private ActionResult stopContainer(Action.StopContainer stop, PodContext context) {
        long begin = clock.nanoTime();
        PodContainer container = PodContainer.find(context.pod(), stop.name()).orElse(null);
        if (container != null
                && container.spec().getLifecycle() != null
                && container.spec().getLifecycle().getPreStop() != null) {
            String address = context.pod().getStatus() == null
                            || context.pod().getStatus().getPodIP() == null
                    ? ""
                    : context.pod().getStatus().getPodIP();
            ProbeSender.Answer answer = run(
                    container.spec().getLifecycle().getPreStop(), container.spec(), stop.id(), address, stop.grace());
            if (!answer.success()) {
                context.tell(PodEvent.warning("FailedPreStopHook", "PreStopHook failed", container.fieldPath()));
            }
        }
        Duration rest = stop.grace().minusNanos(clock.nanoTime() - begin);
        Duration least = Duration.ofSeconds(1);
        runtime.stopContainer(stop.id(), rest.compareTo(least) < 0 ? least : rest);
        log.atInfo()
                .setMessage("container stopped")
                .addKeyValue("pod", PodFacts.key(context.pod()))
                .addKeyValue("container", stop.name())
                .addKeyValue("id", stop.id())
                .log();
        return DONE;
    }

    /** A container's log goes with it, in all its parts: a pod whose containers crash for days has many. */
    private ActionResult removeContainer(Action.RemoveContainer remove, Pod pod) throws IOException {
        runtime.removeContainer(remove.id());
        if (files) {
            tree.removeLog(pod, remove.name(), remove.attempt());
        }
        return DONE;
    }

    private ActionResult releaseVolumes(Pod pod) {
        if (files) {
            volumes.release(PodFacts.uid(pod));
        }
        return DONE;
    }

    private ActionResult cleanUp(Pod pod) throws IOException {
        if (files) {
            volumes.tearDown(PodFacts.uid(pod));
            Trees.delete(tree.logs(pod));
            groups.remove(pod);
        }
        return DONE;
    }

    private ActionResult deleteObject(PodContext context) throws InterruptedException {
        Pod pod = context.pod();
        context.awaitStatusWritten();
        try {
            client.resource(Pod.class)
                    .delete(
                            PodFacts.key(pod),
                            DeleteOptions.DEFAULT.withUid(PodFacts.uid(pod)).withGracePeriod(Duration.ZERO));
        } catch (ApiException e) {
            // Gone, or another pod of that name: either way this one is no more.
            if (!e.isNotFound() && e.code() != 409) {
                throw e;
            }
        }
        log.atInfo()
                .setMessage("pod removed")
                .addKeyValue("pod", PodFacts.key(pod))
                .addKeyValue("uid", PodFacts.uid(pod))
                .log();
        return DONE;
    }
}
