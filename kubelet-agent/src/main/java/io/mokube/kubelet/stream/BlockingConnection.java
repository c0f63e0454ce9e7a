package io.mokube.kubelet.stream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The last handler of a Netty channel, for threads that block: a write waits until the peer has read enough, and reading
 * pauses while a thread has not read what came. Every thread may call it.
 */
public abstract class BlockingConnection extends ChannelInboundHandlerAdapter {

    /** How long a peer gets to read the end and to close the connection itself. */
    private static final Duration LINGER = Duration.ofSeconds(5);

    private final AtomicInteger fullInputs = new AtomicInteger();
    private final List<Runnable> closeListeners = new ArrayList<>();
    private @Nullable ChannelHandlerContext context;
    private boolean closed;

    @Override
    public synchronized void handlerAdded(ChannelHandlerContext added) {
        context = added;
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext at) {
        synchronized (this) {
            notifyAll();
        }
        at.fireChannelWritabilityChanged();
    }

    @Override
    public void channelInactive(ChannelHandlerContext at) {
        lost();
        List<Runnable> listeners;
        synchronized (this) {
            closed = true;
            notifyAll();
            listeners = List.copyOf(closeListeners);
        }
        listeners.forEach(Runnable::run);
        at.fireChannelInactive();
    }

    /** A connection that breaks ends like one that is closed; what the peer sent wrongly is the peer's to find out. */
    @Override
    public void exceptionCaught(ChannelHandlerContext at, Throwable cause) {
        var _ = at.close();
    }

    /** The connection is gone: nothing more comes. On the event loop. */
    protected void lost() {}

    /** Runs something when the connection is gone; at once when it is gone already. */
    public final void onClose(Runnable listener) {
        synchronized (this) {
            if (!closed) {
                closeListeners.add(listener);
                return;
            }
        }
        listener.run();
    }

    /** Forgets a listener. */
    public final synchronized void removeOnClose(Runnable listener) {
        closeListeners.remove(listener);
    }

    /** Whether the connection is gone. */
    public final synchronized boolean isClosed() {
        return closed;
    }

    /**
     * Sends a message once the peer has read enough of those before.
     *
     * @throws IOException when the connection is gone, or the thread is interrupted while it waits
     */
    protected final void send(Object message) throws IOException {
        ChannelHandlerContext to;
        try {
            to = awaitWritable();
        } catch (IOException e) {
            ReferenceCountUtil.release(message);
            throw e;
        }
        var _ = to.writeAndFlush(message);
    }

    private synchronized ChannelHandlerContext awaitWritable() throws IOException {
        while (true) {
            ChannelHandlerContext to = context;
            if (closed || to == null || !to.channel().isActive()) {
                throw new IOException("the connection is closed");
            }
            if (to.channel().isWritable()) {
                return to;
            }
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                InterruptedIOException gaveUp = new InterruptedIOException("interrupted while waiting for the reader");
                gaveUp.initCause(e);
                throw gaveUp;
            }
        }
    }

    /** A buffer for a stream of this connection, which pauses the reading while it is full. */
    protected final ReceivedBytes newInput() {
        return new ReceivedBytes(isFull -> {
            fullInputs.addAndGet(isFull ? 1 : -1);
            ChannelHandlerContext at = context;
            if (at != null) {
                // Decided there again: what calls this from two threads may overtake itself.
                at.channel().eventLoop().execute(() -> at.channel().config().setAutoRead(fullInputs.get() == 0));
            }
        });
    }

    /**
     * Waits a while for the peer to close the connection, then closes it. Whoever has sent the last word should do this:
     * a connection that is closed over unread input tells the peer to drop what it was sent.
     */
    protected final void closeAfterPeer() {
        ChannelHandlerContext at = context;
        if (at == null) {
            return;
        }
        try {
            if (!at.channel().closeFuture().await(LINGER.toMillis(), TimeUnit.MILLISECONDS)) {
                var _ = at.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            var _ = at.close();
        }
    }

    /** Closes the connection at once. */
    public void close() {
        ChannelHandlerContext at = context;
        if (at != null) {
            var _ = at.close();
        }
    }

    /** The channel; only once this is part of one. */
    protected final Channel channel() {
        ChannelHandlerContext at = context;
        if (at == null) {
            throw new IllegalStateException("not part of a channel yet");
        }
        return at.channel();
    }

    static byte[] bytes(ByteBuf buffer) {
        byte[] bytes = new byte[buffer.readableBytes()];
        buffer.readBytes(bytes);
        return bytes;
    }
}
