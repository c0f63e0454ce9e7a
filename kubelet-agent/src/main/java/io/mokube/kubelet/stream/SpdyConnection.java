package io.mokube.kubelet.stream;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.spdy.DefaultSpdyDataFrame;
import io.netty.handler.codec.spdy.DefaultSpdyGoAwayFrame;
import io.netty.handler.codec.spdy.DefaultSpdyRstStreamFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynReplyFrame;
import io.netty.handler.codec.spdy.DefaultSpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyDataFrame;
import io.netty.handler.codec.spdy.SpdyFrameCodec;
import io.netty.handler.codec.spdy.SpdyPingFrame;
import io.netty.handler.codec.spdy.SpdyRstStreamFrame;
import io.netty.handler.codec.spdy.SpdyStreamStatus;
import io.netty.handler.codec.spdy.SpdySynStreamFrame;
import io.netty.handler.codec.spdy.SpdyVersion;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One end of a SPDY/3.1 connection as Kubernetes uses it: without flow control, which its implementation leaves out, so
 * that a stream nobody reads holds up the others once its buffer is full.
 */
public final class SpdyConnection extends BlockingConnection {

    private static final int MOST_STREAMS = 2000;
    private static final int MOST_HEADER_BYTES = 16 * 1024;
    private static final int MOST_CHUNK_BYTES = 64 * 1024;

    private final boolean server;
    private final Map<Integer, SpdyStream> streams = new ConcurrentHashMap<>();
    private final Lock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Queue<SpdyStream> opened = new ArrayDeque<>();
    private boolean over;
    private int lastId = -1;
    private volatile int lastPeerId;

    /**
     * @param server whether this is the end that the other one connected to
     */
    public SpdyConnection(boolean server) {
        this.server = server;
    }

    /** What turns bytes into the frames of such a connection; comes before it in the channel. */
    public static ChannelHandler codec() {
        return new SpdyFrameCodec(SpdyVersion.SPDY_3_1, MOST_CHUNK_BYTES, MOST_HEADER_BYTES, 6, 15, 8, false);
    }

    /** Opens a stream. Does not wait for the peer's consent: what it doesn't want it resets. */
    public SpdyStream open(Map<String, String> headers) throws IOException {
        synchronized (streams) {
            lastId += 2;
            SpdyStream stream = new SpdyStream(this, lastId, headers, newInput());
            streams.put(lastId, stream);
            DefaultSpdySynStreamFrame frame = new DefaultSpdySynStreamFrame(lastId, 0, (byte) 0);
            headers.forEach((name, value) -> frame.headers().set(name, value));
            send(frame);
            return stream;
        }
    }

    /** The next stream that the peer opens; null when none comes in time, or the connection ends. */
    public @Nullable SpdyStream accept(Duration patience) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = patience.toNanos();
            while (opened.isEmpty() && !over && left > 0) {
                left = changed.awaitNanos(left);
            }
            return opened.poll();
        } finally {
            lock.unlock();
        }
    }

    /** Tells the peer that this was all, waits a while for it to close the connection, and closes it. */
    public void finish() {
        streams.values().forEach(stream -> stream.received().close());
        try {
            send(new DefaultSpdyGoAwayFrame(lastPeerId));
        } catch (IOException e) {
            return;
        }
        closeAfterPeer();
    }

    void sendData(int id, byte[] source, int start, int length) throws IOException {
        // Copied: the sender may use its array again before the bytes are on their way.
        byte[] copy = new byte[length];
        System.arraycopy(source, start, copy, 0, length);
        send(new DefaultSpdyDataFrame(id, Unpooled.wrappedBuffer(copy)));
    }

    void sendEnd(int id) throws IOException {
        DefaultSpdyDataFrame end = new DefaultSpdyDataFrame(id, Unpooled.EMPTY_BUFFER);
        end.setLast(true);
        send(end);
    }

    /** Both sides are done with the stream: its number is not used again. */
    public void forget(SpdyStream stream) {
        stream.received().close();
        streams.remove(stream.id());
    }

    @Override
    public void channelRead(ChannelHandlerContext at, Object message) {
        try {
            switch (message) {
                case SpdySynStreamFrame frame -> begin(at, frame);
                case SpdyDataFrame frame -> {
                    SpdyStream stream = streams.get(frame.streamId());
                    if (stream != null) {
                        stream.received().add(bytes(frame.content()));
                        if (frame.isLast()) {
                            stream.received().end();
                        }
                    }
                }
                case SpdyRstStreamFrame frame -> {
                    SpdyStream stream = streams.remove(frame.streamId());
                    if (stream != null) {
                        stream.reset();
                    }
                }
                case SpdyPingFrame frame -> {
                    boolean fromPeer = (frame.id() % 2 != 0) == server;
                    if (fromPeer) {
                        var _ = at.writeAndFlush(frame);
                    }
                }
                // Settings, windows, replies: nothing that Kubernetes' implementation acts on.
                default -> {}
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void begin(ChannelHandlerContext at, SpdySynStreamFrame frame) {
        int id = frame.streamId();
        Map<String, String> headers = new HashMap<>();
        for (Map.Entry<CharSequence, CharSequence> header : frame.headers()) {
            headers.put(
                    header.getKey().toString().toLowerCase(Locale.ROOT),
                    header.getValue().toString());
        }
        SpdyStream stream = new SpdyStream(this, id, headers, newInput());
        if (frame.isLast()) {
            stream.received().end();
        }
        if (streams.size() >= MOST_STREAMS) {
            var _ = at.writeAndFlush(new DefaultSpdyRstStreamFrame(id, SpdyStreamStatus.REFUSED_STREAM));
            return;
        }
        lastPeerId = id;
        streams.put(id, stream);
        DefaultSpdySynReplyFrame reply = new DefaultSpdySynReplyFrame(id);
        // Without any header Netty writes no header block at all, which Go's implementation takes for a broken frame.
        reply.headers().set("streamtype", stream.header("streamtype"));
        var _ = at.writeAndFlush(reply);
        lock.lock();
        try {
            opened.add(stream);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    protected void lost() {
        streams.values().forEach(SpdyStream::reset);
        lock.lock();
        try {
            over = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
