package io.mokube.apiserver.storage.etcd;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Event.EventType;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.mokube.apiserver.storage.KeyValueStore.CompactedException;
import io.mokube.apiserver.storage.KeyValueStore.Event;
import io.mokube.apiserver.storage.KeyValueStore.Watch;
import io.mokube.apiserver.storage.KeyValueStore.WatchEnd;
import io.mokube.apiserver.storage.KeyValueStore.WatchListener;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One watch on a stream of its own. The stream's callbacks only put what arrives into a bounded buffer; the watch's thread
 * tells the listener. Anything unusual ends the watch, which is never resumed here: whoever watches knows what it has seen.
 */
final class EtcdWatch implements Watch {

    private static final Logger log = LoggerFactory.getLogger(EtcdWatch.class);
    /** A listener that is further behind is cut off, and may watch again from where it is: etcd has the history. */
    private static final long BUFFER_BYTES = 64L << 20;

    /** What the stream brought. */
    private sealed interface Arrival {
        record Response(WatchResponse response) implements Arrival {}

        record StreamEnd(String reason) implements Arrival {}
    }

    private final EtcdStore store;
    private final WatchListener listener;
    private final LinkedBlockingQueue<Arrival> buffer = new LinkedBlockingQueue<>();
    private final AtomicLong bufferedBytes = new AtomicLong();
    private final AtomicBoolean streamEnded = new AtomicBoolean();
    private final CompletableFuture<Void> threadEnded = new CompletableFuture<>();
    private final Thread thread;

    private volatile @Nullable ClientCallStreamObserver<WatchRequest> stream;
    private volatile boolean closed;
    private long seen;
    /** Whether the first events may show that etcd skipped some. */
    private boolean gapPossible;

    EtcdWatch(EtcdStore store, long afterRevision, WatchListener listener) {
        this.store = store;
        this.seen = afterRevision;
        this.listener = listener;
        this.thread = Thread.ofVirtual().name("etcd-watch").unstarted(this::run);
    }

    /** Starts telling the changes after the revision, of keys at least {@code from} and less than {@code to}. */
    void start(WatchGrpc.WatchStub service, ByteString from, ByteString to) {
        WatchCreateRequest create = WatchCreateRequest.newBuilder()
                .setKey(from)
                .setRangeEnd(to)
                .setStartRevision(seen + 1)
                .build();
        thread.start();
        service.watch(new Stream())
                .onNext(WatchRequest.newBuilder().setCreateRequest(create).build());
    }

    @Override
    public void close() {
        closed = true;
        cancelStream("closed");
        if (Thread.currentThread() == thread) {
            return;
        }
        // Interrupted, a listener that waits for something gives up; then nothing more is told.
        thread.interrupt();
        threadEnded.join();
    }

    // On the stream's callbacks

    private final class Stream implements ClientResponseObserver<WatchRequest, WatchResponse> {

        @Override
        public void beforeStart(ClientCallStreamObserver<WatchRequest> requests) {
            stream = requests;
        }

        @Override
        public void onNext(WatchResponse response) {
            if (streamEnded.get()) {
                return;
            }
            int bytes = response.getSerializedSize();
            long buffered = bufferedBytes.addAndGet(bytes);
            // Alone, a response may be of any size: a backlog comes in large ones.
            if (buffered > BUFFER_BYTES && buffered > bytes) {
                endStream("the listener is too far behind");
                cancelStream("too far behind");
                return;
            }
            buffer.add(new Arrival.Response(response));
        }

        @Override
        public void onError(Throwable cause) {
            endStream(cause.toString());
        }

        @Override
        public void onCompleted() {
            endStream("the stream was completed");
        }
    }

    private void endStream(String reason) {
        if (streamEnded.compareAndSet(false, true)) {
            buffer.add(new Arrival.StreamEnd(reason));
        }
    }

    private void cancelStream(String why) {
        ClientCallStreamObserver<WatchRequest> current = stream;
        if (current != null) {
            current.cancel(why, null);
        }
    }

    // On the watch's thread

    private void run() {
        WatchEnd end;
        try {
            end = tellUntilEnd();
        } catch (InterruptedException e) {
            end = new WatchEnd.Broken("interrupted");
        } catch (RuntimeException e) {
            if (!closed) {
                log.atError()
                        .setMessage("a watch ends because its listener failed")
                        .setCause(e)
                        .log();
            }
            end = new WatchEnd.Broken("the listener failed: " + e);
        }
        cancelStream("over");
        store.remove(this);
        if (!closed) {
            closed = true;
            listener.onEnd(end);
        }
        threadEnded.complete(null);
    }

    private WatchEnd tellUntilEnd() throws InterruptedException {
        while (!closed) {
            switch (buffer.take()) {
                case Arrival.StreamEnd(String reason) -> {
                    return new WatchEnd.Broken(reason);
                }
                case Arrival.Response(WatchResponse response) -> {
                    bufferedBytes.addAndGet(-response.getSerializedSize());
                    WatchEnd end = take(response);
                    if (end != null) {
                        return end;
                    }
                }
            }
        }
        return new WatchEnd.Broken("closed");
    }

    private @Nullable WatchEnd take(WatchResponse response) {
        if (response.getCompactRevision() > 0) {
            return new WatchEnd.Compacted(response.getCompactRevision());
        }
        if (response.getCanceled()) {
            return new WatchEnd.Broken("etcd ended the watch: " + response.getCancelReason());
        }
        if (response.getCreated()) {
            // With nothing between what was seen and now, there is nothing that etcd could have skipped.
            gapPossible = response.getHeader().getRevision() > seen;
            return null;
        }
        List<Event> events = new ArrayList<>(response.getEventsCount());
        for (io.etcd.jetcd.api.Event event : response.getEventsList()) {
            // Old releases of etcd repeat events after a lagging watcher has caught up.
            if (event.getKv().getModRevision() > seen) {
                events.add(eventOf(event));
            }
        }
        if (events.isEmpty()) {
            return null;
        }
        if (gapPossible) {
            CompactedException gap = gapBefore(events.getFirst().revision());
            if (gap != null) {
                return new WatchEnd.Compacted(gap.compactRevision());
            }
            gapPossible = false;
        }
        long upTo = events.getLast().revision();
        listener.onEvents(events, upTo);
        seen = upTo;
        return null;
    }

    /**
     * etcd takes a watch from the compacted revision itself, although a deletion at that very revision is gone by then. So
     * a backlog is good only when nothing behind what was seen had been compacted when it was sent.
     */
    private @Nullable CompactedException gapBefore(long firstRevision) {
        if (firstRevision == seen + 1 || seen == 0) {
            return null;
        }
        try {
            store.requireReadable(seen);
            return null;
        } catch (CompactedException e) {
            return e;
        }
    }

    private static Event eventOf(io.etcd.jetcd.api.Event event) {
        return event.getType() == EventType.DELETE
                ? new Event.Deleted(
                        event.getKv().getKey().toStringUtf8(), event.getKv().getModRevision(), null)
                : new Event.Put(EtcdStore.entryOf(event.getKv()), null);
    }
}
