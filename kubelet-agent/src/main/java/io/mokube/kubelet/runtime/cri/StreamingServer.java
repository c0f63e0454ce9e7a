package io.mokube.kubelet.runtime.cri;

import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.RuntimeCallException.Kind;
import io.mokube.kubelet.stream.NetworkThreads;
import io.mokube.kubelet.stream.SpdyConnection;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Connects to the URLs that a runtime gives for exec, attach and port-forward. */
final class StreamingServer {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int LONGEST_REFUSAL_BYTES = 64 * 1024;
    private static final String UPGRADE = "SPDY/3.1";

    private StreamingServer() {}

    /**
     * A SPDY connection to the URL.
     *
     * @param protocol what is spoken on its streams
     * @throws RuntimeCallException when the runtime does not answer, or refuses
     */
    static SpdyConnection connect(String url, String protocol) {
        URI uri = URI.create(url);
        CompletableFuture<SpdyConnection> upgraded = new CompletableFuture<>();
        Channel channel = new Bootstrap()
                .group(NetworkThreads.shared())
                .channel(NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) PATIENCE.toMillis())
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel made) {
                        made.pipeline()
                                .addLast(
                                        new HttpClientCodec(),
                                        new HttpObjectAggregator(LONGEST_REFUSAL_BYTES),
                                        new Upgrading(request(uri, protocol), upgraded));
                    }
                })
                .connect(uri.getHost(), uri.getPort())
                .channel();
        // Also tells of connections that can't be made: those are closed without having been open.
        channel.closeFuture()
                .addListener(closed -> upgraded.completeExceptionally(new IOException("the connection broke")));
        try {
            return upgraded.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            var _ = channel.close();
            throw new RuntimeCallException(Kind.UNAVAILABLE, "the runtime's streaming server: " + e.getMessage(), e);
        } catch (TimeoutException e) {
            var _ = channel.close();
            throw new RuntimeCallException(Kind.TIMEOUT, "the runtime's streaming server does not answer", e);
        } catch (InterruptedException e) {
            var _ = channel.close();
            Thread.currentThread().interrupt();
            throw new RuntimeCallException(Kind.CANCELLED, "interrupted", e);
        }
    }

    private static DefaultFullHttpRequest request(URI uri, String protocol) {
        DefaultFullHttpRequest request = new DefaultFullHttpRequest(
                HttpVersion.HTTP_1_1, HttpMethod.POST, uri.getRawPath(), Unpooled.EMPTY_BUFFER);
        request.headers()
                .set(HttpHeaderNames.HOST, uri.getHost() + ":" + uri.getPort())
                .set(HttpHeaderNames.CONNECTION, "Upgrade")
                .set(HttpHeaderNames.UPGRADE, UPGRADE)
                .set("X-Stream-Protocol-Version", protocol)
                .set(HttpHeaderNames.CONTENT_LENGTH, 0);
        return request;
    }

    /** Asks for the upgrade, and makes the channel a SPDY connection when it is granted. */
    private static final class Upgrading extends SimpleChannelInboundHandler<FullHttpResponse> {

        private final DefaultFullHttpRequest request;
        private final CompletableFuture<SpdyConnection> upgraded;

        Upgrading(DefaultFullHttpRequest request, CompletableFuture<SpdyConnection> upgraded) {
            this.request = request;
            this.upgraded = upgraded;
        }

        @Override
        public void channelActive(ChannelHandlerContext at) {
            var _ = at.writeAndFlush(request);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext at, FullHttpResponse response) {
            if (!response.status().equals(HttpResponseStatus.SWITCHING_PROTOCOLS)) {
                upgraded.completeExceptionally(new IOException(
                        response.status() + ": " + response.content().toString(StandardCharsets.UTF_8)));
                var _ = at.close();
                return;
            }
            SpdyConnection connection = new SpdyConnection(false);
            at.pipeline().addLast(SpdyConnection.codec(), connection);
            at.pipeline().remove(HttpObjectAggregator.class);
            at.pipeline().remove(this);
            at.pipeline().remove(HttpClientCodec.class);
            upgraded.complete(connection);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext at, Throwable cause) {
            upgraded.completeExceptionally(cause);
            var _ = at.close();
        }
    }
}
