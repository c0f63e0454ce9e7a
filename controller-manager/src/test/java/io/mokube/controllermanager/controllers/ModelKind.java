package io.mokube.controllermanager.controllers;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.mokube.controllermanager.controllers.ownership.Ownership;
import io.mokube.machinery.names.ObjectKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** What a small model of a cluster stores of one kind, with its history, and a cache that has seen a part of it. */
public final class ModelKind<T extends HasMetadata> {

    private static final Comparator<ObjectKey> BY_NAME =
            Comparator.comparing(ObjectKey::namespace).thenComparing(ObjectKey::name);

    /** What is there. */
    public final Map<ObjectKey, T> live = new TreeMap<>(BY_NAME);

    /** What a controller sees. */
    public final Map<ObjectKey, T> cache = new TreeMap<>(BY_NAME);

    private final Map<String, Map<ObjectKey, T>> liveByController = new HashMap<>();
    private final Map<String, Map<ObjectKey, T>> cacheByController = new HashMap<>();
    private final AtomicLong revision;

    /** What the cache has not seen yet. */
    private final Deque<Event<T>> ahead = new ArrayDeque<>();

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
        return ahead.isEmpty();
    }

    /** What is there and controlled by an owner. */
    public List<T> liveOf(HasMetadata owner) {
        return List.copyOf(liveByController
                .getOrDefault(owner.getMetadata().getUid(), Map.of())
                .values());
    }

    /** What a controller sees of an owner's objects. */
    public List<T> cacheOf(HasMetadata owner) {
        return List.copyOf(cacheByController
                .getOrDefault(owner.getMetadata().getUid(), Map.of())
                .values());
    }

    private @Nullable T put(
            Map<ObjectKey, T> all, Map<String, Map<ObjectKey, T>> byController, ObjectKey key, @Nullable T object) {
        T before = object == null ? all.remove(key) : all.put(key, object);
        if (before != null) {
            Ownership.controllerOf(before).ifPresent(owner -> {
                Map<ObjectKey, T> siblings = byController.getOrDefault(owner.getUid(), Map.of());
                siblings.remove(key);
                if (siblings.isEmpty()) {
                    byController.remove(owner.getUid());
                }
            });
        }
        if (object != null) {
            Ownership.controllerOf(object)
                    .ifPresent(owner -> byController
                            .computeIfAbsent(owner.getUid(), any -> new TreeMap<>(BY_NAME))
                            .put(key, object));
        }
        return before;
    }

    public T store(T object) {
        long now = revision.incrementAndGet();
        object.getMetadata().setResourceVersion(Long.toString(now));
        put(live, liveByController, Ownership.key(object), object);
        ahead.add(new Event<>(now, Ownership.key(object), object));
        return object;
    }

    public void remove(ObjectKey key) {
        put(live, liveByController, key, null);
        ahead.add(new Event<>(revision.incrementAndGet(), key, null));
    }

    /**
     * The cache sees the next events.
     *
     * @return the objects they are about, of those that are gone the last that was seen
     */
    public List<T> deliver(int count) {
        List<T> seen = new ArrayList<>();
        for (int i = 0; i < count && !ahead.isEmpty(); i++) {
            Event<T> event = ahead.remove();
            version = event.revision;
            T before = put(cache, cacheByController, event.key, event.object);
            T last = event.object == null ? before : event.object;
            if (last != null) {
                seen.add(last);
            }
        }
        return seen;
    }

    /** The cache jumps to the present and never learns what happened in between. */
    public void relist() {
        ahead.clear();
        version = revision.get();
        cache.clear();
        cacheByController.clear();
        live.forEach((key, object) -> put(cache, cacheByController, key, object));
    }

    /** What is stored under the key, as a live read shows it. */
    public Optional<T> read(ObjectKey key) {
        return Optional.ofNullable(live.get(key));
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
