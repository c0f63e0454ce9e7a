package io.mokube.apiserver.cache;

import io.mokube.apiserver.resources.ResourceDefinition;
import io.mokube.apiserver.storage.KeyValueStore;
import io.mokube.apiserver.storage.KeyValueStore.CompactedException;
import io.mokube.apiserver.storage.KeyValueStore.Entry;
import io.mokube.apiserver.storage.KeyValueStore.Event;
import io.mokube.apiserver.storage.KeyValueStore.Snapshot;
import io.mokube.apiserver.storage.KeyValueStore.Watch;
import io.mokube.apiserver.storage.KeyValueStore.WatchEnd;
import io.mokube.apiserver.storage.KeyValueStore.WatchListener;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.GroupResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All objects in memory, fed by one watch over the whole store. Because it is one watch, a single revision tells how
 * current everything is: a read that must see all writes before it asks the store for its revision and waits until the
 * cache has come that far.
 *
 * <p>When the watch breaks it is taken up after the last revision seen. When that is compacted meanwhile, everything is
 * read anew and watchers are ended with {@code 410}, since nobody knows any more what they missed.
 */
public final class WatchCache implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(WatchCache.class);

    /** How many entries one read of the first load asks for. */
    private static final int LOAD_PAGE = 5000;

    private static final Duration BOOKMARK_INTERVAL = Duration.ofMinutes(1);
    private static final Duration FIRST_RETRY = Duration.ofMillis(50);
    private static final Duration LONGEST_RETRY = Duration.ofSeconds(5);

    private final KeyValueStore store;
    private final Function<GroupResource, Optional<ResourceDefinition>> definitions;
    private final Clock clock;
    private final Map<GroupResource, ResourceCache> caches = new ConcurrentHashMap<>();

    private final ReentrantLock freshness = new ReentrantLock();
    private final Condition advanced = freshness.newCondition();
    private int waiting;

    /** Every change up to here has been taken in; 0 before the first load. */
    private volatile long revision;

    /** The revision of the last load: resources without objects are known to be empty from here on. */
    private volatile long loadedAt;

    private volatile boolean closed;
    private volatile @Nullable Thread feeder;
    private Clock.Timer bookmarks = () -> {};

    /**
     * @param definitions what is served, for the fields that selectors may name
     */
    public WatchCache(
            KeyValueStore store, Function<GroupResource, Optional<ResourceDefinition>> definitions, Platform platform) {
        this.store = store;
        this.definitions = definitions;
        this.clock = platform.clock();
    }

    /** Begins to load and to follow the store, in the background. */
    public void start() {
        feeder = Thread.ofVirtual().name("watch-cache").start(this::follow);
        bookmarks = clock.schedule(BOOKMARK_INTERVAL, this::bookmark);
    }

    /** Whether the first load is done. */
    public boolean isLoaded() {
        return revision > 0;
    }

    /** The revision up to which everything has been taken in. */
    public long revision() {
        return revision;
    }

    /** The objects of a resource. */
    public ResourceCache of(GroupResource resource) {
        ResourceCache known = caches.get(resource);
        return known != null
                ? known
                : caches.computeIfAbsent(resource, name -> new ResourceCache(indexer(name), loadedAt, clock));
    }

    /** Keeps an observer told of a resource, as long as this cache lives. */
    public void observe(GroupResource resource, CacheObserver observer) {
        of(resource).observe(observer);
    }

    /** Reads a resource's selectable fields by its present definition. */
    public void reindex(GroupResource resource) {
        ResourceCache cache = caches.get(resource);
        if (cache != null) {
            cache.reindex(indexer(resource));
        }
    }

    /**
     * Lets go of a resource that is served no longer: its watches end, and what comes under its name later has no past.
     * Does nothing when there are objects of it left in the store, which would come to light again with the resource.
     */
    public void forget(GroupResource resource) {
        caches.computeIfPresent(resource, (name, cache) -> {
            cache.expireWatches();
            if (cache.view().objects().size() > 0) {
                return cache;
            }
            loadedAt = Math.max(loadedAt, revision);
            return null;
        });
    }

    /** The store's revision now: whoever waits for it sees every write acknowledged before. */
    public long currentRevision() {
        return store.currentRevision();
    }

    /**
     * Waits until everything up to a revision has been taken in.
     *
     * @return whether it came that far in time
     */
    public boolean await(long needed, Duration patience) {
        if (revision >= needed && isLoaded()) {
            return true;
        }
        long left = patience.toNanos();
        freshness.lock();
        waiting++;
        try {
            while (revision < needed || !isLoaded()) {
                if (left <= 0 || closed) {
                    return false;
                }
                left = advanced.awaitNanos(left);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            waiting--;
            freshness.unlock();
        }
    }

    /** An object as the cache has it now, perhaps a moment behind. */
    public @Nullable CachedObject get(GroupResource resource, ObjectKey key) {
        return of(resource).view().objects().get(key.toString());
    }

    /** All objects of a resource as the cache has them now. */
    public Listing list(GroupResource resource) {
        long seen = revision;
        ResourceCache.View view = of(resource).view();
        return new Listing(view.objects(), Math.max(seen, view.revision()));
    }

    /**
     * The objects at a revision that {@link #await} has reached, from the store when the cache does not go back that far;
     * empty when the store does not either.
     */
    public Optional<SortedObjects> listAt(GroupResource resource, long at) {
        Optional<SortedObjects> remembered = of(resource).stateAt(at);
        if (remembered.isPresent()) {
            return remembered;
        }
        String prefix = StorageKeys.prefix(resource);
        try {
            List<Entry> entries = store.range(prefix, prefix + '\uffff', at, 0).entries();
            return Optional.of(SortedObjects.ofSorted(index(resource, entries)));
        } catch (CompactedException e) {
            return Optional.empty();
        }
    }

    /** All objects of a resource, and the revision they are the state of. */
    public record Listing(SortedObjects objects, long revision) {}

    /** Begins a watch after a revision; empty when the cache does not go back that far. */
    public Optional<StartedWatch> watchAfter(
            GroupResource resource, long after, Selection selection, boolean wantsBookmarks) {
        return of(resource).watchAfter(after, selection, wantsBookmarks);
    }

    /** The revision after which watches of a resource may begin. */
    public long oldestRevision(GroupResource resource) {
        return of(resource).since();
    }

    /** Begins a watch with everything there is. */
    public StartedWatch watchAll(GroupResource resource, Selection selection, boolean wantsBookmarks) {
        long seen = revision;
        return of(resource).watchAll(seen, selection, wantsBookmarks);
    }

    /** Offers a watcher the news that nothing is missing up to now. */
    public void bookmark(GroupResource resource, Watcher watcher) {
        long seen = revision;
        of(resource).bookmark(watcher, seen);
    }

    /** Ends all watches cleanly; new ones may still be begun. */
    public void endWatches() {
        caches.values().forEach(ResourceCache::endWatches);
    }

    /** How many watches there are. */
    public int watcherCount() {
        return caches.values().stream().mapToInt(ResourceCache::watcherCount).sum();
    }

    /** Turns entries of the store into what the cache holds; what can't be read is left out. */
    public List<CachedObject> index(GroupResource resource, List<Entry> entries) {
        Indexer indexer = of(resource).indexer();
        int prefix = StorageKeys.prefix(resource).length();
        List<CachedObject> objects = new ArrayList<>(entries.size());
        for (Entry entry : entries) {
            CachedObject object = tryIndex(indexer, entry, entry.key().substring(prefix));
            if (object != null) {
                objects.add(object);
            }
        }
        return objects;
    }

    @Override
    public void close() {
        closed = true;
        bookmarks.cancel();
        endWatches();
        Thread running = feeder;
        if (running != null) {
            running.interrupt();
        }
        freshness.lock();
        try {
            advanced.signalAll();
        } finally {
            freshness.unlock();
        }
    }

    private void bookmark() {
        if (closed) {
            return;
        }
        long seen = revision;
        caches.values().forEach(cache -> cache.bookmark(seen));
        bookmarks = clock.schedule(BOOKMARK_INTERVAL, this::bookmark);
    }

    /** Loads, watches, and begins again whenever the watch ends, until closed. */
    private void follow() {
        Duration retry = FIRST_RETRY;
        boolean mustLoad = true;
        while (!closed) {
            try {
                if (mustLoad) {
                    load();
                    mustLoad = false;
                }
                long before = revision;
                WatchEnd end = watchUntilEnd();
                retry = revision > before ? FIRST_RETRY : retry;
                mustLoad = end instanceof WatchEnd.Compacted;
                log.atWarn()
                        .setMessage("the watch of the store ended; watching again")
                        .addKeyValue("reason", end)
                        .addKeyValue("revision", revision)
                        .log();
            } catch (InterruptedException e) {
                return;
            } catch (CompactedException e) {
                mustLoad = true;
            } catch (RuntimeException e) {
                if (closed) {
                    return;
                }
                log.atWarn()
                        .setMessage("can't read from the store; trying again")
                        .addKeyValue("after", retry)
                        .setCause(e)
                        .log();
            }
            try {
                clock.sleep(retry);
            } catch (InterruptedException e) {
                return;
            }
            retry = retry.multipliedBy(2).compareTo(LONGEST_RETRY) > 0 ? LONGEST_RETRY : retry.multipliedBy(2);
        }
    }

    private void load() {
        long started = clock.nanoTime();
        Map<GroupResource, List<CachedObject>> loaded = new HashMap<>();
        String from = StorageKeys.ROOT;
        long at = 0;
        int count = 0;
        Snapshot page;
        do {
            page = store.range(from, StorageKeys.ROOT_END, at, LOAD_PAGE);
            at = at == 0 ? page.revision() : at;
            for (Entry entry : page.entries()) {
                StorageKeys.Place place = StorageKeys.parse(entry.key());
                if (place == null) {
                    continue;
                }
                CachedObject object = tryIndex(of(place.resource()).indexer(), entry, place.key());
                if (object != null) {
                    loaded.computeIfAbsent(place.resource(), ignored -> new ArrayList<>())
                            .add(object);
                    count++;
                }
            }
            if (page.more()) {
                from = page.entries().getLast().key() + '\0';
            }
        } while (page.more());
        loadedAt = at;
        for (GroupResource resource : caches.keySet()) {
            loaded.computeIfAbsent(resource, ignored -> new ArrayList<>());
        }
        for (Map.Entry<GroupResource, List<CachedObject>> each : loaded.entrySet()) {
            of(each.getKey()).reset(SortedObjects.ofSorted(each.getValue()), at);
        }
        advance(at);
        log.atInfo()
                .setMessage("loaded the state of the cluster")
                .addKeyValue("objects", count)
                .addKeyValue("revision", at)
                .addKeyValue("milliseconds", (clock.nanoTime() - started) / 1_000_000)
                .log();
    }

    private WatchEnd watchUntilEnd() throws InterruptedException {
        Feed feed = new Feed();
        try (Watch ignored = store.watch(StorageKeys.ROOT, StorageKeys.ROOT_END, revision, feed)) {
            Objects.requireNonNull(ignored);
            return feed.end.take();
        }
    }

    private @Nullable CachedObject tryIndex(Indexer indexer, Entry entry, String key) {
        try {
            return indexer.index(key, StoredObject.of(entry.value(), entry.modRevision()));
        } catch (RuntimeException e) {
            unreadable(entry.key(), e);
            return null;
        }
    }

    private static void unreadable(String key, RuntimeException cause) {
        log.atError()
                .setMessage("the store holds a value that is no object; it is treated as absent")
                .addKeyValue("key", key)
                .setCause(cause)
                .log();
    }

    private Indexer indexer(GroupResource resource) {
        return definitions.apply(resource).map(Indexer::of).orElseGet(Indexer::ofUnknown);
    }

    private void advance(long to) {
        revision = to;
        freshness.lock();
        try {
            if (waiting > 0) {
                advanced.signalAll();
            }
        } finally {
            freshness.unlock();
        }
    }

    /** Hears the store. */
    private final class Feed implements WatchListener {

        private final ArrayBlockingQueue<WatchEnd> end = new ArrayBlockingQueue<>(1);

        @Override
        public void onEvents(List<Event> events, long upTo) {
            for (Event event : events) {
                // Whatever the store's client does, the past is not told twice.
                if (event.revision() > revision) {
                    take(event);
                }
            }
            if (upTo > revision) {
                advance(upTo);
            }
        }

        private void take(Event event) {
            switch (event) {
                case Event.Put put -> {
                    Entry entry = put.entry();
                    StorageKeys.Place place = StorageKeys.parse(entry.key());
                    if (place == null) {
                        return;
                    }
                    ResourceCache cache = of(place.resource());
                    try {
                        cache.put(place.key(), StoredObject.of(entry.value(), entry.modRevision()));
                    } catch (RuntimeException e) {
                        unreadable(entry.key(), e);
                        cache.delete(place.key(), entry.modRevision());
                    }
                }
                case Event.Deleted deleted -> {
                    StorageKeys.Place place = StorageKeys.parse(deleted.key());
                    if (place != null) {
                        of(place.resource()).delete(place.key(), deleted.revision());
                    }
                }
            }
        }

        @Override
        public void onProgress(long upTo) {
            if (upTo > revision) {
                advance(upTo);
            }
        }

        @Override
        public void onEnd(WatchEnd reason) {
            // A watch ends once; there is always room.
            end.add(reason);
        }
    }
}
