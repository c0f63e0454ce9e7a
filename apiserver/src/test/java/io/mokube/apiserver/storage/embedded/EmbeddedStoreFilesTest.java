package io.mokube.apiserver.storage.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.apiserver.storage.KeyValueStore.CompactedException;
import io.mokube.apiserver.storage.KeyValueStore.Entry;
import io.mokube.apiserver.storage.KeyValueStore.Expect;
import io.mokube.apiserver.storage.KeyValueStore.WriteResult;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.Await;
import io.mokube.testkit.ChildProcess;
import io.mokube.testkit.SimulatedClock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the embedded store does on disk: growth, damage, ownership, and crashes in the middle of writes. */
@Timeout(180)
class EmbeddedStoreFilesTest {

    private static final byte[] VALUE = "v".repeat(1_000).getBytes(StandardCharsets.UTF_8);

    private final SimulatedClock clock = new SimulatedClock();

    @TempDir
    private Path folder;

    @Test
    void theDiskHoldsNoMoreThanAFewTimesTheState() throws IOException {
        try (EmbeddedStore store = open(100_000)) {
            for (int i = 0; i < 5_000; i++) {
                store.put("key" + i % 10, VALUE, Expect.ANYTHING, null);
            }
        }
        assertThat(bytesOnDisk()).isLessThan(400_000);
        try (EmbeddedStore store = open(100_000)) {
            assertThat(store.currentRevision()).isEqualTo(5_001);
            assertThat(store.range("", "~", 0, 0).entries())
                    .extracting(Entry::key)
                    .containsExactlyElementsOf(Stream.iterate(0, i -> i + 1)
                            .limit(10)
                            .map(i -> "key" + i)
                            .toList());
        }
    }

    @Test
    void historyIsForgottenWithTime() {
        try (EmbeddedStore store = open(1 << 20)) {
            long first = revision(store.put("a", VALUE, Expect.ANYTHING, null));
            clock.advance(Duration.ofMinutes(4));
            long second = revision(store.put("a", VALUE, Expect.ANYTHING, null));
            clock.advance(Duration.ofMinutes(2));
            // It was the present until two minutes ago.
            assertThat(store.get("a", first).entries()).hasSize(1);
            clock.advance(Duration.ofMinutes(4));
            Await.until("the first revision to be forgotten", () -> forgotten(store, first));
            assertThat(store.get("a", second).entries()).hasSize(1);
        }
    }

    @Test
    void historyIsForgottenWhenItIsLong() {
        EmbeddedStoreConfig config =
                new EmbeddedStoreConfig(null, 1 << 20, Duration.ofMinutes(5), 100, 1 << 30, 1 << 20);
        try (EmbeddedStore store = EmbeddedStore.open(config, platform())) {
            long first = revision(store.put("a", VALUE, Expect.ANYTHING, null));
            for (int i = 0; i < 200; i++) {
                store.put("a", VALUE, Expect.ANYTHING, null);
            }
            Await.until("the first revision to be forgotten", () -> forgotten(store, first));
            assertThat(store.get("a", store.currentRevision() - 50).entries()).hasSize(1);
        }
    }

    @Test
    void damageToAcknowledgedDataIsNotPassedOver() throws IOException {
        try (EmbeddedStore store = open(1 << 20)) {
            for (int i = 0; i < 10; i++) {
                store.put("key" + i, VALUE, Expect.ANYTHING, null);
            }
        }
        Path log = folder.resolve("log-1");
        byte[] bytes = Files.readAllBytes(log);
        bytes[bytes.length / 2] ^= 1;
        Files.write(log, bytes);
        assertThatThrownBy(() -> open(1 << 20))
                .isInstanceOf(ComponentException.class)
                .hasMessageContaining("damaged")
                .hasMessageContaining("restore the folder from a backup");
        assertThat(Files.readAllBytes(log)).isEqualTo(bytes);
    }

