package io.mokube.kubelet.volume;

import io.fabric8.kubernetes.api.model.DownwardAPIVolumeFile;
import io.fabric8.kubernetes.api.model.EmptyDirVolumeSource;
import io.fabric8.kubernetes.api.model.KeyToPath;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.ServiceAccountTokenProjection;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeProjection;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.ImageVolumes;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.volume.ConfigurationSource.Token;
import io.mokube.kubelet.volume.PublishedFiles.Content;
import io.mokube.machinery.quantity.Quantity;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Makes the volumes of pods, below {@code pods/UID/volumes} in the agent's folder. Setting up again brings files up to date
 * and leaves everything else alone.
 */
public final class PodVolumes {

    private static final int DEFAULT_MODE = 0644;
    private static final Duration DEFAULT_TOKEN_LIFETIME = Duration.ofHours(1);

    private final Path pods;
    private final ConfigurationSource source;
    private final Clock clock;
    private final CsiVolumes csi;
    private final ClaimedVolumes claims;
    private final VolumeStats stats;
    private final ContainerRuntime runtime;
    private final ImageMounts images;
    private final Map<String, IssuedToken> tokens = new ConcurrentHashMap<>();

    private record IssuedToken(Token token, Instant renewAt) {}

    /**
     * @param pods the folder with one folder per pod
     * @param node the node's name
     * @param runtime has the images that are volumes
     */
    public PodVolumes(
            Path pods,
            ConfigurationSource source,
            String node,
            CsiDrivers drivers,
            ContainerRuntime runtime,
            Clock clock) {
        this.pods = pods;
        this.source = source;
        this.csi = new CsiVolumes(Objects.requireNonNull(pods.getParent()), node, drivers, source);
        this.claims = new ClaimedVolumes(source, csi);
        this.clock = clock;
        this.stats = new VolumeStats(pods, csi, claims, clock);
        this.runtime = runtime;
        this.images = new ImageMounts(pods, runtime);
    }

    /**
     * Makes or refreshes every volume of the pod but images. Returns where each is on the host.
     *
     * @param starting whether the pod starts now: then what is in its persistent volumes is given to its group
     * @throws VolumeException when one can't be made, or not yet
     */
    public Map<String, Path> setUp(PodFields fields, boolean starting) {
        Map<String, Path> paths = new HashMap<>();
        for (Volume volume : fields.pod().getSpec().getVolumes()) {
            if (volume.getImage() != null) {
                continue;
            }
            try {
                paths.put(
                        volume.getName(),
                        ClaimedVolumes.isClaimed(volume)
                                ? claimed(fields.pod(), volume, starting)
                                : volume.getCsi() != null
                                        ? inline(fields.pod(), volume, starting)
                                        : setUp(fields, volume));
            } catch (IOException e) {
                throw new VolumeException(volume.getName(), describe(e), e);
            }
        }
        return paths;
    }

    /**
     * Mounts an image as a volume, unless it is mounted already or the runtime does it for each container.
     *
     * @param image the id of an image that is present
     * @return where it is on the host; empty when the runtime mounts it
     * @throws RuntimeCallException when it can't be mounted; the text is for the user
     */
    public Optional<Path> mountImage(Pod pod, String volume, String image) {
        try {
            return switch (runtime.imageVolumes()) {
                case ImageVolumes.ByRuntime byRuntime -> Optional.empty();
                case ImageVolumes.ByAgent layers -> Optional.of(images.mount(PodFacts.uid(pod), volume, image, layers));
                case ImageVolumes.Unsupported(String reason) ->
                    throw new RuntimeCallException(RuntimeCallException.Kind.FAILED, reason);
            };
        } catch (IOException e) {
            throw new RuntimeCallException(RuntimeCallException.Kind.FAILED, describe(e), e);
        }
    }

    /** How full the pod's volumes are, as far as that can be told. */
    public List<VolumeUsage> usage(Pod pod) {
        return stats.of(pod);
    }

