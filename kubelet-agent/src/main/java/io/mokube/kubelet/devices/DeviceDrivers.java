package io.mokube.kubelet.devices;

import io.grpc.StatusRuntimeException;
import io.mokube.kubelet.devices.v1.Claim;
import io.mokube.kubelet.devices.v1.DRAPluginGrpc;
import io.mokube.kubelet.devices.v1.DRAPluginGrpc.DRAPluginBlockingStub;
import io.mokube.kubelet.devices.v1.Device;
import io.mokube.kubelet.devices.v1.NodePrepareResourceResponse;
import io.mokube.kubelet.devices.v1.NodePrepareResourcesRequest;
import io.mokube.kubelet.devices.v1.NodeUnprepareResourceResponse;
import io.mokube.kubelet.devices.v1.NodeUnprepareResourcesRequest;
import io.mokube.kubelet.plugin.PluginHandler;
import io.mokube.kubelet.plugin.UnixChannel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The drivers of devices on this node. Safe for use by many threads. */
public final class DeviceDrivers implements PluginHandler, AutoCloseable {

    /** The type under which drivers register. */
    public static final String TYPE = "DRAPlugin";

    private static final String SERVICE = "v1.DRAPlugin";
    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(45);
    private static final int MOST_MESSAGE_BYTES = 4 << 20;

    private final Map<String, UnixChannel> drivers = new ConcurrentHashMap<>();

    @Override
    public void register(Plugin plugin) {
        if (!plugin.versions().contains(SERVICE)) {
            throw new IllegalArgumentException(
                    "no version of the driver's interface that this node speaks: " + plugin.versions());
        }
        close(drivers.put(plugin.name(), new UnixChannel("dra", plugin.endpoint(), MOST_MESSAGE_BYTES)));
    }

    @Override
    public void deregister(String name) {
        close(drivers.remove(name));
    }

    /**
     * Says that the driver is there.
     *
     * @throws DeviceException when it is not
     */
    void require(String driver) {
        channel(driver);
    }

    /**
     * Has a driver prepare a claim; again gives the same.
     *
     * @throws DeviceException when it does not, in its own words
     */
    List<Device> prepare(String driver, Claim claim) {
        NodePrepareResourcesRequest request =
                NodePrepareResourcesRequest.newBuilder().addClaims(claim).build();
        NodePrepareResourceResponse answer = call(
                driver,
                "NodePrepareResources",
                claim,
                stub -> stub.nodePrepareResources(request).getClaimsMap());
        check("NodePrepareResources", claim, answer.getError());
        return answer.getDevicesList();
    }

    /**
     * Has it take the claim back; one that it does not know counts as taken back.
     *
     * @throws DeviceException when it does not, in its own words
     */
    void unprepare(String driver, Claim claim) {
        NodeUnprepareResourcesRequest request =
                NodeUnprepareResourcesRequest.newBuilder().addClaims(claim).build();
        NodeUnprepareResourceResponse answer = call(
                driver,
                "NodeUnprepareResources",
                claim,
                stub -> stub.nodeUnprepareResources(request).getClaimsMap());
        check("NodeUnprepareResources", claim, answer.getError());
    }

    private <T> T call(String driver, String what, Claim claim, Function<DRAPluginBlockingStub, Map<String, T>> call) {
        DRAPluginBlockingStub stub = DRAPluginGrpc.newBlockingStub(
                        channel(driver).channel())
                .withDeadlineAfter(CALL_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        try {
            T answer = call.apply(stub).get(claim.getUid());
            if (answer == null) {
                throw new DeviceException(what + " skipped ResourceClaim " + claim.getName());
            }
            return answer;
        } catch (StatusRuntimeException e) {
            throw new DeviceException(
                    what + ": rpc error: code = " + e.getStatus().getCode() + " desc = "
                            + e.getStatus().getDescription(),
                    e);
        }
    }

    private static void check(String what, Claim claim, String error) {
        if (!error.isEmpty()) {
            throw new DeviceException(what + " failed for ResourceClaim " + claim.getName() + ": " + error);
        }
    }

    private UnixChannel channel(String driver) {
        UnixChannel channel = drivers.get(driver);
        if (channel == null) {
            throw new DeviceException("DRA driver " + driver + " is not registered");
        }
        return channel;
    }

    private static void close(@Nullable UnixChannel channel) {
        if (channel != null) {
            channel.close();
        }
    }

    @Override
    public void close() {
        drivers.values().forEach(UnixChannel::close);
    }
}
