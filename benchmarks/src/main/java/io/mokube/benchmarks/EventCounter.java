package io.mokube.benchmarks;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.List;

/** Many watches in plain text, read by one thread that only counts the lines in which a body's events end. */
final class EventCounter implements AutoCloseable {

    private final Selector selector = Selector.open();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(256 * 1024);
    private int begun;
    private long events;
    private long bytes;

    /** Opens the watches and waits until each answer has begun; no event may come before all have. */
    EventCounter(URI target, List<String> headers, int watchers) throws IOException {
        byte[] request = HttpConnection.head("GET", target, headers);
        for (int i = 0; i < watchers; i++) {
            SocketChannel channel = SocketChannel.open(new InetSocketAddress(target.getHost(), target.getPort()));
            channel.write(ByteBuffer.wrap(request));
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ, new Stream());
        }
        while (begun < watchers) {
            readAll();
        }
        events = 0;
    }

    /** What a watcher has read last, since lines are cut anywhere. */
    private static final class Stream {
        private byte last;
        private boolean begun;
    }

    /** Reads until so many events have come over all watches since the last call. */
    void await(long wanted) throws IOException {
        long deadline = System.nanoTime() + 120_000_000_000L;
        while (events < wanted) {
            readAll();
            if (System.nanoTime() > deadline) {
                throw new IOException("of " + wanted + " events " + events + " came in two minutes");
            }
        }
        events -= wanted;
    }

    private void readAll() throws IOException {
        selector.select(1000);
        for (SelectionKey key : selector.selectedKeys()) {
            read((SocketChannel) key.channel(), (Stream) key.attachment());
        }
        selector.selectedKeys().clear();
    }

    private void read(SocketChannel channel, Stream stream) throws IOException {
        buffer.clear();
        int count = channel.read(buffer);
        if (count < 0) {
            throw new EOFException("a watch was closed");
        }
        bytes += count;
        begun += stream.begun ? 0 : 1;
        stream.begun = true;
        for (int i = 0; i < count; i++) {
            byte next = buffer.get(i);
            // An event's own newline; those of the chunks and of the head follow a carriage return.
            if (next == '\n' && stream.last != '\r') {
                events++;
            }
            stream.last = next;
        }
    }

    long bytes() {
        return bytes;
    }

    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }
}
