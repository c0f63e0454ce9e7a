package io.mokube.apiserver.cache;

import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An object as the store holds it: JSON bytes of the storage version without a resourceVersion, and the revision that is
 * its resourceVersion; 0 for an object that was never stored and has none.
 *
 * <p>The resourceVersion is put in while the bytes are written out, so that one array serves the embedded store, the
 * cache and every client. Immutable; the array is never changed.
 */
public final class StoredObject {

    private static final byte[] METADATA = "\"metadata\":{".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] FIELD = "\"resourceVersion\":\"".getBytes(StandardCharsets.US_ASCII);

    /** Only kind and apiVersion stand before the metadata, so it begins close to the front. */
    private static final int FARTHEST_METADATA = 1024;

    private final byte[] value;
    private final int splice;
    private final long revision;
    private final boolean refreshed;

    private StoredObject(byte[] value, int splice, long revision, boolean refreshed) {
        this.value = value;
        this.splice = splice;
        this.revision = revision;
        this.refreshed = refreshed;
    }

    /**
     * An object from the store.
     *
     * @throws IllegalArgumentException when the value does not begin as stored objects do
     */
    public static StoredObject of(byte[] value, long revision) {
        int end = Math.min(value.length - METADATA.length, FARTHEST_METADATA);
        for (int i = 0; i < end; i++) {
            if (value[i] == '"' && startsWith(value, i)) {
                return new StoredObject(value, i + METADATA.length, revision, false);
            }
        }
        throw new IllegalArgumentException("the value is no stored object: it has no metadata near its front");
    }

    /** The same bytes with another resourceVersion: what a watcher sees of a deletion. */
    public StoredObject at(long otherRevision) {
        return new StoredObject(value, splice, otherRevision, refreshed);
    }

    /** The same object brought up to date in memory: the store has other bytes for it. */
    StoredObject refreshed(byte[] newValue) {
        StoredObject fresh = of(newValue, revision);
        return new StoredObject(newValue, fresh.splice, revision, true);
    }

    /** Whether the store has other bytes, so that even a write of these changes something. */
    public boolean isRefreshed() {
        return refreshed;
    }

    /** The bytes as stored, not to be changed. */
    public byte[] value() {
        return value;
    }

    /** The revision of the last change. */
    public long revision() {
        return revision;
    }

    /** How many bytes {@link #writeTo} writes. */
    public int length() {
        if (revision == 0) {
            return value.length;
        }
        return value.length + FIELD.length + digits(revision) + (isOnlyField() ? 1 : 2);
    }

    /** Writes the object as clients see it. */
    public void writeTo(OutputStream out) throws IOException {
        if (revision == 0) {
            out.write(value);
            return;
        }
        out.write(value, 0, splice);
        out.write(FIELD);
        out.write(Long.toString(revision).getBytes(StandardCharsets.ISO_8859_1));
        out.write('"');
        if (!isOnlyField()) {
            out.write(',');
        }
        out.write(value, splice, value.length - splice);
    }

    /** A tree of its own, as clients see the object. */
    public KubeObject parse() {
        KubeObject object = KubeObject.parse(value);
        if (revision == 0) {
            return object;
        }
        ObjectNode root = object.root();
        ObjectNode metadata = Json.MAPPER.createObjectNode();
        metadata.put("resourceVersion", Long.toString(revision));
        for (Map.Entry<String, JsonNode> field : object.metadata().properties()) {
            metadata.set(field.getKey(), field.getValue());
        }
        root.set("metadata", metadata);
        return object;
    }

    private boolean isOnlyField() {
        return value[splice] == '}';
    }

    private static boolean startsWith(byte[] value, int at) {
        for (int i = 0; i < METADATA.length; i++) {
            if (value[at + i] != METADATA[i]) {
                return false;
            }
        }
        return true;
    }

    private static int digits(long number) {
        int digits = 1;
        for (long rest = number / 10; rest > 0; rest /= 10) {
            digits++;
        }
        return digits;
    }
}
