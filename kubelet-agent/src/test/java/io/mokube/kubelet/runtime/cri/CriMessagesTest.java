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

    private static ContainerConfig config(
            List<ContainerConfig.Mount> mounts, List<ContainerConfig.Device> devices, List<String> cdiDevices) {
        return new ContainerConfig(
                "c",
                0,
                "image",
                List.of(),
                List.of(),
                "",
                Map.of(),
                mounts,
                Map.of(),
                Map.of(),
                "c/0.log",
                false,
                false,
                false,
                new ContainerConfig.Resources(0, 0, 2, 0, 1000),
                ContainerConfig.Security.DEFAULT,
                new SandboxConfig.Namespaces(false, false, false, false, ""),
                devices,
                cdiDevices);
    }

    @Test
    void anImageIsMountedByItsIdAndAPartOfIt() {
        var image = new ContainerConfig.Mount.ImagePart("sha256:1", "a.test/tools:2", "bin");
        var message =
                CriMessages.container(config(List.of(ContainerConfig.Mount.of("/tools", image)), List.of(), List.of()));
        assertThat(message.getMountsList()).singleElement().satisfies(mount -> {
            assertThat(mount.getContainerPath()).isEqualTo("/tools");
            assertThat(mount.getHostPath()).isEmpty();
            assertThat(mount.getReadonly()).isTrue();
            assertThat(mount.getImage().getImage()).isEqualTo("sha256:1");
            assertThat(mount.getImage().getUserSpecifiedImage()).isEqualTo("a.test/tools:2");
            assertThat(mount.getImageSubPath()).isEqualTo("bin");
        });
    }

    @Test
    void devicesOfBothKindsAreNamed() {
        ContainerConfig config = config(
                List.of(),
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
