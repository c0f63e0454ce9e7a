package io.mokube.kubelet.sync;

import io.fabric8.kubernetes.api.model.Capabilities;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSecurityContext;
import io.fabric8.kubernetes.api.model.SeccompProfile;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.Sysctl;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeDevice;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.mokube.kubelet.KubeletConfig;
import io.mokube.kubelet.network.HostResolver;
import io.mokube.kubelet.network.PodDns;
import io.mokube.kubelet.network.PodHosts;
import io.mokube.kubelet.pods.PodContainer;
import io.mokube.kubelet.pods.PodFacts;
import io.mokube.kubelet.pods.RuntimeLabels;
import io.mokube.kubelet.resources.ContainerLimits;
import io.mokube.kubelet.runtime.ContainerConfig;
import io.mokube.kubelet.runtime.ContainerConfig.Mount;
import io.mokube.kubelet.runtime.Image;
import io.mokube.kubelet.runtime.SandboxConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Turns the specification of a pod into what the runtime is asked to make. */
final class RuntimeConfigs {

    private static final Path HOSTS = Path.of("/etc/hosts");

    private final KubeletConfig config;
    private final PodTree tree;
    private final long nodeMemoryBytes;

    RuntimeConfigs(KubeletConfig config, PodTree tree, long nodeMemoryBytes) {
        this.config = config;
        this.tree = tree;
        this.nodeMemoryBytes = nodeMemoryBytes;
    }

    /** A specification that can't be turned into a container. The message is for the user. */
    static final class InvalidSpecException extends RuntimeException {
        InvalidSpecException(String message) {
            super(message);
        }
    }

    /**
     * An image that is a volume.
     *
     * @param reference what the pod calls it
     * @param folder where it is mounted on the host; empty when the runtime mounts it for the container
     */
    record VolumeImage(Image image, String reference, Optional<Path> folder) {}

    /** An image, or the part of one, that can't be mounted. The message is for the user. */
    static final class ImageVolumeException extends RuntimeException {
        ImageVolumeException(String message, Throwable cause) {
            // CRI's own word for it, wherever it is mounted.
            super("ImageVolumeMountFailed: " + message, cause);
        }
    }

    SandboxConfig sandbox(Pod pod, int attempt) {
        Map<String, String> labels = new HashMap<>(orEmpty(pod.getMetadata().getLabels()));
        labels.putAll(labels(pod));
        Map<String, String> annotations =
                new HashMap<>(orEmpty(pod.getMetadata().getAnnotations()));
        annotations.put(
                RuntimeLabels.GRACE_PERIOD_SECONDS,
                Long.toString(PodFacts.gracePeriod(pod).toSeconds()));
        return new SandboxConfig(
                pod.getMetadata().getName(),
                PodFacts.uid(pod),
                pod.getMetadata().getNamespace(),
                attempt,
                PodFacts.hostNetwork(pod)
                        ? ""
                        : PodHosts.kernelName(pod, config.dns().domain()),
                tree.logs(pod).toString(),
                dns(pod).dns(),
                ports(pod),
                labels,
                annotations,
                cgroupParent(pod),
                namespaces(pod),
                sysctls(pod),
                PodContainer.all(pod).stream().anyMatch(container -> privileged(container.spec())));
    }

    private Map<String, String> labels(Pod pod) {
        return Map.of(
                RuntimeLabels.NODE, config.nodeName(),
                RuntimeLabels.POD_NAME, pod.getMetadata().getName(),
                RuntimeLabels.POD_NAMESPACE, pod.getMetadata().getNamespace(),
                RuntimeLabels.POD_UID, PodFacts.uid(pod));
    }

    private String cgroupParent(Pod pod) {
        return CgroupFolders.ofPod(config.cgroupParent(), pod);
    }

    private static SandboxConfig.Namespaces namespaces(Pod pod) {
        return new SandboxConfig.Namespaces(
                PodFacts.hostNetwork(pod),
                Boolean.TRUE.equals(pod.getSpec().getHostPID()),
                Boolean.TRUE.equals(pod.getSpec().getHostIPC()),
                Boolean.TRUE.equals(pod.getSpec().getShareProcessNamespace()),
                "");
    }

    private static Map<String, String> sysctls(Pod pod) {
        PodSecurityContext context = pod.getSpec().getSecurityContext();
        Map<String, String> sysctls = new HashMap<>();
        if (context != null) {
            for (Sysctl sysctl : context.getSysctls()) {
                sysctls.put(sysctl.getName(), sysctl.getValue());
            }
        }
        return sysctls;
    }

