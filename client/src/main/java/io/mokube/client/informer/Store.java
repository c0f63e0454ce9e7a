package io.mokube.client.informer;

import io.mokube.client.rest.ResourceType;
import io.mokube.machinery.names.ObjectKey;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The objects an informer holds. Reading never blocks and is safe for any thread; the objects are shared and must not be
 * changed: copy one before editing it. What is read may be older than what the server has. What {@link #get} shows, the
 * indexes show too: whoever has seen a change by its key may decide on what an index holds.
 */
public final class Store<T> {

    /** The index of namespaced objects by their namespace; always there. */
    public static final String BY_NAMESPACE = "namespace";

    private final ResourceType<T> type;
    private final ConcurrentMap<ObjectKey, T> objects = new ConcurrentHashMap<>();
    private final Map<String, Index<T>> indexes = new ConcurrentHashMap<>();

    Store(ResourceType<T> type) {
        this.type = type;
        if (type.namespaced()) {
            addIndex(BY_NAMESPACE, object -> List.of(type.key(object).namespace()));
        }
    }

    /** The object of that name. */
    public Optional<T> get(ObjectKey key) {
        return Optional.ofNullable(objects.get(key));
    }

    /** All objects, a copy in no order. */
    public List<T> list() {
        return List.copyOf(objects.values());
    }

    /** The objects of a namespace, a copy in no order. */
    public List<T> list(String namespace) {
        return byIndex(BY_NAMESPACE, namespace);
    }

    /**
     * The objects that an index files under a value, a copy in no order.
     *
     * @throws IllegalArgumentException when there is no such index
     */
    public List<T> byIndex(String name, String value) {
        Map<ObjectKey, T> bucket = index(name).buckets.get(value);
        return bucket == null ? List.of() : List.copyOf(bucket.values());
    }

    /**
     * How many objects an index files under a value.
     *
     * @throws IllegalArgumentException when there is no such index
     */
    public int count(String name, String value) {
        Map<ObjectKey, T> bucket = index(name).buckets.get(value);
        return bucket == null ? 0 : bucket.size();
    }

    private Index<T> index(String name) {
        Index<T> index = indexes.get(name);
        if (index == null) {
            throw new IllegalArgumentException("the store of " + type + " has no index " + name);
        }
        return index;
    }

    public int size() {
        return objects.size();
    }

    // What follows is called with the informer's lock held.

    void addIndex(String name, Function<? super T, ? extends Collection<String>> values) {
        if (!indexes.containsKey(name)) {
            Index<T> index = new Index<>(values);
            objects.forEach((key, object) -> index.change(key, null, object));
            indexes.put(name, index);
        }
    }

    @Nullable
    T put(ObjectKey key, T object) {
        T before = objects.get(key);
        for (Index<T> index : indexes.values()) {
            index.change(key, before, object);
        }
        objects.put(key, object);
        return before;
    }

    @Nullable
    T remove(ObjectKey key) {
        T before = objects.get(key);
        if (before != null) {
            for (Index<T> index : indexes.values()) {
                index.change(key, before, null);
            }
            objects.remove(key);
        }
        return before;
    }

    Set<ObjectKey> keys() {
        return Set.copyOf(objects.keySet());
    }

    /** Objects by what a function says about them. Written by one thread at a time, read by any. */
    private record Index<T>(
            Function<? super T, ? extends Collection<String>> values,
            ConcurrentMap<String, ConcurrentMap<ObjectKey, T>> buckets) {

        Index(Function<? super T, ? extends Collection<String>> values) {
            this(values, new ConcurrentHashMap<>());
        }

        /** Files the object anew before it leaves its old places, so that no reader misses it in between. */
        void change(ObjectKey key, @Nullable T before, @Nullable T now) {
            Set<String> places = now == null ? Set.of() : new HashSet<>(values.apply(now));
            if (now != null) {
                for (String place : places) {
                    buckets.computeIfAbsent(place, any -> new ConcurrentHashMap<>(2))
                            .put(key, now);
                }
            }
            if (before == null) {
                return;
            }
            for (String place : values.apply(before)) {
                ConcurrentMap<ObjectKey, T> bucket = places.contains(place) ? null : buckets.get(place);
                if (bucket != null) {
                    bucket.remove(key);
                    if (bucket.isEmpty()) {
                        buckets.remove(place);
                    }
                }
            }
        }
    }
}
