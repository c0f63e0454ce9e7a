package io.mokube.apiserver.storage.embedded;

import io.mokube.apiserver.storage.KeyValueStore.Entry;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** One step of the store's life as it stands in logs and snapshots. Every put and delete has a revision of its own. */
sealed interface Change {

    /** What {@link Put#expiresAtMillis} says of an entry that stays for ever. */
    long NEVER = 0;

    /**
     * A key was written.
     *
     * @param timeMillis when, in wall-clock milliseconds
     * @param expiresAtMillis when the store is to delete it, or {@link #NEVER}
     */
    record Put(Entry entry, long timeMillis, long expiresAtMillis) implements Change {}

    /** A key was deleted, by a client or by expiry. */
    record Delete(String key, long revision, long timeMillis) implements Change {}

    /** The history before the revision was forgotten. */
    record Compact(long revision) implements Change {}

    /** The first change of a snapshot: the puts that follow are the whole state at this revision. */
    record SnapshotStart(long revision) implements Change {}

    /** The last change of a snapshot, which proves that it is whole. */
    record SnapshotEnd(long entries) implements Change {}

    /** Writes the change so that {@link #readFrom} reads it. */
    default void writeTo(DataOutput out) throws IOException {
        switch (this) {
            case Put(Entry entry, long timeMillis, long expiresAtMillis) -> {
                out.writeByte('P');
                writeBytes(out, entry.key().getBytes(StandardCharsets.UTF_8));
                writeBytes(out, entry.value());
                out.writeLong(entry.createRevision());
                out.writeLong(entry.modRevision());
                out.writeLong(timeMillis);
                out.writeLong(expiresAtMillis);
            }
            case Delete(String key, long revision, long timeMillis) -> {
                out.writeByte('D');
                writeBytes(out, key.getBytes(StandardCharsets.UTF_8));
                out.writeLong(revision);
                out.writeLong(timeMillis);
            }
            case Compact(long revision) -> {
                out.writeByte('C');
                out.writeLong(revision);
            }
            case SnapshotStart(long revision) -> {
                out.writeByte('S');
                out.writeLong(revision);
            }
            case SnapshotEnd(long entries) -> {
                out.writeByte('E');
                out.writeLong(entries);
            }
        }
    }

    /** Reads what {@link #writeTo} wrote. */
    static Change readFrom(DataInput in) throws IOException {
        byte kind = in.readByte();
        return switch (kind) {
            case 'P' -> {
                String key = new String(readBytes(in), StandardCharsets.UTF_8);
                byte[] value = readBytes(in);
                yield new Put(new Entry(key, value, in.readLong(), in.readLong()), in.readLong(), in.readLong());
            }
            case 'D' -> new Delete(new String(readBytes(in), StandardCharsets.UTF_8), in.readLong(), in.readLong());
            case 'C' -> new Compact(in.readLong());
            case 'S' -> new SnapshotStart(in.readLong());
            case 'E' -> new SnapshotEnd(in.readLong());
            default -> throw new IOException("unknown kind of change: " + kind);
        };
    }

    private static void writeBytes(DataOutput out, byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static byte[] readBytes(DataInput in) throws IOException {
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        return bytes;
    }
}
