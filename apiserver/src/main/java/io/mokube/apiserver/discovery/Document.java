package io.mokube.apiserver.discovery;

import io.mokube.machinery.object.Json;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/**
 * A document ready to be served.
 *
 * @param body JSON; never changed
 * @param hash upper-case hex of the body's SHA-512, as Kubernetes puts it into ETags and OpenAPI addresses
 */
public record Document(byte[] body, String hash) {

    static Document of(JsonNode content) {
        byte[] body = Json.MAPPER.writeValueAsBytes(content);
        try {
            byte[] digest = MessageDigest.getInstance("SHA-512").digest(body);
            return new Document(body, HexFormat.of().formatHex(digest).toUpperCase(Locale.ROOT));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-512", e);
        }
    }

    /** The value of the {@code ETag} header, quoted. */
    public String etag() {
        return '"' + hash + '"';
    }
}
