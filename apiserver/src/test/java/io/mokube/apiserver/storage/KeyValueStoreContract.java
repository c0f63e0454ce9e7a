package io.mokube.apiserver.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.mokube.apiserver.storage.KeyValueStore.CompactedException;
import io.mokube.apiserver.storage.KeyValueStore.Entry;
import io.mokube.apiserver.storage.KeyValueStore.Event;
import io.mokube.apiserver.storage.KeyValueStore.Expect;
import io.mokube.apiserver.storage.KeyValueStore.FutureRevisionException;
import io.mokube.apiserver.storage.KeyValueStore.Snapshot;
import io.mokube.apiserver.storage.KeyValueStore.ValueTooLargeException;
import io.mokube.apiserver.storage.KeyValueStore.Watch;
import io.mokube.apiserver.storage.KeyValueStore.WatchEnd;
import io.mokube.apiserver.storage.KeyValueStore.WatchListener;
import io.mokube.apiserver.storage.KeyValueStore.WriteResult;
import io.mokube.testkit.Await;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every {@link KeyValueStore} does. Each test works below a prefix of its own, since a store may be shared. */
@Timeout(180)
public abstract class KeyValueStoreContract {

    private static int prefixes;

    protected KeyValueStore store;
    protected String prefix;

    /** A store that is open; called once before each test. */
    protected abstract KeyValueStore open() throws Exception;

    /** Whether {@link #reopen} keeps what was written. */
    protected abstract boolean durable();

    /** Ends the store as a crash does and opens it again on the same data. */
    protected abstract KeyValueStore reopen() throws Exception;

    /** Lets the time pass that an entry with a time to live of two seconds needs to expire. */
    protected abstract void passTwoSeconds();

    @BeforeEach
    void openStore() throws Exception {
        store = open();
        prefix = "/test/" + ++prefixes + "/";
    }

    @AfterEach
    void closeStore() {
        store.close();
    }

    // Compare and swap

    @Test
    void aCreationSucceedsOnce() {
        long created = written(store.put(key("a"), bytes("1"), Expect.ABSENT, null));
        WriteResult second = store.put(key("a"), bytes("2"), Expect.ABSENT, null);
        assertThat(second).isInstanceOfSatisfying(WriteResult.Conflict.class, conflict -> {
            assertThat(conflict.revision()).isGreaterThanOrEqualTo(created);
            assertEntry(conflict.actual(), "a", "1", created, created);
        });
        assertThat(read("a", 0)).isEqualTo("1");
    }

    @Test
    void anUpdateNeedsTheRevisionOfTheLastChange() {
        long created = written(store.put(key("a"), bytes("1"), Expect.ABSENT, null));
        long updated = written(store.put(key("a"), bytes("2"), Expect.at(created), null));
        assertThat(updated).isGreaterThan(created);
        assertThat(store.put(key("a"), bytes("3"), Expect.at(created), null))
                .isInstanceOfSatisfying(
                        WriteResult.Conflict.class,
                        conflict -> assertEntry(conflict.actual(), "a", "2", created, updated));
        assertThat(store.put(key("b"), bytes("3"), Expect.at(created), null))
                .isInstanceOfSatisfying(
                        WriteResult.Conflict.class,
                        conflict -> assertThat(conflict.actual()).isNull());
    }

    @Test
    void aDeletionTellsWhatWasThere() {
        long created = written(store.put(key("a"), bytes("1"), Expect.ANYTHING, null));
        assertThat(store.delete(key("a"), Expect.at(created - 1))).isInstanceOf(WriteResult.Conflict.class);
        assertThat(store.delete(key("a"), Expect.at(created)))
                .isInstanceOfSatisfying(WriteResult.Written.class, written -> {
                    assertThat(written.revision()).isGreaterThan(created);
                    assertEntry(written.previous(), "a", "1", created, created);
                });
        assertThat(store.get(key("a"), 0).entries()).isEmpty();
        assertThat(store.delete(key("a"), Expect.at(created))).isInstanceOf(WriteResult.Conflict.class);
    }

