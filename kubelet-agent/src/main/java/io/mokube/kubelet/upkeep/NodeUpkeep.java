package io.mokube.kubelet.upkeep;

import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Volume;
import io.mokube.client.event.EventRecorder;
import io.mokube.kubelet.KubeletConfig;
import io.mokube.kubelet.eviction.PodUsage;
import io.mokube.kubelet.eviction.PodUsage.ContainerUsage;
import io.mokube.kubelet.eviction.Pressures;
import io.mokube.kubelet.eviction.Pressures.Observation;
import io.mokube.kubelet.eviction.UnusedImages;
import io.mokube.kubelet.eviction.Victims;
import io.mokube.kubelet.lifecycle.Ending;
import io.mokube.kubelet.node.Machine;
import io.mokube.kubelet.pods.PodContainer;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.pods.RuntimeLabels;
import io.mokube.kubelet.policy.NodePolicy;
import io.mokube.kubelet.policy.Threshold;
import io.mokube.kubelet.policy.Threshold.Pressure;
import io.mokube.kubelet.policy.Threshold.Signal;
import io.mokube.kubelet.resources.NodeAmounts;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.ContainerStats;
import io.mokube.kubelet.runtime.ContainerStatus.State;
import io.mokube.kubelet.runtime.ContainerSummary;
import io.mokube.kubelet.runtime.Image;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.Usage;
import io.mokube.kubelet.runtime.cri.PauseImage;
import io.mokube.kubelet.sync.CgroupFolders;
import io.mokube.kubelet.sync.PodTree;
import io.mokube.kubelet.sync.PodWorkers;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks again and again at what is left of the node's memory, disks and process numbers, and evicts pods, one at a time, while
 * there is too little; evicts pods that pass their own limits of local storage; removes images that nobody uses.
 */
