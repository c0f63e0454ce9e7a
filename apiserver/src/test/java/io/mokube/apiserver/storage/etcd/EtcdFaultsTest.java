package io.mokube.apiserver.storage.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.etcd.jetcd.api.CompactionRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.mokube.apiserver.storage.KeyValueStore.Entry;
import io.mokube.apiserver.storage.KeyValueStore.Event;
import io.mokube.apiserver.storage.KeyValueStore.Expect;
import io.mokube.apiserver.storage.KeyValueStore.UnavailableException;
import io.mokube.apiserver.storage.KeyValueStore.UnknownOutcomeException;
import io.mokube.apiserver.storage.KeyValueStore.Watch;
import io.mokube.apiserver.storage.KeyValueStore.WatchEnd;
import io.mokube.apiserver.storage.KeyValueStore.WatchListener;
import io.mokube.apiserver.storage.KeyValueStore.WriteResult;
import io.mokube.apiserver.storage.RecordingListener;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.Await;
import io.mokube.testkit.EtcdProcess;
import io.mokube.testkit.Needs;
import io.mokube.testkit.TcpProxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the store makes of an etcd that goes away. */
@Timeout(180)
class EtcdFaultsTest {

    private static final String KEYS = "/faults/";
    private static final String KEYS_END = "/faults0";

    private EtcdProcess etcd;
    private TcpProxy proxy;
    private EtcdStore store;

    @BeforeEach
    void start() {
        Needs.part("etcd", EtcdProcess.available());
        etcd = EtcdProcess.start();
        proxy = TcpProxy.before(etcd.clientPort());
        store = throughProxy(Duration.ofSeconds(10));
    }

    @AfterEach
    void stop() {
        if (etcd != null) {
            store.close();
            proxy.close();
            etcd.close();
        }
    }

    /**
     * Cuts the connection of a watch with a backlog at many bytes: in its handshake, before and after its creation is
     * answered, and in the middle of its events. Whoever watches again from what it saw gets every event once.
     */
    @Test
    void aWatchCutAnywhereLosesNothingWhenItIsTakenUpAgain() {
        int writes = 300;
        long start = store.currentRevision();
        for (int i = 0; i < writes; i++) {
            put("k" + i, "x".repeat(100));
        }
        long bytesOfOneWatch = bytesOfAWatch(start, writes);
        // Every byte up to the creation's answer and beyond the first events would take too long: every seventh does.
        LongStream cuts = LongStream.concat(
                LongStream.iterate(1, at -> at < 400, at -> at + 7),
                LongStream.iterate(400, at -> at < bytesOfOneWatch, at -> at + bytesOfOneWatch / 12));
        cuts.forEach(cut -> {
            // A store of its own has a connection of its own, which is the next one that the proxy sees.
            try (EtcdStore fresh = throughProxy(Duration.ofSeconds(10))) {
                proxy.cutNextAfter(cut);
                Resuming resuming = new Resuming(fresh, start);
                resuming.watch();
                Await.until(
                        "all events after a cut at byte " + cut,
                        () -> resuming.listener.events().size() >= writes);
                assertThat(resuming.listener.revisions())
                        .isEqualTo(LongStream.rangeClosed(start + 1, start + writes)
                                .boxed()
                                .toList());
                resuming.close();
            }
        });
    }

    private long bytesOfAWatch(long start, int writes) {
        try (EtcdStore fresh = throughProxy(Duration.ofSeconds(10))) {
            long before = proxy.bytesToClient();
            RecordingListener listener = new RecordingListener();
            try (Watch watch = fresh.watch(KEYS, KEYS_END, start, listener)) {
                Await.until("all events", () -> listener.events().size() == writes);
            }
            return proxy.bytesToClient() - before;
        }
    }

    @Test
    void aWatchTakenUpAfterADeletionWasCompactedEndsAsCompacted() {
        long put = put("a", "1");
        long deleted = ((WriteResult.Written) store.delete(KEYS + "a", Expect.ANYTHING)).revision();
        assertThat(deleted).isEqualTo(put + 1);
        // etcd accepts a watch from the compacted revision, but the deletion at it is gone.
        compactPhysically(deleted);
        put("b", "1");
        RecordingListener listener = new RecordingListener();
        try (Watch watch = store.watch(KEYS, KEYS_END, put, listener)) {
            assertThat(listener.awaitEnd()).isEqualTo(new WatchEnd.Compacted(deleted));
            assertThat(listener.events()).isEmpty();
        }
    }

