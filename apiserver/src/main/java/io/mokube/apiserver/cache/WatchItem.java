package io.mokube.apiserver.cache;

import org.jspecify.annotations.Nullable;

/** What a watcher is told. */
public sealed interface WatchItem {

    /** What happened, as the watcher's selection sees it. */
    enum Type {
        ADDED,
        MODIFIED,
        DELETED
    }

    /**
     * An object changed, or entered or left the selection.
     *
     * @param event the change that caused this, whose encodings are shared; null for objects that were there before
     */
    record Change(
            Type type,
            CachedObject entry,
            StoredObject object,
            @Nullable CacheEvent event) implements WatchItem {}

    /**
     * Everything up to this revision has been told.
     *
     * @param endsInitialEvents whether this ends the initial events of a watch list
     */
    record Bookmark(long revision, boolean endsInitialEvents) implements WatchItem {}

    /** The watch is over. */
    record End(Reason reason) implements WatchItem {}

    /** Why a watch ended. */
    enum Reason {
        /** Its time is up, or the server stops: the client watches again. */
        FINISHED,
        /** The client reads too slowly. */
        TOO_SLOW,
        /** The history it would need is gone: the client lists again. */
        EXPIRED
    }
}
