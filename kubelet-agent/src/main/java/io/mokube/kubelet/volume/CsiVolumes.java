package io.mokube.kubelet.volume;

import io.fabric8.kubernetes.api.model.CSIPersistentVolumeSource;
import io.fabric8.kubernetes.api.model.CSIVolumeSource;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.SecretReference;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.storage.CSIDriverSpec;
import io.fabric8.kubernetes.api.model.storage.TokenRequest;
import io.fabric8.kubernetes.api.model.storage.VolumeAttachment;
import io.mokube.kubelet.checkpoint.CheckpointFile;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.volume.VolumeUsage.Space;
import io.mokube.kubelet.volume.csi.v1.CapacityRange;
import io.mokube.kubelet.volume.csi.v1.NodeExpandVolumeRequest;
import io.mokube.kubelet.volume.csi.v1.NodeGetVolumeStatsRequest;
import io.mokube.kubelet.volume.csi.v1.NodePublishVolumeRequest;
import io.mokube.kubelet.volume.csi.v1.NodeServiceCapability.RPC;
import io.mokube.kubelet.volume.csi.v1.NodeStageVolumeRequest;
import io.mokube.kubelet.volume.csi.v1.NodeUnpublishVolumeRequest;
import io.mokube.kubelet.volume.csi.v1.NodeUnstageVolumeRequest;
import io.mokube.kubelet.volume.csi.v1.VolumeCapability;
import io.mokube.kubelet.volume.csi.v1.VolumeCapability.AccessMode.Mode;
import io.mokube.kubelet.volume.csi.v1.VolumeUsage.Unit;
import io.mokube.machinery.digest.Sha256;
import io.mokube.machinery.lock.KeyedLocks;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Volumes of CSI drivers: staged once on the node, published for each pod, taken back in the other order. What was asked of
 * a driver is noted beside the pod's volumes before it is asked ({@code vol_data.json}), so that whoever removes the pod,
 * this agent or the next, knows what to take back. Folders and file names are the kubelet's.
 */
final class CsiVolumes {

    private static final String CHECKPOINT = "vol_data.json";
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
    private static final Duration DEFAULT_TOKEN_LIFETIME = Duration.ofHours(1);

    private final Path root;
    private final String node;
    private final CsiDrivers drivers;
    private final ConfigurationSource source;
    private final KeyedLocks<String> locks = new KeyedLocks<>();

    /**
     * A published volume.
     *
     * @param path a folder; or a device, of a volume of mode Block
     * @param managed whether what is in it is given to the pod's group by the agent
     */
    record Published(Path path, boolean managed) {}

    /**
     * What is noted of a volume of a pod.
     *
     * @param stagingPath empty when it was not staged
     * @param attachmentID the name of its VolumeAttachment; empty when it is not attached
     * @param bootId which run of the machine it was published in; empty until it is
     */
    record Checkpoint(
            String driverName,
            String volumeHandle,
            String specVolID,
            String volumeLifecycleMode,
            String targetPath,
            String stagingPath,
            @Nullable String attachmentID,
            String bootId) {
        Checkpoint {
            Stream.of(driverName, volumeHandle, specVolID, volumeLifecycleMode, targetPath, stagingPath, bootId)
                    .forEach(Objects::requireNonNull);
        }

        Checkpoint publishedIn(String boot) {
            return new Checkpoint(
                    driverName,
                    volumeHandle,
                    specVolID,
                    volumeLifecycleMode,
                    targetPath,
                    stagingPath,
                    attachmentID,
                    boot);
        }
    }

    /** What is asked for. */
    private record Wish(
            String name,
            String driver,
            String handle,
            String fsType,
            boolean readOnly,
            boolean block,
            boolean ephemeral,
            List<String> accessModes,
            List<String> mountOptions,
            Map<String, String> attributes,
            Optional<SecretReference> stageSecret,
            Optional<SecretReference> publishSecret) {}

    /**
     * @param root the agent's folder
     */
    CsiVolumes(Path root, String node, CsiDrivers drivers, ConfigurationSource source) {
        this.root = root;
        this.node = node;
        this.drivers = drivers;
        this.source = source;
    }

