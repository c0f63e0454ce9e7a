package io.mokube.kubelet.stream;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.util.ReferenceCountUtil;

/** Carries another protocol's bytes in the binary messages of a WebSocket; where a message ends means nothing. */
public final class WebSocketTunnel extends ChannelDuplexHandler {

    @Override
    public void channelRead(ChannelHandlerContext at, Object message) {
        switch (message) {
            case BinaryWebSocketFrame frame -> at.fireChannelRead(frame.content());
            case ContinuationWebSocketFrame frame -> at.fireChannelRead(frame.content());
            case PingWebSocketFrame frame -> {
                var _ = at.writeAndFlush(new PongWebSocketFrame(frame.content()));
            }
            case CloseWebSocketFrame frame -> {
                var _ = at.writeAndFlush(frame).addListener(ChannelFutureListener.CLOSE);
            }
            default -> ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void write(ChannelHandlerContext at, Object message, ChannelPromise promise) {
        var _ = message instanceof ByteBuf bytes
                ? at.write(new BinaryWebSocketFrame(bytes), promise)
                : at.write(message, promise);
    }
}
