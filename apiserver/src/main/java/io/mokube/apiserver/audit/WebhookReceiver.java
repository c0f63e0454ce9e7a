package io.mokube.apiserver.audit;

import io.mokube.apiserver.webhook.HttpsClients;
import io.mokube.apiserver.webhook.HttpsClients.Trust;
import io.mokube.machinery.component.ComponentException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import javax.net.ssl.KeyManager;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Who takes events, as a kubeconfig file names him: the server of the current context, whom to trust there and the token to
 * show. Certificates of clients are not supported.
 */
final class WebhookReceiver implements AuditWebhook.Receiver, AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final HttpsClients clients = new HttpsClients(new KeyManager[0]);
    private final URI server;
    private final Trust trust;
    private final String token;

    private WebhookReceiver(URI server, Trust trust, String token) {
        this.server = server;
        this.trust = trust;
        this.token = token;
    }

    /**
     * Reads the file.
     *
     * @throws ComponentException when it can't be read or names no server
     */
    static WebhookReceiver read(Path file) {
        try {
            JsonNode config = new YAMLMapper().readTree(Files.readAllBytes(file));
            JsonNode context = named(
                    config.path("contexts"), config.path("current-context").asString(""), "context");
            JsonNode cluster =
                    named(config.path("clusters"), context.path("cluster").asString(""), "cluster");
            JsonNode user = named(config.path("users"), context.path("user").asString(""), "user");
            URI server = URI.create(cluster.path("server").asString(""));
            if (server.getHost() == null) {
                throw new IllegalArgumentException("its current context names no server");
            }
            if (user.has("client-certificate") || user.has("client-certificate-data")) {
                throw new IllegalArgumentException("client certificates are not supported: use a token");
            }
            String authority = cluster.path("certificate-authority-data").asString("");
            String authorityFile = cluster.path("certificate-authority").asString("");
            if (!authority.isEmpty()) {
                authority = new String(Base64.getMimeDecoder().decode(authority), StandardCharsets.US_ASCII);
            } else if (!authorityFile.isEmpty()) {
                authority = Files.readString(file.resolveSibling(authorityFile));
            }
            Trust trust = cluster.path("insecure-skip-tls-verify").asBoolean(false)
                    ? new Trust.Anybody()
                    : new Trust.Verified(authority, "");
            return new WebhookReceiver(server, trust, user.path("token").asString(""));
        } catch (IOException | JacksonException | IllegalArgumentException e) {
            throw new ComponentException(
                    "the audit webhook's configuration " + file + " can't be used: " + e.getMessage(), e);
        }
    }

    /** The part of that name; the first one for no name. */
    private static JsonNode named(JsonNode list, String name, String kind) {
        for (JsonNode each : list) {
            if (name.isEmpty() || each.path("name").asString("").equals(name)) {
                return each.path(kind);
            }
        }
        return list.path(0).path(kind);
    }

    @Override
    public void post(byte[] list) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(server)
                .header("Content-Type", "application/json")
                .timeout(PATIENCE)
                .POST(HttpRequest.BodyPublishers.ofByteArray(list));
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        try {
            int code = clients.get(trust)
                    .http()
                    .send(request.build(), HttpResponse.BodyHandlers.discarding())
                    .statusCode();
            if (code / 100 != 2) {
                throw new IOException("the server answered " + code);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    @Override
    public void close() {
        clients.close();
    }
}