    @Test
    void deletingNothingChangesNothing() {
        long before = store.currentRevision();
        assertThat(store.delete(key("none"), Expect.ANYTHING)).isEqualTo(new WriteResult.Written(before, null));
        assertThat(store.delete(key("none"), Expect.ABSENT)).isEqualTo(new WriteResult.Written(before, null));
        assertThat(store.currentRevision()).isEqualTo(before);
    }

    @Test
    void aKeyCreatedAgainHasANewCreateRevision() {
        put("a", "1");
        delete("a");
        long again = put("a", "2");
        assertEntry(store.get(key("a"), 0).entries().getFirst(), "a", "2", again, again);
    }

    @Test
    void concurrentIncrementsLoseNothing() throws Exception {
        int writers = 8;
        int increments = 25;
        put("counter", "0");
        inParallel(writers, writer -> {
            for (int i = 0; i < increments; i++) {
                increment("counter");
            }
        });
        assertThat(read("counter", 0)).isEqualTo(Integer.toString(writers * increments));
    }

    @Test
    void aValueOverTheLimitIsRefused() {
        assertThatThrownBy(() -> store.put(key("a"), new byte[2 << 20], Expect.ANYTHING, null))
                .isInstanceOf(ValueTooLargeException.class)
                .hasMessageContaining("limit");
        assertThat(store.get(key("a"), 0).entries()).isEmpty();
        put("a", "x".repeat(1 << 20));
    }

    // Reading

    @Test
    void aRangeIsSortedAndHalfOpen() {
        List.of("c", "a", "b", "d").forEach(name -> put(name, name));
        Snapshot snapshot = store.range(key("a"), key("d"), 0, 0);
        assertThat(names(snapshot)).containsExactly("a", "b", "c");
        assertThat(snapshot.more()).isFalse();
        assertThat(snapshot.revision()).isEqualTo(store.currentRevision());
        assertThat(names(store.range(key("b"), key("b"), 0, 0))).isEmpty();
        assertThat(names(store.range(key("x"), key("z"), 0, 0))).isEmpty();
    }

    @Test
    void aRangeIsCutAtItsLimit() {
        List.of("a", "b", "c").forEach(name -> put(name, name));
        Snapshot two = store.range(key(""), key("~"), 0, 2);
        assertThat(names(two)).containsExactly("a", "b");
        assertThat(two.more()).isTrue();
        Snapshot three = store.range(key(""), key("~"), 0, 3);
        assertThat(names(three)).containsExactly("a", "b", "c");
        assertThat(three.more()).isFalse();
    }

    @Test
    void readsSeeTheStateAtTheirRevision() {
        long first = put("a", "1");
        long second = put("b", "1");
        long third = put("a", "2");
        long fourth = delete("b");
        assertThat(read("a", first)).isEqualTo("1");
        assertThat(read("a", second)).isEqualTo("1");
        assertThat(read("a", third)).isEqualTo("2");
        assertThat(names(store.range(key(""), key("~"), first, 0))).containsExactly("a");
        assertThat(names(store.range(key(""), key("~"), third, 0))).containsExactly("a", "b");
        Snapshot now = store.range(key(""), key("~"), fourth, 0);
        assertThat(names(now)).containsExactly("a");
        assertThat(now.revision()).isGreaterThanOrEqualTo(fourth);
    }

    @Test
    void pagesAtOneRevisionMakeAWhole() {
        IntStream.range(0, 10).forEach(i -> put("p" + i, "old"));
        Snapshot page = store.range(key(""), key("~"), 0, 4);
        long revision = page.revision();
        put("p5", "new");
        delete("p7");
        put("p8a", "new");
        List<Entry> all = new ArrayList<>(page.entries());
        while (page.more()) {
            page = store.range(all.getLast().key() + "\0", key("~"), revision, 4);
            all.addAll(page.entries());
        }
        assertThat(all)
                .hasSize(10)
                .allSatisfy(entry -> assertThat(text(entry.value())).isEqualTo("old"));
    }

    @Test
    void theFutureCantBeRead() {
        long current = put("a", "1");
        FutureRevisionException get =
                catchThrowableOfType(FutureRevisionException.class, () -> store.get(key("a"), current + 100));
        assertThat(get.currentRevision()).isGreaterThanOrEqualTo(current);
        assertThatThrownBy(() -> store.range(key(""), key("~"), current + 100, 0))
                .isInstanceOf(FutureRevisionException.class);
    }

