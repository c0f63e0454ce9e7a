package io.mokube.apiserver.http;

import io.mokube.apiserver.ApiServer;
import io.mokube.machinery.object.Json;
import io.mokube.pki.Credential;
import io.mokube.pki.Pem;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Talks plain HTTP to a started server, as the user of a kubeconfig file. */
public final class TestClient implements AutoCloseable {

    private final URI server;
    private final HttpClient http;

    private TestClient(URI server, HttpClient http) {
        this.server = server;
        this.http = http;
    }

    public static TestClient admin(ApiServer server) throws IOException, GeneralSecurityException {
        return of(server, server.adminKubeconfig());
    }

    public static TestClient of(ApiServer server, Path kubeconfig) throws IOException, GeneralSecurityException {
        String text = Files.readString(kubeconfig);
        X509Certificate certificate = Pem.readCertificate(field(text, "client-certificate-data"));
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry("client", Pem.readPrivateKey(field(text, "client-key-data")), new char[0], new Certificate[] {
            certificate
        });
        return new TestClient(server.publicUri(), client(field(text, "certificate-authority-data"), keys));
    }

    /** One who shows this certificate. */
    public static TestClient holding(ApiServer server, Credential credential)
            throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry("client", credential.key(), new char[0], new Certificate[] {credential.certificate()});
        String text = Files.readString(server.adminKubeconfig());
        return new TestClient(server.publicUri(), client(field(text, "certificate-authority-data"), keys));
    }

    public static TestClient anonymous(ApiServer server) throws IOException, GeneralSecurityException {
        String text = Files.readString(server.adminKubeconfig());
        return new TestClient(server.publicUri(), client(field(text, "certificate-authority-data"), null));
    }

    private static HttpClient client(String authority, @Nullable KeyStore keys)
            throws IOException, GeneralSecurityException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("ca", Pem.readCertificate(authority));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), trust.getTrustManagers(), null);
        return HttpClient.newBuilder().sslContext(context).build();
    }

    private static String field(String kubeconfig, String name) {
        for (String line : kubeconfig.lines().toList()) {
            if (line.strip().startsWith(name + ":")) {
                String value = line.substring(line.indexOf(':') + 1).strip();
                return new String(Base64.getDecoder().decode(value), StandardCharsets.US_ASCII);
            }
        }
        throw new IllegalArgumentException("no " + name);
    }

    /** An answer read to its end. */
    public record Reply(int code, HttpResponse<byte[]> response) {

        public JsonNode json() {
            return Json.MAPPER.readTree(response.body());
        }

        public String text() {
            return new String(response.body(), StandardCharsets.UTF_8);
        }

        public String message() {
            return json().path("message").asString("");
        }

        public String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }
    }

    public Reply get(String path, String... headers) {
        return send("GET", path, null, headers);
    }

    public Reply post(String path, String body) {
        return send("POST", path, body, "Content-Type", "application/json");
    }

    public Reply put(String path, String body) {
        return send("PUT", path, body, "Content-Type", "application/json");
    }

    public Reply patch(String path, String type, String body) {
        return send("PATCH", path, body, "Content-Type", type);
    }

    public Reply delete(String path) {
        return send("DELETE", path, null);
    }

    public Reply send(String method, String path, @Nullable String body, String... headers) {
        HttpResponse<byte[]> response = exchange(method, path, body, HttpResponse.BodyHandlers.ofByteArray(), headers);
        return new Reply(response.statusCode(), response);
    }

    /** A WebSocket; fails with what the server answered when it opens none. */
    public WebSocket webSocket(String path, WebSocket.Listener listener, String... protocols) {
        WebSocket.Builder builder = http.newWebSocketBuilder();
        if (protocols.length > 0) {
            builder.subprotocols(protocols[0], Arrays.copyOfRange(protocols, 1, protocols.length));
        }
        return builder.buildAsync(URI.create("wss" + server.toString().substring("https".length()) + path), listener)
                .join();
    }

    private <T> HttpResponse<T> exchange(
            String method, String path, @Nullable String body, HttpResponse.BodyHandler<T> handler, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server + path))
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            return http.send(request.build(), handler);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Begins a watch. */
    public WatchReader watch(String path, String... headers) {
        HttpResponse<InputStream> response =
                exchange("GET", path, null, HttpResponse.BodyHandlers.ofInputStream(), headers);
        return new WatchReader(
                response.statusCode(),
                new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8)));
    }

    /** Reads events one by one, blocking. */
    public record WatchReader(int code, BufferedReader lines) implements AutoCloseable {

        /** The next event, or null at the end. */
        public @Nullable JsonNode next() throws IOException {
            String line = lines.readLine();
            return line == null ? null : Json.MAPPER.readTree(line);
        }

        /** The next so many events as {@code TYPE name}. */
        public List<String> next(int count) throws IOException {
            List<String> events = new java.util.ArrayList<>();
            for (int i = 0; i < count; i++) {
                JsonNode event = next();
                events.add(
                        event == null
                                ? "END"
                                : event.path("type").asString() + " "
                                        + event.path("object")
                                                .path("metadata")
                                                .path("name")
                                                .asString(""));
            }
            return events;
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