    /** Publishes a persistent volume for a pod; does nothing when it is published already. */
    Published publish(Pod pod, PersistentVolume volume, boolean readOnly) throws IOException {
        CSIPersistentVolumeSource csi = volume.getSpec().getCsi();
        return publish(
                pod,
                new Wish(
                        volume.getMetadata().getName(),
                        csi.getDriver(),
                        csi.getVolumeHandle(),
                        Objects.requireNonNullElse(csi.getFsType(), ""),
                        readOnly || Boolean.TRUE.equals(csi.getReadOnly()),
                        "Block".equals(volume.getSpec().getVolumeMode()),
                        false,
                        volume.getSpec().getAccessModes(),
                        volume.getSpec().getMountOptions(),
                        orEmpty(csi.getVolumeAttributes()),
                        Optional.ofNullable(csi.getNodeStageSecretRef()),
                        Optional.ofNullable(csi.getNodePublishSecretRef())));
    }

    /** Publishes a volume that lives and ends with its pod. */
    Published publishInline(Pod pod, Volume volume) throws IOException {
        CSIVolumeSource csi = volume.getCsi();
        LocalObjectReference secret = csi.getNodePublishSecretRef();
        return publish(
                pod,
                new Wish(
                        volume.getName(),
                        csi.getDriver(),
                        "csi-" + Sha256.hex(PodFacts.uid(pod) + volume.getName()),
                        Objects.requireNonNullElse(csi.getFsType(), ""),
                        Boolean.TRUE.equals(csi.getReadOnly()),
                        false,
                        true,
                        List.of("ReadWriteOnce"),
                        List.of(),
                        orEmpty(csi.getVolumeAttributes()),
                        Optional.empty(),
                        Optional.ofNullable(secret)
                                .map(each -> new SecretReference(
                                        each.getName(), pod.getMetadata().getNamespace()))));
    }

    private Published publish(Pod pod, Wish wish) throws IOException {
        CsiDriver driver = driver(wish.name(), wish.driver());
        CSIDriverSpec policy = source.csiDriver(wish.driver()).orElseGet(CSIDriverSpec::new);
        if (wish.ephemeral() && !policy.getVolumeLifecycleModes().contains("Ephemeral")) {
            throw new VolumeException(
                    wish.name(),
                    "kubernetes.io/csi: driver " + wish.driver() + " does not support volume mode \"Ephemeral\"");
        }
        OptionalLong group = PodVolumes.group(pod);
        boolean byDriver = group.isPresent() && !wish.block() && driver.can(RPC.Type.VOLUME_MOUNT_GROUP);
        boolean managed = !wish.block() && !byDriver && isManaged(policy, wish);
        Path folder = checkpoints(PodFacts.uid(pod)).resolve(wish.name());
        Path target = wish.block()
                ? plugins()
                        .resolve("volumeDevices/publish")
                        .resolve(wish.name())
                        .resolve(PodFacts.uid(pod))
                : folder.resolve("mount");
        try (KeyedLocks.Held _ = hold(wish.driver(), wish.handle())) {
            Optional<Checkpoint> before = read(folder);
            boolean published = before.filter(this::isOfThisBoot).isPresent();
            if (published && !Boolean.TRUE.equals(policy.getRequiresRepublish())) {
                return new Published(target, managed);
            }
            boolean attached = !wish.ephemeral() && !Boolean.FALSE.equals(policy.getAttachRequired());
            Map<String, String> context = attached ? attachment(wish) : Map.of();
            VolumeCapability capability = capability(wish, driver, byDriver ? group : OptionalLong.empty());
            Path staging = wish.block()
                    ? plugins().resolve("volumeDevices/staging").resolve(wish.name())
                    : plugins()
                            .resolve(wish.driver())
                            .resolve(Sha256.hex(wish.handle()))
                            .resolve("globalmount");
            boolean staged = !wish.ephemeral() && driver.can(RPC.Type.STAGE_UNSTAGE_VOLUME);
            Checkpoint checkpoint = new Checkpoint(
                    wish.driver(),
                    wish.handle(),
                    wish.name(),
                    wish.ephemeral() ? "Ephemeral" : "Persistent",
                    target.toString(),
                    staged ? staging.toString() : "",
                    attached ? attachmentName(wish) : "",
                    "");
            if (!published) {
                checkpoint(folder).write(checkpoint);
                if (attached) {
                    // Before it is used: what a node says to use is not detached from it.
                    reportInUse();
                }
            }
            if (staged && !published && others(folder, checkpoint).noneMatch(this::isOfThisBoot)) {
                Files.createDirectories(staging);
                NodeStageVolumeRequest request = NodeStageVolumeRequest.newBuilder()
                        .setVolumeId(wish.handle())
                        .putAllPublishContext(context)
                        .setStagingTargetPath(staging.toString())
                        .setVolumeCapability(capability)
                        .putAllSecrets(secret(wish, wish.stageSecret()))
                        .putAllVolumeContext(wish.attributes())
                        .build();
                driver.call(wish.name(), stub -> stub.nodeStageVolume(request));
            }
            Files.createDirectories(Objects.requireNonNull(target.getParent()));
            NodePublishVolumeRequest request = NodePublishVolumeRequest.newBuilder()
                    .setVolumeId(wish.handle())
                    .putAllPublishContext(context)
                    .setStagingTargetPath(checkpoint.stagingPath())
                    .setTargetPath(target.toString())
                    .setVolumeCapability(capability)
                    .setReadonly(wish.readOnly())
                    .putAllSecrets(secret(wish, wish.publishSecret()))
                    .putAllVolumeContext(context(pod, wish, policy))
                    .build();
            driver.call(wish.name(), stub -> stub.nodePublishVolume(request));
            checkpoint(folder).write(checkpoint.publishedIn(bootId()));
            return new Published(target, managed);
        }
    }