    @Test
    void theCurrentRevisionCoversEveryAcknowledgedWrite() throws Exception {
        inParallel(8, writer -> {
            for (int i = 0; i < 20; i++) {
                long written = put("k" + writer, "v" + i);
                assertThat(store.currentRevision()).isGreaterThanOrEqualTo(written);
                assertThat(store.range(key(""), key("~"), 0, 0).revision()).isGreaterThanOrEqualTo(written);
            }
        });
    }

    // Compaction

    @Test
    void compactionForgetsThePast() {
        long first = put("a", "1");
        long second = put("a", "2");
        long third = put("b", "1");
        delete("b");
        store.compact(third);
        CompactedException read = catchThrowableOfType(CompactedException.class, () -> store.get(key("a"), second));
        assertThat(read.compactRevision()).isEqualTo(third);
        assertThatThrownBy(() -> store.range(key(""), key("~"), first, 0)).isInstanceOf(CompactedException.class);
        assertThat(read("a", third)).isEqualTo("2");
        assertThat(names(store.range(key(""), key("~"), third, 0))).containsExactly("a", "b");
        assertThat(names(store.range(key(""), key("~"), 0, 0))).containsExactly("a");
        assertThatThrownBy(() -> store.compact(third)).isInstanceOf(CompactedException.class);
        assertThatThrownBy(() -> store.compact(store.currentRevision() + 100))
                .isInstanceOf(FutureRevisionException.class);
    }

    @Test
    void compactingEverythingKeepsThePresent() {
        put("a", "1");
        put("b", "1");
        delete("b");
        long last = put("a", "2");
        store.compact(store.currentRevision());
        assertThat(names(store.range(key(""), key("~"), 0, 0))).containsExactly("a");
        assertThat(read("a", last)).isEqualTo("2");
        long again = put("b", "2");
        assertEntry(store.get(key("b"), 0).entries().getFirst(), "b", "2", again, again);
    }

    // Watching

    @Test
    void aWatchFromThePastTellsEverythingSince() {
        long first = put("a", "1");
        long second = put("a", "2");
        long third = delete("a");
        put("b", "1");
        RecordingListener listener = new RecordingListener();
        try (Watch watch = watch(first, listener)) {
            listener.awaitLines(line("put", "a=2", second), line("delete", "a", third), line("put", "b=1", third + 1));
            long next = put("c", "1");
            Await.until("the new event", () -> listener.events().size() == 4);
            assertThat(listener.seen()).isGreaterThanOrEqualTo(next);
        }
    }

    @Test
    void aWatchFromNowTellsWhatComes() {
        put("a", "1");
        RecordingListener listener = new RecordingListener();
        try (Watch watch = watch(0, listener)) {
            long next = put("a", "2");
            listener.awaitLines(line("put", "a=2", next));
        }
    }

    @Test
    void aWatchFromTheFutureWaitsForIt() {
        long current = store.currentRevision();
        RecordingListener listener = new RecordingListener();
        try (Watch watch = watch(current + 2, listener)) {
            put("a", "1");
            put("a", "2");
            long third = put("a", "3");
            listener.awaitLines(line("put", "a=3", third));
        }
    }

    @Test
    void aWatchFromBeforeTheCompactionEnds() {
        long first = put("a", "1");
        put("a", "2");
        long third = put("a", "3");
        store.compact(third);
        RecordingListener listener = new RecordingListener();
        try (Watch watch = watch(first, listener)) {
            assertThat(listener.awaitEnd()).isEqualTo(new WatchEnd.Compacted(third));
            assertThat(listener.events()).isEmpty();
        }
    }

    @Test
    void aWatchFromTheCompactedRevisionLosesNothing() {
        put("a", "1");
        long compacted = put("a", "2");
        long deleted = delete("a");
        store.compact(compacted);
        RecordingListener listener = new RecordingListener();
        try (Watch watch = watch(compacted, listener)) {
            listener.awaitLines(line("delete", "a", deleted));
        }
    }

    @Test
    void aWatchSeesItsKeysOnly() {
        long start = put("b", "1");
        RecordingListener listener = new RecordingListener();
        try (Watch watch = store.watch(key("b"), key("c"), start, listener)) {
            put("a", "1");
            long inside = put("b/1", "1");
            put("c", "1");
            long last = delete("b");
            listener.awaitLines(line("put", "b/1=1", inside), line("delete", "b", last));
        }
    }

