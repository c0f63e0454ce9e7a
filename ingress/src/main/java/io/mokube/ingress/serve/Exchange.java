package io.mokube.ingress.serve;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.HostAndPort;
import io.vertx.core.net.NetSocket;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries one request to an endpoint and the answer back. A body waits for its reader in both directions, so that no more
 * than a buffer of it is here. An endpoint that takes no connection is passed over for the next one, before anything of the
 * request was sent; what was sent is never sent twice.
 */
final class Exchange {

    private static final Logger log = LoggerFactory.getLogger(Exchange.class);

    private static final int MOST_CONNECTIONS = 256;
    private static final int MOST_WAITING = 1024;
    private static final int MOST_ATTEMPTS = 3;
    private static final int IDLE_SECONDS = 30;

    /** What is between two neighbours only (RFC 9110, section 7.6.1), besides what Connection names. */
    private static final Set<String> HOP_BY_HOP = Set.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "proxy-authenticate",
            "proxy-authorization",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "expect");

    private static final Set<HttpMethod> WITHOUT_BODY =
            Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS, HttpMethod.TRACE, HttpMethod.DELETE);

    private final Vertx vertx;
    private final Target.Router router;
    private final Timeouts timeouts;
    private final HttpClient client;

    /** The endpoints of a backend take turns. */
    private final AtomicInteger turn = new AtomicInteger();

    Exchange(Vertx vertx, Target.Router router, Timeouts timeouts) {
        this.vertx = vertx;
        this.router = router;
        this.timeouts = timeouts;
        client = vertx.createHttpClient(
                new HttpClientOptions()
                        .setConnectTimeout((int) timeouts.connect().toMillis())
                        // Shorter than what servers allow, so that they seldom close what is about to be used.
                        .setKeepAliveTimeout(IDLE_SECONDS)
                        .setDecompressionSupported(false)
                        // As other ingresses do by default: endpoints' certificates are seldom of a known authority.
                        .setTrustAll(true)
                        .setVerifyHost(false),
                new PoolOptions().setHttp1MaxSize(MOST_CONNECTIONS).setMaxWaitQueueSize(MOST_WAITING));
    }

    void carry(HttpServerRequest request) {
        request.pause();
        HostAndPort authority = request.authority();
        if (request.method().equals(HttpMethod.CONNECT)) {
            refuse(request, 405, "CONNECT is not served here");
            return;
        }
        if (request.version() != HttpVersion.HTTP_1_0 && authority == null) {
            refuse(request, 400, "the request names no host, or none that can be read");
            return;
        }
        String host = authority == null ? "" : authority.host();
        String path = request.path();
        switch (router.route(host, path == null ? "" : path)) {
            case Target.NoRoute none -> refuse(request, 404, "no rule for host \"" + host + "\" and path " + path);
            case Target.NoEndpoint(String reason) -> refuse(request, 503, reason);
            case Target.Endpoints(String backend, List<InetSocketAddress> addresses, boolean tls) -> {
                int first = Math.floorMod(turn.getAndIncrement(), addresses.size());
                connect(request, addresses, tls, first, 0)
                        .onSuccess(upstream -> send(request, upstream, backend))
                        .onFailure(e -> {
                            log.atWarn()
                                    .setMessage("no endpoint takes connections")
                                    .addKeyValue("backend", backend)
                                    .addKeyValue("reason", e.getMessage())
                                    .log();
                            refuse(request, 502, "no endpoint of " + backend + " takes connections");
                        });
            }
        }
    }

    private Future<HttpClientRequest> connect(
            HttpServerRequest request, List<InetSocketAddress> addresses, boolean tls, int first, int attempt) {
        InetSocketAddress address = addresses.get((first + attempt) % addresses.size());
        Future<HttpClientRequest> connected = client.request(new RequestOptions()
                .setMethod(request.method())
                .setHost(
                        address.isUnresolved()
                                ? address.getHostString()
                                : address.getAddress().getHostAddress())
                .setPort(address.getPort())
                .setSsl(tls)
                .setURI(request.uri())
                .setConnectTimeout(timeouts.connect().toMillis()));
        return attempt + 1 < Math.min(MOST_ATTEMPTS, addresses.size())
                ? connected.recover(e -> connect(request, addresses, tls, first, attempt + 1))
                : connected;
    }

    private void send(HttpServerRequest request, HttpClientRequest upstream, String backend) {
        boolean upgrade = asksForUpgrade(request);
        copyHeaders(request.headers(), upstream.headers());
        if (request.authority() != null) {
            upstream.authority(request.authority());
        }
        forwarded(request, upstream.headers());
        // Whoever asked is gone: so is the endpoint's work.
        request.response().exceptionHandler(e -> upstream.reset());
        request.response().closeHandler(closed -> upstream.reset());
        Future<HttpClientResponse> answer;
        if (upgrade) {
            upstream.putHeader(HttpHeaders.CONNECTION, HttpHeaders.UPGRADE);
            upstream.putHeader(HttpHeaders.UPGRADE, request.getHeader(HttpHeaders.UPGRADE));
            answer = upstream.connect();
        } else if (hasBody(request)) {
            answer = upstream.send(request);
        } else {
            request.resume();
            answer = upstream.send();
        }
        Silence silence = new Silence(request, () -> {
            refuse(
                    request,
                    504,
                    backend + " did not answer within " + timeouts.silence().toSeconds() + " s");
            upstream.reset();
        });
        answer.onComplete(done -> silence.end())
                .onSuccess(response -> answer(request, response, upgrade))
                .onFailure(e -> {
                    upstream.reset();
                    if (!silence.wasTooLong) {
                        refuse(request, 502, backend + " broke the connection off before it answered");
                    }
                });
    }

    /** Waits for an answer. As long as the request's body goes on, nobody can expect one. On the exchange's event loop. */
    private final class Silence {

        private final HttpServerRequest request;
        private final Runnable whenTooLong;
        private long read;
        private long timer;
        private boolean wasTooLong;

        Silence(HttpServerRequest request, Runnable whenTooLong) {
            this.request = request;
            this.whenTooLong = whenTooLong;
            begin();
        }

        private void begin() {
            read = request.bytesRead();
            timer = vertx.setTimer(timeouts.silence().toMillis(), due -> {
                if (request.bytesRead() != read) {
                    begin();
                } else {
                    wasTooLong = true;
                    whenTooLong.run();
                }
            });
        }

        void end() {
            vertx.cancelTimer(timer);
        }
    }

    private void answer(HttpServerRequest request, HttpClientResponse response, boolean upgrade) {
        HttpServerResponse out = request.response();
        if (out.closed() || out.headWritten()) {
            response.request().reset();
            return;
        }
        out.setStatusCode(response.statusCode());
        out.setStatusMessage(response.statusMessage());
        copyHeaders(response.headers(), out.headers());
        if (upgrade && response.statusCode() == 101) {
            switchProtocols(request, response);
            return;
        }
        if (request.version() != HttpVersion.HTTP_2
                && !out.headers().contains(HttpHeaders.CONTENT_LENGTH)
                && response.statusCode() != 204
                && response.statusCode() != 304
                && !request.method().equals(HttpMethod.HEAD)) {
            out.setChunked(true);
        }
        response.pipe().endOnFailure(false).to(out).onFailure(e -> {
            // Half an answer must not look like a whole one.
            response.request().reset();
            if (!out.closed()) {
                out.reset();
                if (request.version() != HttpVersion.HTTP_2) {
                    request.connection().close();
                }
            }
        });
    }

    private static void switchProtocols(HttpServerRequest request, HttpClientResponse response) {
        NetSocket endpoint = response.netSocket();
        endpoint.pause();
        request.response().putHeader(HttpHeaders.CONNECTION, HttpHeaders.UPGRADE);
        request.response().putHeader(HttpHeaders.UPGRADE, response.getHeader(HttpHeaders.UPGRADE));
        request.toNetSocket()
                .onSuccess(client -> {
                    client.pipeTo(endpoint).onComplete(ended -> endpoint.close());
                    endpoint.pipeTo(client).onComplete(ended -> client.close());
                })
                .onFailure(e -> endpoint.close());
    }

    private static boolean asksForUpgrade(HttpServerRequest request) {
        return request.version() == HttpVersion.HTTP_1_1
                && request.headers().contains(HttpHeaders.UPGRADE)
                && request.headers().contains(HttpHeaders.CONNECTION, HttpHeaders.UPGRADE, true)
                // HTTP/2 is between this server and its client, and not the endpoint's to speak.
                && !request.getHeader(HttpHeaders.UPGRADE)
                        .toLowerCase(Locale.ROOT)
                        .startsWith("h2");
    }

    private static boolean hasBody(HttpServerRequest request) {
        return request.headers().contains(HttpHeaders.CONTENT_LENGTH)
                || request.headers().contains(HttpHeaders.TRANSFER_ENCODING)
                || (request.version() == HttpVersion.HTTP_2 && !WITHOUT_BODY.contains(request.method()));
    }

    private static void copyHeaders(MultiMap from, MultiMap to) {
        Set<String> named = new HashSet<>();
        for (String value : from.getAll(HttpHeaders.CONNECTION)) {
            for (String each : value.split(",")) {
                named.add(each.strip().toLowerCase(Locale.ROOT));
            }
        }
        from.forEach((name, value) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            if (!HOP_BY_HOP.contains(lower)
                    && !named.contains(lower)
                    && !lower.startsWith(":")
                    && !lower.equals("host")) {
                to.add(name, value);
            }
        });
    }

    /** What clients claim about where a request came from is not believed. */
    private static void forwarded(HttpServerRequest request, MultiMap headers) {
        String client = request.remoteAddress().hostAddress();
        headers.set("X-Forwarded-For", client);
        headers.set("X-Real-IP", client);
        headers.set("X-Forwarded-Proto", request.isSSL() ? "https" : "http");
        headers.remove("Forwarded");
        headers.remove("X-Forwarded-Port");
        headers.remove("X-Forwarded-Host");
        if (request.authority() != null) {
            headers.set("X-Forwarded-Host", request.authority().toString());
        }
    }

    private static void refuse(HttpServerRequest request, int status, String text) {
        HttpServerResponse response = request.response();
        if (response.closed()) {
            return;
        }
        if (response.headWritten()) {
            response.reset();
            return;
        }
        // A body that nobody reads ends with the connection, for what comes after it is unknown.
        boolean last = request.version() != HttpVersion.HTTP_2 && hasBody(request);
        if (last) {
            response.putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE);
        }
        response.setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; charset=utf-8")
                .end(text + "\n")
                .onComplete(ended -> {
                    if (last) {
                        request.connection().close();
                    }
                });
        request.resume();
    }
}
