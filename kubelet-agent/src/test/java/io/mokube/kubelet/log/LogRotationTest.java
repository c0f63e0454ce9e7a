package io.mokube.kubelet.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogRotationTest {

    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    @TempDir
    private Path logs;

    private Path file() throws IOException {
        return Files.createDirectories(logs.resolve("ns_pod_uid/main")).resolve("0.log");
    }

    private List<String> files() throws IOException {
        try (Stream<Path> all = Files.list(logs.resolve("ns_pod_uid/main"))) {
            return all.map(each -> each.getFileName().toString()).sorted().toList();
        }
    }

    private LogRotation rotation(Runnable reopen) {
        return new LogRotation(logs, 10, 3, path -> Optional.of(reopen));
    }

    private void begin() {
        try {
            Files.createFile(file());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void movesALongLogAsideCompressesTheOnesBeforeAndKeepsOnlySoMany() throws IOException {
        for (int i = 0; i < 4; i++) {
            Files.writeString(file(), "a long line " + i + "\n");
            rotation(this::begin).look(NOW.plusSeconds(i));
            assertThat(file()).isEmptyFile();
        }
        assertThat(files()).containsExactly("0.log", "0.log.20260102-030407.gz", "0.log.20260102-030408");
        try (GZIPInputStream input =
                new GZIPInputStream(Files.newInputStream(logs.resolve("ns_pod_uid/main/0.log.20260102-030407.gz")))) {
            assertThat(new String(input.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo("a long line 2\n");
        }
    }

    @Test
    void leavesShortLogsLinksAndThoseThatNobodyWrites() throws IOException {
        Files.writeString(file(), "short\n");
        Path elsewhere = Files.writeString(logs.resolve("elsewhere"), "a long line\n");
        Files.createSymbolicLink(file().resolveSibling("1.log"), elsewhere);
        rotation(() -> {
                    throw new AssertionError("nothing to rotate");
                })
                .look(NOW);
        Files.writeString(file(), "a long line\n");
        new LogRotation(logs, 10, 3, path -> Optional.empty()).look(NOW);
        assertThat(files()).containsExactly("0.log", "1.log");
    }

    @Test
    void putsTheLogBackWhenItsWriterDoesNotBeginAnew() throws IOException {
        Files.writeString(file(), "a long line\n");
        rotation(() -> {
                    throw new IllegalStateException("no answer");
                })
                .look(NOW);
        assertThat(file()).content().isEqualTo("a long line\n");
    }
}
