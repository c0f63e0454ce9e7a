package io.mokube.kubelet.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineTest {

    @TempDir
    private Path folder;

    /** The kernel's settings come whole or cut short, depending on how they are read. */
    @Test
    void kernelSettingsAreReadWhole() throws Exception {
        Process cat = new ProcessBuilder("cat", "/proc/sys/kernel/pid_max").start();
        String expected = new String(cat.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(Machine.text("/proc/sys/kernel/pid_max")).hasValue(expected.strip());
        assertThat(Machine.look(folder).pidsAllowed())
                .isGreaterThan(Machine.look(folder).pidsInUse());
    }
}