    private static String describe(IOException e) {
        return e.getClass().getSimpleName() + ": " + e.getMessage();
    }

    private Path claimed(Pod pod, Volume volume, boolean starting) throws IOException {
        ClaimedVolumes.Found found = claims.find(pod, volume);
        give(pod, found.path(), ClaimedVolumes.isReadOnly(volume), starting && found.managed());
        if (!starting) {
            claims.expand(pod, volume);
        }
        return found.path();
    }

    private Path inline(Pod pod, Volume volume, boolean starting) throws IOException {
        CsiVolumes.Published published = csi.publishInline(pod, volume);
        give(
                pod,
                published.path(),
                Boolean.TRUE.equals(volume.getCsi().getReadOnly()),
                starting && published.managed());
        return published.path();
    }

    private static void give(Pod pod, Path path, boolean readOnly, boolean managed) throws IOException {
        OptionalLong group = group(pod);
        if (managed && group.isPresent()) {
            boolean lazily =
                    "OnRootMismatch".equals(pod.getSpec().getSecurityContext().getFsGroupChangePolicy());
            if (!lazily || !Ownership.isGiven(path, group.getAsLong(), readOnly)) {
                Ownership.give(path, group.getAsLong(), readOnly);
            }
        }
    }

    /** The group that a pod's files belong to. */
    static OptionalLong group(Pod pod) {
        return pod.getSpec().getSecurityContext() == null
                        || pod.getSpec().getSecurityContext().getFsGroup() == null
                ? OptionalLong.empty()
                : OptionalLong.of(pod.getSpec().getSecurityContext().getFsGroup());
    }

    private Path setUp(PodFields fields, Volume volume) throws IOException {
        Pod pod = fields.pod();
        if (volume.getHostPath() != null) {
            return HostPaths.prepare(volume.getName(), volume.getHostPath());
        }
        if (volume.getEmptyDir() != null) {
            return emptyDir(pod, volume.getName(), volume.getEmptyDir());
        }
        Map<String, Content> files = new HashMap<>();
        String kind;
        String namespace = pod.getMetadata().getNamespace();
        if (volume.getConfigMap() != null) {
            var from = volume.getConfigMap();
            kind = "configmap";
            addEntries(
                    files,
                    configMap(volume, namespace, from.getName(), from.getOptional()),
                    from.getItems(),
                    mode(from.getDefaultMode()),
                    Boolean.TRUE.equals(from.getOptional()),
                    volume.getName());
        } else if (volume.getSecret() != null) {
            var from = volume.getSecret();
            kind = "secret";
            addEntries(
                    files,
                    secret(volume, namespace, from.getSecretName(), from.getOptional()),
                    from.getItems(),
                    mode(from.getDefaultMode()),
                    Boolean.TRUE.equals(from.getOptional()),
                    volume.getName());
        } else if (volume.getDownwardAPI() != null) {
            kind = "downward-api";
            addFields(
                    files,
                    fields,
                    volume.getDownwardAPI().getItems(),
                    mode(volume.getDownwardAPI().getDefaultMode()),
                    volume.getName());
        } else if (volume.getProjected() != null) {
            kind = "projected";
            int mode = mode(volume.getProjected().getDefaultMode());
            for (VolumeProjection projection : volume.getProjected().getSources()) {
                project(files, fields, volume, projection, mode);
            }
        } else {
            throw new VolumeException(volume.getName(), "this kind of volume is not supported by this node");
        }
        Path folder = folder(pod, kind, volume.getName());
        PublishedFiles.publish(folder, files, group(pod));
        return folder;
    }

