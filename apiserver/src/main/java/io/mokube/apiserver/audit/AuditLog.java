package io.mokube.apiserver.audit;

import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A file with a line of JSON for each event. One that has grown too large is put aside under a name with the time, as
 * {@code audit-2026-11-27T13-05-00.000.log}; the oldest of those go.
 */
final class AuditLog implements AuditBackend {

    private static final Logger log = LoggerFactory.getLogger(AuditLog.class);
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH-mm-ss.SSS").withZone(ZoneOffset.UTC);
    private static final int STANDARD_MEGABYTES = 100;

    private final @Nullable Path file;
    private final long largest;
    private final int mostBackups;
    private final Duration oldest;
    private final Clock clock;
    private final ReentrantLock lock = new ReentrantLock();
    private OutputStream out;
    private long size;
    private boolean failing;
    private Instant lastBackup = Instant.EPOCH;

    private AuditLog(@Nullable Path file, OutputStream out, long size, long largest, AuditConfig config, Clock clock) {
        this.file = file;
        this.out = out;
        this.size = size;
        this.largest = largest;
        this.mostBackups = config.logMaxBackups();
        this.oldest = Duration.ofDays(config.logMaxAgeDays());
        this.clock = clock;
    }

    /**
     * Opens the log.
     *
     * @throws ComponentException when the file can't be written
     */
    static AuditLog open(String path, AuditConfig config, Clock clock) {
        int megabytes = config.logMaxSizeMegabytes() > 0 ? config.logMaxSizeMegabytes() : STANDARD_MEGABYTES;
        long largest = (long) megabytes << 20;
        if (path.equals("-")) {
            return new AuditLog(null, System.out, 0, Long.MAX_VALUE, config, clock);
        }
        Path file = Path.of(path).toAbsolutePath();
        try {
            Path folder = file.getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            OutputStream out = append(file);
            return new AuditLog(file, out, Files.size(file), largest, config, clock);
        } catch (IOException e) {
            throw new ComponentException("the audit log " + file + " can't be written: " + e.getMessage(), e);
        }
    }

    private static OutputStream append(Path file) throws IOException {
        return Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    @Override
    public void tell(ObjectNode event) {
        byte[] json = Json.MAPPER.writeValueAsBytes(event);
        byte[] line = java.util.Arrays.copyOf(json, json.length + 1);
        line[json.length] = '\n';
        lock.lock();
        try {
            if (size > 0 && size + line.length > largest) {
                rotate();
            }
            out.write(line);
            out.flush();
            size += line.length;
            failing = false;
        } catch (IOException e) {
            if (!failing) {
                log.atError()
                        .setMessage("audit events are lost: the log can't be written")
                        .addKeyValue("file", file)
                        .setCause(e)
                        .log();
            }
            failing = true;
        } finally {
            lock.unlock();
        }
    }

    private void rotate() throws IOException {
        Path current = file;
        if (current == null) {
            return;
        }
        out.close();
        Files.move(current, backup(current));
        out = append(current);
        size = 0;
        forget(current);
    }

    /** A name that says when, later than those of all others. */
    private Path backup(Path current) {
        Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
        lastBackup = now.isAfter(lastBackup) ? now : lastBackup.plusMillis(1);
        return current.resolveSibling(prefix(current) + STAMP.format(lastBackup) + suffix(current));
    }

    private static String prefix(Path file) {
        String name = String.valueOf(file.getFileName());
        return name.substring(0, name.length() - suffix(file).length()) + "-";
    }

    private static String suffix(Path file) {
        String name = String.valueOf(file.getFileName());
        int dot = name.lastIndexOf('.');
        return dot <= 0 ? "" : name.substring(dot);
    }

    /** Removes old logs that are too many or too old. */
    private void forget(Path current) throws IOException {
        Path folder = current.getParent();
        if (folder == null) {
            return;
        }
        List<Path> backups = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            files.filter(each -> written(current, each) != null).forEach(backups::add);
        }
        backups.sort(Comparator.reverseOrder());
        for (int i = 0; i < backups.size(); i++) {
            Instant written = written(current, backups.get(i));
            boolean tooOld = !oldest.isZero()
                    && written != null
                    && written.isBefore(clock.instant().minus(oldest));
            if (tooOld || (mostBackups > 0 && i >= mostBackups)) {
                Files.deleteIfExists(backups.get(i));
            }
        }
    }

    /** When an old log of this one was put aside; null for other files. */
    private static @Nullable Instant written(Path current, Path other) {
        String name = String.valueOf(other.getFileName());
        String prefix = prefix(current);
        String suffix = suffix(current);
        if (name.length() <= prefix.length() + suffix.length() || !name.startsWith(prefix) || !name.endsWith(suffix)) {
            return null;
        }
        try {
            String stamp = name.substring(prefix.length(), name.length() - suffix.length());
            return LocalDateTime.parse(stamp, STAMP).toInstant(ZoneOffset.UTC);
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (file != null) {
                out.close();
            }
        } catch (IOException e) {
            log.atWarn().setMessage("the audit log does not close").setCause(e).log();
        } finally {
            lock.unlock();
        }
    }
}
