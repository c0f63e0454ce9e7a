package io.mokube.apiserver.aggregation;

import io.mokube.apiserver.authn.User;
import io.mokube.apiserver.proxy.Forwarding;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.RawRequest;
import io.mokube.apiserver.webhook.HttpsClients;
import io.mokube.apiserver.webhook.ServiceRoute;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.Json;
import io.mokube.pki.Credential;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.KeyManagerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Talks to the servers of other groups: with the front proxy's certificate, and with the user in headers that they believe
 * for its sake.
 */
final class RemoteCalls implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final String USER = "X-Remote-User";
    private static final String UID = "X-Remote-Uid";
    private static final String GROUP = "X-Remote-Group";
    private static final String EXTRA = "X-Remote-Extra-";

    private final ServiceRoute services;
    private final HttpsClients clients;

    RemoteCalls(ServiceRoute services, Credential frontProxy) {
        this.services = services;
        try {
            char[] none = new char[0];
            KeyStore own = KeyStore.getInstance("PKCS12");
            own.load(null, null);
            own.setKeyEntry("front-proxy", frontProxy.key(), none, new Certificate[] {frontProxy.certificate()});
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(own, none);
            this.clients = new HttpsClients(keys.getKeyManagers());
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("the JDK always has TLS and PKCS #12 key stores", e);
        }
    }

    /**
     * Passes a user's request on.
     *
     * @throws ApiException 503 when nobody answers
     */
    Answer forward(RemoteVersion version, RawRequest request, User user) {
        try {
            HttpsClients.Client client = clients.get(version.trust());
            return Forwarding.forward(authority(version), client.http(), client.tls(), new AsUser(request, user));
        } catch (IOException e) {
            throw ApiException.unavailable("error trying to reach service: " + e.getMessage());
        }
    }

    /**
     * Asks for a document, as one who may see everything.
     *
     * @throws IOException when there is none
     */
    JsonNode get(RemoteVersion version, String path) throws IOException {
        URI uri = URI.create("https://" + authority(version) + path);
        HttpRequest request = HttpRequest.newBuilder(uri)
                .header("Accept", "application/json")
                .header(USER, "system:kube-aggregator")
                .header(GROUP, User.SYSTEM_MASTERS)
                .build();
        CompletableFuture<HttpResponse<byte[]>> answer =
                clients.get(version.trust()).http().sendAsync(request, HttpResponse.BodyHandlers.ofByteArray());
        try {
            HttpResponse<byte[]> response = answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            if (response.statusCode() / 100 != 2) {
                throw failed(uri, "bad status from " + uri + ": " + response.statusCode());
            }
            return Json.MAPPER.readTree(response.body());
        } catch (ExecutionException e) {
            throw failed(uri, String.valueOf(e.getCause()));
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw failed(uri, "Get \"" + uri + "\": context deadline exceeded");
        } catch (JacksonException e) {
            throw failed(uri, "the answer is no JSON");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed(uri, "interrupted");
        }
    }

    private static IOException failed(URI uri, String reason) {
        return new IOException("failing or missing response from " + uri + ": " + reason);
    }

    private String authority(RemoteVersion version) throws IOException {
        return services.find(version.namespace(), version.service(), version.port())
                .orElseThrow(() -> new IOException("no endpoints available for service \"" + version.service() + "\""));
    }

    @Override
    public void close() {
        clients.close();
    }

    /** A request with this server's word for who asks, instead of the user's credentials and of any such claim. */
    private record AsUser(RawRequest request, User user) implements RawRequest {

        @Override
        public String method() {
            return request.method();
        }

        @Override
        public String path() {
            return request.path();
        }

        @Override
        public String query() {
            return request.query();
        }

        @Override
        public InputStream body() throws IOException {
            return request.body();
        }

        @Override
        public List<Header> headers() {
            List<Header> headers = new ArrayList<>();
            for (Header header : request.headers()) {
                String name = header.name().toLowerCase(Locale.ROOT);
                if (!name.startsWith("x-remote-")
                        && !name.startsWith("impersonate-")
                        && !name.equals("authorization")) {
                    headers.add(header);
                }
            }
            headers.add(new Header(USER, user.name()));
            if (!user.uid().isEmpty()) {
                headers.add(new Header(UID, user.uid()));
            }
            user.groups().forEach(group -> headers.add(new Header(GROUP, group)));
            user.extra()
                    .forEach((key, values) -> values.forEach(value -> headers.add(new Header(
                            EXTRA + URLEncoder.encode(key.toLowerCase(Locale.ROOT), StandardCharsets.UTF_8), value))));
            return headers;
        }
    }
}