    /** Whether a pod has this persistent volume of a driver. */
    boolean isPublished(Pod pod, String volume) throws IOException {
        return read(checkpoints(PodFacts.uid(pod)).resolve(volume)).isPresent();
    }

    /** Makes the file system of a published volume as large as the volume has become. False when the driver leaves it. */
    boolean expand(Pod pod, PersistentVolume volume, long bytes) throws IOException {
        String name = volume.getMetadata().getName();
        CSIPersistentVolumeSource csi = volume.getSpec().getCsi();
        CsiDriver driver = driver(name, csi.getDriver());
        Checkpoint checkpoint =
                read(checkpoints(PodFacts.uid(pod)).resolve(name)).orElseThrow();
        if (!driver.can(RPC.Type.EXPAND_VOLUME)) {
            return false;
        }
        NodeExpandVolumeRequest.Builder request = NodeExpandVolumeRequest.newBuilder()
                .setVolumeId(csi.getVolumeHandle())
                .setVolumePath(checkpoint.targetPath())
                .setStagingTargetPath(checkpoint.stagingPath())
                .setCapacityRange(CapacityRange.newBuilder().setRequiredBytes(bytes));
        if (csi.getNodeExpandSecretRef() != null) {
            request.putAllSecrets(secret(name, csi.getNodeExpandSecretRef()));
        }
        driver.call(name, stub -> stub.nodeExpandVolume(request.build()));
        return true;
    }

    /** Takes back everything that a pod had of drivers; what is noted is what there is. */
    void tearDown(String uid) throws IOException {
        for (Path folder : list(checkpoints(uid))) {
            Checkpoint checkpoint = read(folder).orElse(null);
            if (checkpoint == null) {
                continue;
            }
            String name = checkpoint.specVolID();
            CsiDriver driver = driver(name, checkpoint.driverName());
            try (KeyedLocks.Held _ = hold(checkpoint.driverName(), checkpoint.volumeHandle())) {
                driver.call(
                        name,
                        stub -> stub.nodeUnpublishVolume(NodeUnpublishVolumeRequest.newBuilder()
                                .setVolumeId(checkpoint.volumeHandle())
                                .setTargetPath(checkpoint.targetPath())
                                .build()));
                Files.deleteIfExists(Path.of(checkpoint.targetPath()));
                if (!checkpoint.stagingPath().isEmpty()
                        && others(folder, checkpoint).findAny().isEmpty()) {
                    driver.call(
                            name,
                            stub -> stub.nodeUnstageVolume(NodeUnstageVolumeRequest.newBuilder()
                                    .setVolumeId(checkpoint.volumeHandle())
                                    .setStagingTargetPath(checkpoint.stagingPath())
                                    .build()));
                    Files.deleteIfExists(Path.of(checkpoint.stagingPath()));
                }
                checkpoint(folder).delete();
                if (isAttached(checkpoint)) {
                    reportInUse();
                }
            }
        }
    }

    /** What is noted of the same volume for other pods of the node. */
    private Stream<Checkpoint> others(Path own, Checkpoint checkpoint) throws IOException {
        List<Checkpoint> found = new ArrayList<>();
        for (Path pod : list(root.resolve("pods"))) {
            for (Path folder : list(checkpoints(String.valueOf(pod.getFileName())))) {
                if (!folder.equals(own)) {
                    read(folder)
                            .filter(each -> each.driverName().equals(checkpoint.driverName())
                                    && each.volumeHandle().equals(checkpoint.volumeHandle()))
                            .ifPresent(found::add);
                }
            }
        }
        return found.stream();
    }

