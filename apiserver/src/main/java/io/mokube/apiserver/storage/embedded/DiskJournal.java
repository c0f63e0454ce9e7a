package io.mokube.apiserver.storage.embedded;

import io.mokube.machinery.component.ComponentException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The journal in a data folder: numbered logs {@code log-N}, and at most one snapshot {@code snapshot-N} that holds
 * everything from before {@code log-N}. A change is durable once its frame is synced to the newest log.
 */
final class DiskJournal implements Journal {

    private static final String LOG = "log-";
    private static final String SNAPSHOT = "snapshot-";
    private static final String UNFINISHED = ".unfinished";
    private static final int SNAPSHOT_FRAME_BYTES = 1 << 20;

    private final DataFolder folder;
    private final RandomGenerator random;
    private final long leastBytesForSnapshot;

    private FileChannel log;
    private long logNumber;
    private long logSalt;
    private long logBytes;
    private volatile long snapshotBytes;
    private boolean broken;

    private DiskJournal(DataFolder folder, RandomGenerator random, long leastBytesForSnapshot, OpenLog open) {
        this.folder = folder;
        this.random = random;
        this.leastBytesForSnapshot = leastBytesForSnapshot;
        this.log = open.channel;
        this.logNumber = open.number;
        this.logSalt = open.salt;
        this.logBytes = open.bytes;
    }

    /**
     * Opens the journal, tells every change in it in order, and removes what an interrupted run left behind: an
     * unfinished last frame, which nobody was told of, and files that a snapshot has replaced.
     *
     * @throws ComponentException when the files are damaged; nothing is changed then
     */
    static DiskJournal open(
            DataFolder folder, RandomGenerator random, long leastBytesForSnapshot, Consumer<Change> recover)
            throws IOException {
        List<String> names = folder.fileNames();
        long snapshot = numbers(names, SNAPSHOT).stream().reduce(0L, Math::max);
        List<Long> logs = numbers(names, LOG).stream()
                .filter(number -> number >= snapshot)
                .sorted()
                .toList();
        long firstLog = snapshot == 0 ? 1 : snapshot;
        for (int i = 0; i < logs.size(); i++) {
            if (logs.get(i) != firstLog + i) {
                throw damaged(folder.file(LOG + (firstLog + i)), "it is missing");
            }
        }
        if (snapshot > 0 && logs.isEmpty()) {
            throw damaged(folder.file(LOG + firstLog), "it is missing");
        }
        if (snapshot > 0) {
            readSnapshot(folder.file(SNAPSHOT + snapshot), recover);
        }
        for (int i = 0; i < logs.size() - 1; i++) {
            readLog(folder.file(LOG + logs.get(i)), false, recover);
        }
        OpenLog last = logs.isEmpty()
                ? OpenLog.create(folder, firstLog, random.nextLong())
                : OpenLog.reopen(
                        folder, logs.getLast(), readLog(folder.file(LOG + logs.getLast()), true, recover), random);
        DiskJournal journal = new DiskJournal(folder, random, leastBytesForSnapshot, last);
        if (snapshot > 0) {
            journal.snapshotBytes = Files.size(folder.file(SNAPSHOT + snapshot));
        }
        journal.deleteReplaced(snapshot);
        return journal;
    }

    @Override
    public void append(List<Change> changes) throws IOException {
        if (broken) {
            throw new BrokenException("the log is broken since an earlier failure", new IOException("not tried"));
        }
        ByteBuffer frame = Frames.frame(changes, logSalt);
        int length = frame.remaining();
        try {
            writeFully(log, frame, logBytes);
        } catch (IOException e) {
            takeBack(e);
            throw e;
        }
        try {
            log.force(false);
        } catch (IOException e) {
            // After a failed sync the kernel may have dropped the pages: nobody can tell what is on disk.
            broken = true;
            throw new BrokenException("can't sync the log: " + e, e);
        }
        logBytes += length;
    }

    private void takeBack(IOException cause) {
        try {
            log.truncate(logBytes);
            log.force(false);
        } catch (IOException e) {
            broken = true;
            e.addSuppressed(cause);
            throw new BrokenException("can't take an unfinished write back: " + e, e);
        }
    }

    @Override
    public boolean wantsSnapshot() {
        // As long as the state itself: the disk holds at most about three times the state, and rewriting is rare.
        return logBytes > Math.max(leastBytesForSnapshot, snapshotBytes);
    }

    @Override
    public Snapshot beginSnapshot() throws IOException {
        OpenLog next = OpenLog.create(folder, logNumber + 1, random.nextLong());
        log.close();
        log = next.channel;
        logNumber = next.number;
        logSalt = next.salt;
        logBytes = next.bytes;
        long number = logNumber;
        return (revision, state) -> writeSnapshot(number, revision, state);
    }

    @Override
    public void close() throws IOException {
        try (folder) {
            log.close();
        }
    }

