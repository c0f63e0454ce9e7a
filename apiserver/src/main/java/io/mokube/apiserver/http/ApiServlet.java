package io.mokube.apiserver.http;

import io.micrometer.core.instrument.MeterRegistry;
import io.mokube.apiserver.authn.Authenticator.Credentials;
import io.mokube.apiserver.authn.Authenticators;
import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.cache.WatchCache;
import io.mokube.apiserver.flowcontrol.FlowControl;
import io.mokube.apiserver.http.WebSocketFeed.Encoding;
import io.mokube.apiserver.pipeline.Pipeline;
import io.mokube.apiserver.pipeline.RequestHeaders;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.request.Form;
import io.mokube.apiserver.request.MediaRange;
import io.mokube.apiserver.request.Negotiation;
import io.mokube.apiserver.request.Query;
import io.mokube.apiserver.request.RawRequest;
import io.mokube.apiserver.request.RequestInfo;
import io.mokube.apiserver.storage.KeyValueStore.UnavailableException;
import io.mokube.apiserver.storage.KeyValueStore.ValueTooLargeException;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.time.Clock;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns HTTP requests into {@link ApiRequest}s and answers into HTTP responses. The one place where errors are rendered. */
final class ApiServlet extends HttpServlet {

    private static final Logger log = LoggerFactory.getLogger(ApiServlet.class);

    /** The largest body Kubernetes takes. */
    static final int LARGEST_BODY = 3 * 1024 * 1024;

    /** How much of a body that is too large is read to no use. */
    private static final int MOST_SKIPPED = 16 * 1024 * 1024;

    private static final String CERTIFICATES = "jakarta.servlet.request.X509Certificate";
    private static final String BEARER = "Bearer ";
    private static final byte[] NO_BYTES = {};

    private final transient Authenticators authenticators;
    private final transient Pipeline pipeline;
    private final transient FlowControl flows;
    private final transient Rendering rendering;
    private final transient WatchStreams watches;
    private final transient RequestMetrics metrics;
    private final transient Set<UpgradedConnection> upgradedConnections = ConcurrentHashMap.newKeySet();

    ApiServlet(
            Authenticators authenticators,
            Pipeline pipeline,
            FlowControl flows,
            WatchCache cache,
            Clock clock,
            MeterRegistry meters) {
        this.authenticators = authenticators;
        this.pipeline = pipeline;
        this.flows = flows;
        this.watches = new WatchStreams(cache, clock);
        this.rendering = new Rendering(clock, watches);
        this.metrics = new RequestMetrics(meters, clock);
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        RequestInfo info = null;
        Form form = Form.JSON;
        RequestMetrics.Running running = metrics.begin(request.getMethod());
        try {
            Query query = Query.parse(request.getQueryString());
            info = RequestInfo.parse(request.getMethod(), request.getRequestURI(), query);
            running.is(info);
            ApiRequest.Headers headers = name -> text(request.getHeader(name));
            User user = pipeline.actingUser(authenticators.authenticate(credentials(request)), headersOf(request));
            if (info.isResourceRequest()) {
                form = Negotiation.form(headers.get("Accept"));
            }
            String contentType = MediaRange.parse(headers.get("Content-Type")).type();
            ApiRequest api = new ApiRequest(
                    info, query, user, form, headers, contentType, () -> body(request), new ServletRawRequest(request));
            try (FlowControl.Turn turn = flows.begin(user, info)) {
                answer(api, turn, request, response);
            }
        } catch (ApiException e) {
            fail(info, form, e, request, response);
        } catch (UnavailableException e) {
            fail(
                    info,
                    form,
                    ApiException.unavailable("the store can't be reached: " + e.getMessage()),
                    request,
                    response);
        } catch (ValueTooLargeException e) {
            fail(info, form, ApiException.tooLarge(String.valueOf(e.getMessage())), request, response);
        } catch (RuntimeException e) {
            log.atError()
                    .setMessage("a request failed by a fault of the server")
                    .addKeyValue("method", request.getMethod())
                    .addKeyValue("path", request.getRequestURI())
                    .setCause(e)
                    .log();
            fail(info, form, ApiException.internal(String.valueOf(e.getMessage())), request, response);
        } finally {
            running.end(response.getStatus());
        }
    }

    private void answer(ApiRequest api, FlowControl.Turn turn, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        if (!turn.schemaUid().isEmpty()) {
            response.setHeader("X-Kubernetes-PF-FlowSchema-UID", turn.schemaUid());
            response.setHeader("X-Kubernetes-PF-PriorityLevel-UID", turn.levelUid());
        }
        Answer answer = WebSocketFeed.wanted(api.raw())
                // What is no handshake is refused before anything is begun for it.
                ? overWebSocket(api, new Handshake(api.raw()), pipeline.handle(api))
                : pipeline.handle(api);
        if (answer instanceof Answer.Upgraded upgraded) {
            upgrade(upgraded, request, response);
            return;
        }
        if (answer instanceof Answer.Watching) {
            turn.close(); // it lasts as long as its client likes, and costs little now that it has begun
        }
        rendering.write(api, answer, response);
    }