    private void project(
            Map<String, Content> files, PodFields fields, Volume volume, VolumeProjection projection, int mode) {
        String namespace = fields.pod().getMetadata().getNamespace();
        if (projection.getConfigMap() != null) {
            var from = projection.getConfigMap();
            addEntries(
                    files,
                    configMap(volume, namespace, from.getName(), from.getOptional()),
                    from.getItems(),
                    mode,
                    Boolean.TRUE.equals(from.getOptional()),
                    volume.getName());
        }
        if (projection.getSecret() != null) {
            var from = projection.getSecret();
            addEntries(
                    files,
                    secret(volume, namespace, from.getName(), from.getOptional()),
                    from.getItems(),
                    mode,
                    Boolean.TRUE.equals(from.getOptional()),
                    volume.getName());
        }
        if (projection.getDownwardAPI() != null) {
            addFields(files, fields, projection.getDownwardAPI().getItems(), mode, volume.getName());
        }
        ServiceAccountTokenProjection token = projection.getServiceAccountToken();
        if (token != null) {
            byte[] value = token(fields.pod(), token).value().getBytes(StandardCharsets.UTF_8);
            // Only the pod's user reads its token, unless a group was given the pod's files.
            files.put(relative(volume.getName(), token.getPath()), new Content(value, mode));
        }
    }

    /** A token, the same until four fifths of its life are over. */
    private Token token(Pod pod, ServiceAccountTokenProjection projection) {
        Duration lifetime = projection.getExpirationSeconds() == null
                ? DEFAULT_TOKEN_LIFETIME
                : Duration.ofSeconds(projection.getExpirationSeconds());
        String audience = projection.getAudience() == null ? "" : projection.getAudience();
        String key = PodFacts.uid(pod) + "/" + audience + "/" + lifetime;
        Instant now = clock.instant();
        IssuedToken known = tokens.get(key);
        if (known != null && now.isBefore(known.renewAt())) {
            return known.token();
        }
        Token token = source.token(pod, audience, lifetime);
        Duration life = Duration.between(now, token.expiresAt());
        tokens.put(key, new IssuedToken(token, now.plus(life.multipliedBy(4).dividedBy(5))));
        return token;
    }

    private Map<String, byte[]> configMap(Volume volume, String namespace, String name, @Nullable Boolean optional) {
        return existing(volume, source.configMap(namespace, name), optional, "configmap \"" + name + "\" not found");
    }

    private Map<String, byte[]> secret(Volume volume, String namespace, String name, @Nullable Boolean optional) {
        return existing(volume, source.secret(namespace, name), optional, "secret \"" + name + "\" not found");
    }

    private static Map<String, byte[]> existing(
            Volume volume, Optional<Map<String, byte[]>> found, @Nullable Boolean optional, String complaint) {
        if (found.isEmpty() && !Boolean.TRUE.equals(optional)) {
            throw new VolumeException(volume.getName(), complaint);
        }
        return found.orElse(Map.of());
    }

    private static void addEntries(
            Map<String, Content> files,
            Map<String, byte[]> entries,
            List<KeyToPath> items,
            int mode,
            boolean optional,
            String volume) {
        if (items == null || items.isEmpty()) {
            entries.forEach((key, value) -> files.put(key, new Content(value, mode)));
            return;
        }
        for (KeyToPath item : items) {
            byte[] value = entries.get(item.getKey());
            if (value != null) {
                files.put(
                        relative(volume, item.getPath()),
                        new Content(value, item.getMode() == null ? mode : item.getMode()));
            } else if (!optional) {
                throw new VolumeException(volume, "references non-existent config key: " + item.getKey());
            }
        }
    }

    private static void addFields(
            Map<String, Content> files,
            PodFields fields,
            List<DownwardAPIVolumeFile> items,
            int defaultMode,
            String volume) {
        for (DownwardAPIVolumeFile item : items) {
            try {
                String value = item.getFieldRef() != null
                        ? fields.field(item.getFieldRef().getFieldPath())
                        : fields.resource(item.getResourceFieldRef(), "");
                int mode = item.getMode() == null ? defaultMode : item.getMode();
                files.put(relative(volume, item.getPath()), new Content(value.getBytes(StandardCharsets.UTF_8), mode));
            } catch (IllegalArgumentException e) {
                throw new VolumeException(volume, String.valueOf(e.getMessage()), e);
            }
        }
    }

