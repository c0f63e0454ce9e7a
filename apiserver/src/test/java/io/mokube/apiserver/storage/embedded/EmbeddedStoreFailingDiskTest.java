package io.mokube.apiserver.storage.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.apiserver.storage.KeyValueStore.Entry;
import io.mokube.apiserver.storage.KeyValueStore.Expect;
import io.mokube.apiserver.storage.KeyValueStore.UnavailableException;
import io.mokube.apiserver.storage.KeyValueStore.UnknownOutcomeException;
import io.mokube.apiserver.storage.KeyValueStore.Watch;
import io.mokube.apiserver.storage.KeyValueStore.WriteResult;
import io.mokube.apiserver.storage.RecordingListener;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.Await;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What writers, readers and watches see of a disk that is full or fails. */
@Timeout(180)
class EmbeddedStoreFailingDiskTest {

    private final FailingJournal journal = new FailingJournal();
    private final EmbeddedStore store =
            EmbeddedStore.open(EmbeddedStoreConfig.inMemory(), Platform.system(), recover -> journal);

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void aFullDiskRefusesWritesAndTakesThemAgainLater() {
        long first = put("a", 1);
        RecordingListener listener = new RecordingListener();
        try (Watch watch = store.watch("a", "z", first, listener)) {
            journal.failure = new IOException("No space left on device");
            assertThatThrownBy(() -> put("a", 2))
                    .isInstanceOf(UnavailableException.class)
                    .hasMessageContaining("No space left");
            assertThatThrownBy(() -> store.delete("a", Expect.at(first))).isInstanceOf(UnavailableException.class);
            assertThatThrownBy(() -> put("b", 1)).isInstanceOf(UnavailableException.class);
            assertThat(store.currentRevision()).isEqualTo(first);
            assertThat(store.range("", "z", 0, 0).entries())
                    .extracting(Entry::modRevision)
                    .containsExactly(first);

            journal.failure = null;
            assertThat(store.put("a", new byte[] {3}, Expect.at(first), null))
                    .isEqualTo(new WriteResult.Written(first + 1, null));
            assertThat(put("b", 1)).isEqualTo(first + 2);
            Await.until("the events", () -> listener.events().size() == 2);
            assertThat(listener.revisions()).containsExactly(first + 1, first + 2);
        }
    }

    /** A write that rests on a refused one is refused too, and so is a conflict with it. */
    @Test
    void whatRestsOnARefusedWriteIsRefusedWithIt() throws Exception {
        put("a", 1);
        journal.waiting = false;
        journal.hold = new CountDownLatch(1);
        journal.failure = new IOException("No space left on device");
        AtomicInteger refused = new AtomicInteger();
        List<Thread> writers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            boolean creates = i % 2 == 0;
            writers.add(Thread.startVirtualThread(() -> {
                try {
                    store.put("b", new byte[] {1}, creates ? Expect.ABSENT : Expect.ANYTHING, null);
                } catch (UnavailableException e) {
                    refused.incrementAndGet();
                }
            }));
        }
        Await.until("the first batch to be under way", () -> journal.waiting);
        Await.until(
                "the writers to wait",
                () -> writers.stream().allMatch(writer -> writer.getState() == Thread.State.WAITING));
        journal.hold.countDown();
        for (Thread writer : writers) {
            writer.join();
        }
        assertThat(refused).hasValue(8);
        journal.failure = null;
        assertThat(store.get("b", 0).entries()).isEmpty();
        assertThat(store.put("b", new byte[] {1}, Expect.ABSENT, null)).isInstanceOf(WriteResult.Written.class);
    }

    @Test
    void afterAFailedSyncNothingIsWrittenAndEverythingAcknowledgedIsRead() {
        long first = put("a", 1);
        journal.broken = new Journal.BrokenException("can't sync", new IOException("Input/output error"));
        assertThatThrownBy(() -> put("a", 2)).isInstanceOf(UnknownOutcomeException.class);
        journal.broken = null;
        assertThatThrownBy(() -> put("a", 3)).isInstanceOf(UnavailableException.class);
        assertThat(store.get("a", 0).entries()).extracting(Entry::modRevision).containsExactly(first);
    }

    private long put(String key, int value) {
        WriteResult result = store.put(key, new byte[] {(byte) value}, Expect.ANYTHING, null);
        return ((WriteResult.Written) result).revision();
    }

    private static final class FailingJournal implements Journal {

        volatile @Nullable IOException failure;
        volatile @Nullable BrokenException broken;
        volatile CountDownLatch hold = new CountDownLatch(0);
        volatile boolean waiting;

        @Override
        public void append(List<Change> changes) throws IOException {
            waiting = true;
            try {
                hold.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            IOException refusal = failure;
            if (refusal != null) {
                throw refusal;
            }
            BrokenException end = broken;
            if (end != null) {
                throw end;
            }
        }

        @Override
        public boolean wantsSnapshot() {
            return false;
        }

        @Override
        public Snapshot beginSnapshot() {
            return (long revision, Iterator<Change.Put> state) -> {};
        }

        @Override
        public void close() {}
    }
}
