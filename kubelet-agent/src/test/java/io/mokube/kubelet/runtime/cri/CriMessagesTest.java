package io.mokube.kubelet.runtime.cri;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.kubelet.runtime.ContainerConfig;
import io.mokube.kubelet.runtime.SandboxConfig;
import io.mokube.kubelet.runtime.cri.v1.CDIDevice;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the runtime is told. */
class CriMessagesTest {

    @Test
    void devicesOfBothKindsAreNamed() {
        ContainerConfig config = new ContainerConfig(
                "c",
                0,
                "image",
                List.of(),
                List.of(),
                "",
                Map.of(),
                List.of(),
                Map.of(),
                Map.of(),
                "c/0.log",
                false,
                false,
                false,
                new ContainerConfig.Resources(0, 0, 2, 0, 1000),
                ContainerConfig.Security.DEFAULT,
                new SandboxConfig.Namespaces(false, false, false, false, ""),
                List.of(new ContainerConfig.Device("/dev/in", "/dev/out", true)),
                List.of("a.test/card=1", "a.test/card=2"));
        var message = CriMessages.container(config);
        assertThat(message.getCDIDevicesList())
                .extracting(CDIDevice::getName)
                .containsExactly("a.test/card=1", "a.test/card=2");
        assertThat(message.getDevicesList()).singleElement().satisfies(device -> {
            assertThat(device.getHostPath()).isEqualTo("/dev/out");
            assertThat(device.getPermissions()).isEqualTo("r");
        });
    }
}
