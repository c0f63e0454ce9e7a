package io.mokube.kubelet.runtime.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class LeftProcessesTest {

    private static final String ID = "1aa080e6c5dcf19e0d659cd7281cb25f99f5e32f6c878c3ee3ef9e20be5845eb";

    @Test
    void whatIsInTheContainersGroupIsKilledAndNothingElse() throws IOException {
        Process left = new ProcessBuilder("sleep", "1000").start();
        Process other = new ProcessBuilder("sleep", "1000").start();
        try {
            LeftProcesses.kill(
                    ID,
                    process -> process.pid() == left.pid()
                            ? "5:memory:/docker/" + ID + "\n0::/system.slice/docker-" + ID + ".scope\n"
                            : "5:memory:/docker/" + ID.replace('1', '2') + "\n0::/\n");
            assertThat(left.isAlive()).isFalse();
            assertThat(other.isAlive()).isTrue();
            assertThat(ProcessHandle.current().isAlive()).isTrue();
        } finally {
            left.destroyForcibly();
            other.destroyForcibly();
        }
    }
}
