package io.mokube.apiserver.storage.embedded;

import io.mokube.apiserver.storage.KeyValueStore.Event;
import io.mokube.apiserver.storage.KeyValueStore.Watch;
import io.mokube.apiserver.storage.KeyValueStore.WatchEnd;
import io.mokube.apiserver.storage.KeyValueStore.WatchListener;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A watch: a thread of its own that reads the history at the pace of its listener. One that falls behind what the history
 * holds ends as compacted.
 */
final class EmbeddedWatch implements Watch {

    private static final Logger log = LoggerFactory.getLogger(EmbeddedWatch.class);
    private static final int EVENTS_PER_CALL = 1_000;

    private final EmbeddedStore store;
    private final String from;
    private final String to;
    private final WatchListener listener;
    private final Thread thread;

    private volatile boolean closed;
    private long nextRevision;

    EmbeddedWatch(EmbeddedStore store, String from, String to, long nextRevision, WatchListener listener) {
        this.store = store;
        this.from = from;
        this.to = to;
        this.nextRevision = nextRevision;
        this.listener = listener;
        this.thread = Thread.ofVirtual().name("embedded-watch").unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /** Tells the watch that there may be news. */
    void wake() {
        LockSupport.unpark(thread);
    }

    boolean covers(String key) {
        return from.compareTo(key) <= 0 && key.compareTo(to) < 0;
    }

    @Override
    public void close() {
        closed = true;
        store.remove(this);
        if (Thread.currentThread() == thread) {
            return;
        }
        // Interrupted, a listener that waits for something gives up; then nothing more is told.
        thread.interrupt();
        awaitEnd(thread);
    }

    /** Waits for a thread to end, whether interrupted or not. */
    static void awaitEnd(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (!closed) {
                List<Event> events = store.history(nextRevision, EVENTS_PER_CALL);
                if (nextRevision - 1 < store.compactRevision()) {
                    end(new WatchEnd.Compacted(store.compactRevision()));
                } else if (events.isEmpty()) {
                    LockSupport.park(this);
                    if (closed) {
                        return;
                    }
                } else {
                    tell(events);
                }
            }
        } catch (RuntimeException e) {
            if (!closed) {
                log.atError()
                        .setMessage("a watch ends because its listener failed")
                        .addKeyValue("from", from)
                        .setCause(e)
                        .log();
                end(new WatchEnd.Broken("the listener failed: " + e));
            }
        }
    }

    private void tell(List<Event> events) {
        long upTo = events.getLast().revision();
        List<Event> wanted =
                events.stream().filter(event -> covers(Version.keyOf(event))).toList();
        if (wanted.isEmpty()) {
            listener.onProgress(upTo);
        } else {
            listener.onEvents(wanted, upTo);
        }
        nextRevision = upTo + 1;
    }

    private void end(WatchEnd reason) {
        closed = true;
        store.remove(this);
        listener.onEnd(reason);
    }
}
