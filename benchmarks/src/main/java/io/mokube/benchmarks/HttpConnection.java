package io.mokube.benchmarks;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** One HTTP/1.1 connection, kept alive, that looks at no more of an answer than it must. Not thread-safe. */
final class HttpConnection implements AutoCloseable {

    private static final byte[] NOTHING = {};

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final byte[] buffer = new byte[64 * 1024];
    private int from;
    private int to;

    /** An answer; the body is empty unless it was asked for. */
    record Answer(int code, long length, byte[] body) {

        void expect(int wanted, URI target) throws IOException {
            if (code != wanted) {
                throw new IOException(target + " answered " + code + " " + new String(body, StandardCharsets.UTF_8));
            }
        }
    }

    HttpConnection(URI target, SSLContext tls) throws IOException {
        boolean encrypted = target.getScheme().equals("https");
        socket = encrypted
                ? tls.getSocketFactory().createSocket(target.getHost(), target.getPort())
                : new Socket(target.getHost(), target.getPort());
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(120_000);
        if (socket instanceof SSLSocket encryptedSocket) {
            encryptedSocket.startHandshake();
        }
        in = socket.getInputStream();
        out = new BufferedOutputStream(socket.getOutputStream());
    }

    /** The head of a request without a body. */
    static byte[] head(String method, URI target, List<String> headers) {
        return text(method, target, headers).append("\r\n").toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** A request with a body. */
    static byte[] request(String method, URI target, List<String> headers, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        byte[] head = text(method, target, headers)
                .append("Content-Type: application/json\r\nContent-Length: ")
                .append(bytes.length)
                .append("\r\n\r\n")
                .toString()
                .getBytes(StandardCharsets.US_ASCII);
        byte[] request = new byte[head.length + bytes.length];
        System.arraycopy(head, 0, request, 0, head.length);
        System.arraycopy(bytes, 0, request, head.length, bytes.length);
        return request;
    }

    private static StringBuilder text(String method, URI target, List<String> headers) {
        String path = target.getRawPath() + (target.getRawQuery() == null ? "" : "?" + target.getRawQuery());
        StringBuilder text =
                new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: " + target.getRawAuthority() + "\r\n");
        headers.forEach(header -> text.append(header).append("\r\n"));
        return text;
    }

    /** Sends a request and reads its answer, whose body is skipped unless it is wanted or tells of an error. */
    Answer exchange(byte[] request, boolean wantBody) throws IOException {
        Head head = send(request);
        boolean keep = wantBody || head.code() >= 400;
        ByteArrayOutputStream body = keep ? new ByteArrayOutputStream() : null;
        long length = 0;
        if (head.length() >= 0) {
            take(head.length(), body);
            length = head.length();
        } else {
            for (long chunk = chunk(); chunk > 0; chunk = chunk()) {
                take(chunk, body);
                line();
                length += chunk;
            }
            line();
        }
        return new Answer(head.code(), length, body == null ? NOTHING : body.toByteArray());
    }

    /** The beginning of an answer; the length is -1 when the body comes in chunks. */
    record Head(int code, long length) {}

    /** Sends a request and reads the head of its answer. */
    Head send(byte[] request) throws IOException {
        out.write(request);
        out.flush();
        String status = line();
        long length = -1;
        for (String header = line(); !header.isEmpty(); header = line()) {
            if (header.regionMatches(true, 0, "content-length:", 0, 15)) {
                length = Long.parseLong(header.substring(15).trim());
            }
        }
        return new Head(Integer.parseInt(status.substring(9, 12)), length);
    }

    /** The next chunk of an answer, as text; null after the last. */
    @Nullable
    String nextChunk() throws IOException {
        long length = chunk();
        if (length == 0) {
            line();
            return null;
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        take(length, body);
        line();
        return body.toString(StandardCharsets.UTF_8);
    }

    private long chunk() throws IOException {
        return Long.parseLong(line().split(";", 2)[0].trim(), 16);
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder(64);
        while (true) {
            int next = read();
            if (next == '\n') {
                return line.toString();
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
    }

    private int read() throws IOException {
        if (from == to) {
            fill();
        }
        return buffer[from++];
    }

    private void take(long count, @Nullable OutputStream into) throws IOException {
        long left = count;
        while (left > 0) {
            if (from == to) {
                fill();
            }
            int taken = (int) Math.min(left, to - from);
            if (into != null) {
                into.write(buffer, from, taken);
            }
            from += taken;
            left -= taken;
        }
    }

    private void fill() throws IOException {
        int count = in.read(buffer);
        if (count < 0) {
            throw new EOFException("the server closed the connection");
        }
        from = 0;
        to = count;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
