package io.mokube.kubelet.runtime.cri;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.mokube.kubelet.runtime.ImageVolumes;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.RuntimeCallException.Kind;
import io.mokube.kubelet.runtime.cri.snapshots.v1.MountsRequest;
import io.mokube.kubelet.runtime.cri.snapshots.v1.RemoveSnapshotRequest;
import io.mokube.kubelet.runtime.cri.snapshots.v1.SnapshotMount;
import io.mokube.kubelet.runtime.cri.snapshots.v1.SnapshotsGrpc;
import io.mokube.kubelet.runtime.cri.snapshots.v1.SnapshotsGrpc.SnapshotsBlockingStub;
import io.mokube.kubelet.runtime.cri.snapshots.v1.ViewSnapshotRequest;
import io.mokube.kubelet.runtime.cri.v1.ImageServiceGrpc.ImageServiceBlockingStub;
import io.mokube.kubelet.runtime.cri.v1.ImageSpec;
import io.mokube.kubelet.runtime.cri.v1.ImageStatusRequest;
import io.mokube.kubelet.runtime.cri.v1.RuntimeServiceGrpc.RuntimeServiceBlockingStub;
import io.mokube.kubelet.runtime.cri.v1.StatusRequest;
import io.mokube.machinery.object.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The layers of images, for a containerd that does not mount images itself: a view of an image's uppermost snapshot, which
 * is a root of containerd's garbage collection and so keeps all layers beneath it.
 */
final class ContainerdSnapshots implements ImageVolumes.ByAgent {

    private static final Duration TIMEOUT = Duration.ofMinutes(2);

    /** Where CRI has its images and their snapshots. */
    private static final String NAMESPACE = "k8s.io";

    private static final String DEFAULT_SNAPSHOTTER = "overlayfs";
    private static final String LOWER = "lowerdir=";

    private final RuntimeServiceBlockingStub runtime;
    private final ImageServiceBlockingStub images;
    private final SnapshotsBlockingStub snapshots;

    ContainerdSnapshots(ManagedChannel channel, RuntimeServiceBlockingStub runtime, ImageServiceBlockingStub images) {
        this.runtime = runtime;
        this.images = images;
        Metadata headers = new Metadata();
        headers.put(Metadata.Key.of("containerd-namespace", Metadata.ASCII_STRING_MARSHALLER), NAMESPACE);
        this.snapshots = SnapshotsGrpc.newBlockingStub(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
    }

    @Override
    public List<Path> keep(String key, String image) {
        String snapshotter = snapshotter();
        ViewSnapshotRequest view = ViewSnapshotRequest.newBuilder()
                .setSnapshotter(snapshotter)
                .setKey(key)
                .setParent(uppermost(image))
                .putAllLabels(Map.of("containerd.io/gc.root", "image-volume"))
                .build();
        return layers(CriRuntime.call(() -> {
            try {
                return snapshots().view(view).getMountsList();
            } catch (StatusRuntimeException e) {
                if (e.getStatus().getCode() != Status.Code.ALREADY_EXISTS) {
                    throw e;
                }
                return snapshots()
                        .mounts(MountsRequest.newBuilder()
                                .setSnapshotter(snapshotter)
                                .setKey(key)
                                .build())
                        .getMountsList();
            }
        }));
    }

    @Override
    public void release(String key) {
        RemoveSnapshotRequest request = RemoveSnapshotRequest.newBuilder()
                .setSnapshotter(snapshotter())
                .setKey(key)
                .build();
        CriRuntime.ignoreAbsent(() -> snapshots().remove(request));
    }

    private SnapshotsBlockingStub snapshots() {
        return snapshots.withDeadlineAfter(TIMEOUT);
    }

    /** The snapshotter that CRI unpacks images with. */
    private String snapshotter() {
        StatusRequest request = StatusRequest.newBuilder().setVerbose(true).build();
        String config = CriRuntime.call(
                () -> runtime.withDeadlineAfter(TIMEOUT).status(request).getInfoOrDefault("config", "{}"));
        return parse(config).path("containerd").path("snapshotter").asString(DEFAULT_SNAPSHOTTER);
    }

    /** The snapshot of all the image's layers, which CRI tells beside the image's status. */
    private String uppermost(String image) {
        ImageStatusRequest request = ImageStatusRequest.newBuilder()
                .setImage(ImageSpec.newBuilder().setImage(image))
                .setVerbose(true)
                .build();
        String info = CriRuntime.call(
                () -> images.withDeadlineAfter(TIMEOUT).imageStatus(request).getInfoOrDefault("info", "{}"));
        String chain = parse(info).path("chainID").asString("");
        if (chain.isEmpty()) {
            throw new RuntimeCallException(Kind.NOT_FOUND, "containerd does not tell the layers of image " + image);
        }
        return chain;
    }

    private static JsonNode parse(String text) {
        try {
            return Json.MAPPER.readTree(text);
        } catch (JacksonException e) {
            throw new RuntimeCallException(Kind.FAILED, "containerd's answer is not JSON: " + e.getMessage(), e);
        }
    }

    /** The folders that a view's mount is made of: several as an overlay, a single one as a bind mount. */
    static List<Path> layers(List<SnapshotMount> mounts) {
        if (mounts.size() == 1) {
            SnapshotMount mount = mounts.getFirst();
            if (mount.getType().equals("bind")) {
                return List.of(Path.of(mount.getSource()));
            }
            if (mount.getType().equals("overlay")) {
                return mount.getOptionsList().stream()
                        .filter(option -> option.startsWith(LOWER))
                        .flatMap(option ->
                                Stream.of(option.substring(LOWER.length()).split(":")))
                        .map(Path::of)
                        .toList();
            }
        }
        throw new RuntimeCallException(
                Kind.FAILED,
                "containerd's snapshotter has no folders of layers, but "
                        + mounts.stream().map(SnapshotMount::getType).toList());
    }
}
