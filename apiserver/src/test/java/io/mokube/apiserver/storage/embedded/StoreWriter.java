package io.mokube.apiserver.storage.embedded;

import io.mokube.apiserver.storage.KeyValueStore.Expect;
import io.mokube.machinery.component.Platform;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/** A process that writes as fast as it can, from several threads, and prints each key once it is acknowledged. */
final class StoreWriter {

    private static final int THREADS = 8;
    private static final long SNAPSHOT_BYTES = 200_000;

    private StoreWriter() {}

    public static void main(String[] arguments) throws InterruptedException {
        EmbeddedStoreConfig config = EmbeddedStoreConfig.at(Path.of(arguments[0]));
        EmbeddedStore store = EmbeddedStore.open(
                new EmbeddedStoreConfig(
                        config.folder(),
                        config.maxValueBytes(),
                        Duration.ofMinutes(5),
                        config.historyEvents(),
                        config.historyBytes(),
                        SNAPSHOT_BYTES),
                Platform.system());
        Thread[] threads = new Thread[THREADS];
        for (int i = 0; i < THREADS; i++) {
            String prefix = arguments[1] + i + "-";
            threads[i] = Thread.startVirtualThread(() -> {
                for (int n = 0; ; n++) {
                    String key = prefix + n;
                    store.put(key, valueOf(key), Expect.ABSENT, null);
                    System.out.println(key);
                }
            });
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    static byte[] valueOf(String key) {
        return (key + " ").repeat(40).getBytes(StandardCharsets.UTF_8);
    }
}
