package io.mokube.apiserver.storage.embedded;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Settings of the embedded store.
 *
 * @param folder where its files are, null to keep everything in memory only
 * @param maxValueBytes the greatest size of a value
 * @param historyAge how long changes can be read and watched from, unless they are too many
 * @param historyEvents the most changes kept
 * @param historyBytes the most bytes of values in the changes kept
 * @param leastBytesForSnapshot the length of the log from which on a snapshot takes its place
 */
public record EmbeddedStoreConfig(
        @Nullable Path folder,
        int maxValueBytes,
        Duration historyAge,
        int historyEvents,
        long historyBytes,
        long leastBytesForSnapshot) {

    private static final int DEFAULT_MAX_VALUE_BYTES = 1536 * 1024;
    private static final Duration DEFAULT_HISTORY_AGE = Duration.ofMinutes(5);
    private static final int DEFAULT_HISTORY_EVENTS = 100_000;
    private static final long DEFAULT_HISTORY_BYTES = 64L << 20;
    private static final long DEFAULT_LEAST_BYTES_FOR_SNAPSHOT = 64L << 20;

    /** A durable store in a folder, with limits like those that Kubernetes sets etcd. */
    public static EmbeddedStoreConfig at(Path folder) {
        return withDefaults(folder);
    }

    /** A store that lives as long as the process. */
    public static EmbeddedStoreConfig inMemory() {
        return withDefaults(null);
    }

    private static EmbeddedStoreConfig withDefaults(@Nullable Path folder) {
        return new EmbeddedStoreConfig(
                folder,
                DEFAULT_MAX_VALUE_BYTES,
                DEFAULT_HISTORY_AGE,
                DEFAULT_HISTORY_EVENTS,
                DEFAULT_HISTORY_BYTES,
                DEFAULT_LEAST_BYTES_FOR_SNAPSHOT);
    }
}
