package io.mokube.kubelet.checkpoint;

import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;

/**
 * A value kept in a file, as JSON. The file holds the value before or the one after, whole, whenever agent or machine end. One
 * file is written by one thread at a time.
 *
 * @param path the file
 * @param type of the value
 */
public record CheckpointFile<T>(Path path, Class<T> type) {

    private static final String UNFINISHED = ".part";

    /** The files of a folder, but for those whose writing never ended; none when there is no such folder. */
    public static <T> List<CheckpointFile<T>> in(Path folder, Class<T> type) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> !file.toString().endsWith(UNFINISHED))
                    .map(file -> new CheckpointFile<>(file, type))
                    .toList();
        }
    }

    public boolean exists() {
        return Files.exists(path);
    }

    /**
     * The value written last; empty when none was, or it was deleted.
     *
     * @throws UnreadableException when there is a file that holds no such value
     */
    public Optional<T> read() throws IOException {
        byte[] content;
        try {
            content = Files.readAllBytes(path);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UnreadableException(path, String.valueOf(e.getMessage()), e);
        }
        if (content.length == 0) {
            throw new UnreadableException(path, "it is empty", null);
        }
        try {
            T value = Json.MAPPER.readValue(content, type);
            if (value == null) {
                throw new UnreadableException(path, "it holds null", null);
            }
            return Optional.of(value);
        } catch (JacksonException e) {
            throw new UnreadableException(path, e.getOriginalMessage(), e);
        }
    }

    /** Writes the value, with the folders that are missing. When this returns, a crash of the machine leaves it. */
    public void write(T value) throws IOException {
        Path folder = Files.createDirectories(Objects.requireNonNull(path.getParent()));
        Path unfinished = path.resolveSibling(path.getFileName() + UNFINISHED);
        try (FileChannel channel = FileChannel.open(
                unfinished,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer bytes = ByteBuffer.wrap(Json.MAPPER.writeValueAsBytes(value));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
        Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        // The new name is in the folder, which is written apart from the file.
        try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
            names.force(true);
        }
    }

    /** Deletes it, if it is there. */
    public void delete() throws IOException {
        Files.deleteIfExists(path);
    }
}
