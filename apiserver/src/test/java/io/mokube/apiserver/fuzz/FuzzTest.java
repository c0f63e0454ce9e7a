package io.mokube.apiserver.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.Jazzer;
import io.mokube.testkit.ChildProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Lets Jazzer send hostile requests for a while, always the same ones. {@code -Dfuzz.seconds=3600} makes it a campaign
 * that begins elsewhere each time and keeps what it learned in {@code target/fuzz}.
 */
class FuzzTest {

    private static final String SANITIZERS = "com.code_intelligence.jazzer.sanitizers.";
    private static final int REQUESTS = 8_000;
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    @Test
    void noRequestMakesTheServerFailHangOrGrow(@TempDir Path folder) throws Exception {
        int seconds = Integer.getInteger("fuzz.seconds", 0);
        Path corpus = seconds > 0 ? Files.createDirectories(Path.of("target", "fuzz", "corpus")) : folder;
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-XX:+UseSerialGC",
                "-XX:+EnableDynamicAgentLoading",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Djdk.virtualThreadScheduler.parallelism=16",
                "-cp",
                System.getProperty("java.class.path"),
                Jazzer.class.getName(),
                "--target_class=" + ApiFuzzer.class.getName(),
                "--instrumentation_includes=io.mokube.apiserver.**:io.mokube.machinery.**",
                "--instrumentation_excludes=" + FuzzTest.class.getPackageName() + ".**",
                "--custom_hook_includes=io.mokube.**",
                // A client connects, a definition carries patterns, a server keeps files: no faults here.
                "--disabled_hooks=" + SANITIZERS + "ServerSideRequestForgery:" + SANITIZERS + "RegexInjection:"
                        + SANITIZERS + "FilePathTraversal",
                "--reproducer_path=" + folder,
                "-artifact_prefix=" + folder + "/",
                "-rss_limit_mb=4096",
                "-timeout=60",
                "-max_len=1024",
                "-print_final_stats=1"));
        command.addAll(
                seconds > 0 ? List.of("-max_total_time=" + seconds) : List.of("-seed=20261127", "-runs=" + REQUESTS));
        command.add(corpus.toString());
        try (ChildProcess jazzer = ChildProcess.start("fuzz", command, Map.of())) {
            int code = jazzer.awaitExit(PATIENCE.plusSeconds(seconds));
            assertThat(code).as(jazzer.log()).isZero();
            assertThat(jazzer.log()).containsPattern("\\d+ requests, heap \\d+ -> \\d+ KiB");
        }
    }
}
