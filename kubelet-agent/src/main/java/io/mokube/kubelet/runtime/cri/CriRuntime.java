package io.mokube.kubelet.runtime.cri;

import io.grpc.StatusRuntimeException;
import io.mokube.kubelet.plugin.UnixChannel;
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
import io.mokube.kubelet.runtime.cri.v1.AttachRequest;
import io.mokube.kubelet.runtime.cri.v1.AuthConfig;
import io.mokube.kubelet.runtime.cri.v1.Container;
import io.mokube.kubelet.runtime.cri.v1.ContainerFilter;
import io.mokube.kubelet.runtime.cri.v1.ContainerStatsFilter;
import io.mokube.kubelet.runtime.cri.v1.ContainerStatusRequest;
import io.mokube.kubelet.runtime.cri.v1.CreateContainerRequest;
import io.mokube.kubelet.runtime.cri.v1.ExecRequest;
import io.mokube.kubelet.runtime.cri.v1.ExecSyncRequest;
import io.mokube.kubelet.runtime.cri.v1.ExecSyncResponse;
import io.mokube.kubelet.runtime.cri.v1.ImageFsInfoRequest;
import io.mokube.kubelet.runtime.cri.v1.ImageServiceGrpc;
import io.mokube.kubelet.runtime.cri.v1.ImageServiceGrpc.ImageServiceBlockingStub;
import io.mokube.kubelet.runtime.cri.v1.ImageSpec;
import io.mokube.kubelet.runtime.cri.v1.ImageStatusRequest;
import io.mokube.kubelet.runtime.cri.v1.ImageStatusResponse;
import io.mokube.kubelet.runtime.cri.v1.ListContainerStatsRequest;
import io.mokube.kubelet.runtime.cri.v1.ListContainersRequest;
import io.mokube.kubelet.runtime.cri.v1.ListImagesRequest;
import io.mokube.kubelet.runtime.cri.v1.ListPodSandboxRequest;
import io.mokube.kubelet.runtime.cri.v1.PodIP;
import io.mokube.kubelet.runtime.cri.v1.PodSandboxFilter;
import io.mokube.kubelet.runtime.cri.v1.PodSandboxNetworkStatus;
import io.mokube.kubelet.runtime.cri.v1.PodSandboxState;
import io.mokube.kubelet.runtime.cri.v1.PodSandboxStatusRequest;
import io.mokube.kubelet.runtime.cri.v1.PortForwardRequest;
import io.mokube.kubelet.runtime.cri.v1.PullImageRequest;
import io.mokube.kubelet.runtime.cri.v1.RemoveContainerRequest;
import io.mokube.kubelet.runtime.cri.v1.RemoveImageRequest;
import io.mokube.kubelet.runtime.cri.v1.RemovePodSandboxRequest;
import io.mokube.kubelet.runtime.cri.v1.ReopenContainerLogRequest;
import io.mokube.kubelet.runtime.cri.v1.RunPodSandboxRequest;
import io.mokube.kubelet.runtime.cri.v1.RuntimeCondition;
import io.mokube.kubelet.runtime.cri.v1.RuntimeServiceGrpc;
import io.mokube.kubelet.runtime.cri.v1.RuntimeServiceGrpc.RuntimeServiceBlockingStub;
import io.mokube.kubelet.runtime.cri.v1.StartContainerRequest;
import io.mokube.kubelet.runtime.cri.v1.StatusRequest;
import io.mokube.kubelet.runtime.cri.v1.StopContainerRequest;
import io.mokube.kubelet.runtime.cri.v1.StopPodSandboxRequest;
import io.mokube.kubelet.runtime.cri.v1.UpdateContainerResourcesRequest;
import io.mokube.kubelet.runtime.cri.v1.VersionRequest;
import io.mokube.kubelet.runtime.cri.v1.VersionResponse;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * A runtime that speaks CRI v1 on a Unix socket: containerd, CRI-O. The connection is made at the first call and made
 * again after it broke; calls meanwhile fail with {@link Kind#UNAVAILABLE}.
 */
public final class CriRuntime implements ContainerRuntime {

    private static final Duration CALL_TIMEOUT = Duration.ofMinutes(2);
    private static final Duration PULL_TIMEOUT = Duration.ofMinutes(30);

    /** A node full of containers with long annotations passes gRPC's default of 4 MiB. */
    private static final int MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

    private final UnixChannel connection;
    private final RuntimeServiceBlockingStub runtime;
    private final ImageServiceBlockingStub images;
    private final ContainerdSnapshots snapshots;

    /** A client of the runtime behind this socket. Does not connect yet. */
    public CriRuntime(Path socket) {
        connection = new UnixChannel("cri", socket, MAX_MESSAGE_BYTES);
        runtime = RuntimeServiceGrpc.newBlockingStub(connection.channel());
        images = ImageServiceGrpc.newBlockingStub(connection.channel());
        snapshots = new ContainerdSnapshots(connection.channel(), runtime, images);
    }

    @Override
    public RuntimeVersion version() {
        VersionResponse version = call(() -> runtime(CALL_TIMEOUT).version(VersionRequest.getDefaultInstance()));
        String number = version.getRuntimeVersion();
        // Debian's builds append their own suffix to the version that clients parse.
        int suffix = number.indexOf('~');
        return new RuntimeVersion(version.getRuntimeName(), suffix < 0 ? number : number.substring(0, suffix));
    }

    @Override
    public RuntimeStatus status() {
        var status = call(() -> runtime(CALL_TIMEOUT).status(StatusRequest.getDefaultInstance()))
                .getStatus();
        boolean ready = false;
        boolean network = false;
        List<String> messages = new ArrayList<>();
        for (RuntimeCondition condition : status.getConditionsList()) {
            ready |= condition.getType().equals("RuntimeReady") && condition.getStatus();
            network |= condition.getType().equals("NetworkReady") && condition.getStatus();
            if (!condition.getStatus()) {
                messages.add(condition.getReason() + ": " + condition.getMessage());
            }
        }
        return new RuntimeStatus(ready, network, String.join(", ", messages));
    }

    @Override
    public String runSandbox(SandboxConfig config) {
        RunPodSandboxRequest request = RunPodSandboxRequest.newBuilder()
                .setConfig(CriMessages.sandbox(config))
                .setRuntimeHandler(config.runtimeHandler())
                .build();
        return call(() -> runtime(CALL_TIMEOUT).runPodSandbox(request)).getPodSandboxId();
    }

    @Override
    public void stopSandbox(String sandboxId) {
        StopPodSandboxRequest request =
                StopPodSandboxRequest.newBuilder().setPodSandboxId(sandboxId).build();
        ignoreAbsent(() -> runtime(CALL_TIMEOUT).stopPodSandbox(request));
    }

    @Override
    public void removeSandbox(String sandboxId) {
        RemovePodSandboxRequest request =
                RemovePodSandboxRequest.newBuilder().setPodSandboxId(sandboxId).build();
        ignoreAbsent(() -> runtime(CALL_TIMEOUT).removePodSandbox(request));
    }

    @Override
    public List<Sandbox> listSandboxes(Map<String, String> labels) {
        ListPodSandboxRequest request = ListPodSandboxRequest.newBuilder()
                .setFilter(PodSandboxFilter.newBuilder().putAllLabelSelector(labels))
                .build();
        return call(() -> runtime(CALL_TIMEOUT).listPodSandbox(request)).getItemsList().stream()
                .map(sandbox -> new Sandbox(
                        sandbox.getId(),
                        sandbox.getMetadata().getName(),
                        sandbox.getMetadata().getUid(),
                        sandbox.getMetadata().getNamespace(),
                        sandbox.getMetadata().getAttempt(),
                        sandbox.getState() == PodSandboxState.SANDBOX_READY,
                        CriMessages.instant(sandbox.getCreatedAt()),
                        Map.copyOf(sandbox.getLabelsMap()),
                        Map.copyOf(sandbox.getAnnotationsMap())))
                .toList();
    }

    @Override
    public Optional<SandboxStatus> sandboxStatus(String sandboxId) {
        PodSandboxStatusRequest request =
                PodSandboxStatusRequest.newBuilder().setPodSandboxId(sandboxId).build();
        return find(() -> runtime(CALL_TIMEOUT).podSandboxStatus(request)).map(response -> {
            var status = response.getStatus();
            Sandbox sandbox = new Sandbox(
                    status.getId(),
                    status.getMetadata().getName(),
                    status.getMetadata().getUid(),
                    status.getMetadata().getNamespace(),
                    status.getMetadata().getAttempt(),
                    status.getState() == PodSandboxState.SANDBOX_READY,
                    CriMessages.instant(status.getCreatedAt()),
                    Map.copyOf(status.getLabelsMap()),
                    Map.copyOf(status.getAnnotationsMap()));
            return new SandboxStatus(sandbox, addresses(status.getNetwork()));
        });
    }

    private static List<String> addresses(PodSandboxNetworkStatus network) {
        List<String> addresses = new ArrayList<>();
        if (!network.getIp().isEmpty()) {
            addresses.add(network.getIp());
        }
        for (PodIP further : network.getAdditionalIpsList()) {
            addresses.add(further.getIp());
        }
        return List.copyOf(addresses);
    }

    @Override
    public String createContainer(String sandboxId, ContainerConfig config, SandboxConfig sandbox) {
        CreateContainerRequest request = CreateContainerRequest.newBuilder()
                .setPodSandboxId(sandboxId)
                .setConfig(CriMessages.container(config))
                .setSandboxConfig(CriMessages.sandbox(sandbox))
                .build();
        return call(() -> runtime(CALL_TIMEOUT).createContainer(request)).getContainerId();
    }

    @Override
    public void startContainer(String containerId) {
        StartContainerRequest request =
                StartContainerRequest.newBuilder().setContainerId(containerId).build();
        call(() -> runtime(CALL_TIMEOUT).startContainer(request));
    }

    @Override
    public void stopContainer(String containerId, Duration grace) {
        StopContainerRequest request = StopContainerRequest.newBuilder()
                .setContainerId(containerId)
                .setTimeout(grace.toSeconds())
                .build();
        ignoreAbsent(() -> runtime(CALL_TIMEOUT.plus(grace)).stopContainer(request));
    }

    @Override
    public void updateContainer(String containerId, ContainerConfig.Resources resources) {
        UpdateContainerResourcesRequest request = UpdateContainerResourcesRequest.newBuilder()
                .setContainerId(containerId)
                .setLinux(CriMessages.resources(resources))
                .build();
        call(() -> runtime(CALL_TIMEOUT).updateContainerResources(request));
    }

    @Override
    public void removeContainer(String containerId) {
        RemoveContainerRequest request =
                RemoveContainerRequest.newBuilder().setContainerId(containerId).build();
        ignoreAbsent(() -> runtime(CALL_TIMEOUT).removeContainer(request));
    }

    @Override
    public List<ContainerSummary> listContainers(Map<String, String> labels) {
        ListContainersRequest request = ListContainersRequest.newBuilder()
                .setFilter(ContainerFilter.newBuilder().putAllLabelSelector(labels))
                .build();
        return call(() -> runtime(CALL_TIMEOUT).listContainers(request)).getContainersList().stream()
                .map(CriRuntime::summary)
                .toList();
    }

    private static ContainerSummary summary(Container container) {
        return new ContainerSummary(
                container.getId(),
                container.getPodSandboxId(),
                container.getMetadata().getName(),
                container.getMetadata().getAttempt(),
                CriMessages.state(container.getState()),
                CriMessages.instant(container.getCreatedAt()),
                Map.copyOf(container.getLabelsMap()),
                Map.copyOf(container.getAnnotationsMap()));
    }

    @Override
    public List<ContainerStats> containerStats(Map<String, String> labels) {
        ListContainerStatsRequest request = ListContainerStatsRequest.newBuilder()
                .setFilter(ContainerStatsFilter.newBuilder().putAllLabelSelector(labels))
                .build();
        return call(() -> runtime(CALL_TIMEOUT).listContainerStats(request)).getStatsList().stream()
                // What has ended is listed too, without numbers.
                .filter(stats -> stats.getCpu().getTimestamp() > 0 && stats.hasMemory())
                .map(CriMessages::stats)
                .toList();
    }

    @Override
    public Optional<ContainerStatus> containerStatus(String containerId) {
        ContainerStatusRequest request =
                ContainerStatusRequest.newBuilder().setContainerId(containerId).build();
        return find(() -> runtime(CALL_TIMEOUT).containerStatus(request)).map(response -> {
            var status = response.getStatus();
            return new ContainerStatus(
                    status.getId(),
                    status.getMetadata().getName(),
                    status.getMetadata().getAttempt(),
                    CriMessages.state(status.getState()),
                    CriMessages.instant(status.getCreatedAt()),
                    status.getStartedAt() == 0 ? null : CriMessages.instant(status.getStartedAt()),
                    status.getFinishedAt() == 0 ? null : CriMessages.instant(status.getFinishedAt()),
                    status.getExitCode(),
                    status.getImage().getImage(),
                    status.getImageRef(),
                    status.getReason(),
                    status.getMessage(),
                    status.getLogPath(),
                    Map.copyOf(status.getLabelsMap()),
                    Map.copyOf(status.getAnnotationsMap()));
        });
    }

    @Override
    public void reopenLog(String containerId) {
        ReopenContainerLogRequest request = ReopenContainerLogRequest.newBuilder()
                .setContainerId(containerId)
                .build();
        call(() -> runtime(CALL_TIMEOUT).reopenContainerLog(request));
    }

    @Override
    public ExecResult execSync(String containerId, List<String> command, Duration timeout) {
        ExecSyncRequest request = ExecSyncRequest.newBuilder()
                .setContainerId(containerId)
                .addAllCmd(command)
                .setTimeout(Math.max(1, timeout.toSeconds()))
                .build();
        ExecSyncResponse response = call(() -> runtime(timeout.plusSeconds(5)).execSync(request));
        return new ExecResult(
                response.getExitCode(),
                response.getStdout().toByteArray(),
                response.getStderr().toByteArray());
    }

    @Override
    public int exec(String containerId, List<String> command, ProcessStreams streams) {
        ExecRequest request = ExecRequest.newBuilder()
                .setContainerId(containerId)
                .addAllCmd(command)
                .setTty(streams.tty())
                .setStdin(streams.stdin() != null)
                .setStdout(streams.stdout() != null)
                .setStderr(streams.stderr() != null)
                .build();
        String url = call(() -> runtime(CALL_TIMEOUT).exec(request)).getUrl();
        return StreamedProcess.run(StreamingServer.connect(url, StreamedProcess.PROTOCOL), streams);
    }

    @Override
    public void attach(String containerId, ProcessStreams streams) {
        AttachRequest request = AttachRequest.newBuilder()
                .setContainerId(containerId)
                .setTty(streams.tty())
                .setStdin(streams.stdin() != null)
                .setStdout(streams.stdout() != null)
                .setStderr(streams.stderr() != null)
                .build();
        String url = call(() -> runtime(CALL_TIMEOUT).attach(request)).getUrl();
        StreamedProcess.run(StreamingServer.connect(url, StreamedProcess.PROTOCOL), streams);
    }

    @Override
    public void portForward(String sandboxId, int port, InputStream fromClient, OutputStream toClient) {
        PortForwardRequest request = PortForwardRequest.newBuilder()
                .setPodSandboxId(sandboxId)
                .addPort(port)
                .build();
        String url = call(() -> runtime(CALL_TIMEOUT).portForward(request)).getUrl();
        StreamedPort.run(StreamingServer.connect(url, StreamedPort.PROTOCOL), port, fromClient, toClient);
    }

    @Override
    public Optional<Path> imageFolder() {
        return call(() -> images(CALL_TIMEOUT).imageFsInfo(ImageFsInfoRequest.getDefaultInstance()))
                .getImageFilesystemsList()
                .stream()
                .map(system -> Path.of(system.getFsId().getMountpoint()))
                .filter(Files::isDirectory)
                .findFirst();
    }

    @Override
    public List<Image> listImages() {
        return call(() -> images(CALL_TIMEOUT).listImages(ListImagesRequest.getDefaultInstance()))
                .getImagesList()
                .stream()
                .map(CriRuntime::image)
                .toList();
    }

    @Override
    public Optional<Image> imageStatus(String reference) {
        ImageStatusRequest request =
                ImageStatusRequest.newBuilder().setImage(spec(reference)).build();
        ImageStatusResponse response = call(() -> images(CALL_TIMEOUT).imageStatus(request));
        return response.hasImage() && !response.getImage().getId().isEmpty()
                ? Optional.of(image(response.getImage()))
                : Optional.empty();
    }

    private static Image image(io.mokube.kubelet.runtime.cri.v1.Image image) {
        return new Image(
                image.getId(),
                List.copyOf(image.getRepoTagsList()),
                List.copyOf(image.getRepoDigestsList()),
                image.getSize(),
                image.hasUid() ? OptionalLong.of(image.getUid().getValue()) : OptionalLong.empty(),
                image.getUsername(),
                image.getPinned());
    }

    @Override
    public String pullImage(String reference, Optional<RegistryLogin> login) {
        PullImageRequest.Builder request = PullImageRequest.newBuilder().setImage(spec(reference));
        // Without the server, as from Kubernetes: containerd would use the login only where it is a URL of the same
        // host.
        login.ifPresent(auth -> request.setAuth(
                AuthConfig.newBuilder().setUsername(auth.username()).setPassword(auth.password())));
        return call(() -> images(PULL_TIMEOUT).pullImage(request.build())).getImageRef();
    }

    @Override
    public void removeImage(String reference) {
        RemoveImageRequest request =
                RemoveImageRequest.newBuilder().setImage(spec(reference)).build();
        ignoreAbsent(() -> images(CALL_TIMEOUT).removeImage(request));
    }

    @Override
    public ImageVolumes imageVolumes() {
        RuntimeVersion version = version();
        Optional<ImageVolumes.ByAgent> layers =
                version.name().equals("containerd") ? Optional.of(snapshots) : Optional.empty();
        if (ImageVolumes.mountedBy(version)) {
            return new ImageVolumes.ByRuntime(layers);
        }
        return layers.<ImageVolumes>map(each -> each)
                .orElseGet(() -> new ImageVolumes.Unsupported(
                        version.name() + " " + version.version() + " does not mount images"));
    }

    @Override
    public void close() {
        connection.close();
    }

    private static ImageSpec spec(String reference) {
        return ImageSpec.newBuilder().setImage(reference).build();
    }

    private RuntimeServiceBlockingStub runtime(Duration timeout) {
        return runtime.withDeadlineAfter(timeout);
    }

    private ImageServiceBlockingStub images(Duration timeout) {
        return images.withDeadlineAfter(timeout);
    }

    static <T> T call(Supplier<T> call) {
        try {
            return call.get();
        } catch (StatusRuntimeException e) {
            throw failure(e);
        }
    }

    private static <T> Optional<T> find(Supplier<T> call) {
        try {
            return Optional.of(call(call));
        } catch (RuntimeCallException e) {
            if (e.kind() == Kind.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    static void ignoreAbsent(Supplier<?> call) {
        find(call);
    }

    private static RuntimeCallException failure(StatusRuntimeException e) {
        String description = e.getStatus().getDescription();
        Kind kind =
                switch (e.getStatus().getCode()) {
                    case UNAVAILABLE -> Kind.UNAVAILABLE;
                    case DEADLINE_EXCEEDED -> Kind.TIMEOUT;
                    case NOT_FOUND -> Kind.NOT_FOUND;
                    case CANCELLED -> Kind.CANCELLED;
                    case OK,
                            UNKNOWN,
                            INVALID_ARGUMENT,
                            ALREADY_EXISTS,
                            PERMISSION_DENIED,
                            RESOURCE_EXHAUSTED,
                            FAILED_PRECONDITION,
                            ABORTED,
                            OUT_OF_RANGE,
                            UNIMPLEMENTED,
                            INTERNAL,
                            DATA_LOSS,
                            UNAUTHENTICATED -> Kind.FAILED;
                };
        return new RuntimeCallException(
                kind,
                "rpc error: code = " + e.getStatus().getCode() + " desc = " + (description == null ? "" : description),
                e);
    }
}
