package io.mokube.kubelet.runtime;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A container runtime in the shape of CRI. Sandboxes hold a pod's namespaces and address; containers run in a sandbox.
 *
 * <p>Every call blocks and may be made from any thread; a virtual thread that is interrupted gives the call up. Stop and
 * remove are idempotent: what is already gone is no error. Every call throws {@link RuntimeCallException}.
 */
public interface ContainerRuntime extends AutoCloseable {

    /** The runtime's name and version, such as {@code containerd 1.6.20}. */
    RuntimeVersion version();

    /** Whether the runtime and its network can take pods. */
    RuntimeStatus status();

    /** Creates and starts a sandbox with its network; it is ready on return. */
    String runSandbox(SandboxConfig config);

    /** Kills what still runs in the sandbox and gives its address back. */
    void stopSandbox(String sandboxId);

    /** Removes the sandbox with all its containers, by force when they run. */
    void removeSandbox(String sandboxId);

    /** The sandboxes that carry all these labels. */
    List<Sandbox> listSandboxes(Map<String, String> labels);

    /** The sandbox with its addresses; empty when there is none. */
    Optional<SandboxStatus> sandboxStatus(String sandboxId);

    /** Creates a container in a sandbox from an image that is present. */
    String createContainer(String sandboxId, ContainerConfig config, SandboxConfig sandbox);

    /** Starts a created container. */
    void startContainer(String containerId);

    /** Asks the container to end and kills it after the grace period; returns when it has ended. */
    void stopContainer(String containerId, Duration grace);

    /** Changes the limits of a running container, without touching its processes. What is 0 stays as it is. */
    void updateContainer(String containerId, ContainerConfig.Resources resources);

    /** Removes the container, by force when it runs. */
    void removeContainer(String containerId);

    /** The containers that carry all these labels. */
    List<ContainerSummary> listContainers(Map<String, String> labels);

    /** What the running containers that carry all these labels use; those that can't be measured are left out. */
    List<ContainerStats> containerStats(Map<String, String> labels);

    /** What the whole machine uses, from a runtime that plays a machine of its own; empty for the one beneath the agent. */
    default Optional<Usage> machineUsage() {
        return Optional.empty();
    }

    /** Whether something can listen at the addresses of pods. It can't where a runtime only plays them. */
    default boolean hasNetwork() {
        return true;
    }

    /** Everything known of a container; empty when there is none. */
    Optional<ContainerStatus> containerStatus(String containerId);

    /** Tells the runtime that the container's log file was moved away: it opens a new one at the old path. */
    void reopenLog(String containerId);

    /**
     * Runs a command in a running container and waits for its end.
     *
     * @param timeout how long the command may take; the call fails with {@link RuntimeCallException.Kind#TIMEOUT} after
     *     it
     */
    ExecResult execSync(String containerId, List<String> command, Duration timeout);

    /**
     * Runs a command in a running container, connected to streams, and waits for its end. A thread that is interrupted lets
     * go of the command, which loses its input and may run on.
     *
     * @return its exit code
     * @throws RuntimeCallException also when the command can't be started
     */
    int exec(String containerId, List<String> command, ProcessStreams streams);

    /**
     * Connects streams to the main process of a running container, until it ends, the output can't be written any more, or
     * the thread is interrupted.
     */
    void attach(String containerId, ProcessStreams streams);

    /**
     * Connects to a port on the sandbox's own loopback address and carries bytes both ways until both have ended or the
     * thread is interrupted.
     *
     * @param fromClient its end is passed on
     * @param toClient closed when nothing more comes
     * @throws RuntimeCallException also when nothing listens there
     */
    void portForward(String sandboxId, int port, InputStream fromClient, OutputStream toClient);

    /** A folder of the file system that holds images and containers; empty when there is none or it is not known. */
    default Optional<Path> imageFolder() {
        return Optional.empty();
    }

    /** All images. */
    List<Image> listImages();

    /** The image with this name or id; empty when it is not present. */
    Optional<Image> imageStatus(String reference);

    /** Fetches an image from its registry. Returns its id. */
    String pullImage(String reference, Optional<RegistryLogin> login);

    /** Removes an image. */
    void removeImage(String reference);

    /** How containers get the files of an image as a volume. */
    ImageVolumes imageVolumes();

    @Override
    void close();

    /** The runtime's name and version. */
    record RuntimeVersion(String name, String version) {
        /** The form of node status and container ids: {@code containerd://1.6.20}. */
        public String url() {
            return name + "://" + version;
        }
    }

    /**
     * Whether the runtime can take pods.
     *
     * @param ready it runs containers
     * @param networkReady it gives them addresses
     * @param message what is missing, empty when nothing is
     */
    record RuntimeStatus(boolean ready, boolean networkReady, String message) {}

    /** The outcome of a command: what it wrote and how it ended. */
    record ExecResult(int exitCode, byte[] stdout, byte[] stderr) {}

    /** Name and password for a registry. */
    record RegistryLogin(String username, String password, String server) {}
}
