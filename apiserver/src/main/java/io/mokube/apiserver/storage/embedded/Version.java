package io.mokube.apiserver.storage.embedded;

import io.mokube.apiserver.storage.KeyValueStore.Entry;
import io.mokube.apiserver.storage.KeyValueStore.Event;
import org.jspecify.annotations.Nullable;

/** What a key became at a revision, linked to what it was before. */
final class Version {

    final String key;
    final long revision;
    /** Null when the key was deleted. */
    final @Nullable Entry entry;

    final long expiresAtMillis;

    /**
     * The older version, null when there is none or it is forgotten. Changed under the store's lock only; a reader that
     * races with forgetting notices by the compact revision.
     */
    @Nullable
    Version previous;

    private Version(
            String key, long revision, @Nullable Entry entry, long expiresAtMillis, @Nullable Version previous) {
        this.key = key;
        this.revision = revision;
        this.entry = entry;
        this.expiresAtMillis = expiresAtMillis;
        this.previous = previous;
    }

    static Version written(Change.Put put, @Nullable Version previous) {
        Entry entry = put.entry();
        return new Version(entry.key(), entry.modRevision(), entry, put.expiresAtMillis(), previous);
    }

    static Version deleted(Change.Delete delete, @Nullable Version previous) {
        return new Version(delete.key(), delete.revision(), null, Change.NEVER, previous);
    }

    boolean expires() {
        return expiresAtMillis != Change.NEVER;
    }

    /** The event that watches hear of this version. */
    Event event() {
        Entry before = previous == null ? null : previous.entry;
        return entry == null ? new Event.Deleted(key, revision, before) : new Event.Put(entry, before);
    }

    static String keyOf(Event event) {
        return switch (event) {
            case Event.Put put -> put.entry().key();
            case Event.Deleted deleted -> deleted.key();
        };
    }
}
