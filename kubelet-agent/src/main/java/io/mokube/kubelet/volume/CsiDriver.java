package io.mokube.kubelet.volume;

import io.grpc.StatusRuntimeException;
import io.mokube.kubelet.plugin.UnixChannel;
import io.mokube.kubelet.volume.csi.v1.NodeGetCapabilitiesRequest;
import io.mokube.kubelet.volume.csi.v1.NodeGetInfoRequest;
import io.mokube.kubelet.volume.csi.v1.NodeGetInfoResponse;
import io.mokube.kubelet.volume.csi.v1.NodeGrpc;
import io.mokube.kubelet.volume.csi.v1.NodeGrpc.NodeBlockingStub;
import io.mokube.kubelet.volume.csi.v1.NodeServiceCapability;
import io.mokube.kubelet.volume.csi.v1.NodeServiceCapability.RPC;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A CSI driver's service on this node. Thread-safe. */
final class CsiDriver implements AutoCloseable {

    private static final Duration CALL_TIMEOUT = Duration.ofMinutes(2);
    private static final int MOST_MESSAGE_BYTES = 4 << 20;

    private final String name;
    private final UnixChannel connection;
    private final NodeBlockingStub stub;
    private final NodeGetInfoResponse info;
    private final Set<RPC.Type> capabilities;

    /** Asks the driver what it is and can. */
    CsiDriver(String name, Path endpoint) {
        this.name = name;
        connection = new UnixChannel("csi", endpoint, MOST_MESSAGE_BYTES);
        try {
            stub = NodeGrpc.newBlockingStub(connection.channel());
            info = patient().nodeGetInfo(NodeGetInfoRequest.getDefaultInstance());
            capabilities =
                    patient()
                            .nodeGetCapabilities(NodeGetCapabilitiesRequest.getDefaultInstance())
                            .getCapabilitiesList()
                            .stream()
                            .filter(NodeServiceCapability::hasRpc)
                            .map(capability -> capability.getRpc().getType())
                            .collect(Collectors.toUnmodifiableSet());
        } catch (RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    String name() {
        return name;
    }

    NodeGetInfoResponse info() {
        return info;
    }

    boolean can(RPC.Type what) {
        return capabilities.contains(what);
    }

    /**
     * Calls the driver about a volume.
     *
     * @throws VolumeException when it refuses, in gRPC's words
     */
    <T> T call(String volume, Function<NodeBlockingStub, T> call) {
        try {
            return call.apply(patient());
        } catch (StatusRuntimeException e) {
            throw new VolumeException(
                    volume,
                    "rpc error: code = " + e.getStatus().getCode() + " desc = "
                            + e.getStatus().getDescription(),
                    e);
        }
    }

    private NodeBlockingStub patient() {
        return stub.withDeadlineAfter(CALL_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        connection.close();
    }
}