    /** Hands the connection over once this request has been answered. */
    private void upgrade(Answer.Upgraded upgraded, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        try {
            request.upgrade(UpgradedConnection.class).prepare(upgraded.conversation(), upgradedConnections);
        } catch (ServletException e) {
            upgraded.conversation().abort();
            throw new IOException("the connection can't be handed over", e);
        }
        for (RawRequest.Header header : upgraded.headers()) {
            response.addHeader(header.name(), header.value());
        }
    }

    /** Closes the connections that have left HTTP. */
    void abortUpgraded() {
        upgradedConnections.forEach(UpgradedConnection::abort);
    }

    /** What is said to agree to a WebSocket. */
    private record Handshake(String protocol, List<RawRequest.Header> headers) {

        Handshake(RawRequest request) {
            String agreed = WebSocketFeed.protocol(request);
            this(agreed, WebSocketFeed.handshake(request, agreed));
        }

        Answer.Upgraded feed(Encoding without, WebSocketFeed.Body body) {
            return new Answer.Upgraded(headers, new WebSocketFeed(WebSocketFeed.encoding(protocol, without), body));
        }
    }

    /** A watch and a log go over the WebSocket that the client wants. */
    private Answer overWebSocket(ApiRequest request, Handshake handshake, Answer answer) {
        return switch (answer) {
            case Answer.Watching watching ->
                handshake.feed(Encoding.TEXT, messages -> watches.serve(request, watching, messages));
            case Answer.Stream stream ->
                handshake.feed(Encoding.BINARY, messages -> stream.body().writeTo(new MessagePerWrite(messages)));
            case Answer.One one -> one;
            case Answer.Many many -> many;
            case Answer.Document document -> document;
            case Answer.Bytes bytes -> bytes;
            case Answer.Proxied proxied -> proxied;
            case Answer.Upgraded upgraded -> upgraded;
        };
    }

    /** A message for each write. */
    private static final class MessagePerWrite extends OutputStream {

        private final WebSocketFeed.Messages messages;

        MessagePerWrite(WebSocketFeed.Messages messages) {
            this.messages = messages;
        }

        @Override
        public void write(int one) throws IOException {
            messages.send(new byte[] {(byte) one});
        }

        @Override
        public void write(byte[] source, int start, int length) throws IOException {
            messages.send(Arrays.copyOfRange(source, start, start + length));
        }
    }

    private void fail(
            @Nullable RequestInfo info,
            Form form,
            ApiException failure,
            HttpServletRequest request,
            HttpServletResponse response)
            throws IOException {
        if (response.isCommitted()) {
            throw new IOException("the answer broke off: " + failure.getMessage(), failure);
        }
        boolean expiredWatch =
                failure.code() == 410 && info != null && info.verb().equals("watch");
        RawRequest raw = new ServletRawRequest(request);
        if (expiredWatch && WebSocketFeed.wanted(raw)) {
            upgrade(
                    new Handshake(raw).feed(Encoding.TEXT, messages -> watches.serveError(failure.status(), messages)),
                    request,
                    response);
        } else if (expiredWatch) {
            watches.serveError(failure.status(), form, response);
        } else {
            rendering.writeStatus(failure.status(), form, response);
        }
    }

    private static Credentials credentials(HttpServletRequest request) {
        List<X509Certificate> certificates =
                request.getAttribute(CERTIFICATES) instanceof X509Certificate[] chain ? List.of(chain) : List.of();
        String authorization = text(request.getHeader("Authorization"));
        boolean bearer = authorization.regionMatches(true, 0, BEARER, 0, BEARER.length());
        return new Credentials(
                certificates, bearer ? authorization.substring(BEARER.length()).strip() : "");
    }

    private static RequestHeaders headersOf(HttpServletRequest request) {
        return new RequestHeaders() {
            @Override
            public List<String> all(String name) {
                // Most requests lack the header that is asked for.
                return request.getHeader(name) == null ? List.of() : Collections.list(request.getHeaders(name));
            }

            @Override
            public List<String> names() {
                return Collections.list(request.getHeaderNames());
            }
        };
    }

    private static byte[] body(HttpServletRequest request) {
        long announced = request.getContentLengthLong();
        if (announced == 0) {
            return NO_BYTES;
        }
        try (InputStream in = request.getInputStream()) {
            if (announced > LARGEST_BODY) {
                // A client that still sends would find its connection closed instead of the answer.
                in.skipNBytes(Math.min(announced, MOST_SKIPPED));
                throw tooLarge();
            }
            if (announced > 0) {
                byte[] body = in.readNBytes((int) announced);
                if (body.length < announced) {
                    throw ApiException.badRequest("unexpected EOF");
                }
                return body;
            }
            ByteArrayOutputStream body = new ByteArrayOutputStream();
            byte[] buffer = new byte[8192];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                body.write(buffer, 0, read);
                if (body.size() > LARGEST_BODY) {
                    throw tooLarge();
                }
            }
            return body.toByteArray();
        } catch (IOException e) {
            throw ApiException.badRequest("the body can't be read: " + e.getMessage());
        }
    }

    private static ApiException tooLarge() {
        return ApiException.tooLarge("Request entity too large: limit is " + LARGEST_BODY);
    }

    private static String text(@Nullable String header) {
        return header == null ? "" : header;
    }
}
