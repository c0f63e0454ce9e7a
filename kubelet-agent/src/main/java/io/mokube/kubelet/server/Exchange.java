package io.mokube.kubelet.server;

import io.mokube.kubelet.stream.BlockingConnection;
import io.mokube.kubelet.stream.SpdyConnection;
import io.mokube.kubelet.stream.WebSocketTunnel;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.websocketx.WebSocketFrameAggregator;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.timeout.IdleStateHandler;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** A request and its answer. Used by one thread, which blocks, and is interrupted when the client goes away. */
final class Exchange {

    /** The largest message of a WebSocket; Kubernetes draws the line here too. */
    private static final int LARGEST_MESSAGE_BYTES = 32 * 1024 * 1024;

    private static final String STREAM_PROTOCOL = "X-Stream-Protocol-Version";
    private static final String WEB_SOCKET_PROTOCOL = "Sec-WebSocket-Protocol";

    private final HttpConnection connection;
    private final ChannelHandlerContext at;
    private final HttpMethod method;
    private final String uri;
    private final HttpHeaders headers;
    private final QueryStringDecoder query;
    private boolean begun;

    Exchange(HttpConnection connection, ChannelHandlerContext at, FullHttpRequest request) {
        this.connection = connection;
        this.at = at;
        this.method = request.method();
        this.uri = request.uri();
        this.headers = request.headers();
        this.query = new QueryStringDecoder(request.uri(), StandardCharsets.UTF_8);
    }

    String method() {
        return method.name();
    }

    /** Without the query, still escaped. */
    String path() {
        return query.rawPath();
    }

    /** The first value of a parameter; {@code ""} when it is not there. */
    String parameter(String name) {
        List<String> all = parameters(name);
        return all.isEmpty() ? "" : all.getFirst();
    }

    List<String> parameters(String name) {
        return query.parameters().getOrDefault(name, List.of());
    }

    /** The client's certificate, if it showed one; that its authority is the cluster's was checked by TLS. */
    Optional<X509Certificate> clientCertificate() {
        SslHandler tls = at.pipeline().get(SslHandler.class);
        try {
            return tls != null
                            && tls.engine().getSession().getPeerCertificates()[0] instanceof X509Certificate certificate
                    ? Optional.of(certificate)
                    : Optional.empty();
        } catch (SSLPeerUnverifiedException e) {
            return Optional.empty();
        }
    }

    /** Whether the answer has begun, so that there can't be another. */
    boolean begun() {
        return begun;
    }

    /** Answers at once. */
    void answer(int code, String type, String text) {
        answer(code, type, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Answers at once. A client that is gone gets nothing, which is no error. */
    void answer(int code, String type, byte[] body) {
        begun = true;
        DefaultFullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(code), Unpooled.wrappedBuffer(body));
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, type).set(HttpHeaderNames.CONTENT_LENGTH, body.length);
        try {
            connection.write(response);
        } catch (IOException e) {
            connection.close();
        }
    }

