package io.mokube.scheduler.snapshot;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An immutable map of which a changed copy costs little: the entries are spread over shards, and a change copies one of
 * them. For the many objects that a snapshot holds and of which few change between two decisions.
 */
public final class ShardedMap<K, V> {

    private static final int SHARDS = 256;
    private static final ShardedMap<?, ?> EMPTY = new ShardedMap<>(emptyShards(), 0);

    private final List<Map<K, V>> shards;
    private final int size;

    private ShardedMap(List<Map<K, V>> shards, int size) {
        this.shards = shards;
        this.size = size;
    }

    private static List<Map<Object, Object>> emptyShards() {
        List<Map<Object, Object>> shards = new ArrayList<>(SHARDS);
        for (int i = 0; i < SHARDS; i++) {
            shards.add(Map.of());
        }
        return shards;
    }

    @SuppressWarnings("unchecked") // nobody can put anything into it
    public static <K, V> ShardedMap<K, V> empty() {
        return (ShardedMap<K, V>) EMPTY;
    }

    private static int shard(Object key) {
        int hash = key.hashCode();
        return (hash ^ (hash >>> 16) ^ (hash >>> 8)) & (SHARDS - 1);
    }

    public @Nullable V get(K key) {
        return shards.get(shard(key)).get(key);
    }

    public int size() {
        return size;
    }

    public boolean isEmpty() {
        return size == 0;
    }

    /** All values, in no particular order. */
    public List<V> values() {
        List<V> values = new ArrayList<>(size);
        for (Map<K, V> shard : shards) {
            values.addAll(shard.values());
        }
        return values;
    }

    /** This map with one more or another entry. */
    public ShardedMap<K, V> with(K key, V value) {
        int index = shard(key);
        Map<K, V> shard = new HashMap<>(shards.get(index));
        boolean added = shard.put(key, value) == null;
        return new ShardedMap<>(replaced(index, shard), added ? size + 1 : size);
    }

    /** This map without a key; the same when it has none. */
    public ShardedMap<K, V> without(K key) {
        int index = shard(key);
        if (!shards.get(index).containsKey(key)) {
            return this;
        }
        if (size == 1) {
            return empty();
        }
        Map<K, V> shard = new HashMap<>(shards.get(index));
        shard.remove(key);
        return new ShardedMap<>(replaced(index, shard), size - 1);
    }

    private List<Map<K, V>> replaced(int index, Map<K, V> shard) {
        List<Map<K, V>> copy = new ArrayList<>(shards);
        copy.set(index, shard);
        return copy;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ShardedMap<?, ?> map && size == map.size && shards.equals(map.shards);
    }

    @Override
    public int hashCode() {
        return Objects.hash(size, shards);
    }

    @Override
    public String toString() {
        Map<K, V> all = new HashMap<>();
        shards.forEach(all::putAll);
        return all.toString();
    }
}
