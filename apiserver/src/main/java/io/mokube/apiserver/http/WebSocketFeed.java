package io.mokube.apiserver.http;

import io.mokube.apiserver.request.Conversation;
import io.mokube.apiserver.request.RawRequest;
import io.mokube.apiserver.request.RawRequest.Header;
import io.mokube.machinery.error.ApiException;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket (RFC 6455) on which only the server has something to say: watches and logs. Of what the client says only
 * pings and the end are heard.
 */
final class WebSocketFeed implements Conversation {

    /** How the bytes of a message are written. */
    enum Encoding {
        TEXT,
        BINARY,
        /** Text that holds the bytes in base 64. */
        BASE64
    }

    /** What is said, message by message, until it returns; its thread is interrupted when nobody listens any more. */
    @FunctionalInterface
    interface Body {
        void writeTo(Messages messages) throws IOException, InterruptedException;
    }

    /** Sends messages. */
    @FunctionalInterface
    interface Messages {
        void send(byte[] message) throws IOException;
    }

    private static final String SALT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final String BASE64_PROTOCOL = "base64.binary.k8s.io";
    private static final String BINARY_PROTOCOL = "binary.k8s.io";

    private static final int TEXT = 1;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final int FINAL = 0x80;
    private static final int MASKED = 0x80;
    private static final int LONGEST_CONTROL_BYTES = 125;
    private static final int NORMAL_END = 1000;

    /** How long a write may wait for a reader; the same as for answers over HTTP. */
    private static final Duration STALL = Duration.ofSeconds(20);

    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

    private final Encoding encoding;
    private final Body body;
    private final Object sending = new Object();
    private final CountDownLatch left = new CountDownLatch(1);
    private @Nullable OutputStream out;
    private volatile @Nullable Thread sender;

    WebSocketFeed(Encoding encoding, Body body) {
        this.encoding = encoding;
        this.body = body;
    }

    // ---- before

    /** Whether the client wants a WebSocket. */
    static boolean wanted(RawRequest request) {
        return request.upgrade().equals("websocket");
    }

    /** The protocol to agree on, {@code ""} for none. */
    static String protocol(RawRequest request) {
        for (Header header : request.headers()) {
            if (header.name().equalsIgnoreCase("Sec-WebSocket-Protocol")) {
                for (String offered : header.value().split(",")) {
                    String name = offered.strip();
                    if (name.equals(BASE64_PROTOCOL) || name.equals(BINARY_PROTOCOL)) {
                        return name;
                    }
                }
            }
        }
        return "";
    }

    /** How messages are written in a protocol, and without one. */
    static Encoding encoding(String protocol, Encoding without) {
        return switch (protocol) {
            case BASE64_PROTOCOL -> Encoding.BASE64;
            case BINARY_PROTOCOL -> Encoding.BINARY;
            default -> without;
        };
    }

    /**
     * The headers of the answer that agrees.
     *
     * @throws ApiException 400 when the request is not a handshake as it must be
     */
    static List<Header> handshake(RawRequest request, String protocol) {
        String key = request.header("Sec-WebSocket-Key");
        if (key.isEmpty() || !request.header("Sec-WebSocket-Version").equals("13")) {
            throw ApiException.badRequest("not a WebSocket handshake of version 13");
        }
        List<Header> headers = new ArrayList<>(List.of(
                new Header("Upgrade", "websocket"),
                new Header("Connection", "Upgrade"),
                new Header("Sec-WebSocket-Accept", accept(key))));
        if (!protocol.isEmpty()) {
            headers.add(new Header("Sec-WebSocket-Protocol", protocol));
        }
        return headers;
    }

    private static String accept(String key) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-1").digest((key + SALT).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    // ---- during

    @Override
    public void talk(InputStream fromClient, OutputStream toClient) throws IOException {
        synchronized (sending) {
            out = toClient;
        }
        Thread speaking = Thread.ofVirtual().name("websocket").unstarted(this::speak);
        sender = speaking;
        speaking.start();
        try {
            listen(new DataInputStream(fromClient));
        } finally {
            left.countDown();
            speaking.interrupt();
            toClient.close();
        }
    }

    private void speak() {
        try {
            body.writeTo(message -> {
                switch (encoding) {
                    case TEXT -> frame(TEXT, message);
                    case BINARY -> frame(BINARY, message);
                    case BASE64 -> frame(TEXT, Base64.getEncoder().encode(message));
                }
            });
            frame(CLOSE, new byte[] {(byte) (NORMAL_END >> 8), (byte) NORMAL_END});
            // The listener leaves when the client has answered; one that doesn't is left.
            var _ = left.await(CLOSE_PATIENCE.toSeconds(), TimeUnit.SECONDS);
            close();
        } catch (IOException e) {
            close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void listen(DataInputStream in) throws IOException {
        byte[] control = new byte[LONGEST_CONTROL_BYTES];
        while (true) {
            int first = in.read();
            if (first < 0) {
                return;
            }
            int second = in.readUnsignedByte();
            long length = second & ~MASKED;
            if (length == 126) {
                length = in.readUnsignedShort();
            } else if (length == 127) {
                length = in.readLong();
            }
            int kind = first & 0x0f;
            boolean isControl = kind >= CLOSE;
            if ((second & MASKED) == 0 || length < 0 || (isControl && length > LONGEST_CONTROL_BYTES)) {
                throw new IOException("a broken WebSocket frame");
            }
            byte[] mask = in.readNBytes(4);
            if (!isControl) {
                in.skipNBytes(length);
                continue;
            }
            in.readFully(control, 0, (int) length);
            if (mask.length < 4) {
                throw new EOFException();
            }
            byte[] payload = new byte[(int) length];
            for (int i = 0; i < payload.length; i++) {
                payload[i] = (byte) (control[i] ^ mask[i & 3]);
            }
            if (kind == PING) {
                frame(PONG, payload);
            } else if (kind == CLOSE) {
                frame(CLOSE, payload);
                return;
            }
        }
    }

    private void frame(int kind, byte[] payload) throws IOException {
        byte[] head;
        int length = payload.length;
        if (length < 126) {
            head = new byte[] {(byte) (FINAL | kind), (byte) length};
        } else if (length < 1 << 16) {
            head = new byte[] {(byte) (FINAL | kind), 126, (byte) (length >> 8), (byte) length};
        } else {
            head = new byte[] {
                (byte) (FINAL | kind),
                127,
                0,
                0,
                0,
                0,
                (byte) (length >> 24),
                (byte) (length >> 16),
                (byte) (length >> 8),
                (byte) length
            };
        }
        synchronized (sending) {
            OutputStream to = out;
            if (to == null) {
                throw new IOException("the WebSocket is closed");
            }
            to.write(head);
            to.write(payload);
            to.flush();
        }
    }

    private void close() {
        OutputStream to;
        synchronized (sending) {
            to = out;
            out = null;
        }
        try {
            if (to != null) {
                to.close();
            }
        } catch (IOException e) {
            // It is closed, one way or the other.
            return;
        }
    }

    @Override
    public Duration stallTimeout() {
        return STALL;
    }

    @Override
    public void abort() {
        Thread speaking = sender;
        if (speaking != null) {
            speaking.interrupt();
        }
    }
}
