package io.mokube.controllermanager.controllers;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What a small model of a cluster stores of one kind, with its history, and a cache that has seen a part of it. */
public final class ModelKind<T extends HasMetadata> {

    /** What is there. */
    public final Map<ObjectKey, T> live = new TreeMap<>(Comparator.comparing(ObjectKey::toString));

    /** What a controller sees. */
    public final Map<ObjectKey, T> cache = new TreeMap<>(Comparator.comparing(ObjectKey::toString));

    private final AtomicLong revision;
    private final List<Event<T>> history = new ArrayList<>();
    private int seen;
    private long version;

    /**
     * @param revision of the whole cluster's last write
     */
    public ModelKind(AtomicLong revision) {
        this.revision = revision;
    }

    private record Event<T>(
            long revision, ObjectKey key, @Nullable T object) {}

    /** A request that the server turned down. */
    public static final class Refused extends RuntimeException {}

    /** How far the cache is. */
    public long version() {
        return version;
    }

    /** Whether the cache has seen everything. */
    public boolean isCurrent() {
        return seen == history.size();
    }

    public T store(T object) {
        long now = revision.incrementAndGet();
        object.getMetadata().setResourceVersion(Long.toString(now));
        live.put(Ownership.key(object), object);
        history.add(new Event<>(now, Ownership.key(object), object));
        return object;
    }

    public void remove(ObjectKey key) {
        live.remove(key);
        history.add(new Event<>(revision.incrementAndGet(), key, null));
    }

    /** The cache sees the next events. */
    public void deliver(int count) {
        for (int i = 0; i < count && seen < history.size(); i++) {
            Event<T> event = history.get(seen++);
            version = event.revision;
            if (event.object == null) {
                cache.remove(event.key);
            } else {
                cache.put(event.key, event.object);
            }
        }
    }

    /** The cache jumps to the present and never learns what happened in between. */
    public void relist() {
        seen = history.size();
        version = revision.get();
        cache.clear();
        cache.putAll(live);
    }

    /** What is stored, if that is still what the writer has read. */
    public T current(T written) {
        T stored = live.get(Ownership.key(written));
        if (stored == null || Ownership.revision(stored) != Ownership.revision(written)) {
            throw new Refused();
        }
        return stored;
    }
}
