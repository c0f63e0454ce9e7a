package io.mokube.proxy.compile;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A map that never changes. Its keys are dealt out to many small maps; the next map, after a few changes, has copies of those
 * few and shares all others, so that a change costs the same however many keys there are, and so does finding it.
 *
 * @param <K> compared by {@code equals}
 * @param <V> compared by identity
 */
final class SharedMap<K, V> {

    /** A power of two. With tens of thousands of keys a part has tens. */
    private static final int PARTS = 1024;

    private final List<Map<K, V>> parts;
    private final int size;

    private SharedMap(List<Map<K, V>> parts, int size) {
        this.parts = parts;
        this.size = size;
    }

    static <K, V> SharedMap<K, V> empty() {
        return new SharedMap<>(Collections.nCopies(PARTS, Map.of()), 0);
    }

    int size() {
        return size;
    }

    @Nullable
    V get(K key) {
        return parts.get(part(key)).get(key);
    }

    void forEach(BiConsumer<K, V> action) {
        parts.forEach(part -> part.forEach(action));
    }

    /** The keys that have another value than before, or have one only here, or only there. */
    @SuppressWarnings("ReferenceEquality") // what did not change is shared
    Set<K> changedSince(SharedMap<K, V> before) {
        Set<K> changed = new HashSet<>();
        for (int i = 0; i < PARTS; i++) {
            Map<K, V> old = before.parts.get(i);
            Map<K, V> now = parts.get(i);
            if (old != now) {
                now.forEach((key, value) -> {
                    if (old.get(key) != value) {
                        changed.add(key);
                    }
                });
                old.keySet().stream().filter(key -> !now.containsKey(key)).forEach(changed::add);
            }
        }
        return changed;
    }

    private static int part(Object key) {
        int hash = key.hashCode() * 0x9E3779B9; // neighbouring addresses have neighbouring hashes
        return (hash ^ hash >>> 16) & (PARTS - 1);
    }

    /** Begins a next map. */
    Editor<K, V> edit() {
        return new Editor<>(this);
    }

    /** A map being made from another, which stays as it is. */
    static final class Editor<K, V> {

        private final SharedMap<K, V> from;
        private final List<Map<K, V>> parts;
        private int size;

        private Editor(SharedMap<K, V> from) {
            this.from = from;
            this.parts = new ArrayList<>(from.parts);
            this.size = from.size;
        }

        @Nullable
        V get(K key) {
            return parts.get(part(key)).get(key);
        }

        void put(K key, V value) {
            if (own(key).put(key, value) == null) {
                size++;
            }
        }

        void remove(K key) {
            if (get(key) != null) {
                own(key).remove(key);
                size--;
            }
        }

        @SuppressWarnings("ReferenceEquality") // the first change of a part makes a copy of it
        private Map<K, V> own(K key) {
            int index = part(key);
            Map<K, V> part = parts.get(index);
            if (part == from.parts.get(index)) {
                part = new HashMap<>(part);
                parts.set(index, part);
            }
            return part;
        }

        /** The map; the editor must not be used afterwards. */
        SharedMap<K, V> done() {
            return new SharedMap<>(parts, size);
        }
    }
}
