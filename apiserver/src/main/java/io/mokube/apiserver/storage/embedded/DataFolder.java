package io.mokube.apiserver.storage.embedded;

import io.mokube.machinery.component.ComponentException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The folder that holds a store's files, owned by one process at a time and stamped with the version of its format.
 */
final class DataFolder implements AutoCloseable {

    private static final String LOCK_FILE = "LOCK";
    private static final String STAMP_FILE = "FORMAT";
    private static final String STAMP_PREFIX = "mokube-embedded-store ";
    private static final String STAMP = STAMP_PREFIX + "1";

    private final Path path;
    private final FileChannel lockChannel;

    private DataFolder(Path path, FileChannel lockChannel) {
        this.path = path;
        this.lockChannel = lockChannel;
    }

    /**
     * Opens the folder, making it when it does not exist.
     *
     * @throws ComponentException when it is in use, was written in another format, or is not a store's folder; the
     *     message says what to do
     */
    static DataFolder open(Path path) {
        try {
            Files.createDirectories(path);
            FileChannel lockChannel = lock(path);
            try {
                checkStamp(path);
            } catch (IOException | ComponentException e) {
                lockChannel.close();
                throw e;
            }
            return new DataFolder(path, lockChannel);
        } catch (IOException e) {
            throw new ComponentException("can't use the data folder " + path + ": " + e, e);
        }
    }

    Path file(String name) {
        return path.resolve(name);
    }

    List<String> fileNames() throws IOException {
        return fileNames(path);
    }

    /** Makes the creation, renaming and deletion of files durable. */
    void sync() throws IOException {
        sync(path);
    }

    @Override
    public void close() throws IOException {
        lockChannel.close();
    }

    private static FileChannel lock(Path path) throws IOException {
        Path file = path.resolve(LOCK_FILE);
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        FileLock lock = tryLock(channel);
        if (lock == null) {
            String owner = Files.readString(file).strip();
            channel.close();
            throw new ComponentException(
                    "the data folder %s is in use by another process%s: stop that process, or choose another folder"
                            .formatted(path, owner.isEmpty() ? "" : " (" + owner + ")"));
        }
        String owner = "process " + ProcessHandle.current().pid();
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(owner.getBytes(StandardCharsets.UTF_8)));
        return channel;
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException _) {
            // This very process holds it.
            return null;
        }
    }

    private static void checkStamp(Path path) throws IOException {
        Path file = path.resolve(STAMP_FILE);
        String stamp;
        try {
            stamp = Files.readString(file).strip();
        } catch (NoSuchFileException _) {
            stamp = null;
        }
        if (stamp == null) {
            if (fileNames(path).stream().anyMatch(name -> !name.startsWith(LOCK_FILE))) {
                throw new ComponentException(
                        "the data folder %s holds files that are not a store's: choose an empty folder"
                                .formatted(path));
            }
            writeStamp(path, file);
        } else if (!stamp.equals(STAMP)) {
            throw new ComponentException(
                    stamp.startsWith(STAMP_PREFIX)
                            ? "the data folder %s was written in format %s, this version of Mokube reads format %s: start the version that wrote it, or delete the folder to begin anew"
                                    .formatted(
                                            path,
                                            stamp.substring(STAMP_PREFIX.length()),
                                            STAMP.substring(STAMP_PREFIX.length()))
                            : "the data folder %s is not a store's: choose an empty folder".formatted(path));
        }
    }

    private static void writeStamp(Path path, Path file) throws IOException {
        // Whole or not at all: half a stamp would make the folder look foreign.
        Path unfinished = path.resolve(LOCK_FILE + ".stamp");
        try (FileChannel channel = FileChannel.open(
                unfinished,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap((STAMP + "\n").getBytes(StandardCharsets.UTF_8)));
            channel.force(true);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
        sync(path);
    }

    private static List<String> fileNames(Path path) throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static void sync(Path path) throws IOException {
        try (FileChannel directory = FileChannel.open(path, StandardOpenOption.READ)) {
            directory.force(true);
        }
    }
}
