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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * A client that costs little, because it shares the machine with what it measures: each connection sends the same GET
 * again and again over HTTP/1.1 and reads the answer without looking at it, except for its status and its length.
 * Connections stay open from one run to the next, so that a run measures requests and no handshakes.
 */
final class Load implements AutoCloseable {

    /**
     * What a run saw.
     *
     * @param operations answers received
     * @param bytes their bodies' length together
     * @param seconds how long it took
     * @param p50Micros the median time of an answer
     * @param p99Micros the time that one answer of a hundred exceeds
     */
    record Outcome(long operations, long bytes, double seconds, double p50Micros, double p99Micros) {

        double perSecond() {
            return operations / seconds;
        }
    }

    private final URI target;
    private final SSLContext tls;
    private final List<String> headers;
    private final List<Connection> open = new ArrayList<>();

    Load(URI target, SSLContext tls, List<String> headers) {
        this.target = target;
        this.tls = tls;
        this.headers = List.copyOf(headers);
    }

    /** Runs for at least the given time; every connection finishes the request it is at. */
    Outcome run(int connections, Duration duration) throws IOException, InterruptedException {
        while (open.size() < connections) {
            open.add(new Connection());
        }
        List<Callable<long[]>> workers = new ArrayList<>();
        long begun = System.nanoTime();
        long end = begun + duration.toNanos();
        long[] bytes = new long[connections];
        for (int i = 0; i < connections; i++) {
            int worker = i;
            workers.add(() -> {
                LatencyLog latencies = new LatencyLog();
                do {
                    long sent = System.nanoTime();
                    bytes[worker] += open.get(worker).get();
                    latencies.add(System.nanoTime() - sent);
                } while (System.nanoTime() < end);
                return latencies.toArray();
            });
        }
        List<long[]> measured = new ArrayList<>();
        try (ExecutorService executor = Executors.newFixedThreadPool(connections)) {
            for (Future<long[]> worker : executor.invokeAll(workers)) {
                measured.add(worker.get());
            }
        } catch (ExecutionException e) {
            throw new IOException("a connection failed: " + e.getCause(), e.getCause());
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        long[] all = measured.stream().flatMapToLong(Arrays::stream).sorted().toArray();
        return new Outcome(
                all.length,
                Arrays.stream(bytes).sum(),
                seconds,
                all[all.length / 2] / 1e3,
                all[Math.min(all.length - 1, (int) (all.length * 0.99))] / 1e3);
    }

    /** The body of one answer. */
    byte[] fetch() throws IOException {
        try (Connection connection = new Connection()) {
            return connection.getBody();
        }
    }

    @Override
    public void close() throws IOException {
        for (Connection connection : open) {
            connection.close();
        }
    }

    /** Times, in a growing array: boxing each of them would disturb what is measured. */
    private static final class LatencyLog {
        private long[] nanos = new long[1024];
        private int size;

        void add(long value) {
            if (size == nanos.length) {
                nanos = Arrays.copyOf(nanos, size * 2);
            }
            nanos[size++] = value;
        }

        long[] toArray() {
            return Arrays.copyOf(nanos, size);
        }
    }

    /** One connection, kept alive. */
    private final class Connection implements AutoCloseable {

        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;
        private final byte[] request;
        private final byte[] buffer = new byte[64 * 1024];
        private int from;
        private int to;

        Connection() throws IOException {
            boolean encrypted = target.getScheme().equals("https");
            socket = encrypted
                    ? tls.getSocketFactory().createSocket(target.getHost(), target.getPort())
                    : new Socket(target.getHost(), target.getPort());
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(60_000);
            if (socket instanceof SSLSocket encryptedSocket) {
                encryptedSocket.startHandshake();
            }
            in = socket.getInputStream();
            out = new BufferedOutputStream(socket.getOutputStream());
            String path = target.getRawPath() + (target.getRawQuery() == null ? "" : "?" + target.getRawQuery());
            StringBuilder text = new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: " + target.getHost() + "\r\n");
            headers.forEach(header -> text.append(header).append("\r\n"));
            request = text.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII);
        }

        /** Sends the request and skips the answer; returns its body's length. */
        long get() throws IOException {
            long length = begin();
            if (length >= 0) {
                skip(length);
                return length;
            }
            long total = 0;
            while (true) {
                long chunk = Long.parseLong(line().split(";", 2)[0].trim(), 16);
                skip(chunk);
                line();
                if (chunk == 0) {
                    return total;
                }
                total += chunk;
            }
        }

        byte[] getBody() throws IOException {
            long length = begin();
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            if (length >= 0) {
                copy(length, body);
                return body.toByteArray();
            }
            while (true) {
                long chunk = Long.parseLong(line().split(";", 2)[0].trim(), 16);
                copy(chunk, body);
                line();
                if (chunk == 0) {
                    return body.toByteArray();
                }
            }
        }

        /** Sends the request and reads the head; returns the body's length, or -1 when it comes in chunks. */
        private long begin() throws IOException {
            out.write(request);
            out.flush();
            String status = line();
            if (!status.startsWith("HTTP/1.1 200")) {
                throw new IOException(target + " answered " + status);
            }
            long length = -1;
            for (String header = line(); !header.isEmpty(); header = line()) {
                if (header.regionMatches(true, 0, "content-length:", 0, 15)) {
                    length = Long.parseLong(header.substring(15).trim());
                }
            }
            return length;
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

        private void skip(long count) throws IOException {
            long left = count;
            while (left > 0) {
                if (from == to) {
                    fill();
                }
                int taken = (int) Math.min(left, to - from);
                from += taken;
                left -= taken;
            }
        }

        private void copy(long count, OutputStream into) throws IOException {
            long left = count;
            while (left > 0) {
                if (from == to) {
                    fill();
                }
                int taken = (int) Math.min(left, to - from);
                into.write(buffer, from, taken);
                from += taken;
                left -= taken;
            }
        }

        private void fill() throws IOException {
            int count = in.read(buffer);
            if (count < 0) {
                throw new EOFException(target + " closed the connection");
            }
            from = 0;
            to = count;
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