    private static List<SandboxConfig.PortMapping> ports(Pod pod) {
        List<SandboxConfig.PortMapping> mappings = new ArrayList<>();
        if (PodFacts.hostNetwork(pod)) {
            return mappings;
        }
        for (Container container : pod.getSpec().getContainers()) {
            for (ContainerPort port : container.getPorts()) {
                if (port.getHostPort() != null && port.getHostPort() > 0) {
                    mappings.add(new SandboxConfig.PortMapping(
                            Objects.requireNonNullElse(port.getProtocol(), "TCP"),
                            port.getContainerPort(),
                            port.getHostPort(),
                            Objects.requireNonNullElse(port.getHostIP(), "")));
                }
            }
        }
        return mappings;
    }

    /** What stands in the pod's resolv.conf, and what had to be left out of it. */
    PodDns dns(Pod pod) {
        return PodDns.of(pod, config.dns(), HostResolver.read());
    }

    /** Why the pod can't have the name it wants, if so. */
    Optional<String> nameComplaint(Pod pod) {
        return PodFacts.hostNetwork(pod)
                ? Optional.empty()
                : PodHosts.complaint(pod, config.dns().domain());
    }

    /** The pod's hosts file. */
    String hosts(Pod pod, List<String> addresses) throws IOException {
        String host = PodFacts.hostNetwork(pod) && Files.exists(HOSTS) ? Files.readString(HOSTS) : "";
        return PodHosts.file(pod, addresses, config.dns().domain(), host);
    }

    /**
     * @param target the id of the container whose processes it sees, empty for its own
     * @param image the image it is made from
     * @param volumes where the pod's volumes are
     * @param images those that are images
     * @param cdiDevices the devices that it was given
     */
    ContainerConfig container(
            Pod pod,
            PodContainer container,
            int attempt,
            String target,
            Image image,
            Map<String, String> environment,
            Map<String, Path> volumes,
            Map<String, VolumeImage> images,
            List<String> cdiDevices) {
        Container spec = container.spec();
        Map<String, String> labels = new HashMap<>(labels(pod));
        labels.put(RuntimeLabels.CONTAINER_NAME, spec.getName());
        Map<String, String> annotations = new HashMap<>();
        annotations.put(RuntimeLabels.CONTAINER_HASH, PodFacts.containerHash(spec));
        annotations.put(RuntimeLabels.RESTART_COUNT, Integer.toString(attempt));
        annotations.put(
                RuntimeLabels.GRACE_PERIOD_SECONDS,
                Long.toString(PodFacts.gracePeriod(pod).toSeconds()));
        annotations.put(
                RuntimeLabels.TERMINATION_MESSAGE_POLICY,
                Objects.requireNonNullElse(spec.getTerminationMessagePolicy(), "File"));
        return new ContainerConfig(
                spec.getName(),
                attempt,
                image.id(),
                expand(spec.getCommand(), environment),
                expand(spec.getArgs(), environment),
                Objects.requireNonNullElse(spec.getWorkingDir(), ""),
                new LinkedHashMap<>(environment),
                mounts(pod, spec, attempt, environment, volumes, images),
                labels,
                annotations,
                spec.getName() + "/" + attempt + ".log",
                Boolean.TRUE.equals(spec.getStdin()),
                Boolean.TRUE.equals(spec.getStdinOnce()),
                Boolean.TRUE.equals(spec.getTty()),
                resources(pod, spec),
                security(pod, spec, image),
                namespaces(pod).withProcessesOf(target),
                devices(pod, spec, volumes),
                cdiDevices);
    }

    /** The volumes of mode Block that the container sees as devices. */
    private static List<ContainerConfig.Device> devices(Pod pod, Container spec, Map<String, Path> volumes) {
        List<ContainerConfig.Device> devices = new ArrayList<>();
        for (VolumeDevice device : spec.getVolumeDevices()) {
            Path path = volumes.get(device.getName());
            if (path == null) {
                throw new InvalidSpecException("volume \"" + device.getName() + "\" is not there");
            }
            devices.add(new ContainerConfig.Device(
                    device.getDevicePath(), path.toString(), isReadOnly(pod, device.getName())));
        }
        return devices;
    }

