package io.mokube.apiserver.cache;

import java.util.List;

/**
 * A watch with what comes before its news.
 *
 * @param watcher the news
 * @param objects the objects to be told first, to be narrowed by the selection
 * @param backlog the events to be told next
 * @param revision nothing is missing up to here once both have been told
 */
public record StartedWatch(Watcher watcher, SortedObjects objects, List<CacheEvent> backlog, long revision) {

    /** The same watch with nothing but news. */
    public StartedWatch withoutObjects() {
        return new StartedWatch(watcher, SortedObjects.EMPTY, backlog, revision);
    }
}