    @Test
    void aCreationIsTold() {
        long start = store.currentRevision();
        RecordingListener listener = new RecordingListener();
        try (Watch watch = watch(start, listener)) {
            put("a", "1");
            put("a", "2");
            Await.until("both events", () -> listener.events().size() == 2);
            assertThat(listener.events())
                    .map(event -> ((Event.Put) event).entry())
                    .map(entry -> entry.createRevision() == entry.modRevision())
                    .containsExactly(true, false);
        }
    }

    @Test
    void watchesSeeEveryEventOnceInOrderUnderConcurrentWriters() throws Exception {
        int writers = 8;
        int writes = 40;
        long start = store.currentRevision();
        RecordingListener early = new RecordingListener();
        RecordingListener late = new RecordingListener();
        RecordingListener some = new RecordingListener();
        try (Watch watch = watch(start, early);
                Watch part = store.watch(key("k3"), key("k4"), start, some)) {
            inParallel(writers, writer -> {
                for (int i = 0; i < writes; i++) {
                    put("k" + writer, Integer.toString(i));
                }
            });
            try (Watch afterwards = watch(start, late)) {
                Await.until("all events", () -> early.events().size() >= writers * writes);
                Await.until("all events, late", () -> late.events().size() >= writers * writes);
                Await.until("a writer's events", () -> some.events().size() >= writes);
            }
        }
        List<Long> expected = LongStream.rangeClosed(start + 1, start + (long) writers * writes)
                .boxed()
                .toList();
        assertThat(early.revisions()).isEqualTo(expected);
        assertThat(late.lines()).isEqualTo(early.lines());
        assertThat(some.lines())
                .isEqualTo(early.lines().stream()
                        .filter(line -> line.startsWith("put " + key("k3")))
                        .toList());
    }

    @Test
    void aSlowListenerDelaysNobodyElse() throws Exception {
        long start = store.currentRevision();
        CountDownLatch release = new CountDownLatch(1);
        WatchListener slow = new WatchListener() {
            @Override
            public void onEvents(List<Event> events, long revision) {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }

            @Override
            public void onProgress(long revision) {}

            @Override
            public void onEnd(WatchEnd reason) {}
        };
        RecordingListener quick = new RecordingListener();
        try (Watch stuck = watch(start, slow);
                Watch watch = watch(start, quick)) {
            for (int i = 0; i < 200; i++) {
                put("a", "x".repeat(10_000));
            }
            Await.until("the quick one's events", () -> quick.events().size() == 200);
            release.countDown();
        }
    }

    @Test
    void aClosedWatchTellsNothing() {
        RecordingListener listener = new RecordingListener();
        Watch watch = watch(store.currentRevision(), listener);
        put("a", "1");
        Await.until("the event", () -> listener.events().size() == 1);
        watch.close();
        put("a", "2");
        RecordingListener other = new RecordingListener();
        try (Watch second = watch(store.currentRevision() - 1, other)) {
            Await.until("the other watch's event", () -> other.events().size() == 1);
        }
        assertThat(listener.events()).hasSize(1);
        assertThat(listener.ends()).isEmpty();
    }

    // Expiry

    @Test
    void anEntryExpiresAsADeletion() {
        long start = store.currentRevision();
        RecordingListener listener = new RecordingListener();
        try (Watch watch = watch(start, listener)) {
            long put = written(store.put(key("a"), bytes("1"), Expect.ABSENT, Duration.ofSeconds(2)));
            put("b", "1");
            passTwoSeconds();
            Await.until("expiry", () -> store.get(key("a"), 0).entries().isEmpty());
            Await.until("three events", () -> listener.events().size() == 3);
            assertThat(listener.events().getLast())
                    .isInstanceOfSatisfying(
                            Event.Deleted.class,
                            deleted -> assertThat(deleted.key()).isEqualTo(key("a")));
            assertThat(read("a", put)).isEqualTo("1");
        }
        assertThat(read("b", 0)).isEqualTo("1");
    }