    private static boolean isAttached(Checkpoint checkpoint) {
        return checkpoint.attachmentID() != null && !checkpoint.attachmentID().isEmpty();
    }

    /** Says in the node's status which attached volumes its pods use. */
    private synchronized void reportInUse() throws IOException {
        Set<String> names = new TreeSet<>();
        for (Path pod : list(root.resolve("pods"))) {
            for (Path folder : list(checkpoints(String.valueOf(pod.getFileName())))) {
                read(folder)
                        .filter(CsiVolumes::isAttached)
                        .ifPresent(each ->
                                names.add("kubernetes.io/csi/" + each.driverName() + "^" + each.volumeHandle()));
            }
        }
        source.volumesInUse(node, List.copyOf(names));
    }

    /** Asks the driver how full a volume of a pod is; empty when there is none such, or the driver can't tell. */
    Optional<VolumeDisk> measure(String uid, String volume) {
        try {
            Checkpoint checkpoint = read(checkpoints(uid).resolve(volume)).orElse(null);
            CsiDriver driver = checkpoint == null
                    ? null
                    : drivers.find(checkpoint.driverName()).orElse(null);
            if (checkpoint == null || driver == null || !driver.can(RPC.Type.GET_VOLUME_STATS)) {
                return Optional.empty();
            }
            NodeGetVolumeStatsRequest request = NodeGetVolumeStatsRequest.newBuilder()
                    .setVolumeId(checkpoint.volumeHandle())
                    .setVolumePath(checkpoint.targetPath())
                    .setStagingTargetPath(checkpoint.stagingPath())
                    .build();
            var answer = driver.call(volume, stub -> stub.nodeGetVolumeStats(request));
            return Optional.of(new VolumeDisk(
                    space(answer.getUsageList(), Unit.BYTES), space(answer.getUsageList(), Unit.INODES)));
        } catch (IOException | VolumeException e) {
            return Optional.empty();
        }
    }

    private static Space space(List<io.mokube.kubelet.volume.csi.v1.VolumeUsage> told, Unit unit) {
        return told.stream()
                .filter(each -> each.getUnit() == unit)
                .findFirst()
                .map(each -> Space.of(each.getTotal(), each.getAvailable(), each.getUsed()))
                .orElse(Space.UNKNOWN);
    }

    private boolean isOfThisBoot(Checkpoint checkpoint) {
        return checkpoint.bootId().equals(bootId());
    }

    private CsiDriver driver(String volume, String name) {
        return drivers.find(name).orElseThrow(() -> noDriver(volume, name));
    }

    static VolumeException noDriver(String volume, String name) {
        return new VolumeException(
                volume, "kubernetes.io/csi: driver name " + name + " not found in the list of registered CSI drivers");
    }

    private KeyedLocks.Held hold(String driver, String handle) {
        return locks.hold(driver + "^" + handle);
    }

    private String attachmentName(Wish wish) {
        return "csi-" + Sha256.hex(wish.handle() + wish.driver() + node);
    }

    /** What the driver's controller said when it attached the volume to this node. */
    private Map<String, String> attachment(Wish wish) {
        String name = attachmentName(wish);
        VolumeAttachment found = source.attachment(name)
                .orElseThrow(() -> VolumeException.notReady(
                        wish.name(), "volumeattachments.storage.k8s.io \"" + name + "\" not found"));
        if (found.getStatus() == null || !Boolean.TRUE.equals(found.getStatus().getAttached())) {
            String why = found.getStatus() == null || found.getStatus().getAttachError() == null
                    ? "volume attachment is not ready: " + name
                    : found.getStatus().getAttachError().getMessage();
            throw VolumeException.notReady(wish.name(), why);
        }
        return orEmpty(found.getStatus().getAttachmentMetadata());
    }

    private static boolean isManaged(CSIDriverSpec policy, Wish wish) {
        return switch (Objects.requireNonNullElse(policy.getFsGroupPolicy(), "ReadWriteOnceWithFSType")) {
            case "None" -> false;
            case "File" -> true;
            default ->
                !wish.fsType().isEmpty()
                        && wish.accessModes().stream().anyMatch(mode -> mode.startsWith("ReadWriteOnce"));
        };
    }

