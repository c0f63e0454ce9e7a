package io.mokube.apiserver.storage;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An ordered map from keys to values with etcd's semantics. Every successful write takes the next revision of the whole
 * store; reads see the state at one revision; a watch yields every change after a revision exactly once, in order.
 *
 * <p>Calls block and are safe from many threads, virtual ones included. Keys and values handed out or in are never
 * changed by either side.
 */
public interface KeyValueStore extends AutoCloseable {

    /**
     * The store's revision, read linearizably: at least that of every write acknowledged before the call, by whichever
     * client.
     */
    long currentRevision();

    /**
     * The value of a key, read linearizably.
     *
     * @param revision the revision to read at, or 0 for the current one
     * @throws CompactedException when that revision is compacted
     * @throws FutureRevisionException when that revision has not been reached
     */
    Snapshot get(String key, long revision);

    /**
     * The entries whose keys are at least {@code from} and less than {@code to}, in key order, read linearizably.
     *
     * @param revision the revision to read at, or 0 for the current one
     * @param limit the most entries to return, or 0 for all
     * @throws CompactedException when that revision is compacted
     * @throws FutureRevisionException when that revision has not been reached
     */
    Snapshot range(String from, String to, long revision, int limit);

    /**
     * Writes a key when it is as expected. Acknowledged means durable.
     *
     * @param ttl after which the entry is deleted by the store, or null for never; at least a second
     * @throws ValueTooLargeException when the value exceeds the store's limit
     * @throws UnknownOutcomeException when it can't be told whether the write happened
     */
    WriteResult put(String key, byte[] value, Expect expect, @Nullable Duration ttl);

    /**
     * Deletes a key when it is as expected. Deleting an absent key with {@link Expect#ANYTHING} succeeds at the current
     * revision and changes nothing.
     *
     * @throws UnknownOutcomeException when it can't be told whether the deletion happened
     */
    WriteResult delete(String key, Expect expect);

    /**
     * Watches the keys at least {@code from} and less than {@code to}.
     *
     * <p>The listener is told, on one thread and in order, every change after the revision; it may block, which slows
     * this watch only. When the watch can't go on it gets one {@link WatchListener#onEnd} and nothing after.
     *
     * @param afterRevision changes with a greater revision are told; 0 means from now on
     */
    Watch watch(String from, String to, long afterRevision, WatchListener listener);

    /**
     * Forgets the history before a revision: reads and watches from before it fail from now on.
     *
     * @throws CompactedException when it is compacted already
     * @throws FutureRevisionException when that revision has not been reached
     */
    void compact(long revision);

    /** Closes watches (without {@link WatchListener#onEnd}) and releases everything. */
    @Override
    void close();

    /** What a write expects of the key. */
    sealed interface Expect {

        Expect ABSENT = new Absent();
        Expect ANYTHING = new Anything();

        /** The key's last change has this revision. */
        static Expect at(long modRevision) {
            return new AtRevision(modRevision);
        }

        record Absent() implements Expect {}

        record Anything() implements Expect {}

        record AtRevision(long modRevision) implements Expect {}
    }

    /** What became of a write. */
    sealed interface WriteResult {

        /**
         * It happened.
         *
         * @param revision the revision it made
         * @param previous what the key held before a deletion, when there was something; null after a put
         */
        record Written(long revision, @Nullable Entry previous) implements WriteResult {}

        /**
         * The key was not as expected; nothing changed.
         *
         * @param revision the store's revision when that was seen
         * @param actual what the key holds, null when it is absent
         */
        record Conflict(long revision, @Nullable Entry actual) implements WriteResult {}
    }

    /**
     * A key with its value.
     *
     * @param createRevision the revision that created the key
     * @param modRevision the revision of its last change
     */
    record Entry(String key, byte[] value, long createRevision, long modRevision) {}

    /**
     * What a read saw.
     *
     * @param revision the store's revision when it was read (not the revision asked for)
     * @param entries the entries in key order
     * @param more whether the limit cut the range short
     */
    record Snapshot(long revision, List<Entry> entries, boolean more) {

        public Snapshot {
            entries = List.copyOf(entries);
        }
    }

    /** A change. A change caused by expiry is a deletion. */
    sealed interface Event {

        /** The revision that made the change. */
        long revision();

        /** The key was written; {@code entry.createRevision() == revision} tells a creation. */
        record Put(Entry entry, @Nullable Entry previous) implements Event {
            @Override
            public long revision() {
                return entry.modRevision();
            }
        }

        /** The key was deleted. */
        record Deleted(String key, long revision, @Nullable Entry previous) implements Event {}
    }

    /** Hears a watch. */
    interface WatchListener {

        /**
         * Changes, oldest first; changes of one revision always come in one call.
         *
         * @param revision the watch has told everything up to here
         */
        void onEvents(List<Event> events, long revision);

        /** Nothing happened to the watched keys up to this revision. Best effort; may never be called. */
        void onProgress(long revision);

        /** The watch is over. */
        void onEnd(WatchEnd reason);
    }

    /** Why a watch ended by itself. */
    sealed interface WatchEnd {

        /** The history it needs is gone: read everything anew. */
        record Compacted(long compactRevision) implements WatchEnd {}

        /** The connection broke or the store is away: watch again from the last revision seen. */
        record Broken(String reason) implements WatchEnd {}
    }

    /** A running watch. */
    interface Watch extends AutoCloseable {

        /** Ends the watch; the listener hears nothing after this returns, unless it is the caller. */
        @Override
        void close();
    }

    /** The revision asked for is compacted. */
    final class CompactedException extends RuntimeException {

        private final long compactRevision;

        public CompactedException(long compactRevision) {
            super("revision compacted, oldest is " + compactRevision);
            this.compactRevision = compactRevision;
        }

        /** The oldest revision that can still be read. */
        public long compactRevision() {
            return compactRevision;
        }
    }

    /** The revision asked for lies in the future. */
    final class FutureRevisionException extends RuntimeException {

        private final long currentRevision;

        public FutureRevisionException(long currentRevision) {
            super("revision not reached yet, current is " + currentRevision);
            this.currentRevision = currentRevision;
        }

        public long currentRevision() {
            return currentRevision;
        }
    }

    /** The value exceeds what the store takes. */
    final class ValueTooLargeException extends RuntimeException {
        public ValueTooLargeException(String message) {
            super(message);
        }
    }

    /** The store went away during a write: it may or may not have happened. */
    final class UnknownOutcomeException extends RuntimeException {
        public UnknownOutcomeException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** The store can't be reached; nothing was written by this call. */
    final class UnavailableException extends RuntimeException {
        public UnavailableException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