    @Test
    void aMissingLogIsNotPassedOver() throws IOException {
        try (EmbeddedStore store = open(10_000)) {
            for (int i = 0; i < 100; i++) {
                store.put("key" + i, VALUE, Expect.ANYTHING, null);
            }
        }
        try (Stream<Path> files = Files.list(folder)) {
            for (Path log : files.filter(file -> file.getFileName().toString().startsWith("log-"))
                    .toList()) {
                Files.delete(log);
            }
        }
        assertThatThrownBy(() -> open(10_000))
                .isInstanceOf(ComponentException.class)
                .hasMessageContaining("missing");
    }

    @Test
    void aFolderHasOneOwner() {
        try (EmbeddedStore store = open(1 << 20)) {
            assertThatThrownBy(() -> open(1 << 20))
                    .isInstanceOf(ComponentException.class)
                    .hasMessageContaining("in use by another process (process "
                            + ProcessHandle.current().pid())
                    .hasMessageContaining("choose another folder");
        }
        open(1 << 20).close();
    }

    @Test
    void aFolderOfAnotherFormatIsLeftAlone() throws IOException {
        open(1 << 20).close();
        Files.writeString(folder.resolve("FORMAT"), "mokube-embedded-store 99\n");
        assertThatThrownBy(() -> open(1 << 20))
                .isInstanceOf(ComponentException.class)
                .hasMessageContaining("format 99")
                .hasMessageContaining("delete the folder");
    }

    @Test
    void aFolderWithOtherFilesIsLeftAlone() throws IOException {
        Files.writeString(folder.resolve("letter.txt"), "dear diary");
        assertThatThrownBy(() -> open(1 << 20))
                .isInstanceOf(ComponentException.class)
                .hasMessageContaining("choose an empty folder");
    }

    /**
     * A JVM of its own writes and prints every acknowledged key; it is killed in the middle, again and again on the same
     * folder. What was printed must be there.
     */
    @Test
    void killingTheProcessInTheMiddleOfWritesLosesNothingAcknowledged() {
        int printed = 0;
        for (int round = 0; round < 3; round++) {
            String name = "r" + round + "-";
            try (ChildProcess writer = ChildProcess.start(
                    "store-writer", ChildProcess.javaCommand(StoreWriter.class, folder.toString(), name), Map.of())) {
                writer.awaitReady(
                        Duration.ofSeconds(20), () -> acknowledged(writer).size() > 300);
                writer.kill();
                List<String> acknowledged = acknowledged(writer);
                try (EmbeddedStore store = open(100_000)) {
                    List<String> found = store.range("r", "s", 0, 0).entries().stream()
                            .map(Entry::key)
                            .toList();
                    assertThat(found).containsAll(acknowledged);
                    printed += acknowledged.size();
                    assertThat(found).hasSizeGreaterThanOrEqualTo(printed);
                    for (String key : acknowledged) {
                        assertThat(store.get(key, 0).entries().getFirst().value())
                                .isEqualTo(StoreWriter.valueOf(key));
                    }
                }
            }
        }
    }

    private static List<String> acknowledged(ChildProcess writer) {
        String log = writer.log();
        return log.substring(0, log.lastIndexOf('\n') + 1).lines().toList();
    }

    private boolean forgotten(EmbeddedStore store, long revision) {
        try {
            store.get("a", revision);
            return false;
        } catch (CompactedException e) {
            return true;
        }
    }

    private EmbeddedStore open(long leastBytesForSnapshot) {
        EmbeddedStoreConfig config = EmbeddedStoreConfig.at(folder);
        return EmbeddedStore.open(
                new EmbeddedStoreConfig(
                        folder,
                        config.maxValueBytes(),
                        config.historyAge(),
                        config.historyEvents(),
                        config.historyBytes(),
                        leastBytesForSnapshot),
                platform());
    }

    private Platform platform() {
        return new Platform(clock, new SplittableRandom(3), new SimpleMeterRegistry());
    }

    private long bytesOnDisk() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        }
    }

    private static long revision(WriteResult result) {
        return ((WriteResult.Written) result).revision();
    }
}
