package io.mokube.apiserver.discovery;

import io.mokube.machinery.object.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** A document ready to be served. Never changed; safe for use by many threads. */
public final class Document {

    /** Smaller ones are not worth packing. */
    private static final int LEAST_PACKED_BYTES = 4 * 1024;

    private final byte[] body;
    private final String hash;
    private volatile byte @Nullable [] packed;

    private Document(byte[] body) {
        this.body = body;
        try {
            byte[] digest = MessageDigest.getInstance("SHA-512").digest(body);
            this.hash = HexFormat.of().formatHex(digest).toUpperCase(Locale.ROOT);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-512", e);
        }
    }

    static Document of(JsonNode content) {
        return of(Json.MAPPER.writeValueAsBytes(content));
    }

    static Document of(byte[] content) {
        return new Document(content);
    }

    /** What is served; not to be changed. */
    public byte[] body() {
        return body;
    }

    /** Upper-case hex of the body's SHA-512, as Kubernetes puts it into ETags and OpenAPI addresses. */
    public String hash() {
        return hash;
    }

    /** The value of the {@code ETag} header, quoted. */
    public String etag() {
        return '"' + hash + '"';
    }

    /** Whether {@link #packed} is worth it. */
    public boolean isPackable() {
        return body.length >= LEAST_PACKED_BYTES;
    }

    /** The body packed with gzip, once for all who ask; not to be changed. */
    public byte[] packed() {
        byte[] current = packed;
        if (current == null) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream(body.length / 8);
            try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
                out.write(body);
            } catch (IOException e) {
                throw new UncheckedIOException("memory can always be written", e);
            }
            current = bytes.toByteArray();
            packed = current;
        }
        return current;
    }
}
