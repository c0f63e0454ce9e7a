package io.mokube.ingress.serve;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.mokube.machinery.component.ComponentException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.KeyCertOptions;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The listeners of the ingress: one in the clear, one over TLS, each for HTTP/1.1 and HTTP/2. Routes and certificates are
 * looked up per request and handshake, so that a change of either cuts no connection.
 */
public final class HttpFront implements AutoCloseable {

    private static final int IDLE_MINUTES = 5;
    private static final int HEADER_BYTES = 16 * 1024;
    private static final int URI_BYTES = 16 * 1024;
    private static final int EVENT_LOOPS = 2;
    private static final int PATIENCE_SECONDS = 10;

    private final Vertx vertx;
    private final Exchange exchange;
    private final MeterRegistry meters;
    private final HttpServer http;
    private final HttpServer https;

    private HttpFront(
            InetSocketAddress clear,
            InetSocketAddress tls,
            Certificates certificates,
            Target.Router router,
            Timeouts timeouts,
            MeterRegistry meters) {
        this.meters = meters;
        vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(EVENT_LOOPS));
        try {
            exchange = new Exchange(vertx, router, timeouts);
            http = listen(clear, options());
            https = listen(
                    tls, options().setSsl(true).setUseAlpn(true).setKeyCertOptions(KeyCertOptions.wrap(certificates)));
        } catch (RuntimeException e) {
            vertx.close();
            throw e;
        }
    }

    /**
     * Opens both listeners.
     *
     * @param clear where requests in the clear are taken; port 0 for any
     * @param tls where requests over TLS are taken
     * @throws ComponentException when that can't be
     */
    public static HttpFront open(
            InetSocketAddress clear,
            InetSocketAddress tls,
            Certificates certificates,
            Target.Router router,
            Timeouts timeouts,
            MeterRegistry meters) {
        return new HttpFront(clear, tls, certificates, router, timeouts, meters);
    }

    private static HttpServerOptions options() {
        return new HttpServerOptions()
                .setIdleTimeout(IDLE_MINUTES)
                .setIdleTimeoutUnit(TimeUnit.MINUTES)
                .setMaxHeaderSize(HEADER_BYTES)
                .setMaxInitialLineLength(URI_BYTES)
                .setHandle100ContinueAutomatically(true);
    }

    private HttpServer listen(InetSocketAddress address, HttpServerOptions options) {
        return await(
                vertx.createHttpServer(options)
                        .requestHandler(this::handle)
                        .listen(address.getPort(), address.getAddress().getHostAddress()),
                "can't listen on " + address);
    }

    private void handle(HttpServerRequest request) {
        Timer.Sample sample = Timer.start(meters);
        request.response()
                .endHandler(ended -> sample.stop(timer(request.response().getStatusCode())));
        exchange.carry(request);
    }

    private Timer timer(int status) {
        return Timer.builder("mokube_ingress_request_duration_seconds")
                .description("How long requests took, to the end of their answers")
                .tag("code", String.valueOf(status))
                .register(meters);
    }

    /** The port of requests in the clear. */
    public int httpPort() {
        return http.actualPort();
    }

    /** The port of requests over TLS. */
    public int httpsPort() {
        return https.actualPort();
    }

    /** Stops listening and ends all connections. */
    @Override
    public void close() {
        await(vertx.close(), "can't stop");
    }

    private static <T> T await(Future<T> future, String what) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new ComponentException("the ingress " + what + ": " + cause.getMessage(), cause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ComponentException("the ingress " + what + ": interrupted", e);
        }
    }
}
