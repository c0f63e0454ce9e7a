package io.mokube.apiserver.admission.webhooks;

import io.mokube.apiserver.admission.AdmissionRequest;
import io.mokube.apiserver.admission.ClusterReader;
import io.mokube.apiserver.admission.match.Description;
import io.mokube.apiserver.authz.Authorizer;
import io.mokube.apiserver.webhook.WebhookClient;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Asks webhooks about a write, by {@code AdmissionReview} documents of {@code admission.k8s.io/v1}. */
public final class WebhookCalls {

    private static final Logger log = LoggerFactory.getLogger(WebhookCalls.class);
    private static final String API_VERSION = "admission.k8s.io/v1";
    private static final String OWN_GROUP = "admissionregistration.k8s.io";

    private final WebhookClient client;
    private final ClusterReader cluster;
    private final Authorizer authorizer;

    /** @param authorizer what conditions ask whether the user may do something */
    public WebhookCalls(WebhookClient client, ClusterReader cluster, Authorizer authorizer) {
        this.authorizer = authorizer;
        this.client = client;
        this.cluster = cluster;
    }

    /**
     * A webhook that is to be asked.
     *
     * @param version the version in which it wants to see the objects
     */
    record Call(Webhook webhook, String version) {}

    /** The webhooks that a write concerns. No webhook hears of webhooks: nobody could repair them any more. */
    List<Call> calls(List<Webhook> webhooks, AdmissionRequest request) {
        if (webhooks.isEmpty() || request.resource().group().equals(OWN_GROUP)) {
            return List.of();
        }
        List<Call> calls = new ArrayList<>();
        for (Webhook webhook : webhooks) {
            webhook.match()
                    .versionFor(request, cluster)
                    .filter(version -> webhook.conditions().hold(request, version, cluster, authorizer))
                    .ifPresent(version -> calls.add(new Call(webhook, version)));
        }
        return calls;
    }

    /** What a webhook wants changed; null for nothing. */
    record Verdict(@Nullable JsonNode patch) {}

    /**
     * Asks a webhook.
     *
     * @return its verdict; empty when it could not be asked and that does not matter
     * @throws ApiException when it refuses the write, or could not be asked and must be
     */
    Optional<Verdict> ask(Call call, AdmissionRequest request) {
        Webhook webhook = call.webhook();
        if (request.dryRun() && !webhook.mayDryRun()) {
            throw ApiException.badRequest("admission webhook \"" + webhook.name() + "\" does not support dry run");
        }
        JsonNode response;
        String uid = UUID.randomUUID().toString();
        try {
            byte[] answer = client.post(
                    webhook.address(), Json.MAPPER.writeValueAsBytes(review(call, request, uid)), webhook.timeout());
            response = response(Json.MAPPER.readTree(answer), uid);
        } catch (IOException | JacksonException | IllegalArgumentException e) {
            if (webhook.failsClosed()) {
                throw ApiException.internal("failed calling webhook \"" + webhook.name()
                        + "\": failed to call webhook: Post \"" + webhook.address() + "\": " + e.getMessage());
            }
            log.atWarn()
                    .setMessage("a webhook can't be asked and is passed over, as it wishes")
                    .addKeyValue("webhook", webhook.name())
                    .addKeyValue("reason", String.valueOf(e.getMessage()))
                    .log();
            return Optional.empty();
        }
        response.path("warnings").forEach(warning -> request.warn().accept(warning.asString("")));
        if (!response.path("allowed").asBoolean(false)) {
            throw denied(webhook, response.path("status"));
        }
        return Optional.of(new Verdict(patch(webhook, response)));
    }

    private static JsonNode response(JsonNode review, String uid) throws IOException {
        if (!review.path("apiVersion").asString("").equals(API_VERSION)
                || !review.path("kind").asString("").equals("AdmissionReview")) {
            throw new IOException("expected webhook response of " + API_VERSION + ", Kind=AdmissionReview, got "
                    + review.path("apiVersion").asString("") + ", Kind="
                    + review.path("kind").asString(""));
        }
        JsonNode response = review.path("response");
        if (!response.isObject()) {
            throw new IOException("webhook response was absent");
        }
        if (!response.path("uid").asString("").equals(uid)) {
            throw new IOException("expected response.uid=\"" + uid + "\", got \""
                    + response.path("uid").asString("") + "\"");
        }
        return response;
    }

    private static @Nullable JsonNode patch(Webhook webhook, JsonNode response) {
        String encoded = response.path("patch").asString("");
        if (encoded.isEmpty()) {
            return null;
        }
        try {
            if (!response.path("patchType").asString("").equals("JSONPatch")) {
                throw new IllegalArgumentException("invalid response.patchType");
            }
            return Json.MAPPER.readTree(Base64.getDecoder().decode(encoded));
        } catch (JacksonException | IllegalArgumentException e) {
            throw ApiException.internal(
                    "webhook \"" + webhook.name() + "\" sent a patch that is none: " + e.getMessage());
        }
    }

    private static ApiException denied(Webhook webhook, JsonNode status) {
        String by = "admission webhook \"" + webhook.name() + "\" denied the request";
        String message = status.path("message").asString("");
        String reason = status.path("reason").asString("");
        int code = Math.max(400, status.path("code").asInt(400));
        String text = !message.isEmpty()
                ? by + ": " + message
                : !reason.isEmpty() ? by + ": " + reason : by + " without explanation";
        return new ApiException(new Status(code, reason, text, null));
    }

    private static ObjectNode review(Call call, AdmissionRequest request, String uid) {
        ObjectNode review = Json.MAPPER.createObjectNode();
        review.put("kind", "AdmissionReview").put("apiVersion", API_VERSION);
        ObjectNode asked = review.putObject("request");
        asked.put("uid", uid);
        asked.setAll(Description.attributes(request, call.version()));
        KubeObject object = Description.inVersion(request, request.object(), call.version());
        KubeObject old = Description.inVersion(request, request.old(), call.version());
        asked.set("object", object == null ? Json.MAPPER.nullNode() : object.root());
        asked.set("oldObject", old == null ? Json.MAPPER.nullNode() : old.root());
        return review;
    }
}
