package io.mokube.kubelet.runtime.docker;

import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.RuntimeCallException.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A request to the engine whose connection then carries a process' bytes both ways. The client library has this too, but
 * never tells the engine that the input has ended, which many processes wait for.
 *
 * <p>A thread that is interrupted while it reads or writes closes the connection.
 */
final class HijackedConnection implements AutoCloseable {

    private static final int BLOCK = 32 * 1024;
    private static final int LONGEST_HEAD = 16 * 1024;

    private final SocketChannel channel;
    private final ByteBuffer received = ByteBuffer.allocate(BLOCK).limit(0);

    private HijackedConnection(SocketChannel channel) {
        this.channel = channel;
    }

    /**
     * Sends the request and waits for the engine's consent.
     *
     * @param json the body
     * @throws RuntimeCallException when the engine can't be reached or refuses
     */
    static HijackedConnection open(Path socket, String path, byte[] json) throws IOException {
        HijackedConnection connection = new HijackedConnection(connect(socket));
        try {
            String head = "POST " + path + " HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"
                    + "Content-Type: application/json\r\nContent-Length: " + json.length + "\r\n\r\n";
            connection.write(ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)));
            connection.write(ByteBuffer.wrap(json));
            connection.readAnswer();
            return connection;
        } catch (IOException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    /**
     * Asks for something and returns the engine's answer.
     *
     * @throws RuntimeCallException when the engine can't be reached or refuses
     */
    static byte[] read(Path socket, String path) throws IOException {
        try (HijackedConnection connection = new HijackedConnection(connect(socket))) {
            // By the first version of HTTP the answer ends with the connection.
            String head = "GET " + path + " HTTP/1.0\r\nHost: docker\r\n\r\n";
            connection.write(ByteBuffer.wrap(head.getBytes(StandardCharsets.US_ASCII)));
            connection.readAnswer();
            return connection.input().readAllBytes();
        }
    }

    private static SocketChannel connect(Path socket) {
        try {
            return SocketChannel.open(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            throw new RuntimeCallException(Kind.UNAVAILABLE, "Docker can't be reached: " + e.getMessage(), e);
        }
    }

    private void readAnswer() throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            if (head.length() > LONGEST_HEAD) {
                throw new IOException("Docker's answer is no HTTP");
            }
            head.append((char) readByte());
        }
        String[] lines = head.toString().split("\r\n");
        String[] status = lines[0].split(" ", 3);
        int code = status.length > 1 && status[1].matches("\\d{3}") ? Integer.parseInt(status[1]) : 0;
        if (code == 101 || code == 200) {
            return;
        }
        int length = 0;
        for (String line : lines) {
            if (line.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                length = Math.min(
                        LONGEST_HEAD, Integer.parseInt(line.substring(15).strip()));
            }
        }
        byte[] body = input().readNBytes(length);
        throw DockerCalls.refusal(code, new String(body, StandardCharsets.UTF_8));
    }

    private int readByte() throws IOException {
        if (!fill()) {
            throw new EOFException("Docker closed the connection");
        }
        return received.get() & 0xff;
    }

    /** Whether there are bytes to read; waits for some. */
    private boolean fill() throws IOException {
        if (received.hasRemaining()) {
            return true;
        }
        received.clear();
        int count = channel.read(received);
        received.flip();
        return count > 0;
    }

    private void write(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /** What comes from the process. To be read by one thread. */
    InputStream input() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                return fill() ? received.get() & 0xff : -1;
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                if (length == 0) {
                    return 0;
                }
                if (!fill()) {
                    return -1;
                }
                int count = Math.min(length, received.remaining());
                received.get(bytes, offset, count);
                return count;
            }
        };
    }

    /** What goes to the process; closing it ends the process' input and leaves its output open. */
    OutputStream output() {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                HijackedConnection.this.write(ByteBuffer.wrap(bytes, offset, length));
            }

            @Override
            public void close() throws IOException {
                channel.shutdownOutput();
            }
        };
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // It is gone in any case.
            return;
        }
    }
}
