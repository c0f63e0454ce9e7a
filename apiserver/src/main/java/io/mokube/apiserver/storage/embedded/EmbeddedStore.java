package io.mokube.apiserver.storage.embedded;

import io.mokube.apiserver.storage.KeyValueStore;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store in this process, durable on disk, or in memory only.
 *
 * <p>A write takes the lock for a moment: it is checked against the newest version of its key, becomes the newest version
 * itself, and joins the open batch. One thread makes batch after batch durable, with one sync for all writes that came
 * meanwhile, and only then publishes them: readers and watches see nothing that a crash could take back.
 */
public final class EmbeddedStore implements KeyValueStore {

    private static final Logger log = LoggerFactory.getLogger(EmbeddedStore.class);

    /** As in etcd, an empty store has revision 1, so that 0 is never a state's revision. */
    private static final long EMPTY_REVISION = 1;

    private static final int BATCH_BYTES = 16 << 20;
    private static final int EXPIRED_PER_BATCH = 1_000;
    private static final int FORGOTTEN_AT_ONCE = 500;
    private static final Duration SHORTEST_TTL = Duration.ofSeconds(1);
    private static final Duration EXPIRY_RETRY = Duration.ofSeconds(1);
    /** The wall clock may jump, so it is looked at again at least this often. */
    private static final Duration LONGEST_EXPIRY_WAIT = Duration.ofMinutes(1);

    private static final Duration PROGRESS_DELAY = Duration.ofMillis(100);

    private final EmbeddedStoreConfig config;
    private final Clock clock;
    private final Journal journal;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition batchReady = lock.newCondition();
    private final Condition batchTaken = lock.newCondition();
    private final VersionIndex index = new VersionIndex();
    private final History history = new History();
    private final Expiry expiry = new Expiry();
    private final List<EmbeddedWatch> watches = new CopyOnWriteArrayList<>();
    private final Thread committer;

    private Batch open = new Batch();
    /** The batch that holds the newest change: whoever saw that change waits for it. */
    private Batch newest = Batch.durable();

    private long nextRevision;
    /** Nothing that is visible at this revision is forgotten while a snapshot of it is written. */
    private long pinnedRevision = Long.MAX_VALUE;

    private volatile @Nullable Thread snapshotter;
    private Clock.@Nullable Timer expiryTimer;
    private long expiryTimerMillis = Long.MAX_VALUE;
    private Clock.@Nullable Timer compactionTimer;
    private final AtomicBoolean compacting = new AtomicBoolean();
    private final AtomicBoolean progressPending = new AtomicBoolean();
    private volatile boolean closed;
    private volatile @Nullable Throwable broken;
    private volatile long durableRevision = EMPTY_REVISION;
    private volatile long compactRevision;

    private EmbeddedStore(EmbeddedStoreConfig config, Platform platform, JournalOpener opener) throws IOException {
        this.config = config;
        this.clock = platform.clock();
        history.reset(EMPTY_REVISION);
        this.journal = opener.open(this::recover);
        this.nextRevision = durableRevision + 1;
        this.committer = Thread.ofPlatform().name("embedded-store").daemon().unstarted(this::commitBatches);
    }

    /**
     * Opens the store, with everything that was acknowledged before.
     *
     * @throws ComponentException when its folder is in use, damaged or not a store's; the message says what to do
     */
    public static EmbeddedStore open(EmbeddedStoreConfig config, Platform platform) {
        Path folder = config.folder();
        return open(
                config,
                platform,
                recover -> folder == null ? Journal.NONE : openJournal(folder, config, platform, recover));
    }

    /** Opens a store on a journal of the caller's: tests make it fail. */
    static EmbeddedStore open(EmbeddedStoreConfig config, Platform platform, JournalOpener opener) {
        EmbeddedStore store;
        try {
            store = new EmbeddedStore(config, platform, opener);
        } catch (IOException e) {
            throw new ComponentException("can't read the store in " + config.folder() + ": " + e, e);
        }
        store.start();
        return store;
    }