    /** Waits until etcd has removed what is compacted: until then a watch may still be told of it, and nothing is missing. */
    private void compactPhysically(long revision) {
        ManagedChannel channel = Grpc.newChannelBuilder(
                        "127.0.0.1:" + etcd.clientPort(), InsecureChannelCredentials.create())
                .build();
        try {
            KVGrpc.newBlockingStub(channel)
                    .compact(CompactionRequest.newBuilder()
                            .setRevision(revision)
                            .setPhysical(true)
                            .build());
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void aWriteThatNobodyCouldTakeIsUnavailable() {
        put("a", "1");
        etcd.kill();
        Await.until("the connection's end to be noticed", () -> {
            try {
                store.put(KEYS + "a", bytes("2"), Expect.ANYTHING, null);
                return false;
            } catch (UnknownOutcomeException e) {
                return false;
            } catch (UnavailableException e) {
                return true;
            }
        });
        etcd.restart();
        Await.until("writes to work again", () -> put("a", "3") > 0);
        assertThat(text(store.get(KEYS + "a", 0).entries().getFirst())).isEqualTo("3");
    }

    @Test
    void aWriteWhoseAnswerIsLostIsLookedUp() {
        EtcdStore other =
                EtcdStore.open(EtcdStoreConfig.of(List.of(etcd.endpoint()), null, null, null), Platform.system());
        try (other) {
            long first = put("a", "1");
            proxy.stallToClient(true);
            Thread.ofVirtual().start(() -> {
                Await.until(
                        "the write to reach etcd",
                        () -> text(other.get(KEYS + "a", 0).entries().getFirst())
                                .equals("2"));
                proxy.cutNow();
                proxy.stallToClient(false);
            });
            WriteResult result = store.put(KEYS + "a", bytes("2"), Expect.at(first), null);
            assertThat(result).isEqualTo(new WriteResult.Written(first + 1, null));
            assertThat(other.currentRevision()).isEqualTo(first + 1);
        }
    }

    @Test
    void aFrozenEtcdMakesAWriteUnknown() {
        try (EtcdStore hasty = throughProxy(Duration.ofMillis(500))) {
            hasty.put(KEYS + "a", bytes("1"), Expect.ANYTHING, null);
            etcd.freeze();
            assertThatThrownBy(() -> hasty.put(KEYS + "a", bytes("2"), Expect.ANYTHING, null))
                    .isInstanceOf(UnknownOutcomeException.class);
            assertThatThrownBy(hasty::currentRevision).isInstanceOf(UnavailableException.class);
            etcd.resume();
            Await.until("reads to work again", () -> hasty.currentRevision() > 0);
        }
    }

    @Test
    void killingEtcdInTheMiddleOfWritesLosesNothingAcknowledged() throws Exception {
        Map<String, Long> acknowledged = new ConcurrentHashMap<>();
        AtomicBoolean writing = new AtomicBoolean(true);
        AtomicLong count = new AtomicLong();
        List<Thread> writers = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int writer = i;
            writers.add(Thread.startVirtualThread(() -> {
                for (int n = 0; writing.get(); n++) {
                    String name = "w" + writer + "-" + n;
                    try {
                        acknowledged.put(KEYS + name, put(name, name));
                        count.incrementAndGet();
                    } catch (UnknownOutcomeException | UnavailableException _) {
                        // Not acknowledged: the next one.
                    }
                }
            }));
        }
        for (int kill = 0; kill < 2; kill++) {
            long before = count.get();
            Await.until("writes", () -> count.get() > before + 300);
            etcd.kill();
            etcd.restart();
        }
        long before = count.get();
        Await.until("writes after the restart", () -> count.get() > before + 50);
        writing.set(false);
        for (Thread writer : writers) {
            writer.join();
        }
        Map<String, Long> found = new ConcurrentHashMap<>();
        store.range(KEYS, KEYS_END, 0, 0).entries().forEach(entry -> found.put(entry.key(), entry.modRevision()));
        assertThat(found).containsAllEntriesOf(acknowledged);
    }

    /** Watches again from what was seen whenever the watch breaks. */
    private static final class Resuming implements WatchListener {

        final RecordingListener listener = new RecordingListener();
        private final EtcdStore store;
        private final long start;
        private volatile boolean closed;
        private final AtomicReference<@Nullable Watch> watch = new AtomicReference<>();

        Resuming(EtcdStore store, long start) {
            this.store = store;
            this.start = start;
        }

        void watch() {
            watch.set(store.watch(KEYS, KEYS_END, Math.max(start, listener.seen()), this));
        }

        @Override
        public void onEvents(List<Event> events, long revision) {
            listener.onEvents(events, revision);
        }

        @Override
        public void onProgress(long revision) {
            listener.onProgress(revision);
        }

        @Override
        public void onEnd(WatchEnd reason) {
            assertThat(reason).isInstanceOf(WatchEnd.Broken.class);
            if (!closed) {
                watch();
            }
        }

        void close() {
            closed = true;
            Watch last = watch.get();
            if (last != null) {
                last.close();
            }
        }
    }

    private EtcdStore throughProxy(Duration deadline) {
        EtcdStoreConfig config = EtcdStoreConfig.of(List.of(proxy.endpoint("http")), null, null, null);
        return EtcdStore.open(
                new EtcdStoreConfig(
                        config.endpoints(), null, null, null, config.maxValueBytes(), deadline, config.historyAge()),
                Platform.system());
    }

    private long put(String name, String value) {
        return ((WriteResult.Written) store.put(KEYS + name, bytes(value), Expect.ANYTHING, null)).revision();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(Entry entry) {
        return new String(entry.value(), StandardCharsets.UTF_8);
    }
}
