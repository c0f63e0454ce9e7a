package io.mokube.kubelet.devices;

import io.grpc.stub.StreamObserver;
import io.mokube.kubelet.devices.v1.Claim;
import io.mokube.kubelet.devices.v1.DRAPluginGrpc;
import io.mokube.kubelet.devices.v1.Device;
import io.mokube.kubelet.devices.v1.NodePrepareResourceResponse;
import io.mokube.kubelet.devices.v1.NodePrepareResourcesRequest;
import io.mokube.kubelet.devices.v1.NodePrepareResourcesResponse;
import io.mokube.kubelet.devices.v1.NodeUnprepareResourceResponse;
import io.mokube.kubelet.devices.v1.NodeUnprepareResourcesRequest;
import io.mokube.kubelet.devices.v1.NodeUnprepareResourcesResponse;
import io.mokube.kubelet.plugin.TestPlugin;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A driver whose claims have two devices, for the requests {@code fast} and {@code slow}. It keeps what it was asked. */
public final class TestDeviceDriver extends DRAPluginGrpc.DRAPluginImplBase {

    /** The claims that it prepared, once for each time. */
    public final List<Claim> prepared = new CopyOnWriteArrayList<>();

    public final List<Claim> unprepared = new CopyOnWriteArrayList<>();

    /** What it says instead of working; empty when it works. */
    public volatile String broken = "";

    /** The same when it is to take something back. */
    public volatile String keeps = "";

    /** How often it said so. */
    public final AtomicInteger refusals = new AtomicInteger();

    @Override
    public void nodePrepareResources(
            NodePrepareResourcesRequest request, StreamObserver<NodePrepareResourcesResponse> answer) {
        NodePrepareResourcesResponse.Builder response = NodePrepareResourcesResponse.newBuilder();
        for (Claim claim : request.getClaimsList()) {
            NodePrepareResourceResponse.Builder each = NodePrepareResourceResponse.newBuilder();
            if (broken.isEmpty()) {
                prepared.add(claim);
                each.addDevices(device(claim, "fast")).addDevices(device(claim, "slow"));
            } else {
                each.setError(broken);
            }
            response.putClaims(claim.getUid(), each.build());
        }
        TestPlugin.answer(answer, response.build());
    }

    private static Device device(Claim claim, String name) {
        return Device.newBuilder()
                .addRequestNames(name)
                .setPoolName("pool")
                .setDeviceName(name)
                .addCdiDeviceIds("test.dev/card=" + claim.getName() + "-" + name)
                .build();
    }

    @Override
    public void nodeUnprepareResources(
            NodeUnprepareResourcesRequest request, StreamObserver<NodeUnprepareResourcesResponse> answer) {
        NodeUnprepareResourcesResponse.Builder response = NodeUnprepareResourcesResponse.newBuilder();
        for (Claim claim : request.getClaimsList()) {
            if (keeps.isEmpty()) {
                unprepared.add(claim);
            } else {
                refusals.incrementAndGet();
            }
            response.putClaims(
                    claim.getUid(),
                    NodeUnprepareResourceResponse.newBuilder().setError(keeps).build());
        }
        TestPlugin.answer(answer, response.build());
    }
}