    /** Begins an answer whose length is not known; every write goes out at once. */
    OutputStream stream(int code, String type) throws IOException {
        begun = true;
        DefaultHttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(code));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, type)
                .set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        connection.write(response);
        return new OutputStream() {
            private boolean closed;

            @Override
            public void write(int one) throws IOException {
                write(new byte[] {(byte) one}, 0, 1);
            }

            @Override
            public void write(byte[] source, int start, int length) throws IOException {
                Objects.checkFromIndexSize(start, length, source.length);
                if (length > 0) {
                    connection.write(new DefaultHttpContent(Unpooled.copiedBuffer(source, start, length)));
                }
            }

            @Override
            public void close() throws IOException {
                if (!closed) {
                    closed = true;
                    connection.write(LastHttpContent.EMPTY_LAST_CONTENT);
                }
            }
        };
    }

    // ---- other protocols

    /** Whether the client wants to go on in SPDY. */
    boolean wantsSpdy() {
        return upgrade("spdy/3.1");
    }

    /** Whether the client wants to go on with a WebSocket. */
    boolean wantsWebSocket() {
        return upgrade("websocket");
    }

    private boolean upgrade(String protocol) {
        return headers.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)
                && headers.get(HttpHeaderNames.UPGRADE, "").equalsIgnoreCase(protocol);
    }

    /** What the client offers to speak on SPDY's streams, the most wanted first. */
    List<String> streamProtocols() {
        return listed(STREAM_PROTOCOL);
    }

    /** What the client offers to speak on a WebSocket, the most wanted first. */
    List<String> webSocketProtocols() {
        return listed(WEB_SOCKET_PROTOCOL);
    }

    private List<String> listed(String header) {
        List<String> names = new ArrayList<>();
        for (String value : headers.getAll(header)) {
            for (String name : value.split(",")) {
                if (!name.isBlank()) {
                    names.add(name.strip());
                }
            }
        }
        return names;
    }

    /** Refuses to go on in another protocol, because none that is offered is known. */
    void refuseProtocols(List<String> offered, List<String> known) {
        answer(
                offered.isEmpty() ? 400 : 403,
                "text/plain",
                "unable to upgrade: unable to negotiate protocol: client supports " + offered + ", server accepts "
                        + known);
    }

    /**
     * Goes on in SPDY.
     *
     * @param protocol what is spoken on its streams; empty when the client named none
     */
    SpdyConnection upgradeToSpdy(String protocol) throws IOException {
        begun = true;
        SpdyConnection spdy = new SpdyConnection(true);
        onEventLoop(() -> {
            DefaultFullHttpResponse response =
                    new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.SWITCHING_PROTOCOLS);
            response.headers().set(HttpHeaderNames.CONNECTION, "Upgrade").set(HttpHeaderNames.UPGRADE, "SPDY/3.1");
            if (!protocol.isEmpty()) {
                response.headers().set(STREAM_PROTOCOL, protocol);
            }
            var _ = at.writeAndFlush(response);
            ChannelPipeline pipeline = at.pipeline();
            pipeline.addLast(SpdyConnection.codec(), spdy);
            removeHttp(pipeline);
            pipeline.remove(HttpServerCodec.class);
            return spdy;
        });
        return spdy;
    }

    /** Goes on with a WebSocket whose messages the connection takes. */
    <T extends BlockingConnection> T upgradeToWebSocket(@Nullable String protocol, T messages) throws IOException {
        begun = true;
        onEventLoop(() -> {
            openWebSocket(protocol);
            at.pipeline().addLast(new WebSocketFrameAggregator(LARGEST_MESSAGE_BYTES), messages);
            removeHttp(at.pipeline());
            return messages;
        });
        return messages;
    }

    /** Goes on with a WebSocket whose messages carry a SPDY connection. */
    SpdyConnection upgradeToTunnel(String protocol) throws IOException {
        begun = true;
        SpdyConnection spdy = new SpdyConnection(true);
        onEventLoop(() -> {
            openWebSocket(protocol);
            at.pipeline().addLast(new WebSocketTunnel(), SpdyConnection.codec(), spdy);
            removeHttp(at.pipeline());
            return spdy;
        });
        return spdy;
    }

    private void openWebSocket(@Nullable String protocol) throws IOException {
        WebSocketServerHandshaker handshaker = new WebSocketServerHandshakerFactory(
                        uri, protocol, false, LARGEST_MESSAGE_BYTES)
                .newHandshaker(new DefaultFullHttpRequest(
                        HttpVersion.HTTP_1_1, method, uri, Unpooled.EMPTY_BUFFER, headers, EmptyHttpHeaders.INSTANCE));
        if (handshaker == null) {
            throw new IOException("this version of WebSocket is not spoken here");
        }
        var _ = handshaker.handshake(
                at.channel(),
                new DefaultFullHttpRequest(
                        HttpVersion.HTTP_1_1, method, uri, Unpooled.EMPTY_BUFFER, headers, EmptyHttpHeaders.INSTANCE));
    }

    private void removeHttp(ChannelPipeline pipeline) {
        for (Class<? extends ChannelHandler> handler :
                List.of(IdleStateHandler.class, HttpObjectAggregator.class, HttpConnection.class)) {
            if (pipeline.get(handler) != null) {
                pipeline.remove(handler);
            }
        }
    }

    private <T> void onEventLoop(Callable<T> change) throws IOException {
        try {
            at.channel()
                    .eventLoop()
                    .submit(() -> {
                        if (!at.channel().isActive()) {
                            throw new IOException("the client is gone");
                        }
                        return change.call();
                    })
                    .get();
        } catch (ExecutionException e) {
            connection.close();
            throw new IOException("the protocol can't be changed: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public String toString() {
        return method.name().toUpperCase(Locale.ROOT) + " " + path();
    }
}
