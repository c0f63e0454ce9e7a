package io.mokube.kubelet.runtime;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a container is made of.
 *
 * @param name unique in the pod
 * @param attempt counts the containers of that name, from 0; name and attempt are unique in a sandbox
 * @param image a reference or id that the runtime has
 * @param command replaces the image's entry point unless empty
 * @param arguments replace the image's arguments unless empty
 * @param workingDirectory empty for the image's own
 * @param cdiDevices names of devices by which the runtime finds in the node's CDI files what a container with them is given
 * @param logPath relative to the sandbox's log directory
 */
public record ContainerConfig(
        String name,
        int attempt,
        String image,
        List<String> command,
        List<String> arguments,
        String workingDirectory,
        Map<String, String> environment,
        List<Mount> mounts,
        Map<String, String> labels,
        Map<String, String> annotations,
        String logPath,
        boolean stdin,
        boolean stdinOnce,
        boolean tty,
        Resources resources,
        Security security,
        SandboxConfig.Namespaces namespaces,
        List<Device> devices,
        List<String> cdiDevices) {

    /** A container without devices of the host. */
    public ContainerConfig(
            String name,
            int attempt,
            String image,
            List<String> command,
            List<String> arguments,
            String workingDirectory,
            Map<String, String> environment,
            List<Mount> mounts,
            Map<String, String> labels,
            Map<String, String> annotations,
            String logPath,
            boolean stdin,
            boolean stdinOnce,
            boolean tty,
            Resources resources,
            Security security,
            SandboxConfig.Namespaces namespaces) {
        this(
                name,
                attempt,
                image,
                command,
                arguments,
                workingDirectory,
                environment,
                mounts,
                labels,
                annotations,
                logPath,
                stdin,
                stdinOnce,
                tty,
                resources,
                security,
                namespaces,
                List.of(),
                List.of());
    }

    /** A device of the host seen inside the container, which may write to it or only read. */
    public record Device(String containerPath, String hostPath, boolean readOnly) {}

    /**
     * A path of the host, or an image, seen inside the container.
     *
     * @param hostPath empty for an image
     * @param image empty for a path of the host
     */
    public record Mount(
            String containerPath,
            String hostPath,
            boolean readOnly,
            Propagation propagation,
            Optional<ImagePart> image) {

        /** A path of the host. */
        public Mount(String containerPath, String hostPath, boolean readOnly, Propagation propagation) {
            this(containerPath, hostPath, readOnly, propagation, Optional.empty());
        }

        /** An image that the runtime mounts itself, read-only. */
        public static Mount of(String containerPath, ImagePart image) {
            return new Mount(containerPath, "", true, Propagation.PRIVATE, Optional.of(image));
        }

        /**
         * A folder of an image.
         *
         * @param id the image's, which is present
         * @param reference what the user calls it
         * @param subPath relative; empty for all of the image
         */
        public record ImagePart(String id, String reference, String subPath) {}

        /** How mounts made later pass between host and container. */
        public enum Propagation {
            PRIVATE,
            HOST_TO_CONTAINER,
            BIDIRECTIONAL
        }
    }

    /**
     * Limits; 0 means none is set.
     *
     * @param hugePages in bytes, by the kernel's names of their sizes, such as {@code 2MB}
     */
    public record Resources(
            long cpuPeriod,
            long cpuQuota,
            long cpuShares,
            long memoryLimitBytes,
            int oomScoreAdjust,
            Map<String, Long> hugePages) {

        public Resources {
            hugePages = Map.copyOf(hugePages);
        }

        /** Limits without huge pages. */
        public Resources(long cpuPeriod, long cpuQuota, long cpuShares, long memoryLimitBytes, int oomScoreAdjust) {
            this(cpuPeriod, cpuQuota, cpuShares, memoryLimitBytes, oomScoreAdjust, Map.of());
        }
    }

    /** Who the container runs as, and what it may do. */
    public record Security(
            OptionalLong runAsUser,
            OptionalLong runAsGroup,
            List<Long> supplementalGroups,
            boolean privileged,
            boolean readOnlyRoot,
            boolean noNewPrivileges,
            List<String> addCapabilities,
            List<String> dropCapabilities,
            Optional<Seccomp> seccomp) {
        public static final Security DEFAULT = new Security(
                OptionalLong.empty(),
                OptionalLong.empty(),
                List.of(),
                false,
                false,
                false,
                List.of(),
                List.of(),
                Optional.empty());
    }

    /** A seccomp profile: RuntimeDefault, Unconfined, or Localhost with the path of a profile. */
    public record Seccomp(String type, String localhostPath) {}
}
