package io.mokube.dns.server;

import io.mokube.dns.answer.Replies;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.time.Clock;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.Rcode;

/**
 * A name server's socket: UDP and TCP on one address. UDP is read by a few threads, which answer what can be answered at
 * once; what takes longer has a virtual thread, of which there is a bounded number. When they are used up, the client
 * hears so at once (SERVFAIL).
 */
public final class DnsServer implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(DnsServer.class);

    /** Room for bursts; what the kernel does not grant is cut by it. */
    private static final int SOCKET_BUFFER_BYTES = 1 << 20;

    private static final int LONGEST_QUERY_BYTES = 4096;

    private final DatagramChannel udp;
    private final TcpListener tcp;
    private final QueryHandler handler;
    private final ServerMetrics metrics;
    private final Clock clock;
    private final Semaphore waiting;
    private final List<Thread> readers = new ArrayList<>();

    /**
     * How much is taken on at once.
     *
     * @param readers threads that read datagrams
     * @param waiting queries that wait for other name servers
     * @param connections open TCP connections
     */
    public record Limits(int readers, int waiting, int connections) {
        public static final Limits STANDARD =
                new Limits(Math.clamp(Runtime.getRuntime().availableProcessors(), 2, 8), 1000, 500);
    }

    private DnsServer(
            DatagramChannel udp,
            TcpListener tcp,
            QueryHandler handler,
            ServerMetrics metrics,
            Clock clock,
            int waiting) {
        this.udp = udp;
        this.tcp = tcp;
        this.handler = handler;
        this.metrics = metrics;
        this.clock = clock;
        this.waiting = new Semaphore(waiting);
    }

    /**
     * Opens the sockets and begins to answer.
     *
     * @param address port 0 takes one that is free for both
     * @throws ComponentException when the address is taken, or not one of this machine
     */
    public static DnsServer open(
            InetSocketAddress address, QueryHandler handler, Limits limits, ServerMetrics metrics, Clock clock) {
        try {
            // TCP first: its port can't be shared, so whoever has it has both.
            TcpListener tcp = TcpListener.bind(address, limits.connections(), clock);
            DatagramChannel udp = DatagramChannel.open(
                    address.getAddress().getAddress().length == 4
                            ? StandardProtocolFamily.INET
                            : StandardProtocolFamily.INET6);
            try {
                udp.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER_BYTES);
                udp.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER_BYTES);
                udp.bind(new InetSocketAddress(address.getAddress(), tcp.port()));
            } catch (IOException e) {
                udp.close();
                tcp.close();
                throw e;
            }
            DnsServer server = new DnsServer(udp, tcp, handler, metrics, clock, limits.waiting());
            server.start(limits.readers());
            return server;
        } catch (IOException e) {
            throw new ComponentException(
                    "can't answer DNS queries on " + address.getAddress().getHostAddress() + ":" + address.getPort()
                            + ": " + e.getMessage(),
                    e);
        }
    }

    private void start(int count) {
        for (int i = 0; i < count; i++) {
            // Platform threads: a blocking receive of a datagram would hold a carrier all the time.
            readers.add(Thread.ofPlatform()
                    .daemon()
                    .name("dns udp " + port() + " " + i)
                    .start(this::readDatagrams));
        }
        tcp.start(this::answerOverTcp);
    }

    /** Where queries are taken, over UDP and over TCP. */
    public int port() {
        return tcp.port();
    }

    private void readDatagrams() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(LONGEST_QUERY_BYTES);
        while (udp.isOpen()) {
            try {
                buffer.clear();
                SocketAddress client = udp.receive(buffer);
                buffer.flip();
                if (client != null) {
                    byte[] bytes = new byte[buffer.remaining()];
                    buffer.get(bytes);
                    answerDatagram(bytes, client);
                }
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                // An answer that could not be delivered comes back as an error of the next call.
                log.atDebug().setMessage("a datagram failed").setCause(e).log();
            } catch (RuntimeException e) {
                log.atError()
                        .setMessage("a query could not be answered")
                        .setCause(e)
                        .log();
            }
        }
    }

    private void answerDatagram(byte[] bytes, SocketAddress client) {
        long begin = clock.nanoTime();
        Message query = parse(bytes);
        if (query == null) {
            sendUdp(formatError(bytes), client);
            return;
        }
        answer(query, reply -> {
            byte[] wire = Replies.bytes(reply, Replies.udpLimit(query));
            sendUdp(wire, client);
            metrics.answered(query, bytes.length, reply, wire.length, false, clock.nanoTime() - begin);
        });
    }

    private void sendUdp(byte @Nullable [] wire, SocketAddress client) {
        if (wire == null) {
            return;
        }
        try {
            udp.send(ByteBuffer.wrap(wire), client);
        } catch (IOException e) {
            log.atDebug()
                    .setMessage("an answer could not be sent")
                    .addKeyValue("client", client)
                    .setCause(e)
                    .log();
        }
    }

    private void answerOverTcp(byte[] bytes, TcpListener.Sink sink) {
        long begin = clock.nanoTime();
        Message query = parse(bytes);
        if (query == null) {
            byte[] error = formatError(bytes);
            if (error != null) {
                sink.send(error);
            }
            return;
        }
        answer(query, reply -> {
            byte[] wire = Replies.bytes(reply, Message.MAXLENGTH);
            sink.send(wire);
            metrics.answered(query, bytes.length, reply, wire.length, true, clock.nanoTime() - begin);
        });
    }

    private interface ReplySink {
        void send(Message reply);
    }

    private void answer(Message query, ReplySink sink) {
        switch (handler.react(query)) {
            case QueryHandler.Reaction.Reply(Message reply) -> sink.send(reply);
            case QueryHandler.Reaction.Later(var reply) -> {
                if (!waiting.tryAcquire()) {
                    metrics.dropped();
                    sink.send(Replies.to(query, Rcode.SERVFAIL));
                    return;
                }
                Thread.ofVirtual().name("dns query").start(() -> {
                    try {
                        sink.send(reply.get());
                    } finally {
                        waiting.release();
                    }
                });
            }
        }
    }

    /** The query in the bytes; null when they are none. */
    private @Nullable Message parse(byte[] bytes) {
        try {
            Message query = new Message(bytes);
            if (!query.getHeader().getFlag(Flags.QR)) {
                return query;
            }
        } catch (IOException | RuntimeException e) { // the library throws either for nonsense
            log.atDebug().setMessage("not a query").setCause(e).log();
        }
        metrics.dropped();
        return null;
    }

    /** An answer to what has at least the header of a query; null for what has not. */
    private static byte @Nullable [] formatError(byte[] bytes) {
        if (bytes.length < Header.LENGTH || (bytes[2] & 0x80) != 0) {
            // Never an answer to an answer: two servers would go on for ever.
            return null;
        }
        Message reply = new Message(((bytes[0] & 0xFF) << 8) | (bytes[1] & 0xFF));
        reply.getHeader().setFlag(Flags.QR);
        reply.getHeader().setRcode(Rcode.FORMERR);
        return reply.toWire();
    }

    /** Closes the sockets; queries that wait are not answered any more. */
    @Override
    public void close() {
        tcp.close();
        try {
            udp.close();
        } catch (IOException e) {
            log.atDebug().setMessage("closing failed").setCause(e).log();
        }
        for (Thread reader : readers) {
            try {
                reader.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
