package io.mokube.kubelet.runtime.hollow;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.kubelet.runtime.ContainerConfig;
import io.mokube.kubelet.runtime.SandboxConfig;
import io.mokube.kubelet.runtime.hollow.HollowScript.Ending;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlainCommandsTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "true|0|0",
                "false|0|1",
                "echo hello world|0|0",
                "sleep 3|3000|0",
                "sleep 1.5|1500|0",
                "sleep 2m|120000|0",
                "sh -c exit 7|0|7",
                "/bin/sh -c sleep 1; sleep 2; exit 3|3000|3",
                "sh -c echo a && false && sleep 9|0|1",
                "sh -c false; true|0|0",
                "bash -c exit 300|0|44",
            })
    void plainCommandsEnd(String command, long millis, int code) {
        assertThat(PlainCommands.ending(container(command)))
                .contains(new Ending(Duration.ofMillis(millis), code, false));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"httpd -f", "sleep infinity", "sh -c httpd -f; exit 1", "sh -c while true; do :; done"})
    void everythingElseRunsOn(String command) {
        assertThat(PlainCommands.ending(container(command))).isEmpty();
    }

    @Test
    void anImagesOwnCommandRunsOn() {
        assertThat(PlainCommands.ending(container(List.of(), List.of()))).isEmpty();
    }

    @Test
    void argumentsFollowTheCommand() {
        assertThat(PlainCommands.ending(container(List.of("sh", "-c"), List.of("exit 4"))))
                .contains(new Ending(Duration.ZERO, 4, false));
    }

    /** The words of a command; what follows {@code -c} is one. */
    private static ContainerConfig container(String command) {
        int script = command.indexOf("-c ");
        return script < 0
                ? container(Arrays.asList(command.split(" ")), List.of())
                : container(List.of(command.substring(0, script - 1), "-c", command.substring(script + 3)), List.of());
    }

    private static ContainerConfig container(List<String> command, List<String> arguments) {
        return new ContainerConfig(
                "main",
                0,
                "image",
                command,
                arguments,
                "",
                Map.of(),
                List.of(),
                Map.of(),
                Map.of(),
                "main/0.log",
                false,
                false,
                false,
                new ContainerConfig.Resources(100_000, 50_000, 102, 64L << 20, 0),
                ContainerConfig.Security.DEFAULT,
                SandboxConfig.Namespaces.OWN);
    }
}
