package io.mokube.kubelet.volume;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.mokube.kubelet.plugin.TestPlugin;
import io.mokube.kubelet.volume.csi.v1.NodeExpandVolumeRequest;
import io.mokube.kubelet.volume.csi.v1.NodeExpandVolumeResponse;
import io.mokube.kubelet.volume.csi.v1.NodeGetCapabilitiesRequest;
import io.mokube.kubelet.volume.csi.v1.NodeGetCapabilitiesResponse;
import io.mokube.kubelet.volume.csi.v1.NodeGetInfoRequest;
import io.mokube.kubelet.volume.csi.v1.NodeGetInfoResponse;
import io.mokube.kubelet.volume.csi.v1.NodeGetVolumeStatsRequest;
import io.mokube.kubelet.volume.csi.v1.NodeGetVolumeStatsResponse;
import io.mokube.kubelet.volume.csi.v1.NodeGrpc;
import io.mokube.kubelet.volume.csi.v1.NodePublishVolumeRequest;
import io.mokube.kubelet.volume.csi.v1.NodePublishVolumeResponse;
import io.mokube.kubelet.volume.csi.v1.NodeServiceCapability;
import io.mokube.kubelet.volume.csi.v1.NodeServiceCapability.RPC;
import io.mokube.kubelet.volume.csi.v1.NodeStageVolumeRequest;
import io.mokube.kubelet.volume.csi.v1.NodeStageVolumeResponse;
import io.mokube.kubelet.volume.csi.v1.NodeUnpublishVolumeRequest;
import io.mokube.kubelet.volume.csi.v1.NodeUnpublishVolumeResponse;
import io.mokube.kubelet.volume.csi.v1.NodeUnstageVolumeRequest;
import io.mokube.kubelet.volume.csi.v1.NodeUnstageVolumeResponse;
import io.mokube.kubelet.volume.csi.v1.Topology;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The node's half of a driver whose volumes are folders, bound where they are published, or files behind loop devices. It
 * keeps what it was asked.
 */
public final class TestCsiDriver extends NodeGrpc.NodeImplBase {

    public static final String MAGIC = "mokube block";
    private static final int DEVICE_BYTES = 1 << 20;

    private final Path volumes;
    private final List<Object> asked = new CopyOnWriteArrayList<>();

    public TestCsiDriver(Path volumes) {
        this.volumes = volumes;
    }

    /** What it was asked that is of this kind. */
    public <T> List<T> asked(Class<T> kind) {
        return asked.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    @Override
    public void nodeGetInfo(NodeGetInfoRequest request, StreamObserver<NodeGetInfoResponse> answer) {
        TestPlugin.answer(
                answer,
                NodeGetInfoResponse.newBuilder()
                        .setNodeId("machine-7")
                        .setMaxVolumesPerNode(9)
                        .setAccessibleTopology(Topology.newBuilder().putSegments("test.csi/rack", "r1"))
                        .build());
    }

    @Override
    public void nodeGetCapabilities(
            NodeGetCapabilitiesRequest request, StreamObserver<NodeGetCapabilitiesResponse> answer) {
        NodeGetCapabilitiesResponse.Builder all = NodeGetCapabilitiesResponse.newBuilder();
        for (RPC.Type type :
                List.of(RPC.Type.STAGE_UNSTAGE_VOLUME, RPC.Type.EXPAND_VOLUME, RPC.Type.GET_VOLUME_STATS)) {
            all.addCapabilities(
                    NodeServiceCapability.newBuilder().setRpc(RPC.newBuilder().setType(type)));
        }
        TestPlugin.answer(answer, all.build());
    }

    @Override
    public void nodeStageVolume(NodeStageVolumeRequest request, StreamObserver<NodeStageVolumeResponse> answer) {
        asked.add(request);
        TestPlugin.answer(answer, NodeStageVolumeResponse.getDefaultInstance());
    }

    @Override
    public void nodeUnstageVolume(NodeUnstageVolumeRequest request, StreamObserver<NodeUnstageVolumeResponse> answer) {
        asked.add(request);
        TestPlugin.answer(answer, NodeUnstageVolumeResponse.getDefaultInstance());
    }

    @Override
    public void nodePublishVolume(NodePublishVolumeRequest request, StreamObserver<NodePublishVolumeResponse> answer) {
        asked.add(request);
        Path target = Path.of(request.getTargetPath());
        try {
            if (request.getVolumeCapability().hasBlock()) {
                Path file = Files.createDirectories(volumes).resolve(request.getVolumeId());
                try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "rw")) {
                    content.setLength(DEVICE_BYTES);
                    content.write(MAGIC.getBytes(StandardCharsets.UTF_8));
                }
                Files.createFile(target);
                run("mount", "--bind", run("losetup", "--find", "--show", file.toString()), target.toString());
            } else {
                Path folder = Files.createDirectories(volumes.resolve(request.getVolumeId()));
                Files.createDirectories(target);
                run("mount", "--bind", folder.toString(), target.toString());
            }
            TestPlugin.answer(answer, NodePublishVolumeResponse.getDefaultInstance());
        } catch (IOException e) {
            answer.onError(Status.INTERNAL.withDescription(e.toString()).asRuntimeException());
        }
    }

    @Override
    public void nodeUnpublishVolume(
            NodeUnpublishVolumeRequest request, StreamObserver<NodeUnpublishVolumeResponse> answer) {
        asked.add(request);
        try {
            run("umount", request.getTargetPath());
            Path file = volumes.resolve(request.getVolumeId());
            if (Files.isRegularFile(file)) {
                for (String line : run("losetup", "-j", file.toString()).lines().toList()) {
                    run("losetup", "-d", line.substring(0, line.indexOf(':')));
                }
            }
            TestPlugin.answer(answer, NodeUnpublishVolumeResponse.getDefaultInstance());
        } catch (IOException e) {
            answer.onError(Status.INTERNAL.withDescription(e.toString()).asRuntimeException());
        }
    }

    @Override
    public void nodeExpandVolume(NodeExpandVolumeRequest request, StreamObserver<NodeExpandVolumeResponse> answer) {
        asked.add(request);
        TestPlugin.answer(answer, NodeExpandVolumeResponse.getDefaultInstance());
    }

    @Override
    public void nodeGetVolumeStats(
            NodeGetVolumeStatsRequest request, StreamObserver<NodeGetVolumeStatsResponse> answer) {
        asked.add(request);
        TestPlugin.answer(
                answer,
                NodeGetVolumeStatsResponse.newBuilder()
                        .addUsage(io.mokube.kubelet.volume.csi.v1.VolumeUsage.newBuilder()
                                .setUnit(io.mokube.kubelet.volume.csi.v1.VolumeUsage.Unit.BYTES)
                                .setTotal(1000)
                                .setAvailable(700)
                                .setUsed(300))
                        .build());
    }

    private static String run(String... command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        try {
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", command) + ": " + output);
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        return output;
    }
}