    private static List<String> expand(List<String> words, Map<String, String> environment) {
        return words.stream()
                .map(word -> EnvironmentVariables.expand(word, environment))
                .toList();
    }

    private List<Mount> mounts(
            Pod pod,
            Container spec,
            int attempt,
            Map<String, String> environment,
            Map<String, Path> volumes,
            Map<String, VolumeImage> images) {
        List<Mount> mounts = new ArrayList<>();
        for (VolumeMount mount : spec.getVolumeMounts()) {
            VolumeImage image = images.get(mount.getName());
            if (image != null) {
                mounts.add(mount(mount, image, environment));
                continue;
            }
            Path path = volumes.get(mount.getName());
            if (path == null) {
                throw new InvalidSpecException("volume \"" + mount.getName() + "\" is not there");
            }
            mounts.add(new Mount(
                    mount.getMountPath(),
                    subPath(path, mount, environment).toString(),
                    Boolean.TRUE.equals(mount.getReadOnly()) || isReadOnly(pod, mount.getName()),
                    propagation(mount.getMountPropagation())));
        }
        boolean ownHosts = spec.getVolumeMounts().stream()
                .noneMatch(mount -> mount.getMountPath().equals("/etc/hosts"));
        if (ownHosts && Files.exists(tree.hostsFile(PodFacts.uid(pod)))) {
            mounts.add(new Mount(
                    "/etc/hosts", tree.hostsFile(PodFacts.uid(pod)).toString(), false, Mount.Propagation.PRIVATE));
        }
        Path lastWords = tree.terminationMessage(PodFacts.uid(pod), spec.getName(), attempt);
        if (Files.exists(lastWords)) {
            mounts.add(new Mount(
                    Objects.requireNonNullElse(spec.getTerminationMessagePath(), "/dev/termination-log"),
                    lastWords.toString(),
                    false,
                    Mount.Propagation.PRIVATE));
        }
        return mounts;
    }

    private static Mount mount(VolumeMount mount, VolumeImage from, Map<String, String> environment) {
        String part = part(mount, environment);
        if (from.folder().isEmpty()) {
            return Mount.of(
                    mount.getMountPath(), new Mount.ImagePart(from.image().id(), from.reference(), part));
        }
        Path folder = from.folder().get();
        try {
            Path path = folder.resolve(part).toRealPath();
            if (!path.startsWith(folder.toRealPath())) {
                throw new InvalidSpecException("subPath " + part + " leads out of the volume");
            }
            // It is mounted to be read, and not to be run. A runtime told to make its own mount read-only would do so
            // without the second.
            return new Mount(mount.getMountPath(), path.toString(), false, propagation(mount.getMountPropagation()));
        } catch (IOException e) {
            throw new ImageVolumeException("image \"" + from.reference() + "\" has no \"" + part + "\"", e);
        }
    }

    /** Whether the pod may only read a volume, whatever its mounts say. */
    private static boolean isReadOnly(Pod pod, String volume) {
        return pod.getSpec().getVolumes().stream()
                .filter(each -> each.getName().equals(volume))
                .map(Volume::getPersistentVolumeClaim)
                .anyMatch(claim -> claim != null && Boolean.TRUE.equals(claim.getReadOnly()));
    }

    private static Mount.Propagation propagation(@Nullable String mode) {
        return switch (Objects.requireNonNullElse(mode, "None")) {
            case "HostToContainer" -> Mount.Propagation.HOST_TO_CONTAINER;
            case "Bidirectional" -> Mount.Propagation.BIDIRECTIONAL;
            default -> Mount.Propagation.PRIVATE;
        };
    }

    /** The name of the part of a volume that is mounted; empty for all of it. */
    private static String part(VolumeMount mount, Map<String, String> environment) {
        String expression = mount.getSubPathExpr();
        return expression != null && !expression.isEmpty()
                ? EnvironmentVariables.expand(expression, environment)
                : Objects.requireNonNullElse(mount.getSubPath(), "");
    }

    /** The part of a volume that is mounted; a link must not lead out of the volume. */
    private static Path subPath(Path volume, VolumeMount mount, Map<String, String> environment) {
        String part = part(mount, environment);
        if (part.isEmpty()) {
            return volume;
        }
        Path path = volume.resolve(part).normalize();
        try {
            if (!path.startsWith(volume)) {
                throw new InvalidSpecException("subPath " + part + " leads out of the volume");
            }
            makeFolders(volume, path);
            Path real = path.toRealPath();
            if (!real.startsWith(volume.toRealPath())) {
                throw new InvalidSpecException("subPath " + part + " leads out of the volume");
            }
            return real;
        } catch (IOException e) {
            throw new InvalidSpecException("failed to prepare subPath for volumeMount \"" + mount.getName()
                    + "\" of container: " + e.getMessage());
        }
    }