public final class NodeUpkeep implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(NodeUpkeep.class);
    private static final Duration AWAIT_END = Duration.ofSeconds(30);
    private static final Duration AWAIT_ROOM = Duration.ofSeconds(3);
    private static final Duration POLL_END = Duration.ofMillis(200);
    private static final Duration IMAGE_PERIOD = Duration.ofMinutes(5);

    private final KubeletConfig config;
    private final NodePolicy policy;
    private final NodeAmounts amounts;
    private final ContainerRuntime runtime;
    private final boolean files;
    private final PodWorkers workers;
    private final CgroupFolders groups;
    private final EventRecorder events;
    private final Clock clock;
    private Pressures pressures = Pressures.NONE;
    private UnusedImages images = UnusedImages.NONE;
    private volatile Set<Pressure> told = Set.of();
    private @Nullable Path imageFolder;
    private @Nullable Instant imagesLookedAt;
    private volatile Runnable changed = () -> {};
    private @Nullable Thread thread;

    /**
     * @param files whether the runtime's containers are the machine's, with files of the host
     */
    public NodeUpkeep(
            KubeletConfig config,
            NodeAmounts amounts,
            ContainerRuntime runtime,
            boolean files,
            PodWorkers workers,
            CgroupFolders groups,
            EventRecorder events,
            Clock clock) {
        this.config = config;
        this.policy = config.policy();
        this.amounts = amounts;
        this.runtime = runtime;
        this.files = files;
        this.workers = workers;
        this.groups = groups;
        this.events = events;
        this.clock = clock;
    }

    /** Begins, on a thread of its own; returns at once. */
    public void start() {
        thread = Thread.ofVirtual().name("upkeep").start(this::keepForEver);
    }

    /** Who is told when the node's conditions change. */
    public void whenChanged(Runnable listener) {
        changed = listener;
    }

    /** What the node is short of. */
    public Set<Pressure> pressures() {
        return told;
    }

    private void keepForEver() {
        try {
            while (true) {
                boolean evicted = false;
                try {
                    evicted = workers.ready() && once();
                } catch (RuntimeCallException e) {
                    log.atWarn()
                            .setMessage("the node can't be measured")
                            .addKeyValue("reason", e.text())
                            .log();
                } catch (RuntimeException e) {
                    log.atError()
                            .setMessage("the node's upkeep failed")
                            .setCause(e)
                            .log();
                }
                if (!evicted) {
                    clock.sleep(config.timings().upkeep());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Looks once; true when a pod was evicted, so that there is reason to look again at once. */
    private boolean once() throws InterruptedException {
        Instant now = clock.instant();
        Map<Signal, Observation> look = observe();
        pressures = pressures.after(policy.eviction(), look, now);
        tell(pressures.told());
        if (files) {
            collectImages(now, look);
        }
        List<Pod> evicted = overTheirLimits();
        Optional<Threshold> worst = pressures.worst();
        if (evicted.isEmpty() && worst.isPresent()) {
            evicted = relieve(worst.get(), look);
        }
        await(AWAIT_END, evicted, workers::reclaimed);
        return !evicted.isEmpty();
    }

    private void tell(Set<Pressure> next) {
        for (Pressure pressure : Pressure.values()) {
            boolean holds = next.contains(pressure);
            if (holds != told.contains(pressure)) {
                log.atInfo()
                        .setMessage("the node's condition changed")
                        .addKeyValue("node", config.nodeName())
                        .addKeyValue("condition", pressure.type())
                        .addKeyValue("holds", holds)
                        .log();
            }
        }
        workers.setPressures(next);
        boolean news = !next.equals(told);
        told = next;
        if (news) {
            changed.run();
        }
    }

    // ---- measuring

    private Map<Signal, Observation> observe() {
        Map<Signal, Observation> look = new EnumMap<>(Signal.class);
        Set<Signal> wanted =
                policy.eviction().thresholds().stream().map(Threshold::signal).collect(Collectors.toSet());
        if (!files) {
            // A runtime that plays containers plays their memory, and nothing else.
            long used = runtime.machineUsage().map(Usage::workingSetBytes).orElse(0L);
            long all = amounts.capacity().memoryBytes();
            long forPods = amounts.forPods().memoryBytes();
            look.put(Signal.MEMORY, new Observation(Math.max(0, all - used), all));
            look.put(Signal.ALLOCATABLE_MEMORY, new Observation(Math.max(0, forPods - used), forPods));
            return look;
        }
        Machine.Left left = Machine.look(config.root());
        look.put(
                Signal.MEMORY,
                new Observation(left.availableMemory(), amounts.capacity().memoryBytes()));
        groups.workingSet()
                .ifPresent(used -> look.put(
                        Signal.ALLOCATABLE_MEMORY,
                        new Observation(
                                Math.max(0, amounts.forPods().memoryBytes() - used),
                                amounts.forPods().memoryBytes())));
        look.put(Signal.PIDS, new Observation(Math.max(0, left.pidsAllowed() - left.pidsInUse()), left.pidsAllowed()));
        Observation disk = new Observation(left.diskFree(), left.diskTotal());
        look.put(Signal.NODE_DISK, disk);
        look.put(Signal.IMAGE_DISK, ofImages().flatMap(NodeUpkeep::disk).orElse(disk));
        if (wanted.contains(Signal.NODE_INODES)) {
            DiskUse.inodes(config.root()).ifPresent(inodes -> look.put(Signal.NODE_INODES, inodes));
        }
        if (wanted.contains(Signal.IMAGE_INODES)) {
            DiskUse.inodes(ofImages().orElse(config.root())).ifPresent(inodes -> look.put(Signal.IMAGE_INODES, inodes));
        }
        return look;
    }

    private Optional<Path> ofImages() {
        if (imageFolder == null) {
            imageFolder = runtime.imageFolder().orElse(null);
        }
        return Optional.ofNullable(imageFolder);
    }

    /** Whether images have another file system than the agent's folder. */
    private boolean imagesAreApart() {
        if (!files) {
            return false;
        }
        try {
            Optional<Path> folder = ofImages();
            return folder.isPresent() && !Files.getFileStore(folder.get()).equals(Files.getFileStore(config.root()));
        } catch (IOException e) {
            return false;
        }
    }

    private static Optional<Observation> disk(Path folder) {
        try {
            FileStore store = Files.getFileStore(folder);
            return Optional.of(new Observation(store.getUsableSpace(), store.getTotalSpace()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /**
     * What pods use.
     *
     * @param withFiles whether also what they have on disk
     */
    private List<PodUsage> measure(Collection<Pod> pods, boolean withFiles) {
        Map<String, String> own = Map.of(RuntimeLabels.NODE, config.nodeName());
        Map<String, ContainerStats> stats = new HashMap<>();
        runtime.containerStats(own).forEach(each -> stats.put(each.id(), each));
        Map<String, List<ContainerSummary>> containers = runtime.listContainers(own).stream()
                .filter(container -> container.state() == State.RUNNING)
                .collect(
                        Collectors.groupingBy(container -> container.labels().getOrDefault(RuntimeLabels.POD_UID, "")));
        Map<Path, Long> sizes = withFiles && files ? DiskUse.bytes(folders(pods)) : Map.of();
        PodTree tree = workers.tree();
        List<PodUsage> usages = new ArrayList<>();
        for (Pod pod : pods) {
            List<ContainerUsage> used = new ArrayList<>();
            for (ContainerSummary container : containers.getOrDefault(PodFacts.uid(pod), List.of())) {
                ContainerStats measured = stats.get(container.id());
                if (measured != null) {
                    used.add(new ContainerUsage(
                            container.name(),
                            measured.usage().workingSetBytes(),
                            measured.writableBytes(),
                            measured.writableInodes(),
                            sizes.getOrDefault(tree.logs(pod).resolve(container.name()), 0L)));
                }
            }
            Map<String, Long> volumes = new HashMap<>();
            for (Volume volume : onDisk(pod)) {
                Long size = sizes.get(tree.emptyDir(pod, volume.getName()));
                if (size != null) {
                    volumes.put(volume.getName(), size);
                }
            }
            usages.add(new PodUsage(
                    pod,
                    used,
                    volumes,
                    withFiles ? count(pod) : 0,
                    groups.pids(pod).orElse(0)));
        }
        return usages;
    }

    private List<Path> folders(Collection<Pod> pods) {
        PodTree tree = workers.tree();
        List<Path> folders = new ArrayList<>();
        for (Pod pod : pods) {
            PodContainer.all(pod)
                    .forEach(container -> folders.add(tree.logs(pod).resolve(container.name())));
            onDisk(pod).forEach(volume -> folders.add(tree.emptyDir(pod, volume.getName())));
        }
        return folders;
    }

    /** The emptyDir volumes that take up disk; those in memory count as their containers' memory. */
    private static List<Volume> onDisk(Pod pod) {
        return pod.getSpec().getVolumes().stream()
                .filter(volume -> volume.getEmptyDir() != null
                        && !"Memory".equals(volume.getEmptyDir().getMedium()))
                .toList();
    }

    private long count(Pod pod) {
        boolean asked = pressures.met().stream()
                .anyMatch(each -> each.signal() == Signal.NODE_INODES || each.signal() == Signal.IMAGE_INODES);
        long count = 0;
        for (Volume volume : asked ? onDisk(pod) : List.<Volume>of()) {
            try (Stream<Path> all = Files.walk(workers.tree().emptyDir(pod, volume.getName()))) {
                count += all.count();
            } catch (IOException | UncheckedIOException e) {
                // Its pod takes files away meanwhile.
                log.atDebug()
                        .setMessage("a volume can't be counted")
                        .setCause(e)
                        .log();
            }
        }
        return count;
    }

    // ---- evicting

    private List<Pod> overTheirLimits() {
        List<Pod> limited =
                workers.running().stream().filter(Victims::hasStorageLimits).toList();
        if (limited.isEmpty() || !files) {
            return List.of();
        }
        List<Pod> evicted = new ArrayList<>();
        for (PodUsage usage : measure(limited, true)) {
            Victims.storageComplaint(usage).ifPresent(complaint -> {
                evict(usage.pod(), complaint, Duration.ofSeconds(1), false);
                evicted.add(usage.pod());
            });
        }
        return evicted;
    }

    /** Frees what the node itself can spare, then evicts the first pod in order; at most one at a time. */
    private List<Pod> relieve(Threshold threshold, Map<Signal, Observation> look) throws InterruptedException {
        Signal signal = threshold.signal();
        events.record(
                node(),
                EventRecorder.Type.WARNING,
                "EvictionThresholdMet",
                "Attempting to reclaim " + signal.resource());
        if (signal.pressure() == Pressure.DISK && makeRoom(signal)) {
            return List.of();
        }
        List<PodUsage> usages = measure(workers.running(), signal.pressure() == Pressure.DISK);
        for (PodUsage usage : Victims.ranked(signal, imagesAreApart(), usages)) {
            Duration own = PodFacts.gracePeriod(usage.pod());
            Duration longest = policy.eviction().longestGrace();
            Duration grace = threshold.hard() ? Duration.ofSeconds(1) : own.compareTo(longest) < 0 ? own : longest;
            Observation observation = look.getOrDefault(signal, new Observation(0, 0));
            evict(usage.pod(), Victims.message(threshold, observation, usage), grace, true);
            return List.of(usage.pod());
        }
        return List.of();
    }

    /**
     * Removes what no pod needs from a full disk: containers of pods that have ended, and unused images. Returns whether nothing
     * is short any more.
     */
    private boolean makeRoom(Signal signal) throws InterruptedException {
        boolean ofImages = signal == Signal.IMAGE_DISK || signal == Signal.IMAGE_INODES;
        if (imagesAreApart() && !ofImages) {
            return false;
        }
        List<Pod> ended = workers.makeRoom();
        await(AWAIT_END, ended, workers::forgotten);
        lookAtImages(clock.instant());
        removeImages(images.candidates(Duration.ZERO, clock.instant()), Long.MAX_VALUE);
        // A runtime may remove layers a moment after it has said that a container is gone.
        return await(
                ended.isEmpty() ? Duration.ZERO : AWAIT_ROOM,
                () -> Pressures.relieved(policy.eviction().thresholds(), observe()));
    }

    private void evict(Pod pod, String message, Duration grace, boolean disruption) {
        log.atWarn()
                .setMessage("evicting a pod")
                .addKeyValue("pod", PodFacts.key(pod))
                .addKeyValue("reason", message)
                .log();
        workers.end(pod, new Ending("Evicted", message, Optional.of(grace), disruption));
    }

    private void await(Duration longest, List<Pod> pods, Predicate<Pod> done) throws InterruptedException {
        var _ = await(longest, () -> pods.stream().allMatch(done));
    }

    /** Returns whether it came to be so in time. */
    private boolean await(Duration longest, BooleanSupplier done) throws InterruptedException {
        long begin = clock.nanoTime();
        while (!done.getAsBoolean()) {
            if (clock.nanoTime() - begin >= longest.toNanos()) {
                return false;
            }
            clock.sleep(POLL_END);
        }
        return true;
    }

    private ObjectReference node() {
        return new ObjectReferenceBuilder()
                .withKind("Node")
                .withName(config.nodeName())
                .withUid(config.nodeName())
                .build();
    }

    // ---- images

    private void collectImages(Instant now, Map<Signal, Observation> look) {
        boolean collects = policy.images().highPercent() < 100
                || policy.images().mostAge().isPositive()
                || policy.eviction().thresholds().stream()
                        .anyMatch(each -> each.signal().pressure() == Pressure.DISK);
        boolean due = imagesLookedAt == null
                || Duration.between(imagesLookedAt, now).compareTo(IMAGE_PERIOD) >= 0
                || pressures
                        .worst()
                        .filter(threshold -> threshold.signal().pressure() == Pressure.DISK)
                        .isPresent();
        if (!collects || !due) {
            return;
        }
        lookAtImages(now);
        removeImages(images.outdated(policy.images(), now), Long.MAX_VALUE);
        Observation disk = look.getOrDefault(Signal.IMAGE_DISK, new Observation(0, 0));
        long toFree = UnusedImages.toFree(policy.images(), disk);
        if (toFree > 0) {
            long freed = removeImages(images.candidates(policy.images().leastAge(), now), toFree);
            if (freed < toFree) {
                events.record(
                        node(),
                        EventRecorder.Type.WARNING,
                        "FreeDiskSpaceFailed",
                        "Failed to garbage collect required amount of images. Attempted to free " + toFree
                                + " bytes, but only found " + freed + " bytes eligible to free.");
            }
        }
    }

    private void lookAtImages(Instant now) {
        imagesLookedAt = now;
        List<Image> present = runtime.listImages();
        workers.forgetOtherImages(present, now);
        images = images.after(present, usedImages(), now);
    }

    private Set<String> usedImages() {
        Set<String> used = new HashSet<>();
        used.add(PauseImage.NAME);
        // Other nodes may share the runtime: what their containers are made from is in use as well.
        for (ContainerSummary container : runtime.listContainers(Map.of())) {
            runtime.containerStatus(container.id()).ifPresent(status -> {
                used.add(status.image());
                used.add(status.imageId());
            });
        }
        workers.active().stream()
                .flatMap(pod -> Stream.concat(
                        PodContainer.all(pod).stream()
                                .map(container -> container.spec().getImage()),
                        pod.getSpec().getVolumes().stream()
                                .filter(volume -> volume.getImage() != null)
                                .map(volume -> volume.getImage().getReference())))
                .filter(Objects::nonNull)
                .flatMap(name -> runtime.imageStatus(name).stream())
                .forEach(image -> used.add(image.id()));
        return used;
    }

    /** Removes images in their order until enough is freed. Returns how much was. */
    private long removeImages(List<Image> candidates, long bytes) {
        long freed = 0;
        for (Image image : candidates) {
            if (freed >= bytes) {
                break;
            }
            try {
                runtime.removeImage(image.id());
                freed += image.sizeBytes();
                log.atInfo()
                        .setMessage("image removed")
                        .addKeyValue("image", image.id())
                        .addKeyValue("names", image.tags())
                        .addKeyValue("bytes", image.sizeBytes())
                        .log();
            } catch (RuntimeCallException e) {
                log.atWarn()
                        .setMessage("an image was not removed")
                        .addKeyValue("image", image.id())
                        .addKeyValue("reason", e.text())
                        .log();
            }
        }
        return freed;
    }

    @Override
    public void close() {
        if (thread != null) {
            thread.interrupt();
        }
    }
}
