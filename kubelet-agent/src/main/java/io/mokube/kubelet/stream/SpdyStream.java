package io.mokube.kubelet.stream;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import java.util.Objects;

/** One stream of a {@link SpdyConnection}. Each direction ends by itself. */
public final class SpdyStream {

    /** Few enough that streams of one connection take turns. */
    private static final int MOST_BYTES_A_FRAME = 32 * 1024;

    private final SpdyConnection connection;
    private final int id;
    private final Map<String, String> headers;
    private final ReceivedBytes input;
    private final Output output = new Output();

    SpdyStream(SpdyConnection connection, int id, Map<String, String> headers, ReceivedBytes input) {
        this.connection = connection;
        this.id = id;
        this.headers = Map.copyOf(headers);
        this.input = input;
    }

    int id() {
        return id;
    }

    /** A header it was opened with, {@code ""} when it was opened without. Names are in lower case. */
    public String header(String name) {
        return headers.getOrDefault(name, "");
    }

    /** What the peer sends. Closing it drops the rest; it does not tell the peer. */
    public InputStream input() {
        return input;
    }

    ReceivedBytes received() {
        return input;
    }

    /** What the peer gets, at once. Closing it tells the peer that nothing more comes. Used by one thread at a time. */
    public OutputStream output() {
        return output;
    }

    /** The peer wants no more of this stream. */
    void reset() {
        output.closed = true;
        input.end();
    }

    private final class Output extends OutputStream {

        private volatile boolean closed;

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] source, int start, int length) throws IOException {
            Objects.checkFromIndexSize(start, length, source.length);
            for (int at = start; at < start + length; at += MOST_BYTES_A_FRAME) {
                if (closed) {
                    throw new IOException("the stream is closed");
                }
                connection.sendData(id, source, at, Math.min(MOST_BYTES_A_FRAME, start + length - at));
            }
        }

        @Override
        public void close() throws IOException {
            if (!closed) {
                closed = true;
                connection.sendEnd(id);
            }
        }
    }
}
