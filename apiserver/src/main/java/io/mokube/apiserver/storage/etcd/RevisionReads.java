package io.mokube.apiserver.storage.etcd;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets many callers share one linearizable read of the revision. A caller joins only a read that begins after it asked, so
 * that what it gets covers every write acknowledged before.
 */
final class RevisionReads {

    private final LongSupplier read;
    /** Held during a read: there is one at a time, and meanwhile the next one's callers gather. */
    private final ReentrantLock reading = new ReentrantLock();

    private final Object lock = new Object();
    private @Nullable CompletableFuture<Long> gathering;

    RevisionReads(LongSupplier read) {
        this.read = read;
    }

    long current() {
        CompletableFuture<Long> mine;
        boolean first;
        synchronized (lock) {
            first = gathering == null;
            if (gathering == null) {
                gathering = new CompletableFuture<>();
            }
            mine = gathering;
        }
        if (first) {
            lead(mine);
        }
        try {
            return mine.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    private void lead(CompletableFuture<Long> mine) {
        reading.lock();
        try {
            synchronized (lock) {
                // From now on others are too late for this read.
                gathering = null;
            }
            mine.complete(read.getAsLong());
        } catch (RuntimeException | Error e) {
            mine.completeExceptionally(e);
        } finally {
            reading.unlock();
        }
    }
}