    @Test
    void aLaterWriteTakesTheTimeToLiveAway() {
        store.put(key("a"), bytes("1"), Expect.ABSENT, Duration.ofSeconds(2));
        store.put(key("c"), bytes("1"), Expect.ABSENT, Duration.ofSeconds(2));
        put("a", "2");
        passTwoSeconds();
        Await.until(
                "expiry of the other", () -> store.get(key("c"), 0).entries().isEmpty());
        assertThat(read("a", 0)).isEqualTo("2");
    }

    // Restart

    @Test
    void everythingSurvivesARestart() throws Exception {
        if (!durable()) {
            return;
        }
        long first = put("a", "1");
        put("b", "1");
        long third = put("a", "2");
        long fourth = delete("b");
        store = reopen();
        assertThat(store.currentRevision()).isGreaterThanOrEqualTo(fourth);
        assertThat(names(store.range(key(""), key("~"), 0, 0))).containsExactly("a");
        assertEntry(store.get(key("a"), 0).entries().getFirst(), "a", "2", first, third);
        assertThat(read("b", third)).isEqualTo("1");
        RecordingListener listener = new RecordingListener();
        try (Watch watch = watch(third, listener)) {
            long next = put("c", "1");
            listener.awaitLines(line("delete", "b", fourth), line("put", "c=1", next));
        }
    }

    @Test
    void compactionSurvivesARestart() throws Exception {
        if (!durable()) {
            return;
        }
        long first = put("a", "1");
        long second = put("a", "2");
        store.compact(second);
        store = reopen();
        assertThatThrownBy(() -> store.get(key("a"), first)).isInstanceOf(CompactedException.class);
        assertThat(read("a", 0)).isEqualTo("2");
    }

    @Test
    void aTimeToLiveSurvivesARestart() throws Exception {
        if (!durable()) {
            return;
        }
        store.put(key("a"), bytes("1"), Expect.ABSENT, Duration.ofSeconds(2));
        store = reopen();
        assertThat(read("a", 0)).isEqualTo("1");
        passTwoSeconds();
        Await.until("expiry", () -> store.get(key("a"), 0).entries().isEmpty());
    }

    // What tests say things with

    protected interface Work {
        void run(int number) throws Exception;
    }

    protected static void inParallel(int threads, Work work) throws Exception {
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int number = i;
                running.add(executor.submit(() -> {
                    work.run(number);
                    return null;
                }));
            }
            for (Future<?> one : running) {
                one.get(50, TimeUnit.SECONDS);
            }
        }
    }

    protected String key(String name) {
        return prefix + name;
    }

    protected long put(String name, String value) {
        return written(store.put(key(name), bytes(value), Expect.ANYTHING, null));
    }

    protected long delete(String name) {
        return written(store.delete(key(name), Expect.ANYTHING));
    }

    protected String read(String name, long revision) {
        return text(store.get(key(name), revision).entries().getFirst().value());
    }

    protected Watch watch(long after, WatchListener listener) {
        return store.watch(key(""), key("~"), after, listener);
    }

    protected void increment(String name) {
        while (true) {
            Entry entry = store.get(key(name), 0).entries().getFirst();
            byte[] next = bytes(Integer.toString(Integer.parseInt(text(entry.value())) + 1));
            WriteResult result = store.put(key(name), next, Expect.at(entry.modRevision()), null);
            if (result instanceof WriteResult.Written) {
                return;
            }
        }
    }

    protected static long written(WriteResult result) {
        assertThat(result).isInstanceOf(WriteResult.Written.class);
        return ((WriteResult.Written) result).revision();
    }

    protected static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    protected static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private String line(String what, String rest, long revision) {
        return "%s %s @%d".formatted(what, key(rest), revision);
    }

    private List<String> names(Snapshot snapshot) {
        return snapshot.entries().stream()
                .map(entry -> entry.key().substring(prefix.length()))
                .toList();
    }

    private void assertEntry(@Nullable Entry entry, String name, String value, long created, long modified) {
        Objects.requireNonNull(entry);
        assertThat(entry.key()).isEqualTo(key(name));
        assertThat(text(entry.value())).isEqualTo(value);
        assertThat(entry.createRevision()).isEqualTo(created);
        assertThat(entry.modRevision()).isEqualTo(modified);
    }
}
