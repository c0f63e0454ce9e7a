package io.mokube.machinery.lock;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One lock for each key: who holds a key holds up only those who want the same one. A key that nobody holds or waits for takes
 * up no memory. Safe for use by many threads; a thread may hold a key several times.
 */
public final class KeyedLocks<K> {

    private final Map<K, Entry> entries = new ConcurrentHashMap<>();

    /** A lock, and how many hold it or wait for it; the count changes only inside of the map's own atomic steps. */
    private static final class Entry {
        private final ReentrantLock lock = new ReentrantLock();
        private int users;
    }

    /** A key that is held until this is closed, by the thread that took it. */
    public interface Held extends AutoCloseable {
        @Override
        void close();
    }

    /** Waits until nobody else holds the key, and takes it. */
    public Held hold(K key) {
        Entry entry = entries.compute(key, (same, known) -> {
            Entry used = known == null ? new Entry() : known;
            used.users++;
            return used;
        });
        entry.lock.lock();
        return () -> {
            entry.lock.unlock();
            entries.computeIfPresent(key, (same, known) -> --known.users == 0 ? null : known);
        };
    }

    /** How many keys are held or waited for. */
    public int size() {
        return entries.size();
    }
}
