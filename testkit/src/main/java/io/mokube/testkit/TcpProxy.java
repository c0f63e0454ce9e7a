package io.mokube.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A TCP proxy on loopback whose faults a test controls: it cuts connections at a chosen byte or at once, delays bytes,
 * stalls, and refuses connections. Faults act on the way to one target, so several proxies make a partition.
 */
public final class TcpProxy implements AutoCloseable {

    private static final int BUFFER_BYTES = 16 * 1024;

    private final InetSocketAddress target;
    private final ServerSocket listener;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final ConcurrentLinkedQueue<Long> cuts = new ConcurrentLinkedQueue<>();
    private final AtomicLong accepted = new AtomicLong();
    private final AtomicLong bytesToClient = new AtomicLong();
    private final Object flow = new Object();

    private volatile Duration delay = Duration.ZERO;
    private volatile boolean refusing;
    private boolean stalledToServer;
    private boolean stalledToClient;

    private TcpProxy(InetSocketAddress target) throws IOException {
        this.target = target;
        this.listener = new ServerSocket(0, 128, InetAddress.getLoopbackAddress());
    }

    /** Starts a proxy before a server on this machine's loopback. */
    public static TcpProxy before(int targetPort) {
        try {
            TcpProxy proxy = new TcpProxy(new InetSocketAddress(InetAddress.getLoopbackAddress(), targetPort));
            Thread.ofVirtual().name("tcp-proxy").start(proxy::accept);
            return proxy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public int port() {
        return listener.getLocalPort();
    }

    /** Where to connect instead of the target. */
    public URI endpoint(String scheme) {
        return URI.create(scheme + "://127.0.0.1:" + port());
    }

    /** Delays every chunk of bytes, both ways. */
    public void delay(Duration each) {
        delay = each;
    }

    /**
     * Cuts the next new connection once exactly so many bytes from the server have been passed on to the client. Calls
     * add up: a second one is for the connection after.
     */
    public void cutNextAfter(long serverBytes) {
        cuts.add(serverBytes);
    }

    /** Cuts all connections now; new ones work. */
    public void cutNow() {
        connections.forEach(Connection::cut);
    }

    /** While true, new connections are closed at once; those that exist go on. */
    public void refuse(boolean refuse) {
        refusing = refuse;
    }

    /** While true, no byte passes either way, and connections stay open. */
    public void stall(boolean stall) {
        synchronized (flow) {
            stalledToServer = stall;
            stalledToClient = stall;
            flow.notifyAll();
        }
    }

    /** While true, no byte passes from the server to clients: requests arrive, answers do not. */
    public void stallToClient(boolean stall) {
        synchronized (flow) {
            stalledToClient = stall;
            flow.notifyAll();
        }
    }

    /** How many connections were accepted so far. */
    public long accepted() {
        return accepted.get();
    }

    /** How many bytes have been passed from the server to clients so far. */
    public long bytesToClient() {
        return bytesToClient.get();
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        stall(false);
        cutNow();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                if (refusing) {
                    abort(client);
                    continue;
                }
                accepted.incrementAndGet();
                Thread.ofVirtual().name("tcp-proxy-connect").start(() -> connect(client));
            } catch (IOException e) {
                if (!listener.isClosed()) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    private void connect(Socket client) {
        Socket server = new Socket();
        try {
            server.connect(target, 5_000);
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
        } catch (IOException e) {
            abort(client);
            abort(server);
            return;
        }
        Long cutAfter = cuts.poll();
        Connection connection = new Connection(client, server, cutAfter == null ? Long.MAX_VALUE : cutAfter);
        connections.add(connection);
        Thread.ofVirtual().name("tcp-proxy-up").start(() -> connection.pump(client, server, false));
        Thread.ofVirtual().name("tcp-proxy-down").start(() -> connection.pump(server, client, true));
        if (listener.isClosed()) {
            connection.cut();
        }
    }

    /** Closes with a reset, as a vanished peer does. */
    private static void abort(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
        } catch (SocketException _) {
            // Closed already: nothing to reset.
        }
        try {
            socket.close();
        } catch (IOException _) {
            // It is gone either way.
        }
    }

    private final class Connection {

        private final Socket client;
        private final Socket server;
        private long serverBytesLeft;

        Connection(Socket client, Socket server, long serverBytesLeft) {
            this.client = client;
            this.server = server;
            this.serverBytesLeft = serverBytesLeft;
        }

        void pump(Socket from, Socket to, boolean fromServer) {
            byte[] buffer = new byte[BUFFER_BYTES];
            try (InputStream in = from.getInputStream();
                    OutputStream out = to.getOutputStream()) {
                int read;
                while ((read = in.read(buffer)) >= 0) {
                    if (delay.isPositive()) {
                        Thread.sleep(delay);
                    }
                    awaitFlow(fromServer);
                    if (!fromServer) {
                        out.write(buffer, 0, read);
                        continue;
                    }
                    int allowed = (int) Math.min(read, serverBytesLeft);
                    out.write(buffer, 0, allowed);
                    bytesToClient.addAndGet(allowed);
                    serverBytesLeft -= allowed;
                    if (serverBytesLeft == 0) {
                        return;
                    }
                }
            } catch (IOException _) {
                // One side went away: so does the other.
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            } finally {
                cut();
            }
        }

        void cut() {
            connections.remove(this);
            // Client first and gracefully, so that bytes passed on before the cut do arrive.
            try {
                client.close();
            } catch (IOException _) {
                // It is gone either way.
            }
            abort(server);
        }
    }

    private void awaitFlow(boolean fromServer) throws InterruptedException {
        synchronized (flow) {
            while (fromServer ? stalledToClient : stalledToServer) {
                flow.wait();
            }
        }
    }
}
