package io.mokube.apiserver.storage.embedded;

import java.io.IOException;
import java.util.Iterator;
import java.util.List;

/** Where changes become durable. Used by one thread, but for {@link Snapshot#write}. */
interface Journal extends AutoCloseable {

    /**
     * Makes the changes durable, all or none.
     *
     * @throws IOException when nothing of them was kept, as on a full disk; the journal still works
     * @throws BrokenException when it can't be told what was kept; the journal works no more
     */
    void append(List<Change> changes) throws IOException;

    /** Whether the log has grown so long that a snapshot should take its place. */
    boolean wantsSnapshot();

    /** Ends the log so far and begins another. The snapshot written to the result takes the place of what was ended. */
    Snapshot beginSnapshot() throws IOException;

    @Override
    void close() throws IOException;

    /** A snapshot to be written beside the running log. */
    interface Snapshot {

        /** Writes the whole state at the revision where the ended log ends, then deletes what it replaces. */
        void write(long revision, Iterator<Change.Put> state) throws IOException;
    }

    /** The journal can't be written any more; the process has to open the store anew. */
    final class BrokenException extends RuntimeException {
        BrokenException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** A journal that keeps nothing: for stores that live in memory only. */
    Journal NONE = new Journal() {
        @Override
        public void append(List<Change> changes) {}

        @Override
        public boolean wantsSnapshot() {
            return false;
        }

        @Override
        public Snapshot beginSnapshot() {
            throw new IllegalStateException("nothing is logged");
        }

        @Override
        public void close() {}
    };
}
