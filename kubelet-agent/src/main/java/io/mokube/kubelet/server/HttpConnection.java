package io.mokube.kubelet.server;

import io.mokube.kubelet.stream.BlockingConnection;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.util.function.Consumer;

/** One client's connection: a virtual thread for each request, one request after the other. */
final class HttpConnection extends BlockingConnection {

    private final Consumer<Exchange> handler;

    /** A request is being answered. Written on the event loop and by the thread that answers. */
    private volatile boolean busy;

    HttpConnection(Consumer<Exchange> handler) {
        this.handler = handler;
    }

    @Override
    public void channelRead(ChannelHandlerContext at, Object message) {
        try {
            if (!(message instanceof FullHttpRequest request)
                    || busy
                    || request.decoderResult().isFailure()) {
                // Broken, or sent before the answer to the one before: no honest client of ours does that.
                var _ = at.close();
                return;
            }
            busy = true;
            Exchange exchange = new Exchange(this, at, request);
            Thread.ofVirtual().name("node-server").start(() -> answer(exchange));
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void answer(Exchange exchange) {
        // A client that goes away wants no answer any more.
        Runnable giveUp = Thread.currentThread()::interrupt;
        onClose(giveUp);
        try {
            handler.accept(exchange);
        } finally {
            removeOnClose(giveUp);
            busy = false;
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext at, Object event) {
        if (event instanceof IdleStateEvent && !busy) {
            var _ = at.close();
        }
    }

    /** Sends a part of an answer, waiting for the client to read. */
    void write(Object part) throws IOException {
        send(part);
    }
}
