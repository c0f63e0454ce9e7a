package io.mokube.apiserver.storage.embedded;

import io.mokube.apiserver.storage.KeyValueStore.Entry;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * Every key with its versions, newest first, in key order.
 *
 * <p>Reads run at any time from any thread and see one revision, whatever is written meanwhile. {@link #push}, {@link
 * #pop} and {@link #forget} are called under the store's lock.
 */
final class VersionIndex {

    private final NavigableMap<String, Version> newest = new ConcurrentSkipListMap<>();

    /** The newest version of a key, durable or not; a deletion is a version. */
    @Nullable
    Version newest(String key) {
        return newest.get(key);
    }

    /** The key's entry as of the revision, null when it did not exist. */
    @Nullable
    Entry at(String key, long revision) {
        return entryAt(newest.get(key), revision);
    }

    /** Up to {@code limit} entries as of the revision whose keys lie in the range, in key order. */
    List<Entry> range(String from, String to, long revision, int limit) {
        List<Entry> entries = new ArrayList<>();
        // As etcd does, an empty range rather than an error when the ends are the wrong way round.
        if (from.compareTo(to) < 0) {
            for (Version version : newest.subMap(from, to).values()) {
                Entry entry = entryAt(version, revision);
                if (entry != null) {
                    if (entries.size() == limit) {
                        break;
                    }
                    entries.add(entry);
                }
            }
        }
        return entries;
    }

    /** All puts that make up the state as of the revision, in key order; lazily. */
    Iterator<Change.Put> state(long revision) {
        return newest.values().stream()
                .map(version -> versionAt(version, revision))
                .filter(version -> version != null && version.entry != null)
                .map(version -> new Change.Put(Objects.requireNonNull(version.entry), 0, version.expiresAtMillis))
                .iterator();
    }

    /** Adds the newest version of its key. */
    void push(Version version) {
        newest.put(version.key, version);
    }

    /** Takes back the newest version of its key. */
    void pop(Version version) {
        Version previous = version.previous;
        if (previous == null) {
            newest.remove(version.key);
        } else {
            newest.put(version.key, previous);
        }
    }

    /** Forgets what nobody sees who reads the key at the revision or later. */
    void forget(String key, long revision) {
        Version newer = null;
        Version version = newest.get(key);
        while (version != null && version.revision > revision) {
            newer = version;
            version = version.previous;
        }
        if (version == null) {
            return;
        }
        if (version.entry != null) {
            version.previous = null;
        } else if (newer != null) {
            newer.previous = null;
        } else {
            newest.remove(key);
        }
    }

    private static @Nullable Entry entryAt(@Nullable Version newest, long revision) {
        Version version = versionAt(newest, revision);
        return version == null ? null : version.entry;
    }

    private static @Nullable Version versionAt(@Nullable Version newest, long revision) {
        Version version = newest;
        while (version != null && version.revision > revision) {
            version = version.previous;
        }
        return version;
    }
}
