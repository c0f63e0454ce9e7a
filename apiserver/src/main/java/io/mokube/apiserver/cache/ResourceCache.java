package io.mokube.apiserver.cache;

import io.mokube.apiserver.cache.WatchItem.Reason;
import io.mokube.machinery.selector.FieldSelector.Requirement;
import io.mokube.machinery.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The objects of one resource with their recent history and their watchers. Changes come in on one thread; everyone else
 * reads the current {@link View} without a lock, and takes the lock only to begin a watch or to look into the past.
 */
public final class ResourceCache {

    private static final String NAMESPACE = "metadata.namespace";

    private final Clock clock;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile Indexer indexer;
    private volatile View view;
    private History history;

    /** Watchers that want one value of a field are only bothered by objects that have, or had, it. */
    private final Map<String, Map<String, Set<Watcher>>> watchersByField = new HashMap<>();

    private final Set<Watcher> watchersOfAnything = new LinkedHashSet<>();

    private final List<CacheObserver> observers = new ArrayList<>();

    /** All objects at one revision: no change up to it is missing and none after it is in. */
    record View(SortedObjects objects, long revision) {}

    ResourceCache(Indexer indexer, long revision, Clock clock) {
        this.indexer = indexer;
        this.clock = clock;
        this.view = new View(SortedObjects.EMPTY, revision);
        this.history = new History(SortedObjects.EMPTY, revision);
    }

    /** The fields that selectors may name. */
    public List<String> selectableFields() {
        return indexer.fieldNames();
    }

    Indexer indexer() {
        return indexer;
    }

    View view() {
        return view;
    }

    /** The state at a revision that is no later than what the cache has seen; empty when it is too old. */
    Optional<SortedObjects> stateAt(long revision) {
        View current = view;
        if (revision >= current.revision()) {
            return Optional.of(current.objects());
        }
        lock.lock();
        try {
            return history.stateAt(revision);
        } finally {
            lock.unlock();
        }
    }

    long since() {
        lock.lock();
        try {
            return history.since();
        } finally {
            lock.unlock();
        }
    }

    /** Takes in a write. Called on the feeding thread. */
    void put(String key, StoredObject object) {
        CachedObject after = indexer.index(key, object);
        lock.lock();
        try {
            CachedObject before = view.objects().get(key);
            publish(object.revision(), before, after, view.objects().with(after));
        } finally {
            lock.unlock();
        }
    }

    /** Takes in a deletion. Called on the feeding thread. */
    void delete(String key, long revision) {
        lock.lock();
        try {
            CachedObject before = view.objects().get(key);
            if (before != null) {
                publish(revision, before, null, view.objects().without(key));
            }
        } finally {
            lock.unlock();
        }
    }

    private void publish(
            long revision, @Nullable CachedObject before, @Nullable CachedObject after, SortedObjects state) {
        CacheEvent event = new CacheEvent(revision, before, after, state, clock.nanoTime());
        history.append(event);
        for (CacheObserver observer : observers) {
            observer.changed(before, after);
        }
        view = new View(state, revision);
        for (Watcher watcher : watchersOfAnything) {
            watcher.offer(event);
        }
        watchersByField.forEach((field, byValue) -> {
            String was = before == null ? null : before.fields().get(field);
            String is = after == null ? null : after.fields().get(field);
            if (was != null) {
                byValue.getOrDefault(was, Set.of()).forEach(watcher -> watcher.offer(event));
            }
            if (is != null && !is.equals(was)) {
                byValue.getOrDefault(is, Set.of()).forEach(watcher -> watcher.offer(event));
            }
        });
    }

    /** Replaces everything after the history was lost: watchers can't be told what they missed, so they are ended. */
    void reset(SortedObjects objects, long revision) {
        lock.lock();
        try {
            history = new History(objects, revision);
            observers.forEach(observer -> observer.reset(objects));
            view = new View(objects, revision);
            allWatchers().forEach(watcher -> watcher.end(Reason.EXPIRED));
        } finally {
            lock.unlock();
        }
    }

    /** Tells an observer everything there is, and every change from then on. */
    void observe(CacheObserver observer) {
        lock.lock();
        try {
            observer.reset(view.objects());
            observers.add(observer);
        } finally {
            lock.unlock();
        }
    }

