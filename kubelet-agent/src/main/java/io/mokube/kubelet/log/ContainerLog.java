package io.mokube.kubelet.log;

import io.mokube.machinery.time.Clock;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Reads a container's log, in CRI's form or in Docker's: see {@link LogLine}. */
public final class ContainerLog {

    private static final Duration POLL = Duration.ofMillis(100);
    private static final int BLOCK = 8192;

    private final Path file;
    private final Clock clock;

    public ContainerLog(Path file, Clock clock) {
        this.file = file;
        this.clock = clock;
    }

    /**
     * What is wanted of a log.
     *
     * @param since only lines not older than this
     * @param tailLines only so many lines from the end
     * @param limitBytes at most so many bytes
     * @param timestamps the time before each line
     * @param follow go on with what is written until the container ends
     * @param stream {@code stdout} or {@code stderr} only; empty for both
     */
    public record Options(
            @Nullable Instant since,
            OptionalLong tailLines,
            OptionalLong limitBytes,
            boolean timestamps,
            boolean follow,
            String stream) {}

    /**
     * Writes what is wanted.
     *
     * @param running whether more may come
     * @throws IOException when the reader went away or the file can't be read
     */
    public void copy(Options options, OutputStream output, BooleanSupplier running)
            throws IOException, InterruptedException {
        long start =
                options.tailLines().isPresent() ? tailStart(options.tailLines().getAsLong()) : 0;
        Sink sink = new Sink(output, options);
        try (Tail tail = new Tail(file, start)) {
            while (!sink.full()) {
                // Asked before the read: what was written before the end is then read after it.
                boolean more = options.follow() && running.getAsBoolean();
                byte[] line = tail.next();
                if (line != null) {
                    sink.write(line);
                    continue;
                }
                output.flush();
                if (tail.rotated()) {
                    continue;
                }
                if (!more) {
                    return;
                }
                clock.sleep(POLL);
            }
        }
        output.flush();
    }

    /** What the container wrote last: at most so many lines, and so many bytes, from the end. Empty without a log. */
    public String lastWords(long lines, int bytes) {
        Options options = new Options(null, OptionalLong.of(lines), OptionalLong.empty(), false, false, "");
        LastBytes words = new LastBytes(bytes);
        try {
            copy(options, words, () -> false);
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
        return words.text();
    }

    /** Keeps the end of what is written. */
    private static final class LastBytes extends OutputStream {
        private final int most;
        private byte[] kept = new byte[0];

        LastBytes(int most) {
            this.most = most;
        }

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            byte[] all = Arrays.copyOf(kept, kept.length + length);
            System.arraycopy(bytes, offset, all, kept.length, length);
            kept = Arrays.copyOfRange(all, Math.max(0, all.length - most), all.length);
        }

        String text() {
            return new String(kept, StandardCharsets.UTF_8);
        }
    }

    /** Where the last lines begin. Parts of one line count together. */
    private long tailStart(long lines) throws IOException {
        if (!Files.exists(file)) {
            return 0;
        }
        try (RandomAccessFile reader = new RandomAccessFile(file.toFile(), "r")) {
            long end = reader.length();
            if (lines == 0) {
                return end;
            }
            long position = end;
            long lineEnd = end;
            long seen = 0;
            byte[] block = new byte[BLOCK];
            while (position > 0) {
                int length = (int) Math.min(BLOCK, position);
                position -= length;
                reader.seek(position);
                reader.readFully(block, 0, length);
                for (int i = length - 1; i >= 0; i--) {
                    if (block[i] != '\n' || position + i == end - 1) {
                        continue;
                    }
                    long lineStart = position + i + 1;
                    if (full(reader, lineStart, lineEnd)) {
                        seen++;
                        if (seen > lines) {
                            return lineEnd;
                        }
                    }
                    lineEnd = lineStart;
                }
            }
            return full(reader, 0, lineEnd) && seen + 1 > lines ? lineEnd : 0;
        }
    }

    /** Whether the line between these places ends a line of the container. */
    private static boolean full(RandomAccessFile reader, long start, long end) throws IOException {
        long back = reader.getFilePointer();
        try {
            reader.seek(start);
            byte[] head = new byte[LogLine.headBytes(reader.read(), end - start)];
            reader.seek(start);
            reader.readFully(head);
            return !LogLine.partial(head);
        } finally {
            reader.seek(back);
        }
    }

    /** Writes the text of lines as the options want it. */
    private static final class Sink {
        private final OutputStream output;
        private final Options options;
        private long left;
        private boolean inLine;

        Sink(OutputStream output, Options options) {
            this.output = output;
            this.options = options;
            this.left = options.limitBytes().orElse(Long.MAX_VALUE);
        }

        boolean full() {
            return left <= 0;
        }

        void write(byte[] bytes) throws IOException {
            Optional<LogLine> parsed = LogLine.parse(bytes);
            if (parsed.isEmpty()) {
                put(bytes);
                return;
            }
            LogLine line = parsed.get();
            if (!options.stream().isEmpty() && !options.stream().equals(line.stream())) {
                return;
            }
            Instant since = options.since();
            if (since != null && before(line.time(), since)) {
                return;
            }
            if (options.timestamps() && !inLine) {
                put((line.time() + " ").getBytes(StandardCharsets.US_ASCII));
            }
            put(line.text());
            inLine = line.partial();
        }

        private static boolean before(String time, Instant since) {
            try {
                return OffsetDateTime.parse(time).toInstant().isBefore(since);
            } catch (DateTimeParseException e) {
                return false;
            }
        }

        private void put(byte[] bytes) throws IOException {
            int count = (int) Math.min(bytes.length, left);
            output.write(bytes, 0, count);
            left -= count;
        }
    }

    /** Whole lines of a growing file; goes on with the new file when the old one was moved away. */
    private static final class Tail implements AutoCloseable {
        private final Path file;
        private @Nullable InputStream input;
        private @Nullable Object key;
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();

        Tail(Path file, long start) throws IOException {
            this.file = file;
            open(start);
        }

        private void open(long start) throws IOException {
            if (!Files.exists(file)) {
                return;
            }
            input = new BufferedInputStream(Files.newInputStream(file), BLOCK);
            input.skipNBytes(start);
            key = Files.readAttributes(file, java.nio.file.attribute.BasicFileAttributes.class)
                    .fileKey();
        }

        /** The next line with its end, or null when there is none yet. */
        byte @Nullable [] next() throws IOException {
            if (input == null) {
                open(0);
            }
            InputStream from = input;
            if (from == null) {
                return null;
            }
            int c;
            while ((c = from.read()) >= 0) {
                line.write(c);
                if (c == '\n') {
                    byte[] whole = line.toByteArray();
                    line.reset();
                    return whole;
                }
            }
            return null;
        }

        /** Moves on to the file that took the place of the one read to its end; false when none did. */
        boolean rotated() throws IOException {
            if (!Files.exists(file)) {
                return false;
            }
            Object now = Files.readAttributes(file, java.nio.file.attribute.BasicFileAttributes.class)
                    .fileKey();
            if (now == null || now.equals(key)) {
                return false;
            }
            close();
            open(0);
            return true;
        }

        @Override
        public void close() throws IOException {
            if (input != null) {
                input.close();
                input = null;
            }
        }
    }
}
