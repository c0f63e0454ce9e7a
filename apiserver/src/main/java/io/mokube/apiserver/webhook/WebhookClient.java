package io.mokube.apiserver.webhook;

import io.mokube.apiserver.webhook.HttpsClients.Trust;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.net.ssl.KeyManager;

/** Posts JSON to webhooks. Safe for use by many threads. */
public final class WebhookClient implements AutoCloseable {

    private static final int LARGEST_ANSWER = 64 * 1024 * 1024;

    private final ServiceRoute services;
    private final HttpsClients clients = new HttpsClients(new KeyManager[0]);

    public WebhookClient(ServiceRoute services) {
        this.services = services;
    }

    /**
     * Sends a document and waits for the answer.
     *
     * @throws IOException when there is no answer, or none with a success code
     */
    public byte[] post(WebhookAddress address, byte[] body, Duration timeout) throws IOException {
        HttpRequest request = HttpRequest.newBuilder(uri(address))
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .timeout(timeout)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
        try {
            HttpResponse<InputStream> response =
                    client(address).send(request, HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream content = response.body()) {
                byte[] answer = content.readNBytes(LARGEST_ANSWER + 1);
                if (answer.length > LARGEST_ANSWER) {
                    throw new IOException("the answer is too large");
                }
                if (response.statusCode() / 100 != 2) {
                    throw new IOException("the server answered " + response.statusCode() + ": "
                            + new String(answer, 0, Math.min(answer.length, 1000), StandardCharsets.UTF_8));
                }
                return answer;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private URI uri(WebhookAddress address) throws IOException {
        if (!address.url().isEmpty()) {
            return URI.create(address.url());
        }
        String target = services.find(address.namespace(), address.service(), address.port())
                .orElseThrow(() -> new IOException("no endpoints available for service \"" + address.service() + "\""));
        return URI.create("https://" + target + address.path());
    }

    private HttpClient client(WebhookAddress address) throws IOException {
        return clients.get(new Trust.Verified(address.authority(), address.serverName()))
                .http();
    }

    @Override
    public void close() {
        clients.close();
    }
}
