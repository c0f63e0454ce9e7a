package io.mokube.apiserver.cache;

import org.jspecify.annotations.Nullable;

/**
 * Keeps an index of one resource's objects up to date. Called on the thread that feeds the cache, before readers and
 * watchers of the cache see the change: whoever sees it there finds it in the index too. So an observer must be quick, must
 * never wait, and must not throw, whatever the object holds.
 */
public interface CacheObserver {

    /** Forget everything: these are the objects now. */
    void reset(SortedObjects objects);

    /**
     * One object changed.
     *
     * @param before as it was, null when it is new
     * @param after as it is, null when it is gone; never both null
     */
    void changed(@Nullable CachedObject before, @Nullable CachedObject after);

    /** An observer that builds an index object by object. */
    static CacheObserver of(ObjectIndex index) {
        return new CacheObserver() {
            @Override
            public void reset(SortedObjects objects) {
                index.clear();
                objects.scan("", object -> {
                    index.put(object);
                    return true;
                });
                index.publish();
            }

            @Override
            public void changed(@Nullable CachedObject before, @Nullable CachedObject after) {
                if (after != null) {
                    index.put(after);
                } else if (before != null) {
                    index.remove(before.key());
                }
                index.publish();
            }
        };
    }

    /** An index by key that is seen once it is published. */
    interface ObjectIndex {

        void clear();

        /** Adds what is to be known of an object, in place of what was known of its key. */
        void put(CachedObject object);

        void remove(String key);

        /** Shows the index to readers as it is now. */
        void publish();
    }
}
