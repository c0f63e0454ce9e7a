package io.mokube.kubelet.stream;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;

/**
 * Numbered streams on one WebSocket: the first byte of a message tells which it belongs to. In the base64 protocols a
 * message is text, its first character the number. In version 5 the message {@code 255 N} ends stream N.
 */
public final class WebSocketChannels extends BlockingConnection {

    private static final int MOST_BYTES_A_MESSAGE = 32 * 1024;
    private static final int END_OF_STREAM = 255;

    private final boolean base64;
    private final boolean endsStreams;
    private final List<ReceivedBytes> inputs = new ArrayList<>();

    /**
     * @param count how many streams there are
     * @param base64 whether messages are text
     * @param endsStreams whether a message may end a stream
     */
    public WebSocketChannels(int count, boolean base64, boolean endsStreams) {
        this.base64 = base64;
        this.endsStreams = endsStreams;
        for (int i = 0; i < count; i++) {
            inputs.add(newInput());
        }
    }

    /** What the peer sends on a stream. */
    public InputStream input(int number) {
        return inputs.get(number);
    }

    /** What the peer gets on a stream, a message for each write. Closing it tells the peer nothing. */
    public OutputStream output(int number) {
        return new OutputStream() {
            @Override
            public void write(int one) throws IOException {
                write(new byte[] {(byte) one}, 0, 1);
            }

            // Nothing to write is a message too: an empty one.
            @Override
            public void write(byte[] source, int start, int length) throws IOException {
                Objects.checkFromIndexSize(start, length, source.length);
                int at = start;
                do {
                    int count = Math.min(MOST_BYTES_A_MESSAGE, start + length - at);
                    send(message(number, Arrays.copyOfRange(source, at, at + count)));
                    at += count;
                } while (at < start + length);
            }
        };
    }

    private WebSocketFrame message(int number, byte[] content) {
        if (base64) {
            return new TextWebSocketFrame(
                    (char) ('0' + number) + Base64.getEncoder().encodeToString(content));
        }
        return new BinaryWebSocketFrame(Unpooled.wrappedBuffer(new byte[] {(byte) number}, content));
    }

    /** Tells the peer that this was all, waits a while for it to close the connection, and closes it. */
    public void finish() {
        inputs.forEach(ReceivedBytes::close);
        try {
            send(new CloseWebSocketFrame(1000, ""));
        } catch (IOException e) {
            return;
        }
        closeAfterPeer();
    }

    @Override
    public void channelRead(ChannelHandlerContext at, Object message) {
        try {
            switch (message) {
                case BinaryWebSocketFrame frame -> receive(at, frame.content());
                case TextWebSocketFrame frame -> receive(at, frame.content());
                case PingWebSocketFrame frame -> {
                    var _ = at.writeAndFlush(
                            new PongWebSocketFrame(frame.content().retain()));
                }
                case CloseWebSocketFrame frame -> {
                    var _ = at.writeAndFlush(frame.retain()).addListener(ChannelFutureListener.CLOSE);
                }
                default -> {}
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void receive(ChannelHandlerContext at, ByteBuf content) {
        if (!content.isReadable()) {
            return;
        }
        int number = content.readUnsignedByte();
        if (base64) {
            number -= '0';
        } else if (endsStreams && number == END_OF_STREAM) {
            int ended = content.isReadable() ? content.readUnsignedByte() : -1;
            if (ended >= 0 && ended < inputs.size()) {
                inputs.get(ended).end();
            }
            return;
        }
        if (number < 0 || number >= inputs.size()) {
            // Said about a stream that is not there: not worth ending those that are.
            return;
        }
        try {
            inputs.get(number).add(base64 ? decode(content) : bytes(content));
        } catch (IllegalArgumentException e) {
            var _ = at.writeAndFlush(new CloseWebSocketFrame(1007, "this is not base64"))
                    .addListener(ChannelFutureListener.CLOSE);
        }
    }

    private static byte[] decode(ByteBuf text) {
        return Base64.getDecoder().decode(text.toString(StandardCharsets.US_ASCII));
    }

    @Override
    protected void lost() {
        inputs.forEach(ReceivedBytes::end);
    }
}