    /** Reads selectable fields by another definition from now on. */
    void reindex(Indexer newIndexer) {
        lock.lock();
        try {
            indexer = newIndexer;
            List<CachedObject> entries = new ArrayList<>();
            view.objects().scan("", entry -> entries.add(newIndexer.index(entry.key(), entry.object())));
            reset(SortedObjects.ofSorted(entries), view.revision());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Begins a watch after a revision.
     *
     * @return the watcher and what it must be told first, or empty when the revision is too old
     */
    Optional<StartedWatch> watchAfter(long revision, Selection selection, boolean bookmarks) {
        lock.lock();
        try {
            if (revision < history.since()) {
                return Optional.empty();
            }
            List<CacheEvent> backlog = history.after(revision);
            return Optional.of(new StartedWatch(begin(selection, bookmarks), SortedObjects.EMPTY, backlog, revision));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Begins a watch with all objects there are.
     *
     * @param seen a revision up to which this cache is known to be complete
     */
    StartedWatch watchAll(long seen, Selection selection, boolean bookmarks) {
        lock.lock();
        try {
            return new StartedWatch(
                    begin(selection, bookmarks), view.objects(), List.of(), Math.max(seen, view.revision()));
        } finally {
            lock.unlock();
        }
    }

    private Watcher begin(Selection selection, boolean bookmarks) {
        Watcher watcher = new Watcher(selection, bookmarks, this);
        Requirement key = indexKey(selection);
        if (key == null) {
            watchersOfAnything.add(watcher);
        } else {
            watchersByField
                    .computeIfAbsent(key.field(), ignored -> new HashMap<>())
                    .computeIfAbsent(key.value(), ignored -> new LinkedHashSet<>())
                    .add(watcher);
        }
        return watcher;
    }

    void remove(Watcher watcher) {
        Requirement key = indexKey(watcher.selection());
        lock.lock();
        try {
            if (key == null) {
                watchersOfAnything.remove(watcher);
                return;
            }
            Map<String, Set<Watcher>> byValue = watchersByField.get(key.field());
            Set<Watcher> same = byValue == null ? null : byValue.get(key.value());
            if (byValue != null && same != null && same.remove(watcher) && same.isEmpty()) {
                byValue.remove(key.value());
                if (byValue.isEmpty()) {
                    watchersByField.remove(key.field());
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** The most telling thing a selection demands of a field, or null. */
    private static @Nullable Requirement indexKey(Selection selection) {
        for (Requirement requirement : selection.fields().requirements()) {
            if (requirement.equal() && !requirement.field().equals(NAMESPACE)) {
                return requirement;
            }
        }
        return selection.namespace().isEmpty() ? null : new Requirement(NAMESPACE, true, selection.namespace());
    }

    /**
     * Tells those who want it that nothing is missing up to now.
     *
     * @param seen a revision up to which this cache is known to be complete
     */
    void bookmark(long seen) {
        lock.lock();
        try {
            WatchItem bookmark = new WatchItem.Bookmark(Math.max(seen, view.revision()), false);
            for (Watcher watcher : allWatchers()) {
                if (watcher.wantsBookmarks()) {
                    watcher.offer(bookmark);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Tells one watcher, for its last words. */
    void bookmark(Watcher watcher, long seen) {
        lock.lock();
        try {
            watcher.offer(new WatchItem.Bookmark(Math.max(seen, view.revision()), false));
        } finally {
            lock.unlock();
        }
    }

    /** Ends all watches; the clients will watch again elsewhere or later. */
    void endWatches() {
        lock.lock();
        try {
            allWatchers().forEach(watcher -> watcher.end(Reason.FINISHED));
        } finally {
            lock.unlock();
        }
    }

    /** Ends all watches; the clients list again, and find that there is nothing to list. */
    void expireWatches() {
        lock.lock();
        try {
            allWatchers().forEach(watcher -> watcher.end(Reason.EXPIRED));
        } finally {
            lock.unlock();
        }
    }

    int watcherCount() {
        lock.lock();
        try {
            return allWatchers().size();
        } finally {
            lock.unlock();
        }
    }

    private List<Watcher> allWatchers() {
        List<Watcher> all = new ArrayList<>(watchersOfAnything);
        for (Map<String, Set<Watcher>> byValue : watchersByField.values()) {
            byValue.values().forEach(all::addAll);
        }
        return all;
    }
}