    /** A path that stays below the volume. The API server refuses others; the agent does not rely on it. */
    private static String relative(String volume, String path) {
        Path normal = Path.of(path).normalize();
        if (normal.isAbsolute() || normal.startsWith("..") || normal.toString().isEmpty()) {
            throw new VolumeException(volume, "invalid path: must be a relative path within the volume: " + path);
        }
        return normal.toString();
    }

    private static int mode(@Nullable Integer mode) {
        return mode == null ? DEFAULT_MODE : mode;
    }

    private Path folder(Pod pod, String kind, String name) {
        return pods.resolve(PodFacts.uid(pod))
                .resolve("volumes")
                .resolve("kubernetes.io~" + kind)
                .resolve(name);
    }

    private Path emptyDir(Pod pod, String name, EmptyDirVolumeSource source) throws IOException {
        Path folder = folder(pod, "empty-dir", name);
        boolean fresh = !Files.exists(folder);
        Files.createDirectories(folder);
        if (fresh) {
            Files.setPosixFilePermissions(folder, PublishedFiles.permissions(0777));
        }
        if ("Memory".equals(source.getMedium()) && !mounted(folder)) {
            String size = source.getSizeLimit() == null
                    ? ""
                    : ",size="
                            + Quantity.parse(source.getSizeLimit().toString()).value();
            run(List.of("mount", "-t", "tmpfs", "-o", "rw,mode=1777" + size, "tmpfs", folder.toString()));
            fresh = true;
        }
        OptionalLong group = group(pod);
        if (fresh && group.isPresent()) {
            Ownership.give(folder, group.getAsLong(), false);
        }
        return folder;
    }

    /**
     * Takes back the volumes of a pod that has ended: what lived with it, in memory or on disk, is gone. Logs and last words
     * stay.
     */
    public void release(String uid) {
        remove(uid, pods.resolve(uid).resolve("volumes"));
    }

    /** Removes everything of the pod from the disk; what is mounted there is unmounted first. */
    public void tearDown(String uid) {
        remove(uid, pods.resolve(uid));
    }

    private void remove(String uid, Path folder) {
        tokens.keySet().removeIf(key -> key.startsWith(uid + "/"));
        claims.forget(uid);
        stats.forget(uid);
        try {
            csi.tearDown(uid);
            unmountBelow(folder);
            images.release(uid);
            PublishedFiles.deleteTree(folder);
        } catch (IOException e) {
            throw new VolumeException("", "can't remove " + folder + ": " + describe(e), e);
        }
    }

    /**
     * Unmounts what is mounted below a folder, the deepest first: what pods have left there that no agent looks after any more.
     *
     * @throws IOException when something is still in use
     */
    public static void unmountBelow(Path folder) throws IOException {
        for (Path mount : mountsBelow(folder)) {
            run(List.of("umount", mount.toString()));
        }
    }

    static boolean mounted(Path folder) throws IOException {
        return mountsBelow(folder).contains(folder);
    }

    private static List<Path> mountsBelow(Path folder) throws IOException {
        try (Stream<String> mounts = Files.lines(Path.of("/proc/self/mounts"))) {
            return mounts.map(line -> Path.of(line.split(" ")[1].replace("\\040", " ")))
                    .filter(path -> path.startsWith(folder))
                    .sorted(java.util.Comparator.reverseOrder())
                    .toList();
        }
    }

    private static void run(List<String> command) throws IOException {
        run(command, Path.of("/"));
    }

    /** Runs a program of the host in a folder, to a good end. */
    static void run(List<String> command, Path folder) throws IOException {
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + ": " + output.strip());
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
