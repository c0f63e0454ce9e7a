package io.mokube.apiserver.cache;

import io.mokube.apiserver.cache.WatchItem.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * One watch. The cache offers it changes, which wait in a bounded queue; the one thread that serves the client takes
 * them. A watcher whose queue is full is ended, never waited for.
 */
public final class Watcher implements AutoCloseable {

    /** Shared references, not copies: 10,000 of them cost well under a megabyte. */
    private static final int QUEUE_CAPACITY = 10_000;

    private static final int BATCH = 256;

    private final Selection selection;
    private final boolean wantsBookmarks;
    private final ResourceCache cache;
    private final LinkedBlockingQueue<WatchItem> queue = new LinkedBlockingQueue<>(QUEUE_CAPACITY);
    private volatile @Nullable Reason ended;

    Watcher(Selection selection, boolean wantsBookmarks, ResourceCache cache) {
        this.selection = selection;
        this.wantsBookmarks = wantsBookmarks;
        this.cache = cache;
    }

    Selection selection() {
        return selection;
    }

    boolean wantsBookmarks() {
        return wantsBookmarks;
    }

    /** Called by the cache, in order. */
    void offer(CacheEvent event) {
        WatchItem.Change change = change(event);
        if (change != null) {
            offer(change);
        }
    }

    void offer(WatchItem item) {
        if (ended == null && !queue.offer(item)) {
            end(Reason.TOO_SLOW);
        }
    }

    /** Ends the watch; what was offered before is still told, unless the queue is full. */
    public void end(Reason reason) {
        if (ended == null) {
            ended = reason;
            // A full queue needs no waking: its reader looks at the reason once it has emptied it.
            if (!queue.offer(new WatchItem.End(reason))) {
                return;
            }
        }
    }

    /** What the selection sees of an event, null when nothing. */
    public WatchItem.@Nullable Change change(CacheEvent event) {
        CachedObject before = event.before();
        CachedObject after = event.after();
        CachedObject was = before != null && selection.test(before) ? before : null;
        if (after != null && selection.test(after)) {
            return new WatchItem.Change(
                    was == null ? WatchItem.Type.ADDED : WatchItem.Type.MODIFIED, after, after.object(), event);
        }
        if (was != null) {
            return new WatchItem.Change(
                    WatchItem.Type.DELETED, was, was.object().at(event.revision()), event);
        }
        return null;
    }

    /**
     * Waits for news. The last item ever is a {@link WatchItem.End}.
     *
     * @throws InterruptedException when the waiting thread is interrupted
     */
    public List<WatchItem> take() throws InterruptedException {
        Reason over = ended;
        if (over != null && queue.isEmpty()) {
            return List.of(new WatchItem.End(over));
        }
        List<WatchItem> items = new ArrayList<>();
        items.add(queue.take());
        queue.drainTo(items, BATCH);
        return items;
    }

    /** Whether news wait: a reason to put off flushing. */
    public boolean hasMore() {
        return !queue.isEmpty();
    }

    @Override
    public void close() {
        end(Reason.FINISHED);
        cache.remove(this);
    }
}