    /** Opens a journal, telling everything in it. */
    interface JournalOpener {
        Journal open(Consumer<Change> recover) throws IOException;
    }

    private static DiskJournal openJournal(
            Path path, EmbeddedStoreConfig config, Platform platform, Consumer<Change> recover) throws IOException {
        DataFolder folder = DataFolder.open(path);
        try {
            return DiskJournal.open(folder, platform.random(), config.leastBytesForSnapshot(), recover);
        } catch (IOException | RuntimeException e) {
            folder.close();
            throw e;
        }
    }

    private void start() {
        committer.start();
        lock.lock();
        try {
            armExpiry(Duration.ZERO);
            armCompaction();
        } finally {
            lock.unlock();
        }
    }

    // Reading

    @Override
    public long currentRevision() {
        requireOpen();
        return durableRevision;
    }

    @Override
    public Snapshot get(String key, long revision) {
        return read(revision, at -> {
            Entry entry = index.at(key, at);
            return entry == null ? List.of() : List.of(entry);
        });
    }

    @Override
    public Snapshot range(String from, String to, long revision, int limit) {
        int most = limit == 0 ? Integer.MAX_VALUE : limit + 1;
        Snapshot all = read(revision, at -> index.range(from, to, at, most));
        return all.entries().size() < most
                ? all
                : new Snapshot(all.revision(), all.entries().subList(0, limit), true);
    }

    private interface Reading {
        List<Entry> at(long revision);
    }

