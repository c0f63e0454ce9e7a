package io.mokube.kubelet.devices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.mokube.kubelet.devices.v1.Claim;
import io.mokube.kubelet.devices.v1.Device;
import io.mokube.kubelet.plugin.PluginHandler.Plugin;
import io.mokube.kubelet.plugin.TestPlugin;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Drivers of every version that a node speaks, over their sockets. */
class DeviceDriversTest {

    private static final String DRIVER = "test.dev";
    private static final Claim CLAIM = Claim.newBuilder()
            .setNamespace("default")
            .setName("cards")
            .setUid("u1")
            .build();

    @TempDir
    private @Nullable Path folder;

    private final TestDeviceDriver driver = new TestDeviceDriver();

    /** The driver, by the names of another version of the interface and no other. */
    private static BindableService as(String version, BindableService service) {
        String name = "k8s.io.kubelet.pkg.apis.dra." + version + ".DRAPlugin";
        ServerServiceDefinition.Builder definition = ServerServiceDefinition.builder(name);
        service.bindService().getMethods().forEach(method -> definition.addMethod(named(name, method)));
        return definition::build;
    }

    private static <Q, A> ServerMethodDefinition<Q, A> named(String service, ServerMethodDefinition<Q, A> method) {
        MethodDescriptor<Q, A> descriptor = method.getMethodDescriptor();
        return ServerMethodDefinition.create(
                descriptor.toBuilder()
                        .setFullMethodName(service + "/" + descriptor.getBareMethodName())
                        .build(),
                method.getServerCallHandler());
    }

    private Path folder() {
        return Objects.requireNonNull(folder);
    }

    private Plugin plugin(List<String> versions) {
        return new Plugin(DRIVER, folder().resolve("plugins_registry/test.dev.sock"), versions);
    }

    @ParameterizedTest
    @CsvSource({
        "v1, v1.DRAPlugin",
        "v1beta1, v1beta1.DRAPlugin",
        "v1, v1.DRAPlugin v1beta1.DRAPlugin",
        "v1beta1, v1alpha4.DRAPlugin v1beta1.DRAPlugin"
    })
    void aDriverIsCalledByTheFirstVersionItNamesThatIsKnown(String version, String named) {
        try (TestPlugin _ = new TestPlugin(folder(), DeviceDrivers.TYPE, DRIVER, named, as(version, driver));
                DeviceDrivers drivers = new DeviceDrivers()) {
            drivers.register(plugin(List.of(named.split(" "))));
            assertThat(drivers.prepare(DRIVER, CLAIM))
                    .extracting(Device::getDeviceName)
                    .containsExactly("fast", "slow");
            assertThat(driver.prepared).containsExactly(CLAIM);
            driver.keeps = "it is in use";
            assertThatThrownBy(() -> drivers.unprepare(DRIVER, CLAIM))
                    .isInstanceOf(DeviceException.class)
                    .hasMessage("NodeUnprepareResources failed for ResourceClaim cards: it is in use");
            driver.keeps = "";
            drivers.unprepare(DRIVER, CLAIM);
            assertThat(driver.unprepared).containsExactly(CLAIM);
        }
    }

    @Test
    void aDriverThatDoesNotServeWhatItNamesIsToldSo() {
        try (TestPlugin _ =
                        new TestPlugin(folder(), DeviceDrivers.TYPE, DRIVER, "v1.DRAPlugin", as("v1beta1", driver));
                DeviceDrivers drivers = new DeviceDrivers()) {
            drivers.register(plugin(List.of("v1.DRAPlugin")));
            assertThatThrownBy(() -> drivers.prepare(DRIVER, CLAIM))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("code = UNIMPLEMENTED");
        }
    }

    @Test
    void aDriverOfOtherVersionsIsRefused() {
        try (DeviceDrivers drivers = new DeviceDrivers()) {
            assertThatThrownBy(() -> drivers.register(plugin(List.of("v1alpha4.Node"))))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "none of services supported by the plugin ([v1alpha4.Node]) are supported by the kubelet "
                                    + "([v1.DRAPlugin, v1beta1.DRAPlugin])");
            assertThatThrownBy(() -> drivers.require(DRIVER))
                    .isInstanceOf(DeviceException.class)
                    .hasMessage("DRA driver test.dev is not registered");
        }
    }
}
