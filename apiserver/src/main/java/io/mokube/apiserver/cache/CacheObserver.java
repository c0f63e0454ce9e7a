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
}
