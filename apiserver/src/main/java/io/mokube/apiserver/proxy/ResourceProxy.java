package io.mokube.apiserver.proxy;

import io.mokube.apiserver.proxy.Upgrader.Refusal;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.request.RawRequest;
import io.mokube.apiserver.request.RawRequest.Header;
import io.mokube.apiserver.resources.ResourceRegistry.Served;
import io.mokube.apiserver.verbs.Backend;
import io.mokube.apiserver.verbs.Verb;
import io.mokube.machinery.error.ApiException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Passes requests on to the HTTP server of a pod, of a pod behind a service, or to a node's kubelet. What follows
 * {@code …/proxy} is the path there; a redirect to a path there is told as one here.
 */
public final class ResourceProxy implements Verb {

    /** Between one server and the next only, or made anew here. */
    private static final Set<String> NOT_PASSED_ON = Set.of(
            "authorization",
            "connection",
            "content-length",
            "expect",
            "host",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    private static final Set<String> NOT_PASSED_BACK =
            Set.of("connection", "keep-alive", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade");

    private static final int BUFFER_BYTES = 16 * 1024;

    private final ProxyTargets targets;

    public ResourceProxy(Backend backend, KubeletClient kubelets) {
        this.targets = new ProxyTargets(backend, kubelets);
    }

    @Override
    public Answer answer(ApiRequest request, Served served) {
        RawRequest raw = request.raw();
        ProxyTarget target = targets.find(request, served);
        String prefix = prefix(raw.path(), served.definition().namespaced());
        String path = raw.path().substring(prefix.length());
        String query = raw.query().isEmpty() ? "" : "?" + raw.query();
        if (path.isEmpty() && raw.upgrade().isEmpty() && request.info().verb().equals("get")) {
            // Links of the page would lead beside it.
            return new Answer.Proxied(301, List.of(new Header("Location", prefix + "/" + query)), out -> {});
        }
        String pathAndQuery = (path.isEmpty() ? "/" : path) + query;
        try {
            return raw.upgrade().isEmpty()
                    ? overHttp(target, raw, prefix, pathAndQuery)
                    : upgraded(target, raw, pathAndQuery);
        } catch (IOException e) {
            throw ApiException.unavailable("error trying to reach service: " + reason(target, e));
        }
    }

    /** The JDK's client has no words for a connection that could not be made. */
    private static String reason(ProxyTarget target, IOException e) {
        return e.getMessage() != null
                ? e.getMessage()
                : "dial tcp " + target.origin().substring(target.scheme().length() + 3)
                        + ": connect: connection refused";
    }

    /** Everything up to and with {@code proxy}. */
    private static String prefix(String path, boolean namespaced) {
        int at = 0;
        for (int segment = namespaced ? 7 : 5; segment > 0; segment--) {
            // Several slashes in a row are one.
            while (at < path.length() && path.charAt(at) == '/') {
                at++;
            }
            int end = path.indexOf('/', at);
            at = end < 0 ? path.length() : end;
        }
        return path.substring(0, at);
    }

    static Answer upgraded(ProxyTarget target, RawRequest raw, String pathAndQuery) throws IOException {
        Upgrader.Outcome outcome = Upgrader.ask(target.backend(), raw, pathAndQuery);
        Refusal refusal = outcome.refusal();
        if (refusal == null) {
            return Objects.requireNonNull(outcome.upgraded());
        }
        List<Header> headers = new ArrayList<>(refusal.headers());
        headers.removeIf(header -> NOT_PASSED_BACK.contains(header.name().toLowerCase(Locale.ROOT))
                || header.name().equalsIgnoreCase("Content-Length"));
        return new Answer.Proxied(refusal.code(), headers, out -> out.write(refusal.body()));
    }

    static Answer overHttp(ProxyTarget target, RawRequest raw, String prefix, String pathAndQuery) throws IOException {
        HttpRequest.Builder asked;
        try {
            asked = HttpRequest.newBuilder(URI.create(target.origin() + pathAndQuery));
        } catch (IllegalArgumentException e) {
            throw ApiException.badRequest("the path can't be passed on: " + e.getMessage());
        }
        asked.method(raw.method(), body(raw));
        for (Header header : raw.headers()) {
            if (!NOT_PASSED_ON.contains(header.name().toLowerCase(Locale.ROOT))) {
                asked.header(header.name(), header.value());
            }
        }
        asked.setHeader("X-Forwarded-Uri", raw.path());
        asked.setHeader("X-Forwarded-Host", raw.header("Host"));
        asked.setHeader("X-Forwarded-Proto", "https");
        try {
            HttpResponse<InputStream> answer =
                    target.http().send(asked.build(), HttpResponse.BodyHandlers.ofInputStream());
            return new Answer.Proxied(
                    answer.statusCode(), headers(answer, target, prefix), out -> copy(answer.body(), out));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw ApiException.unavailable("the server is shutting down");
        }
    }

    private static BodyPublisher body(RawRequest raw) {
        String length = raw.header("Content-Length");
        boolean known = length.matches("[0-9]{1,18}");
        boolean none = known
                ? Long.parseLong(length) == 0
                : raw.header("Transfer-Encoding").isEmpty()
                        && !Set.of("POST", "PUT", "PATCH").contains(raw.method());
        if (none) {
            return BodyPublishers.noBody();
        }
        BodyPublisher body = BodyPublishers.ofInputStream(() -> {
            try {
                return raw.body();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return known ? BodyPublishers.fromPublisher(body, Long.parseLong(length)) : body;
    }

    private static List<Header> headers(HttpResponse<?> answer, ProxyTarget target, String prefix) {
        List<Header> headers = new ArrayList<>();
        for (Map.Entry<String, List<String>> header : answer.headers().map().entrySet()) {
            String name = header.getKey();
            if (NOT_PASSED_BACK.contains(name.toLowerCase(Locale.ROOT))) {
                continue;
            }
            for (String value : header.getValue()) {
                headers.add(
                        new Header(name, name.equalsIgnoreCase("Location") ? relocated(value, target, prefix) : value));
            }
        }
        return headers;
    }

    /** A place at the target as seen from here; any other as it is. */
    private static String relocated(String location, ProxyTarget target, String prefix) {
        String path = location.startsWith(target.origin() + "/")
                ? location.substring(target.origin().length())
                : location;
        return path.startsWith("/") && !path.startsWith("//") ? prefix + path : location;
    }

    private static void copy(InputStream from, OutputStream to) throws IOException {
        try (from) {
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int read = from.read(buffer); read >= 0; read = from.read(buffer)) {
                to.write(buffer, 0, read);
                if (from.available() == 0) {
                    to.flush();
                }
            }
        }
    }
}