    private Snapshot read(long revision, Reading reading) {
        requireOpen();
        while (true) {
            long current = durableRevision;
            if (revision > current) {
                throw new FutureRevisionException(current);
            }
            long at = revision == 0 ? current : revision;
            List<Entry> entries = reading.at(at);
            // Only now: what was read is whole when nothing that it needed was forgotten meanwhile.
            if (at >= compactRevision) {
                return new Snapshot(current, entries, false);
            }
            if (revision != 0) {
                throw new CompactedException(compactRevision);
            }
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
        Batch batch;
        WriteResult result;
        lock.lock();
        try {
            requireWritable();
            Version current = index.newest(key);
            Entry actual = current == null ? null : current.entry;
            if (holds(expect, actual)) {
                long nowMillis = clock.millis();
                long revision = nextRevision;
                Entry entry = new Entry(key, value, actual == null ? revision : actual.createRevision(), revision);
                long expiresAt = ttl == null ? Change.NEVER : nowMillis + ttl.toMillis();
                Change.Put put = new Change.Put(entry, nowMillis, expiresAt);
                Version version = Version.written(put, current);
                open.addPut(put, version);
                batch = submitted(version);
                result = new WriteResult.Written(revision, null);
            } else {
                batch = newest;
                result = new WriteResult.Conflict(nextRevision - 1, actual);
            }
        } finally {
            lock.unlock();
        }
        // A conflict waits too: what it saw must not be taken back after it was told.
        batch.await();
        return result;
    }

    @Override
    public WriteResult delete(String key, Expect expect) {
        Batch batch;
        WriteResult result;
        lock.lock();
        try {
            requireWritable();
            Version current = index.newest(key);
            Entry actual = current == null ? null : current.entry;
            if (!holds(expect, actual)) {
                batch = newest;
                result = new WriteResult.Conflict(nextRevision - 1, actual);
            } else if (current == null || actual == null) {
                batch = newest;
                result = new WriteResult.Written(nextRevision - 1, null);
            } else {
                result = new WriteResult.Written(nextRevision, actual);
                batch = submitDelete(current);
            }
        } finally {
            lock.unlock();
        }
        batch.await();
        return result;
    }

    @Override
    public void compact(long revision) {
        Batch batch;
        lock.lock();
        try {
            requireWritable();
            if (revision <= compactRevision) {
                throw new CompactedException(compactRevision);
            }
            if (revision > durableRevision) {
                throw new FutureRevisionException(durableRevision);
            }
            open.addCompact(revision);
            batch = submitted();
        } finally {
            lock.unlock();
        }
        batch.await();
        forgetCompacted();
    }

    private static boolean holds(Expect expect, @Nullable Entry actual) {
        return switch (expect) {
            case Expect.Anything _ -> true;
            case Expect.Absent _ -> actual == null;
            case Expect.AtRevision(long modRevision) -> actual != null && actual.modRevision() == modRevision;
        };
    }

    /** Makes the key's deletion its newest version, in the open batch; under the lock. */
    private Batch submitDelete(Version current) {
        Change.Delete delete = new Change.Delete(current.key, nextRevision, clock.millis());
        Version version = Version.deleted(delete, current);
        open.addDelete(delete, version);
        return submitted(version);
    }

    private Batch submitted(Version version) {
        index.push(version);
        nextRevision++;
        return submitted();
    }

    private Batch submitted() {
        newest = open;
        batchReady.signal();
        return open;
    }

    private void requireOpen() {
        if (closed) {
            throw new UnavailableException("the store is closed", null);
        }
    }

    /** Waits, under the lock, until the open batch has room. */
    private void requireWritable() {
        while (true) {
            requireOpen();
            Throwable failure = broken;
            if (failure != null) {
                throw new UnavailableException("the store can't be written until it is opened anew", failure);
            }
            if (open.valueBytes() < BATCH_BYTES) {
                return;
            }
            batchTaken.awaitUninterruptibly();
        }
    }

    // Committing, on the committer's thread: it alone touches the journal, and is never interrupted, which would close
    // it

    private void commitBatches() {
        while (true) {
            Batch batch;
            lock.lock();
            try {
                while (open.isEmpty()) {
                    if (closed) {
                        return;
                    }
                    batchReady.awaitUninterruptibly();
                }
                batch = open;
                open = new Batch();
                batchTaken.signalAll();
            } finally {
                lock.unlock();
            }
            try {
                commit(batch);
            } catch (RuntimeException | Error e) {
                breakDown(batch, e);
            }
        }
    }

    private void commit(Batch batch) {
        try {
            journal.append(batch.changes());
        } catch (IOException e) {
            log.atWarn()
                    .setMessage("writes refused, the disk took nothing")
                    .addKeyValue("changes", batch.changes().size())
                    .addKeyValue("cause", e)
                    .log();
            takeBack(batch, new Batch.End.Refused(e));
            return;
        }
        lock.lock();
        try {
            batch.steps().forEach(this::publish);
            armExpiry(Duration.ZERO);
        } finally {
            lock.unlock();
        }
        batch.end(new Batch.End.Durable());
        wakeWatches(batch);
        keepHistoryShort();
        keepLogShort();
    }

    /** Makes something durable visible; under the lock, or while the store is being opened. */
    private void publish(Batch.Step step) {
        switch (step) {
            case Batch.Step.NewVersion(Version version, long timeMillis) -> {
                expiry.reached(version);
                history.add(version.event(), timeMillis);
                durableRevision = version.revision;
            }
            case Batch.Step.Compacted(long revision) -> compactRevision = Math.max(compactRevision, revision);
        }
    }

    private void breakDown(Batch batch, Throwable failure) {
        log.atError()
                .setMessage("the store can't be written any more")
                .setCause(failure)
                .log();
        broken = failure;
        takeBack(batch, new Batch.End.Unknown(failure));
    }

    /** Undoes what no reader has seen: the failed batch and what came after it, which rests on it. */
    private void takeBack(Batch failed, Batch.End end) {
        Batch later;
        lock.lock();
        try {
            later = open;
            open = new Batch();
            newest = Batch.durable();
            List<Batch.Step> undone = new ArrayList<>(failed.steps());
            undone.addAll(later.steps());
            for (Batch.Step step : undone.reversed()) {
                Version version = Batch.versionOf(step);
                if (version != null && version.revision > durableRevision) {
                    index.pop(version);
                }
            }
            nextRevision = durableRevision + 1;
            batchTaken.signalAll();
        } finally {
            lock.unlock();
        }
        failed.end(end);
        later.end(new Batch.End.Refused(causeOf(end)));
    }

    private static Throwable causeOf(Batch.End end) {
        return switch (end) {
            case Batch.End.Durable _ -> throw new IllegalArgumentException("nothing failed");
            case Batch.End.Refused(Throwable cause) -> cause;
            case Batch.End.Unknown(Throwable cause) -> cause;
        };
    }

    private void keepLogShort() {
        Thread running = snapshotter;
        if (!journal.wantsSnapshot() || (running != null && running.isAlive())) {
            return;
        }
        Journal.Snapshot snapshot;
        try {
            snapshot = journal.beginSnapshot();
        } catch (IOException e) {
            log.atWarn()
                    .setMessage("can't begin a new log")
                    .addKeyValue("cause", e)
                    .log();
            return;
        }
        long revision = durableRevision;
        lock.lock();
        try {
            pinnedRevision = revision;
        } finally {
            lock.unlock();
        }
        snapshotter =
                Thread.ofPlatform().name("embedded-snapshot").daemon().start(() -> writeSnapshot(snapshot, revision));
    }

    private void writeSnapshot(Journal.Snapshot snapshot, long revision) {
        try {
            snapshot.write(revision, index.state(revision));
        } catch (IOException e) {
            // The logs stay until a later snapshot replaces them.
            log.atWarn()
                    .setMessage("can't write a snapshot")
                    .addKeyValue("revision", revision)
                    .addKeyValue("cause", e)
                    .log();
        } finally {
            lock.lock();
            try {
                pinnedRevision = Long.MAX_VALUE;
            } finally {
                lock.unlock();
            }
            forgetCompacted();
        }
    }

    // Forgetting

    /** Compacts on another thread when the history has outgrown its limits by a quarter, so not at every write. */
    private void keepHistoryShort() {
        boolean excessive = history.exceeds(config.historyEvents() * 5L / 4, config.historyBytes() * 5 / 4);
        if (excessive && compacting.compareAndSet(false, true)) {
            Thread.startVirtualThread(() -> {
                try {
                    compactExcess();
                } finally {
                    compacting.set(false);
                }
            });
        }
    }

    private void armCompaction() {
        compactionTimer = clock.schedule(config.historyAge().dividedBy(5), () -> {
            compactExcess();
            lock.lock();
            try {
                if (!closed) {
                    armCompaction();
                }
            } finally {
                lock.unlock();
            }
        });
    }

    private void compactExcess() {
        long oldestMillis = clock.millis() - config.historyAge().toMillis();
        long revision = history.excess(oldestMillis, config.historyEvents(), config.historyBytes());
        if (revision <= compactRevision) {
            return;
        }
        try {
            compact(revision);
        } catch (CompactedException _) {
            // Somebody else compacted meanwhile.
        } catch (UnavailableException | UnknownOutcomeException e) {
            log.atDebug().setMessage("not compacted").addKeyValue("cause", e).log();
        }
    }

    /** Frees what compaction made unreachable, in portions, so that no write waits for long. */
    private void forgetCompacted() {
        while (true) {
            lock.lock();
            try {
                long revision = Math.min(compactRevision, pinnedRevision);
                List<Event> dropped = history.dropThrough(revision, FORGOTTEN_AT_ONCE);
                if (dropped.isEmpty()) {
                    return;
                }
                dropped.forEach(event -> index.forget(Version.keyOf(event), revision));
            } finally {
                lock.unlock();
            }
        }
    }

    /** Sets the timer for the next expiry when it is not set early enough; under the lock. */
    private void armExpiry(Duration atLeast) {
        long nextMillis = expiry.nextMillis();
        if (closed || nextMillis >= expiryTimerMillis) {
            return;
        }
        if (expiryTimer != null) {
            expiryTimer.cancel();
        }
        Duration wait = Duration.ofMillis(nextMillis - clock.millis());
        wait = wait.compareTo(LONGEST_EXPIRY_WAIT) > 0 ? LONGEST_EXPIRY_WAIT : wait;
        wait = wait.compareTo(atLeast) < 0 ? atLeast : wait;
        expiryTimerMillis = nextMillis;
        expiryTimer = clock.schedule(wait, this::deleteExpired);
    }

    private void deleteExpired() {
        Duration pause = Duration.ZERO;
        try {
            Batch last = newest();
            lock.lock();
            try {
                requireWritable();
                for (Version version : expiry.due(clock.millis(), EXPIRED_PER_BATCH)) {
                    // When something newer is under way, that decides.
                    if (index.newest(version.key) == version) {
                        last = submitDelete(version);
                    }
                }
            } finally {
                lock.unlock();
            }
            last.await();
        } catch (UnavailableException | UnknownOutcomeException e) {
            log.atDebug()
                    .setMessage("expired entries not deleted")
                    .addKeyValue("cause", e)
                    .log();
            pause = EXPIRY_RETRY;
        }
        lock.lock();
        try {
            expiryTimerMillis = Long.MAX_VALUE;
            armExpiry(pause);
        } finally {
            lock.unlock();
        }
    }

    private Batch newest() {
        lock.lock();
        try {
            return newest;
        } finally {
            lock.unlock();
        }
    }

    // Watching

    @Override
    public Watch watch(String from, String to, long afterRevision, WatchListener listener) {
        requireOpen();
        long after = afterRevision == 0 ? durableRevision : afterRevision;
        EmbeddedWatch watch = new EmbeddedWatch(this, from, to, after + 1, listener);
        watches.add(watch);
        watch.start();
        if (closed) {
            // Closing may have missed it.
            watch.close();
        }
        return watch;
    }

    /** Durable events from a revision on; for watches. */
    List<Event> history(long fromRevision, int max) {
        return history.from(fromRevision, max);
    }

    long compactRevision() {
        return compactRevision;
    }

    void remove(EmbeddedWatch watch) {
        watches.remove(watch);
    }

    private void wakeWatches(Batch batch) {
        boolean someLeftOut = false;
        for (EmbeddedWatch watch : watches) {
            if (batch.steps().stream().anyMatch(step -> concerns(watch, step))) {
                watch.wake();
            } else {
                someLeftOut = true;
            }
        }
        if (someLeftOut && progressPending.compareAndSet(false, true)) {
            clock.schedule(PROGRESS_DELAY, () -> {
                progressPending.set(false);
                watches.forEach(EmbeddedWatch::wake);
            });
        }
    }

    private static boolean concerns(EmbeddedWatch watch, Batch.Step step) {
        Version version = Batch.versionOf(step);
        return version != null && watch.covers(version.key);
    }

    // Opening and closing

    private void recover(Change change) {
        switch (change) {
            case Change.SnapshotStart(long revision) -> {
                history.reset(revision);
                durableRevision = revision;
                compactRevision = revision;
            }
            case Change.Put put -> {
                Version version = Version.written(put, index.newest(put.entry().key()));
                index.push(version);
                if (version.revision > durableRevision) {
                    publish(new Batch.Step.NewVersion(version, put.timeMillis()));
                } else {
                    // Out of the snapshot: part of the state that the history starts from.
                    expiry.reached(version);
                }
            }
            case Change.Delete delete -> {
                Version version = Version.deleted(delete, index.newest(delete.key()));
                index.push(version);
                publish(new Batch.Step.NewVersion(version, delete.timeMillis()));
            }
            case Change.Compact(long revision) -> {
                publish(new Batch.Step.Compacted(revision));
                forgetCompacted();
            }
            case Change.SnapshotEnd _ -> {}
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            if (expiryTimer != null) {
                expiryTimer.cancel();
            }
            if (compactionTimer != null) {
                compactionTimer.cancel();
            }
            batchReady.signal();
            batchTaken.signalAll();
        } finally {
            lock.unlock();
        }
        EmbeddedWatch.awaitEnd(committer);
        watches.forEach(EmbeddedWatch::close);
        Thread snapshotting = snapshotter;
        if (snapshotting != null) {
            EmbeddedWatch.awaitEnd(snapshotting);
        }
        try {
            journal.close();
        } catch (IOException e) {
            log.atWarn()
                    .setMessage("can't close the log")
                    .addKeyValue("cause", e)
                    .log();
        }
    }
}
