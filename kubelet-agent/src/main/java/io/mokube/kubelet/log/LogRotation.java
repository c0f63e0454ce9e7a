package io.mokube.kubelet.log;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps containers' logs from filling the disk, as the kubelet does: a log that has become too long is moved aside under the
 * time's name and its writer told to begin anew; what was moved before is compressed, and the oldest goes. Clients see the
 * newest file alone. Logs that are links belong to a runtime that looks after them itself.
 */
public final class LogRotation {

    /** The kubelet's own limits. */
    public static final long DEFAULT_BYTES = 10L << 20;

    public static final int DEFAULT_FILES = 5;

    private static final Logger log = LoggerFactory.getLogger(LogRotation.class);
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

    private final Path logs;
    private final long mostBytes;
    private final int mostFiles;
    private final Function<Path, Optional<Runnable>> writers;

    /**
     * @param logs the folder with one folder per pod, each with one per container
     * @param mostFiles how many files a log may be in, the one that grows among them; at least 2
     * @param writers how whoever writes a log is told to open it again; empty when nobody writes it
     */
    public LogRotation(Path logs, long mostBytes, int mostFiles, Function<Path, Optional<Runnable>> writers) {
        this.logs = logs;
        this.mostBytes = mostBytes;
        this.mostFiles = mostFiles;
        this.writers = writers;
    }

    /** Looks at all logs once. */
    public void look(Instant now) {
        for (Path pod : list(logs)) {
            for (Path container : list(pod)) {
                for (Path file : list(container)) {
                    try {
                        if (file.toString().endsWith(".log")
                                && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                                && Files.size(file) > mostBytes) {
                            rotate(file, now);
                        }
                    } catch (IOException | RuntimeException e) {
                        // The pod may have gone meanwhile. The next look tries again.
                        log.atWarn()
                                .setMessage("a log was not rotated")
                                .addKeyValue("file", file)
                                .addKeyValue("reason", e.toString())
                                .log();
                    }
                }
            }
        }
    }

    private void rotate(Path file, Instant now) throws IOException {
        Optional<Runnable> writer = writers.apply(file);
        if (writer.isEmpty()) {
            return;
        }
        tidy(file);
        Path aside = file.resolveSibling(file.getFileName() + "." + STAMP.format(now));
        Files.move(file, aside, StandardCopyOption.ATOMIC_MOVE);
        try {
            writer.get().run();
        } catch (RuntimeException e) {
            if (!Files.exists(file)) {
                Files.move(aside, file);
            }
            throw e;
        }
    }

    /** Compresses what was moved aside and makes room for one more. */
    private void tidy(Path file) throws IOException {
        String prefix = file.getFileName() + ".";
        List<Path> aside = new ArrayList<>();
        for (Path each : list(Optional.ofNullable(file.getParent()).orElseThrow())) {
            String name = String.valueOf(each.getFileName());
            if (name.startsWith(prefix)) {
                if (name.endsWith(".tmp")) {
                    Files.delete(each);
                } else {
                    aside.add(each);
                }
            }
        }
        aside.sort(null);
        while (aside.size() > mostFiles - 2) {
            Files.delete(aside.removeFirst());
        }
        for (Path each : aside) {
            if (!each.toString().endsWith(".gz")) {
                compress(each);
            }
        }
    }

    private static void compress(Path file) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try (OutputStream output = new GZIPOutputStream(Files.newOutputStream(temporary))) {
            Files.copy(file, output);
        }
        Files.move(temporary, file.resolveSibling(file.getFileName() + ".gz"), StandardCopyOption.ATOMIC_MOVE);
        Files.delete(file);
    }

    private static List<Path> list(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of();
        }
    }
}