    /** Makes a folder of a volume as open as the volume itself, so that whoever may write there may write here. */
    private static void makeFolders(Path volume, Path folder) throws IOException {
        if (Files.exists(folder) || folder.equals(volume)) {
            return;
        }
        makeFolders(volume, Objects.requireNonNull(folder.getParent()));
        Files.createDirectory(folder);
        Files.setPosixFilePermissions(folder, Files.getPosixFilePermissions(volume));
    }

    /** The limits of a container of the pod. */
    ContainerConfig.Resources resources(Pod pod, Container spec) {
        return ContainerLimits.of(pod, spec, nodeMemoryBytes);
    }

    private static boolean privileged(Container spec) {
        return spec.getSecurityContext() != null
                && Boolean.TRUE.equals(spec.getSecurityContext().getPrivileged());
    }

    private ContainerConfig.Security security(Pod pod, Container spec, Image image) {
        PodSecurityContext ofPod =
                Objects.requireNonNullElseGet(pod.getSpec().getSecurityContext(), PodSecurityContext::new);
        SecurityContext own = Objects.requireNonNullElseGet(spec.getSecurityContext(), SecurityContext::new);
        Long user = own.getRunAsUser() != null ? own.getRunAsUser() : ofPod.getRunAsUser();
        Long group = own.getRunAsGroup() != null ? own.getRunAsGroup() : ofPod.getRunAsGroup();
        Boolean nonRoot = own.getRunAsNonRoot() != null ? own.getRunAsNonRoot() : ofPod.getRunAsNonRoot();
        if (Boolean.TRUE.equals(nonRoot)) {
            refuseRoot(pod, spec, user, image);
        }
        List<Long> groups = new ArrayList<>(ofPod.getSupplementalGroups());
        if (ofPod.getFsGroup() != null) {
            groups.add(ofPod.getFsGroup());
        }
        Capabilities capabilities = Objects.requireNonNullElseGet(own.getCapabilities(), Capabilities::new);
        SeccompProfile seccomp = own.getSeccompProfile() != null ? own.getSeccompProfile() : ofPod.getSeccompProfile();
        OptionalLong runAsUser = user != null
                ? OptionalLong.of(user)
                // A group alone is refused by the runtime: the image's own user goes with it.
                : group != null ? OptionalLong.of(image.uid().orElse(0)) : OptionalLong.empty();
        return new ContainerConfig.Security(
                runAsUser,
                group == null ? OptionalLong.empty() : OptionalLong.of(group),
                groups,
                privileged(spec),
                Boolean.TRUE.equals(own.getReadOnlyRootFilesystem()),
                Boolean.FALSE.equals(own.getAllowPrivilegeEscalation()),
                capabilities.getAdd(),
                capabilities.getDrop(),
                Optional.ofNullable(seccomp)
                        .map(profile -> new ContainerConfig.Seccomp(profile.getType(), seccompFile(profile))));
    }

    /** Profiles of the node are in the folder {@code seccomp} of the agent. */
    private String seccompFile(SeccompProfile profile) {
        String name = Objects.requireNonNullElse(profile.getLocalhostProfile(), "");
        return name.isEmpty()
                ? ""
                : config.root().resolve("seccomp").resolve(name).toString();
    }

    private static void refuseRoot(Pod pod, Container spec, @Nullable Long user, Image image) {
        String where = " (pod: \"" + PodFacts.title(pod) + "\", container: " + spec.getName() + ")";
        if (user != null) {
            if (user == 0) {
                throw new InvalidSpecException("container's runAsUser breaks non-root policy" + where);
            }
        } else if (!image.username().isEmpty()) {
            throw new InvalidSpecException("container has runAsNonRoot and image has non-numeric user ("
                    + image.username() + "), cannot verify user is non-root" + where);
        } else if (image.uid().orElse(0) == 0) {
            throw new InvalidSpecException("container has runAsNonRoot and image will run as root" + where);
        }
    }

    private static Map<String, String> orEmpty(@Nullable Map<String, String> map) {
        return map == null ? Map.of() : map;
    }
}
