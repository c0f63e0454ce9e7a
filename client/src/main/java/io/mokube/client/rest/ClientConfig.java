package io.mokube.client.rest;

import java.net.URI;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where an API server is and who the client is.
 *
 * @param server the server's root, such as {@code https://127.0.0.1:6443}, without a slash at its end
 * @param caPem the certificates that the server's must come from; null for the system's own
 * @param certificatePem the client's certificate chain, or null
 * @param keyPem the key of the client's certificate, or null
 * @param bearerToken a token instead of a certificate, or null
 * @param userAgent how the client calls itself
 */
public record ClientConfig(
        URI server,
        @Nullable String caPem,
        @Nullable String certificatePem,
        @Nullable String keyPem,
        @Nullable String bearerToken,
        String userAgent) {

    public ClientConfig {
        String text = server.toString();
        server = text.endsWith("/") ? URI.create(text.substring(0, text.length() - 1)) : server;
        if (server.getScheme() == null || server.getHost() == null) {
            throw new IllegalArgumentException("the server's address must begin with https://host, it is " + text);
        }
    }

    /**
     * Reads the current context of a kubeconfig file. Certificates, keys and tokens stand in it or in files that it names.
     *
     * @throws IllegalArgumentException saying what is missing in the file or wrong with it
     */
    public static ClientConfig fromKubeconfig(Path file) {
        return Kubeconfig.read(file);
    }

    public ClientConfig withServer(URI other) {
        return new ClientConfig(other, caPem, certificatePem, keyPem, bearerToken, userAgent);
    }

    public ClientConfig withUserAgent(String name) {
        return new ClientConfig(server, caPem, certificatePem, keyPem, bearerToken, name);
    }

    public ClientConfig withBearerToken(String token) {
        return new ClientConfig(server, caPem, null, null, token, userAgent);
    }

    /** Names the server and the client, never the key or the token. */
    @Override
    public String toString() {
        return userAgent + " at " + server;
    }
}
