package io.mokube.apiserver.storage.embedded;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Frames in a file: a header of the file, then one frame per sync, each with its length and checksum. A frame is written
 * only after the one before was synced, which tells a torn end (nothing whole follows it) from damage to acknowledged data
 * (something whole does).
 *
 * <p>The checksum is salted with a number that only the file's header knows, so that no client can write a value that looks
 * like a frame.
 */
final class Frames {

    /** Length of the file header: magic, format, salt, checksum. */
    static final int FILE_HEADER_BYTES = 4 + 4 + 8 + 4;

    private static final int FILE_MAGIC = 0x4d6f6b75;
    private static final int FORMAT = 1;
    private static final int FRAME_MAGIC = 0x0a46524d;
    private static final int FRAME_HEADER_BYTES = 4 + 4 + 4;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private Frames() {}

    /** The header of a new file. */
    static ByteBuffer fileHeader(long salt) {
        ByteBuffer header = ByteBuffer.allocate(FILE_HEADER_BYTES);
        header.putInt(FILE_MAGIC).putInt(FORMAT).putLong(salt);
        CRC32C checksum = new CRC32C();
        checksum.update(header.array(), 0, header.position());
        return header.putInt((int) checksum.getValue()).flip();
    }

    /** One frame holding the changes. */
    static ByteBuffer frame(List<Change> changes, long salt) throws IOException {
        FrameBytes bytes = new FrameBytes();
        DataOutputStream out = new DataOutputStream(bytes);
        out.write(new byte[FRAME_HEADER_BYTES]);
        for (Change change : changes) {
            change.writeTo(out);
        }
        ByteBuffer frame = bytes.buffer();
        int length = frame.limit() - FRAME_HEADER_BYTES;
        ByteBuffer payload = frame.slice(FRAME_HEADER_BYTES, length);
        frame.putInt(0, FRAME_MAGIC).putInt(4, length).putInt(8, checksum(salt, payload));
        return frame;
    }

    private static int checksum(long salt, ByteBuffer payload) {
        CRC32C checksum = new CRC32C();
        checksum.update(ByteBuffer.allocate(Long.BYTES).putLong(salt).flip());
        checksum.update(payload);
        return (int) checksum.getValue();
    }

    /** Gives out its array without a copy. */
    private static final class FrameBytes extends ByteArrayOutputStream {
        FrameBytes() {
            super(8 * 1024);
        }

        ByteBuffer buffer() {
            return ByteBuffer.wrap(buf, 0, count);
        }
    }

    /** Reads a file of frames from its start. */
    static final class Reader implements AutoCloseable {

        private final Arena arena = Arena.ofConfined();
        private final MemorySegment file;
        private final boolean headerWhole;
        private final long salt;
        private long position = FILE_HEADER_BYTES;

        Reader(FileChannel channel) throws IOException {
            long size = channel.size();
            file = size == 0 ? MemorySegment.NULL : channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
            ByteBuffer header = size < FILE_HEADER_BYTES
                    ? null
                    : file.asSlice(0, FILE_HEADER_BYTES).asByteBuffer();
            salt = header == null ? 0 : header.getLong(8);
            headerWhole = header != null && header.equals(fileHeader(salt));
        }

        /** Whether the file's header is there and undamaged. */
        boolean headerWhole() {
            return headerWhole;
        }

        long salt() {
            return salt;
        }

        /** Where the next frame starts: after the last one that {@link #next} gave. */
        long position() {
            return position;
        }

        /** The changes of the next frame, or null when no whole frame follows directly. */
        @Nullable
        List<Change> next() throws IOException {
            ByteBuffer payload = payloadAt(position);
            if (payload == null) {
                return null;
            }
            byte[] bytes = new byte[payload.remaining()];
            payload.get(bytes);
            ByteArrayInputStream left = new ByteArrayInputStream(bytes);
            DataInputStream in = new DataInputStream(left);
            List<Change> changes = new ArrayList<>();
            while (left.available() > 0) {
                changes.add(Change.readFrom(in));
            }
            position += FRAME_HEADER_BYTES + bytes.length;
            return changes;
        }

        /** Whether the file ends where the last whole frame ended. */
        boolean atEnd() {
            return position == file.byteSize();
        }

        /** Whether somewhere behind the end of the last whole frame there is another whole one. */
        boolean wholeFrameFollows() {
            for (long at = position + 1; at <= file.byteSize() - FRAME_HEADER_BYTES; at++) {
                if (payloadAt(at) != null) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public void close() {
            arena.close();
        }

        private @Nullable ByteBuffer payloadAt(long at) {
            long available = file.byteSize() - at - FRAME_HEADER_BYTES;
            if (available < 0 || file.get(INT, at) != FRAME_MAGIC) {
                return null;
            }
            int length = file.get(INT, at + 4);
            if (length <= 0 || length > available) {
                return null;
            }
            ByteBuffer payload = file.asSlice(at + FRAME_HEADER_BYTES, length).asByteBuffer();
            return checksum(salt, payload.duplicate()) == file.get(INT, at + 8) ? payload : null;
        }
    }
}
