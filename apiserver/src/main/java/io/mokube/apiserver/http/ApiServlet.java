package io.mokube.apiserver.http;

import io.micrometer.core.instrument.MeterRegistry;
import io.mokube.apiserver.audit.AuditedRequest;
import io.mokube.apiserver.audit.Auditor;
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
import io.mokube.machinery.error.StatusJson;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
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
    private static final String AUDIT_ID = "Audit-Id";
    private static final String REMOTE_USER = "X-Remote-User";
    private static final String REMOTE_EXTRA = "x-remote-extra-";
    private static final int LONGEST_ID = 64;
    private static final byte[] NO_BYTES = {};

    private final transient Authenticators authenticators;
    private final transient Pipeline pipeline;
    private final transient FlowControl flows;
    private final transient Rendering rendering;
    private final transient WatchStreams watches;
    private final transient RequestMetrics metrics;
    private final transient Auditor auditor;
    private final transient Set<UpgradedConnection> upgradedConnections = ConcurrentHashMap.newKeySet();

    ApiServlet(
            Authenticators authenticators,
            Pipeline pipeline,
            FlowControl flows,
            WatchCache cache,
            Clock clock,
            MeterRegistry meters,
            Auditor auditor) {
        this.auditor = auditor;
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
        AuditedRequest audited = null;
        Auditor.Source source = source(request);
        response.setHeader(AUDIT_ID, source.id());
        RequestMetrics.Running running = metrics.begin(request.getMethod());
        try {
            Query query = Query.parse(request.getQueryString());
            info = RequestInfo.parse(request.getMethod(), request.getRequestURI(), query);
            running.is(info);
            ApiRequest.Headers headers = name -> text(request.getHeader(name));
            User sender = authenticate(request, source, info);
            audited = auditor.begin(source, info, sender);
            User user = pipeline.actingUser(sender, headersOf(request));
            if (audited != null) {
                audited.actingAs(user);
            }
            if (info.isResourceRequest()) {
                form = Negotiation.form(headers.get("Accept"));
            }
            String contentType = MediaRange.parse(headers.get("Content-Type")).type();
            AuditedRequest told = audited;
            ApiRequest.Body body = told == null ? () -> body(request) : () -> told.sent(contentType, body(request));
            ApiRequest api =
                    new ApiRequest(info, query, user, form, headers, contentType, body, new ServletRawRequest(request));
            try (FlowControl.Turn turn = flows.begin(user, info)) {
                answer(api, turn, request, response, told);
            }
        } catch (ApiException e) {
            fail(info, form, e, request, response, audited);
        } catch (UnavailableException e) {
            ApiException unavailable = ApiException.unavailable("the store can't be reached: " + e.getMessage());
            fail(info, form, unavailable, request, response, audited);
        } catch (ValueTooLargeException e) {
            fail(info, form, ApiException.tooLarge(String.valueOf(e.getMessage())), request, response, audited);
        } catch (RuntimeException e) {
            if (audited != null) {
                audited.failed();
            }
            log.atError()
                    .setMessage("a request failed by a fault of the server")
                    .addKeyValue("method", request.getMethod())
                    .addKeyValue("path", request.getRequestURI())
                    .setCause(e)
                    .log();
            fail(info, form, ApiException.internal(String.valueOf(e.getMessage())), request, response, audited);
        } finally {
            running.end(response.getStatus());
            if (audited != null && !audited.isHandedOver()) {
                audited.complete(response.getStatus());
            }
        }
    }

    /** Who asks; who shows credentials that are no good is told to the audit too. */
    private User authenticate(HttpServletRequest request, Auditor.Source source, RequestInfo info) {
        try {
            return authenticators.authenticate(credentials(request));
        } catch (ApiException e) {
            auditor.unauthenticated(source, info, StatusJson.write(e.status()));
            throw e;
        }
    }

    private Auditor.Source source(HttpServletRequest request) {
        String given = request.getHeader(AUDIT_ID);
        if (given == null && !auditor.tells()) {
            return new Auditor.Source(newId(), "", "", List.of());
        }
        String query = request.getQueryString();
        List<String> addresses = new ArrayList<>();
        for (String forwarded : text(request.getHeader("X-Forwarded-For")).split(",", -1)) {
            if (!forwarded.isBlank()) {
                addresses.add(forwarded.strip());
            }
        }
        if (!addresses.contains(request.getRemoteAddr())) {
            addresses.add(request.getRemoteAddr());
        }
        return new Auditor.Source(
                given == null || given.isBlank() || given.length() > LONGEST_ID ? newId() : given,
                query == null ? request.getRequestURI() : request.getRequestURI() + "?" + query,
                text(request.getHeader("User-Agent")),
                addresses);
    }

    /** Different from others, and no secret: the fast randomness does. */
    private static String newId() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return new UUID(
                        (random.nextLong() & ~0xF000L) | 0x4000L,
                        (random.nextLong() & 0x3FFF_FFFF_FFFF_FFFFL) | Long.MIN_VALUE)
                .toString();
    }

    private void answer(
            ApiRequest api,
            FlowControl.Turn turn,
            HttpServletRequest request,
            HttpServletResponse response,
            @Nullable AuditedRequest audited)
            throws IOException {
        if (!turn.schemaUid().isEmpty()) {
            response.setHeader("X-Kubernetes-PF-FlowSchema-UID", turn.schemaUid());
            response.setHeader("X-Kubernetes-PF-PriorityLevel-UID", turn.levelUid());
        }
        // What is no handshake is refused before anything is begun for it.
        Handshake handshake = WebSocketFeed.wanted(api.raw()) ? new Handshake(api.raw()) : null;
        Answer plain = audited == null ? pipeline.handle(api) : audited.during(() -> pipeline.handle(api));
        Answer answer = handshake == null ? plain : overWebSocket(api, handshake, plain);
        if (answer instanceof Answer.Upgraded upgraded) {
            if (audited != null) {
                audited.started(HttpServletResponse.SC_SWITCHING_PROTOCOLS);
            }
            upgrade(upgraded, request, response, audited);
            return;
        }
        if (answer instanceof Answer.Watching) {
            turn.close(); // it lasts as long as its client likes, and costs little now that it has begun
        }
        if (audited == null) {
            rendering.write(api, answer, response);
            return;
        }
        audited.started(answer instanceof Answer.Proxied proxied ? proxied.code() : HttpServletResponse.SC_OK);
        if (audited.wantsAnswer()) {
            RecordedResponse recorded = new RecordedResponse(response);
            rendering.write(api, answer, recorded);
            audited.answered(recorded.content(), response.getContentType(), response.getHeader("Content-Encoding"));
        } else {
            rendering.write(api, answer, response);
        }
    }

    /** Hands the connection over once this request has been answered. */
    private void upgrade(
            Answer.Upgraded upgraded,
            HttpServletRequest request,
            HttpServletResponse response,
            @Nullable AuditedRequest audited)
            throws IOException {
        try {
            UpgradedConnection connection = request.upgrade(UpgradedConnection.class);
            connection.prepare(upgraded.conversation(), upgradedConnections, () -> {
                if (audited != null) {
                    audited.complete(HttpServletResponse.SC_SWITCHING_PROTOCOLS);
                }
            });
            if (audited != null) {
                audited.handOver();
            }
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
            HttpServletResponse response,
            @Nullable AuditedRequest audited)
            throws IOException {
        if (audited != null) {
            audited.refused(StatusJson.write(failure.status()));
            audited.started(failure.code());
        }
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
                    response,
                    audited);
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
                certificates, bearer ? authorization.substring(BEARER.length()).strip() : "", asserted(request));
    }

    /** Whom the client says that it asks for; few say so. */
    private static @Nullable User asserted(HttpServletRequest request) {
        String name = request.getHeader(REMOTE_USER);
        if (name == null || name.isEmpty()) {
            return null;
        }
        Map<String, List<String>> extra = new LinkedHashMap<>();
        for (String header : Collections.list(request.getHeaderNames())) {
            String lower = header.toLowerCase(Locale.ROOT);
            if (lower.startsWith(REMOTE_EXTRA)) {
                extra.put(
                        RequestHeaders.unescape(lower.substring(REMOTE_EXTRA.length())),
                        Collections.list(request.getHeaders(header)));
            }
        }
        return new User(
                name,
                text(request.getHeader("X-Remote-Uid")),
                Collections.list(request.getHeaders("X-Remote-Group")),
                extra);
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
