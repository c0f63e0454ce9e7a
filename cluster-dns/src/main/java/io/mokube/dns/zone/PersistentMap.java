package io.mokube.dns.zone;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * An immutable map of which each change is a new map that shares most of it: the entries are spread over small maps, and
 * a change copies one. With 10,000 entries that is 40 of them and a list of 256.
 */
final class PersistentMap<K, V> {

    private static final int PARTS = 256;

    private final List<Map<K, V>> parts;

    private PersistentMap(List<Map<K, V>> parts) {
        this.parts = parts;
    }

    static <K, V> PersistentMap<K, V> empty() {
        List<Map<K, V>> parts = new ArrayList<>(PARTS);
        for (int i = 0; i < PARTS; i++) {
            parts.add(Map.of());
        }
        return new PersistentMap<>(parts);
    }

    Optional<V> get(K key) {
        return Optional.ofNullable(parts.get(part(key)).get(key));
    }

    boolean contains(K key) {
        return parts.get(part(key)).containsKey(key);
    }

    /** The same with another value for the key; null removes it. */
    PersistentMap<K, V> with(K key, @Nullable V value) {
        int part = part(key);
        Map<K, V> changed = new HashMap<>(parts.get(part));
        if (value == null) {
            changed.remove(key);
        } else {
            changed.put(key, value);
        }
        List<Map<K, V>> copy = new ArrayList<>(parts);
        copy.set(part, changed);
        return new PersistentMap<>(copy);
    }

    void forEach(BiConsumer<? super K, ? super V> each) {
        parts.forEach(part -> part.forEach(each));
    }

    private static int part(Object key) {
        int hash = key.hashCode();
        return (hash ^ (hash >>> 8) ^ (hash >>> 16)) & (PARTS - 1);
    }
}
