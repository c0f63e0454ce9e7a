package io.mokube.apiserver.verbs;

import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.Json;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Where the next page of a list begins, in the form of Kubernetes' own tokens.
 *
 * @param revision the state all pages are from; {@link #INCONSISTENT} for whatever is current
 * @param start the least key of the next page
 */
record ContinueToken(long revision, String start) {

    /** A token given out when the state of the earlier pages was gone. */
    static final long INCONSISTENT = -1;

    private static final String VERSION = "meta.k8s.io/v1";

    static ContinueToken parse(String text) {
        try {
            JsonNode token = Json.MAPPER.readTree(Base64.getUrlDecoder().decode(text));
            String start = token.path("start").asString("");
            long revision = token.path("rv").asLong(0);
            if (token.path("v").asString("").equals(VERSION)
                    && !start.isEmpty()
                    && (revision > 0 || revision == INCONSISTENT)
                    && !start.contains("..")) {
                return new ContinueToken(revision, start);
            }
        } catch (IllegalArgumentException | JacksonException e) {
            throw invalid();
        }
        throw invalid();
    }

    private static ApiException invalid() {
        return ApiException.badRequest("continue key is not valid: it was not given out by this server");
    }

    @Override
    public String toString() {
        ObjectNode token = Json.MAPPER.createObjectNode();
        token.put("v", VERSION);
        token.put("rv", revision);
        token.put("start", start);
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(token.toString().getBytes(StandardCharsets.UTF_8));
    }
}
