package io.mokube.dns.server;

import io.mokube.machinery.time.Clock;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * DNS over TCP: each message has its length before it, a connection carries any number of them, and answers may come in
 * another order than the questions (RFC 7766). Each connection has a virtual thread. One that is silent is closed, and so is
 * one too many, and one whose client does not read.
 */
final class TcpListener implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(TcpListener.class);
    private static final int IDLE_MILLIS = 10_000;
    private static final Duration LONGEST_WRITE = Duration.ofSeconds(5);
    private static final Duration AFTER_FAILURE = Duration.ofMillis(100);
    private static final int BACKLOG = 128;
    private static final int LONGEST_MESSAGE_BYTES = 0xFFFF;

    private final ServerSocket socket;
    private final Clock clock;
    private final Semaphore free;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    private TcpListener(ServerSocket socket, int connections, Clock clock) {
        this.socket = socket;
        this.clock = clock;
        this.free = new Semaphore(connections);
    }

    static TcpListener bind(InetSocketAddress address, int connections, Clock clock) throws IOException {
        ServerSocket socket = new ServerSocket();
        try {
            socket.setReuseAddress(true);
            socket.bind(address, BACKLOG);
            return new TcpListener(socket, connections, clock);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** Takes what comes in. */
    interface Receiver {
        void received(byte[] message, Sink sink);
    }

    /** Sends a message back over the connection it belongs to; does nothing when that is closed. */
    interface Sink {
        void send(byte[] message);
    }

    int port() {
        return socket.getLocalPort();
    }

    void start(Receiver receiver) {
        Thread.ofVirtual().name("dns tcp " + port()).start(() -> accept(receiver));
    }

    private void accept(Receiver receiver) {
        while (!socket.isClosed()) {
            try {
                Socket connection = socket.accept();
                if (!free.tryAcquire()) {
                    connection.close();
                    continue;
                }
                open.add(connection);
                Thread.ofVirtual().name("dns connection").start(() -> serve(connection, receiver));
            } catch (IOException e) {
                if (!socket.isClosed()) {
                    log.atWarn().setMessage("accepting failed").setCause(e).log();
                    pause();
                }
            }
        }
    }

    /** What makes accepting fail, such as too many open files, is not over at once. */
    private void pause() {
        try {
            clock.sleep(AFTER_FAILURE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve(Socket connection, Receiver receiver) {
        try (connection) {
            if (socket.isClosed()) {
                return;
            }
            connection.setSoTimeout(IDLE_MILLIS);
            connection.setTcpNoDelay(true);
            Sink sink = new ConnectionSink(connection, clock);
            DataInputStream in = new DataInputStream(new BufferedInputStream(connection.getInputStream()));
            while (true) {
                byte[] message = new byte[in.readUnsignedShort()];
                in.readFully(message);
                receiver.received(message, sink);
            }
        } catch (EOFException e) {
            // The client is done.
        } catch (IOException e) {
            log.atDebug().setMessage("a connection ended").setCause(e).log();
        } finally {
            open.remove(connection);
            free.release();
        }
    }

    private static final class ConnectionSink implements Sink {

        private final Socket connection;
        private final Clock clock;
        private final ReentrantLock writing = new ReentrantLock();

        ConnectionSink(Socket connection, Clock clock) {
            this.connection = connection;
            this.clock = clock;
        }

        @Override
        public void send(byte[] message) {
            if (message.length > LONGEST_MESSAGE_BYTES) {
                throw new IllegalArgumentException("a message of " + message.length + " bytes");
            }
            byte[] framed = new byte[message.length + 2];
            framed[0] = (byte) (message.length >> 8);
            framed[1] = (byte) message.length;
            System.arraycopy(message, 0, framed, 2, message.length);
            writing.lock();
            // A write can't time out by itself: closing the connection ends it.
            Clock.Timer patience = clock.schedule(LONGEST_WRITE, this::close);
            try {
                OutputStream out = connection.getOutputStream();
                out.write(framed);
                out.flush();
            } catch (IOException e) {
                log.atDebug()
                        .setMessage("an answer could not be sent")
                        .setCause(e)
                        .log();
                close();
            } finally {
                patience.cancel();
                writing.unlock();
            }
        }

        private void close() {
            try {
                connection.close();
            } catch (IOException e) {
                log.atDebug().setMessage("closing failed").setCause(e).log();
            }
        }
    }

    @Override
    public void close() {
        closeQuietly(socket);
        open.forEach(TcpListener::closeQuietly);
    }

    private static void closeQuietly(AutoCloseable part) {
        try {
            part.close();
        } catch (Exception e) {
            log.atDebug().setMessage("closing failed").setCause(e).log();
        }
    }
}