    private static VolumeCapability capability(Wish wish, CsiDriver driver, OptionalLong group) {
        VolumeCapability.Builder capability = VolumeCapability.newBuilder()
                .setAccessMode(VolumeCapability.AccessMode.newBuilder()
                        .setMode(mode(wish.accessModes(), driver.can(RPC.Type.SINGLE_NODE_MULTI_WRITER))));
        if (wish.block()) {
            return capability
                    .setBlock(VolumeCapability.BlockVolume.getDefaultInstance())
                    .build();
        }
        VolumeCapability.MountVolume.Builder mount = VolumeCapability.MountVolume.newBuilder()
                .setFsType(wish.fsType())
                .addAllMountFlags(wish.mountOptions());
        group.ifPresent(id -> mount.setVolumeMountGroup(Long.toString(id)));
        return capability.setMount(mount).build();
    }

    private static Mode mode(List<String> accessModes, boolean finely) {
        return switch (accessModes.isEmpty() ? "" : accessModes.getFirst()) {
            case "ReadOnlyMany" -> Mode.MULTI_NODE_READER_ONLY;
            case "ReadWriteMany" -> Mode.MULTI_NODE_MULTI_WRITER;
            case "ReadWriteOncePod" -> finely ? Mode.SINGLE_NODE_SINGLE_WRITER : Mode.SINGLE_NODE_WRITER;
            default -> finely ? Mode.SINGLE_NODE_MULTI_WRITER : Mode.SINGLE_NODE_WRITER;
        };
    }

    /** The volume's attributes, and what the driver wants to know of the pod. */
    private Map<String, String> context(Pod pod, Wish wish, CSIDriverSpec policy) {
        Map<String, String> context = new HashMap<>(wish.attributes());
        if (Boolean.TRUE.equals(policy.getPodInfoOnMount())) {
            context.put("csi.storage.k8s.io/pod.name", pod.getMetadata().getName());
            context.put("csi.storage.k8s.io/pod.namespace", pod.getMetadata().getNamespace());
            context.put("csi.storage.k8s.io/pod.uid", PodFacts.uid(pod));
            context.put("csi.storage.k8s.io/serviceAccount.name", pod.getSpec().getServiceAccountName());
            context.put("csi.storage.k8s.io/ephemeral", Boolean.toString(wish.ephemeral()));
        }
        if (policy.getTokenRequests() != null && !policy.getTokenRequests().isEmpty()) {
            ObjectNode tokens = Json.MAPPER.createObjectNode();
            for (TokenRequest request : policy.getTokenRequests()) {
                Duration lifetime = request.getExpirationSeconds() == null
                        ? DEFAULT_TOKEN_LIFETIME
                        : Duration.ofSeconds(request.getExpirationSeconds());
                String audience = Objects.requireNonNullElse(request.getAudience(), "");
                ConfigurationSource.Token token = source.token(pod, audience, lifetime);
                tokens.putObject(audience)
                        .put("token", token.value())
                        .put("expirationTimestamp", token.expiresAt().toString());
            }
            context.put("csi.storage.k8s.io/serviceAccount.tokens", tokens.toString());
        }
        return context;
    }

    private Map<String, String> secret(Wish wish, Optional<SecretReference> reference) {
        return reference.map(each -> secret(wish.name(), each)).orElse(Map.of());
    }

    private Map<String, String> secret(String volume, SecretReference reference) {
        Map<String, String> entries = new TreeMap<>();
        source.secret(reference.getNamespace(), reference.getName())
                .orElseThrow(() -> new VolumeException(
                        volume,
                        "failed to find the secret " + reference.getName() + " in the namespace "
                                + reference.getNamespace()))
                .forEach((key, value) -> entries.put(key, new String(value, StandardCharsets.UTF_8)));
        return entries;
    }

    // ---- what is noted

    private Path plugins() {
        return root.resolve("plugins/kubernetes.io/csi");
    }

    private Path checkpoints(String uid) {
        return root.resolve("pods").resolve(uid).resolve("volumes/kubernetes.io~csi");
    }

    private static List<Path> list(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return new ArrayList<>(entries.toList());
        }
    }

    private static Optional<Checkpoint> read(Path folder) throws IOException {
        return checkpoint(folder).read();
    }

    private static CheckpointFile<Checkpoint> checkpoint(Path folder) {
        return new CheckpointFile<>(folder.resolve(CHECKPOINT), Checkpoint.class);
    }

    /** Changes whenever the machine starts, and with it goes what was mounted. */
    private static String bootId() {
        try {
            return Files.readString(BOOT_ID).strip();
        } catch (IOException e) {
            return "unknown";
        }
    }

    private static Map<String, String> orEmpty(@Nullable Map<String, String> map) {
        return map == null ? Map.of() : map;
    }
}
