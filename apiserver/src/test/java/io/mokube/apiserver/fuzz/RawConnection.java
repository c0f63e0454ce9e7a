package io.mokube.apiserver.fuzz;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** HTTP/1.1 that sends any bytes as a request, however wrong. Not thread-safe. */
final class RawConnection implements AutoCloseable {

    /** An answer that lasts longer is left; what it says by then is enough. */
    private static final int LONGEST_BODY = 1 << 20;

    private final InetSocketAddress server;
    private final Duration patience;
    private @Nullable Socket socket;
    private InputStream in = InputStream.nullInputStream();

    /**
     * An answer.
     *
     * @param code 0 when the server closed the connection without one
     */
    record Reply(int code, String body) {
        static final Reply NONE = new Reply(0, "");
    }

    /** @param patience how long to wait for the next byte of an answer */
    RawConnection(InetSocketAddress server, Duration patience) {
        this.server = server;
        this.patience = patience;
    }

    /**
     * Sends a request and reads its answer.
     *
     * @param headOnly whether to close the connection after the head: a watch has no end
     * @throws java.net.SocketTimeoutException when the server stays silent
     */
    Reply exchange(byte[] request, boolean headOnly) throws IOException {
        Socket open = socket;
        if (open == null) {
            open = new Socket();
            open.connect(server);
            open.setTcpNoDelay(true);
            open.setSoTimeout(Math.toIntExact(patience.toMillis()));
            socket = open;
            in = new BufferedInputStream(open.getInputStream());
        }
        try {
            OutputStream out = open.getOutputStream();
            out.write(request);
            out.flush();
            return read(headOnly, request[0] == 'H');
        } catch (java.net.SocketException | EOFException e) {
            close();
            return Reply.NONE;
        }
    }

    private Reply read(boolean headOnly, boolean bodiless) throws IOException {
        String status = line();
        int code = Integer.parseInt(status.substring(9, 12));
        long length = -1;
        boolean chunked = false;
        boolean last = false;
        for (String header = line(); !header.isEmpty(); header = line()) {
            String lower = header.toLowerCase(Locale.ROOT);
            if (lower.startsWith("content-length:")) {
                length = Long.parseLong(lower.substring(15).strip());
            }
            chunked |= lower.startsWith("transfer-encoding:") && lower.contains("chunked");
            last |= lower.startsWith("connection:") && lower.contains("close");
        }
        if (headOnly) {
            close();
            return new Reply(code, "");
        }
        if (bodiless || code == 204 || code == 304) {
            return new Reply(code, "");
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if (chunked) {
            for (int chunk = chunk(); chunk > 0 && body.size() < LONGEST_BODY; chunk = chunk()) {
                body.write(in.readNBytes(chunk));
                line();
            }
            line();
        } else if (length > 0) {
            body.write(in.readNBytes(Math.toIntExact(length)));
        }
        if (last || body.size() >= LONGEST_BODY || (!chunked && length < 0)) {
            close();
        }
        return new Reply(code, body.toString(StandardCharsets.UTF_8));
    }

    private int chunk() throws IOException {
        return Integer.parseInt(line().split(";", 2)[0].strip(), 16);
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException();
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    /** Closes the connection; the next exchange opens another. */
    @Override
    public void close() throws IOException {
        Socket open = socket;
        socket = null;
        if (open != null) {
            open.close();
        }
    }
}
