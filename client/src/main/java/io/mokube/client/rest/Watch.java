package io.mokube.client.rest;

import io.mokube.machinery.error.StatusJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.util.TokenBuffer;

/**
 * An open watch: a line for each event. One thread reads it; any thread may close it, which ends the reader's waiting.
 */
public final class Watch<T> implements AutoCloseable {

    /** No object is larger than the server's limit of 3 MiB; what is far beyond is no watch. */
    private static final int LONGEST_LINE_BYTES = 16 * 1024 * 1024;

    private final ResourceType<T> type;
    private final LiveStream stream;
    private final Connections.Lease lease;
    private final byte[] buffer = new byte[32 * 1024];
    private int next;
    private int limit;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream(4096);

    Watch(ResourceType<T> type, LiveStream stream, Connections.Lease lease) {
        this.type = type;
        this.stream = stream;
        this.lease = lease;
    }

    /**
     * Waits for the next event.
     *
     * @return the event, or null when the server ended the watch or the connection was cut between two lines; nothing
     *     was lost either way, and a new watch goes on from the last version seen
     * @throws ConnectionException when the connection broke, within a line or otherwise
     */
    public @Nullable WatchEvent<T> next() {
        try {
            do {
                if (!readLine()) {
                    return null;
                }
            } while (line.size() == 0);
            return parse(line.toByteArray());
        } catch (IOException | JacksonException e) {
            throw new ConnectionException("the watch of " + type + " broke: " + e.getMessage(), e);
        }
    }

    /** Whether the watch was given up because nothing arrived for too long. */
    public boolean wasIdle() {
        return stream.wasIdle();
    }

    /** Changes how long nothing may arrive before the watch counts as cut. */
    public void setIdleTimeout(Duration timeout) {
        stream.setIdleTimeout(timeout);
    }

    @Override
    public void close() {
        try {
            stream.close();
        } catch (IOException e) {
            // The connection is gone, which is what was asked for.
        } finally {
            lease.close();
        }
    }

    /** Reads up to a line's end; false at the end of the stream. */
    private boolean readLine() throws IOException {
        line.reset();
        while (next < limit || fill()) {
            int end = next;
            while (end < limit && buffer[end] != '\n') {
                end++;
            }
            line.write(buffer, next, end - next);
            boolean complete = end < limit;
            next = complete ? end + 1 : end;
            if (complete) {
                return true;
            }
            if (line.size() > LONGEST_LINE_BYTES) {
                throw new IOException("a line is longer than " + LONGEST_LINE_BYTES + " bytes");
            }
        }
        if (line.size() > 0) {
            throw new IOException("cut in the middle of a line");
        }
        return false;
    }

    private boolean fill() throws IOException {
        next = 0;
        limit = Math.max(0, stream.read(buffer, 0, buffer.length));
        return limit > 0;
    }

    private WatchEvent<T> parse(byte[] bytes) throws IOException {
        String word = "";
        try (JsonParser parser = Wire.MAPPER.createParser(bytes)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("a line is no JSON object");
            }
            TokenBuffer early = null;
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String field = parser.currentName();
                parser.nextToken();
                if (field.equals("type")) {
                    word = parser.getString();
                } else if (!field.equals("object")) {
                    parser.skipChildren();
                } else if (word.isEmpty()) { // the object stands before its type
                    early = TokenBuffer.forGeneration();
                    early.copyCurrentStructure(parser);
                } else {
                    return event(word, parser);
                }
            }
            if (early != null && !word.isEmpty()) {
                try (JsonParser object = early.asParser()) {
                    object.nextToken();
                    return event(word, object);
                }
            }
        }
        throw new IOException("a line has no type or no object");
    }

    private WatchEvent<T> event(String word, JsonParser object) throws IOException {
        return switch (word) {
            case "ADDED" -> new WatchEvent.Added<>(type.read(object));
            case "MODIFIED" -> new WatchEvent.Modified<>(type.read(object));
            case "DELETED" -> new WatchEvent.Deleted<>(type.read(object));
            case "BOOKMARK" -> {
                JsonNode metadata =
                        Wire.MAPPER.readValue(object, JsonNode.class).path("metadata");
                yield new WatchEvent.Bookmark<>(
                        metadata.path("resourceVersion").asString(""),
                        metadata.path("annotations")
                                .path("k8s.io/initial-events-end")
                                .asString("")
                                .equals("true"));
            }
            case "ERROR" ->
                new WatchEvent.Failed<>(StatusJson.read(Wire.MAPPER.readValue(object, JsonNode.class), 500));
            default -> throw new IOException("unknown event type " + word);
        };
    }
}