    private void writeSnapshot(long number, long revision, Iterator<Change.Put> state) throws IOException {
        Path unfinished = folder.file(SNAPSHOT + number + UNFINISHED);
        long salt = random.nextLong();
        try (FileChannel channel = FileChannel.open(
                unfinished,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
            long position = writeFully(channel, Frames.fileHeader(salt), 0);
            List<Change> frame = new ArrayList<>();
            frame.add(new Change.SnapshotStart(revision));
            long entries = 0;
            long frameBytes = 0;
            while (state.hasNext()) {
                Change.Put put = state.next();
                frame.add(put);
                entries++;
                frameBytes += put.entry().value().length;
                if (frameBytes > SNAPSHOT_FRAME_BYTES) {
                    position += writeFully(channel, Frames.frame(frame, salt), position);
                    frame.clear();
                    frameBytes = 0;
                }
            }
            frame.add(new Change.SnapshotEnd(entries));
            position += writeFully(channel, Frames.frame(frame, salt), position);
            channel.force(true);
            snapshotBytes = position;
        } catch (IOException e) {
            Files.deleteIfExists(unfinished);
            throw e;
        }
        Files.move(unfinished, folder.file(SNAPSHOT + number), StandardCopyOption.ATOMIC_MOVE);
        folder.sync();
        deleteReplaced(number);
    }

    /** Deletes logs and snapshots from before the snapshot of this number, and unfinished snapshots. */
    private void deleteReplaced(long snapshot) throws IOException {
        List<String> names = folder.fileNames();
        for (String name : names) {
            if (name.endsWith(UNFINISHED)) {
                Files.deleteIfExists(folder.file(name));
            }
        }
        for (long number : numbers(names, SNAPSHOT)) {
            if (number < snapshot) {
                Files.deleteIfExists(folder.file(SNAPSHOT + number));
            }
        }
        for (long number : numbers(names, LOG)) {
            if (number < snapshot) {
                Files.deleteIfExists(folder.file(LOG + number));
            }
        }
    }

    private static void readSnapshot(Path file, Consumer<Change> recover) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
                Frames.Reader reader = new Frames.Reader(channel)) {
            Change last = null;
            long puts = 0;
            List<Change> changes;
            while ((changes = reader.next()) != null) {
                for (Change change : changes) {
                    if (change instanceof Change.Put) {
                        puts++;
                    }
                    recover.accept(change);
                    last = change;
                }
            }
            if (!reader.headerWhole() || !reader.atEnd() || !new Change.SnapshotEnd(puts).equals(last)) {
                throw damaged(file, "byte " + reader.position());
            }
        }
    }

    /** Tells the changes of a log and returns how far it is good; only the last log may have a torn end. */
    private static GoodPart readLog(Path file, boolean last, Consumer<Change> recover) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
                Frames.Reader reader = new Frames.Reader(channel)) {
            if (!reader.headerWhole()) {
                if (last && channel.size() <= Frames.FILE_HEADER_BYTES) {
                    return new GoodPart(0, 0);
                }
                throw damaged(file, "its header");
            }
            List<Change> changes;
            while ((changes = reader.next()) != null) {
                changes.forEach(recover);
            }
            if (!reader.atEnd() && (!last || reader.wholeFrameFollows())) {
                throw damaged(file, "byte " + reader.position());
            }
            return new GoodPart(reader.position(), reader.salt());
        }
    }

    private static ComponentException damaged(Path file, String where) {
        return new ComponentException(
                "the store's file %s is damaged (%s), so acknowledged writes are lost: restore the folder from a backup, or delete it to begin anew"
                        .formatted(file, where));
    }

    private static List<Long> numbers(List<String> names, String prefix) {
        return names.stream()
                .filter(name -> name.startsWith(prefix) && !name.endsWith(UNFINISHED))
                .map(name -> Long.parseLong(name.substring(prefix.length())))
                .toList();
    }

    private static long writeFully(FileChannel channel, ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
        return at - position;
    }

    /** How much of a log is whole; no bytes when not even its header is. */
    private record GoodPart(long bytes, long salt) {}

    /** A log that is being written. */
    private record OpenLog(FileChannel channel, long number, long salt, long bytes) {

        static OpenLog create(DataFolder folder, long number, long salt) throws IOException {
            Path file = folder.file(LOG + number);
            @Nullable FileChannel channel = null;
            try {
                channel = FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE);
                long bytes = writeFully(channel, Frames.fileHeader(salt), 0);
                channel.force(true);
                folder.sync();
                return new OpenLog(channel, number, salt, bytes);
            } catch (IOException e) {
                if (channel != null) {
                    channel.close();
                    Files.deleteIfExists(file);
                }
                throw e;
            }
        }

        static OpenLog reopen(DataFolder folder, long number, GoodPart good, RandomGenerator random)
                throws IOException {
            if (good.bytes == 0) {
                return create(folder, number, random.nextLong());
            }
            FileChannel channel = FileChannel.open(folder.file(LOG + number), StandardOpenOption.WRITE);
            channel.truncate(good.bytes);
            // What was read may sit in the page cache only, when the crash was the process's and not the machine's.
            channel.force(true);
            return new OpenLog(channel, number, good.salt, good.bytes);
        }
    }
}
