package io.mokube.apiserver.webhook;

import java.util.Base64;
import java.util.Objects;
import tools.jackson.databind.JsonNode;

/**
 * Where a webhook is: a URL of its own or a path of a service in the cluster.
 *
 * @param url the URL, {@code ""} when it is a service
 * @param namespace of the service
 * @param service its name
 * @param port its port
 * @param path below the service, with a leading slash or {@code ""}
 * @param authority the certificates to trust, in PEM; {@code ""} for those the system trusts
 */
public record WebhookAddress(String url, String namespace, String service, int port, String path, String authority) {

    private static final int HTTPS = 443;

    /** Reads a {@code clientConfig} as conversions and admission webhooks have it. */
    public static WebhookAddress of(JsonNode clientConfig) {
        JsonNode service = clientConfig.path("service");
        String bundle = clientConfig.path("caBundle").asString("");
        String path = service.path("path").asString("");
        return new WebhookAddress(
                clientConfig.path("url").asString(""),
                service.path("namespace").asString(""),
                service.path("name").asString(""),
                service.path("port").asInt(HTTPS),
                path.isEmpty() || path.startsWith("/") ? path : "/" + path,
                bundle.isEmpty()
                        ? ""
                        : new String(
                                Base64.getMimeDecoder().decode(bundle), java.nio.charset.StandardCharsets.US_ASCII));
    }

    /** The name the webhook's certificate must have; {@code ""} for that of the URL. */
    String serverName() {
        return url.isEmpty() ? service + "." + namespace + ".svc" : "";
    }

    /** The address as Kubernetes' messages name it. */
    @Override
    public String toString() {
        return url.isEmpty() ? "https://" + serverName() + ":" + port + path : Objects.requireNonNull(url);
    }
}
