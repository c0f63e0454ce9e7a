package io.mokube.apiserver.storage.etcd;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.etcd.jetcd.api.CompactionRequest;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.ResponseOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import io.etcd.jetcd.api.WatchGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import io.mokube.apiserver.storage.KeyValueStore;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store in an etcd cluster.
 *
 * <p>Every call has a deadline. A read that found no member is tried again until then; a write never is: what became of it
 * is looked up, and when that can't be told either, said so.
 */
public final class EtcdStore implements KeyValueStore {

    private static final Logger log = LoggerFactory.getLogger(EtcdStore.class);

    private static final int ENTRIES_PER_PAGE = 10_000;
    private static final Duration READ_RETRY = Duration.ofMillis(50);
    private static final Duration SHORTEST_TTL = Duration.ofSeconds(1);
    /** Makes a member that has lost its leader say so instead of going quiet. */
    private static final Metadata.Key<String> REQUIRE_LEADER =
            Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER);

    private final EtcdStoreConfig config;
    private final Clock clock;
    private final ExecutorService callbacks = Executors.newVirtualThreadPerTaskExecutor();
    private final ManagedChannel channel;
    private final KVGrpc.KVBlockingStub kv;
    private final LeaseGrpc.LeaseBlockingStub leaseService;
    private final WatchGrpc.WatchStub watchService;
    private final RevisionReads revisionReads = new RevisionReads(this::readRevision);
    private final EtcdLeases leases;
    private final Set<EtcdWatch> watches = ConcurrentHashMap.newKeySet();
    private volatile Clock.@Nullable Timer compaction;
    private volatile boolean closed;

    private EtcdStore(EtcdStoreConfig config, Platform platform) {
        this.config = config;
        this.clock = platform.clock();
        this.channel = EtcdConnection.open(config, callbacks);
        Metadata headers = new Metadata();
        headers.put(REQUIRE_LEADER, "true");
        this.kv = KVGrpc.newBlockingStub(channel);
        this.leaseService = LeaseGrpc.newBlockingStub(channel);
        this.watchService = WatchGrpc.newStub(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
                .withWaitForReady();
        this.leases = new EtcdLeases(this::grantLease, clock);
    }

    /**
     * Opens a store; it connects when it is first used and for ever after when a connection is lost.
     *
     * @throws ComponentException when the TLS files can't be used
     */
    public static EtcdStore open(EtcdStoreConfig config, Platform platform) {
        EtcdStore store = new EtcdStore(config, platform);
        store.compactLater(0);
        return store;
    }

    // Reading

    @Override
    public long currentRevision() {
        return revisionReads.current();
    }

    private long readRevision() {
        // Which key is of no matter: a linearizable read waits until the member has caught up, and tells how far it is.
        RangeRequest request = RangeRequest.newBuilder()
                .setKey(ByteString.copyFromUtf8("\0"))
                .setCountOnly(true)
                .build();
        return read(0, request).getHeader().getRevision();
    }

    @Override
    public Snapshot get(String key, long revision) {
        RangeRequest request = RangeRequest.newBuilder()
                .setKey(ByteString.copyFromUtf8(key))
                .setRevision(revision)
                .build();
        RangeResponse response = read(revision, request);
        return new Snapshot(response.getHeader().getRevision(), entriesOf(response), false);
    }

    @Override
    public Snapshot range(String from, String to, long revision, int limit) {
        while (true) {
            try {
                return pages(from, to, revision, limit);
            } catch (CompactedException e) {
                // When the caller wants the state of now, and etcd was compacted between two pages: begin again.
                if (revision != 0) {
                    throw e;
                }
            }
        }
    }

    private Snapshot pages(String from, String to, long revision, int limit) {
        List<Entry> entries = new ArrayList<>();
        String start = from;
        long at = revision;
        long storeRevision = 0;
        while (true) {
            int most = limit == 0 ? ENTRIES_PER_PAGE : Math.min(ENTRIES_PER_PAGE, limit - entries.size());
            if (start.compareTo(to) >= 0) {
                // etcd takes an end before the start for an error, and "\0" for no end at all.
                return new Snapshot(currentRevision(), entries, false);
            }
            RangeResponse response = read(
                    at,
                    RangeRequest.newBuilder()
                            .setKey(ByteString.copyFromUtf8(start))
                            .setRangeEnd(ByteString.copyFromUtf8(to))
                            .setRevision(at)
                            .setLimit(most)
                            .build());
            if (storeRevision == 0) {
                storeRevision = response.getHeader().getRevision();
                at = at == 0 ? storeRevision : at;
            }
            entries.addAll(entriesOf(response));
            if (!response.getMore() || entries.size() == limit) {
                return new Snapshot(storeRevision, entries, response.getMore());
            }
            start = entries.getLast().key() + "\0";
        }
    }

    /** Tells whether a revision is neither compacted nor in the future, by an exception when it is. */
    void requireReadable(long revision) {
        RangeRequest request = RangeRequest.newBuilder()
                .setKey(ByteString.copyFromUtf8("\0"))
                .setRevision(revision)
                .setCountOnly(true)
                .build();
        read(revision, request);
    }

    private RangeResponse read(long revision, RangeRequest request) {
        long deadline = clock.nanoTime() + config.deadline().toNanos();
        while (true) {
            requireOpen();
            try {
                return kv.withWaitForReady()
                        .withDeadlineAfter(Math.max(1, deadline - clock.nanoTime()), TimeUnit.NANOSECONDS)
                        .range(request);
            } catch (StatusRuntimeException e) {
                Status status = e.getStatus();
                if (status.getCode() == Status.Code.OUT_OF_RANGE) {
                    throw outOfRange(status, revision);
                }
                if (!passing(status) || clock.nanoTime() - deadline > 0) {
                    throw new UnavailableException("can't read from etcd: " + status, e);
                }
            }
            pause();
        }
    }

    private void pause() {
        try {
            clock.sleep(READ_RETRY);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnavailableException("interrupted while reading from etcd", e);
        }
    }

    private RuntimeException outOfRange(Status status, long revision) {
        String description = String.valueOf(status.getDescription());
        return description.contains("compacted")
                ? new CompactedException(compactRevision(revision))
                : new FutureRevisionException(currentRevision());
    }

    /** etcd tells its compact revision only to a watch that asks for something older. */
    private long compactRevision(long compacted) {
        CompletableFuture<Long> answer = new CompletableFuture<>();
        WatchListener listener = new WatchListener() {
            @Override
            public void onEvents(List<Event> events, long revision) {
                answer.complete(compacted + 1);
            }

            @Override
            public void onProgress(long revision) {}

            @Override
            public void onEnd(WatchEnd reason) {
                answer.complete(
                        switch (reason) {
                            case WatchEnd.Compacted(long compactRevision) -> compactRevision;
                            case WatchEnd.Broken _ -> compacted + 1;
                        });
            }
        };
        // From one before, since etcd takes a watch from the compacted revision itself.
        try (Watch watch = startWatch("\0", "\1", Math.max(0, compacted - 2), listener)) {
            return answer.completeOnTimeout(compacted + 1, config.deadline().toMillis(), TimeUnit.MILLISECONDS)
                    .join();
        }
    }

    // Writing

    @Override
    public WriteResult put(String key, byte[] value, Expect expect, @Nullable Duration ttl) {
        if (value.length > config.maxValueBytes()) {
            throw new ValueTooLargeException(
                    "the value has %d bytes, the limit is %d".formatted(value.length, config.maxValueBytes()));
        }
        if (ttl != null && ttl.compareTo(SHORTEST_TTL) < 0) {
            throw new IllegalArgumentException("a time to live of less than a second: " + ttl);
        }
        try {
            return tryPut(key, value, expect, ttl == null ? 0 : leases.leaseFor(ttl));
        } catch (NoSuchLeaseException e) {
            // Refused, so not written: another lease may do.
            leases.forget(e.lease());
            return tryPut(key, value, expect, leases.leaseFor(ttl == null ? SHORTEST_TTL : ttl));
        }
    }

    private WriteResult tryPut(String key, byte[] value, Expect expect, long lease) {
        ByteString etcdKey = ByteString.copyFromUtf8(key);
        RequestOp put = RequestOp.newBuilder()
                .setRequestPut(PutRequest.newBuilder()
                        .setKey(etcdKey)
                        // Nobody changes values, so they need no copy.
                        .setValue(UnsafeByteOperations.unsafeWrap(value))
                        .setLease(lease))
                .build();
        TxnResponse response;
        try {
            response = write(transaction(etcdKey, expect, put), lease);
        } catch (UnknownOutcomeException e) {
            return wasPut(key, value, expect, e);
        }
        return response.getSucceeded()
                ? new WriteResult.Written(response.getHeader().getRevision(), null)
                : conflict(response);
    }

    @Override
    public WriteResult delete(String key, Expect expect) {
        ByteString etcdKey = ByteString.copyFromUtf8(key);
        RequestOp delete = RequestOp.newBuilder()
                .setRequestDeleteRange(
                        DeleteRangeRequest.newBuilder().setKey(etcdKey).setPrevKv(true))
                .build();
        TxnResponse response = write(transaction(etcdKey, expect, delete), 0);
        if (!response.getSucceeded()) {
            return conflict(response);
        }
        List<KeyValue> previous =
                response.getResponses(0).getResponseDeleteRange().getPrevKvsList();
        return new WriteResult.Written(
                response.getHeader().getRevision(), previous.isEmpty() ? null : entryOf(previous.getFirst()));
    }

    /** A transaction that does the operation when the key is as expected, and tells what the key holds otherwise. */
    private static TxnRequest transaction(ByteString key, Expect expect, RequestOp operation) {
        TxnRequest.Builder transaction = TxnRequest.newBuilder()
                .addSuccess(operation)
                .addFailure(RequestOp.newBuilder()
                        .setRequestRange(RangeRequest.newBuilder().setKey(key)));
        switch (expect) {
            case Expect.Anything _ -> {}
            // A key that does not exist has modification revision 0.
            case Expect.Absent _ -> transaction.addCompare(lastChanged(key, 0));
            case Expect.AtRevision(long modRevision) -> transaction.addCompare(lastChanged(key, modRevision));
        }
        return transaction.build();
    }

    private static Compare lastChanged(ByteString key, long revision) {
        return Compare.newBuilder()
                .setKey(key)
                .setTarget(Compare.CompareTarget.MOD)
                .setResult(Compare.CompareResult.EQUAL)
                .setModRevision(revision)
                .build();
    }

    private static WriteResult conflict(TxnResponse response) {
        ResponseOp range = response.getResponses(0);
        List<KeyValue> actual = range.getResponseRange().getKvsList();
        return new WriteResult.Conflict(
                response.getHeader().getRevision(), actual.isEmpty() ? null : entryOf(actual.getFirst()));
    }

    private TxnResponse write(TxnRequest request, long lease) {
        requireOpen();
        Attempt attempt = new Attempt();
        try {
            return within(kv.withInterceptors(attempt)).txn(request);
        } catch (StatusRuntimeException e) {
            throw writeFailure(e, attempt, lease);
        }
    }

    private RuntimeException writeFailure(StatusRuntimeException e, Attempt attempt, long lease) {
        Status status = e.getStatus();
        return switch (status.getCode()) {
            case INVALID_ARGUMENT, RESOURCE_EXHAUSTED ->
                String.valueOf(status.getDescription()).contains("large")
                        ? new ValueTooLargeException("etcd refused the value, over its limit: " + status)
                        : new UnavailableException("etcd refused the write: " + status, e);
            case NOT_FOUND -> lease != 0 ? new NoSuchLeaseException(lease) : refused(e);
            case OUT_OF_RANGE, FAILED_PRECONDITION, PERMISSION_DENIED, UNAUTHENTICATED, UNIMPLEMENTED -> refused(e);
            case OK, CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, ALREADY_EXISTS, ABORTED, INTERNAL, UNAVAILABLE, DATA_LOSS ->
                attempt.sent()
                        ? new UnknownOutcomeException("etcd was lost during the write: " + status, e)
                        : new UnavailableException("no etcd member could be reached: " + status, e);
        };
    }

    private static UnavailableException refused(StatusRuntimeException e) {
        return new UnavailableException("etcd refused the write: " + e.getStatus(), e);
    }

    /** Settles an unknown outcome when the key now holds what was to be written. */
    private WriteResult wasPut(String key, byte[] value, Expect expect, UnknownOutcomeException unknown) {
        Snapshot now;
        try {
            now = get(key, 0);
        } catch (UnavailableException e) {
            unknown.addSuppressed(e);
            throw unknown;
        }
        if (!now.entries().isEmpty()) {
            Entry entry = now.entries().getFirst();
            boolean changed =
                    switch (expect) {
                        // It may have held the same value before.
                        case Expect.Anything _ -> false;
                        case Expect.Absent _ -> entry.createRevision() == entry.modRevision();
                        case Expect.AtRevision(long modRevision) -> entry.modRevision() > modRevision;
                    };
            if (changed && Arrays.equals(entry.value(), value)) {
                return new WriteResult.Written(entry.modRevision(), null);
            }
        }
        // That the key is as before does not tell that the write won't happen: a member may still be about to apply it.
        throw unknown;
    }

    private long grantLease(long seconds) {
        requireOpen();
        try {
            return within(leaseService)
                    .leaseGrant(LeaseGrantRequest.newBuilder().setTTL(seconds).build())
                    .getID();
        } catch (StatusRuntimeException e) {
            throw new UnavailableException("can't get a lease from etcd: " + e.getStatus(), e);
        }
    }

    // Watching

    @Override
    public Watch watch(String from, String to, long afterRevision, WatchListener listener) {
        requireOpen();
        return startWatch(from, to, afterRevision == 0 ? currentRevision() : afterRevision, listener);
    }

    private EtcdWatch startWatch(String from, String to, long afterRevision, WatchListener listener) {
        EtcdWatch watch = new EtcdWatch(this, afterRevision, listener);
        watches.add(watch);
        watch.start(watchService, ByteString.copyFromUtf8(from), ByteString.copyFromUtf8(to));
        if (closed) {
            // Closing may have missed it.
            watch.close();
        }
        return watch;
    }

    void remove(EtcdWatch watch) {
        watches.remove(watch);
    }

    // Compacting

    @Override
    public void compact(long revision) {
        requireOpen();
        try {
            within(kv)
                    .compact(
                            CompactionRequest.newBuilder().setRevision(revision).build());
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() == Status.Code.OUT_OF_RANGE) {
                throw outOfRange(e.getStatus(), revision);
            }
            throw new UnavailableException("can't compact etcd: " + e.getStatus(), e);
        }
    }

    /**
     * Compacts, after each history age, what was current one age before. Several servers doing so do no harm: each leaves
     * the last age alone.
     */
    private void compactLater(long revisionThen) {
        Duration age = config.historyAge();
        if (age == null || closed) {
            return;
        }
        compaction = clock.schedule(age, () -> {
            long next = revisionThen;
            try {
                next = currentRevision();
                if (revisionThen > 0) {
                    compact(revisionThen);
                }
            } catch (CompactedException _) {
                // Somebody else was first.
            } catch (UnavailableException e) {
                log.atDebug()
                        .setMessage("etcd not compacted")
                        .addKeyValue("cause", e)
                        .log();
            }
            compactLater(next);
        });
    }

    // Common

    @Override
    public void close() {
        closed = true;
        Clock.Timer timer = compaction;
        if (timer != null) {
            timer.cancel();
        }
        watches.forEach(EtcdWatch::close);
        channel.shutdownNow();
        try {
            channel.awaitTermination(1, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        callbacks.shutdown();
    }

    private void requireOpen() {
        if (closed) {
            throw new UnavailableException("the store is closed", null);
        }
    }

    private <T extends AbstractStub<T>> T within(T stub) {
        return stub.withDeadlineAfter(config.deadline());
    }

    /** Whether another try may do better. */
    private static boolean passing(Status status) {
        return switch (status.getCode()) {
            case UNAVAILABLE, UNKNOWN, INTERNAL, ABORTED, CANCELLED, RESOURCE_EXHAUSTED -> true;
            case OK,
                    DEADLINE_EXCEEDED,
                    INVALID_ARGUMENT,
                    NOT_FOUND,
                    ALREADY_EXISTS,
                    PERMISSION_DENIED,
                    FAILED_PRECONDITION,
                    OUT_OF_RANGE,
                    UNIMPLEMENTED,
                    DATA_LOSS,
                    UNAUTHENTICATED -> false;
        };
    }

    private static List<Entry> entriesOf(RangeResponse response) {
        return response.getKvsList().stream().map(EtcdStore::entryOf).toList();
    }

    static Entry entryOf(KeyValue kv) {
        return new Entry(
                kv.getKey().toStringUtf8(), kv.getValue().toByteArray(), kv.getCreateRevision(), kv.getModRevision());
    }
}
