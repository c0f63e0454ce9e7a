package io.mokube.kubelet.server;

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
import java.time.format.DateTimeParseException;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads a container's log in CRI's form: lines of {@code TIME stdout|stderr F|P TEXT}, where a line of the container that
 * was too long for one is split into parts marked {@code P}, and the last part is marked {@code F}.
 */
final class ContainerLog {

    private static final Duration POLL = Duration.ofMillis(100);
    private static final int BLOCK = 8192;

    private final Path file;
    private final Clock clock;

    ContainerLog(Path file, Clock clock) {
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
    record Options(
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
    void copy(Options options, OutputStream output, BooleanSupplier running) throws IOException, InterruptedException {
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
                    if (full(reader, lineStart)) {
                        seen++;
                        if (seen > lines) {
                            return lineEnd;
                        }
                    }
                    lineEnd = lineStart;
                }
            }
            return full(reader, 0) && seen + 1 > lines ? lineEnd : 0;
        }
    }

    /** Whether the line that begins here ends a line of the container. */
    private static boolean full(RandomAccessFile reader, long start) throws IOException {
        long back = reader.getFilePointer();
        try {
            reader.seek(start);
            byte[] head = new byte[64];
            int length = reader.read(head);
            String text = new String(head, 0, Math.max(0, length), StandardCharsets.ISO_8859_1);
            String[] words = text.split(" ", 4);
            return words.length < 3 || !words[2].startsWith("P");
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

        void write(byte[] line) throws IOException {
            int first = indexOf(line, 0);
            int second = first < 0 ? -1 : indexOf(line, first + 1);
            int third = second < 0 ? -1 : indexOf(line, second + 1);
            if (third < 0) {
                put(line, 0, line.length);
                return;
            }
            String stream = new String(line, first + 1, second - first - 1, StandardCharsets.US_ASCII);
            if (!options.stream().isEmpty() && !options.stream().equals(stream)) {
                return;
            }
            Instant since = options.since();
            if (since != null && before(line, first, since)) {
                return;
            }
            boolean partial = line[second + 1] == 'P';
            if (options.timestamps() && !inLine) {
                put(line, 0, first + 1);
            }
            int end = line[line.length - 1] == '\n' && partial ? line.length - 1 : line.length;
            put(line, third + 1, end - third - 1);
            inLine = partial;
        }

        private static boolean before(byte[] line, int end, Instant since) {
            try {
                String time = new String(line, 0, end, StandardCharsets.US_ASCII);
                return java.time.OffsetDateTime.parse(time).toInstant().isBefore(since);
            } catch (DateTimeParseException e) {
                return false;
            }
        }

        private static int indexOf(byte[] line, int from) {
            for (int i = from; i < line.length; i++) {
                if (line[i] == ' ') {
                    return i;
                }
            }
            return -1;
        }

        private void put(byte[] bytes, int offset, int length) throws IOException {
            int count = (int) Math.min(length, left);
            output.write(bytes, offset, count);
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
