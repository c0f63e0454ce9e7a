package io.mokube.apiserver.cache;

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One change of one object, shared by the history and by all watchers that are told of it, together with the encodings
 * that watchers asked for: each is made once.
 */
public final class CacheEvent {

    private final long revision;
    private final @Nullable CachedObject before;
    private final @Nullable CachedObject after;
    private final SortedObjects state;
    private final long atNanos;
    private final Map<Object, byte[]> encodings = new ConcurrentHashMap<>(2);

    /**
     * @param before the object as it was, null when it is new
     * @param after the object as it is, null when it was deleted; never both null
     * @param state all objects of the resource after this change
     * @param atNanos when it was seen, on the clock's monotonic scale
     */
    CacheEvent(
            long revision,
            @Nullable CachedObject before,
            @Nullable CachedObject after,
            SortedObjects state,
            long atNanos) {
        this.revision = revision;
        this.before = before;
        this.after = after;
        this.state = state;
        this.atNanos = atNanos;
    }

    public long revision() {
        return revision;
    }

    @Nullable
    CachedObject before() {
        return before;
    }

    @Nullable
    CachedObject after() {
        return after;
    }

    SortedObjects state() {
        return state;
    }

    long atNanos() {
        return atNanos;
    }

    /** The bytes this event holds on to, roughly. */
    int weight() {
        CachedObject held = after == null ? Objects.requireNonNull(before) : after;
        return held.object().value().length;
    }

    /** The encoding under this key, made by the first who asks. */
    public byte[] encoding(Object form, Supplier<byte[]> encoder) {
        return encodings.computeIfAbsent(form, ignored -> encoder.get());
    }
}
