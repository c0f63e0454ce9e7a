package io.mokube.kubelet.devices;

import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.mokube.kubelet.devices.v1.Claim;
import io.mokube.kubelet.devices.v1.DRAPluginGrpc;
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
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The drivers of devices on this node. Safe for use by many threads. */
public final class DeviceDrivers implements PluginHandler, AutoCloseable {

    /** The type under which drivers register. */
    public static final String TYPE = "DRAPlugin";

    /** The versions of the drivers' interface; their messages are the same. */
    private static final List<String> SERVICES = List.of("v1.DRAPlugin", "v1beta1.DRAPlugin");

    private static final String PACKAGE = "k8s.io.kubelet.pkg.apis.dra.";
    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(45);
    private static final int MOST_MESSAGE_BYTES = 4 << 20;

    private final Map<String, Driver> drivers = new ConcurrentHashMap<>();

    /**
     * A driver.
     *
     * @param service the version of its interface by which it is called
     */
    private record Driver(UnixChannel channel, String service) implements AutoCloseable {

        <Q, A> A call(MethodDescriptor<Q, A> method, Q request) {
            String name = PACKAGE + service + "/" + method.getBareMethodName();
            return ClientCalls.blockingUnaryCall(
                    channel.channel(),
                    method.toBuilder().setFullMethodName(name).build(),
                    CallOptions.DEFAULT.withDeadlineAfter(CALL_TIMEOUT),
                    request);
        }

        @Override
        public void close() {
            channel.close();
        }
    }

    @Override
    public void register(Plugin plugin) {
        // The driver names first what it likes best.
        String service = plugin.versions().stream()
                .filter(SERVICES::contains)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("none of services supported by the plugin ("
                        + plugin.versions() + ") are supported by the kubelet (" + SERVICES + ")"));
        UnixChannel channel = new UnixChannel("dra", plugin.endpoint(), MOST_MESSAGE_BYTES);
        close(drivers.put(plugin.name(), new Driver(channel, service)));
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
        var _ = find(driver);
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
                found -> found.call(DRAPluginGrpc.getNodePrepareResourcesMethod(), request)
                        .getClaimsMap());
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
                found -> found.call(DRAPluginGrpc.getNodeUnprepareResourcesMethod(), request)
                        .getClaimsMap());
        check("NodeUnprepareResources", claim, answer.getError());
    }

    private <T> T call(String driver, String what, Claim claim, Function<Driver, Map<String, T>> call) {
        Driver found = find(driver);
        try {
            T answer = call.apply(found).get(claim.getUid());
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

    private Driver find(String name) {
        Driver driver = drivers.get(name);
        if (driver == null) {
            throw new DeviceException("DRA driver " + name + " is not registered");
        }
        return driver;
    }

    private static void close(@Nullable Driver driver) {
        if (driver != null) {
            driver.close();
        }
    }

    @Override
    public void close() {
        drivers.values().forEach(Driver::close);
    }
}
