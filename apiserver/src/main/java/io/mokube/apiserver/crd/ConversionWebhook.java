package io.mokube.apiserver.crd;

import io.mokube.apiserver.webhook.WebhookAddress;
import io.mokube.apiserver.webhook.WebhookClient;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Has objects converted by a webhook, all objects of one request in one call. */
final class ConversionWebhook implements Versions.Converter {

    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final WebhookClient client;
    private final WebhookAddress address;
    private final String reviewVersion;
    private final String kind;

    /**
     * @param webhook the {@code webhook} part of a definition's conversion
     * @param kind the kind with its group, for messages
     */
    ConversionWebhook(WebhookClient client, JsonNode webhook, String kind) {
        this.client = client;
        this.address = WebhookAddress.of(webhook.path("clientConfig"));
        this.reviewVersion = reviewVersion(webhook.path("conversionReviewVersions"));
        this.kind = kind;
    }

    private static String reviewVersion(JsonNode versions) {
        for (JsonNode version : versions) {
            String name = version.asString("");
            if (name.equals("v1") || name.equals("v1beta1")) {
                return name;
            }
        }
        return "v1";
    }

    @Override
    public void convert(List<KubeObject> objects, String apiVersion) {
        String uid = UUID.nameUUIDFromBytes(
                        (address + apiVersion + objects.hashCode()).getBytes(java.nio.charset.StandardCharsets.UTF_8))
                .toString();
        ObjectNode review = Json.MAPPER.createObjectNode();
        review.put("kind", "ConversionReview");
        review.put("apiVersion", "apiextensions.k8s.io/" + reviewVersion);
        ObjectNode request = review.putObject("request");
        request.put("uid", uid);
        request.put("desiredAPIVersion", apiVersion);
        ArrayNode given = request.putArray("objects");
        objects.forEach(each -> given.add(each.root()));
        JsonNode response;
        try {
            byte[] answer = client.post(address, Json.MAPPER.writeValueAsBytes(review), TIMEOUT);
            response = Json.MAPPER.readTree(answer).path("response");
        } catch (IOException e) {
            throw failed(objects.getFirst(), "Post \"" + address + "?timeout=30s\": " + e.getMessage());
        } catch (JacksonException e) {
            throw failed(objects.getFirst(), "the response is no JSON: " + e.getOriginalMessage());
        }
        take(objects, apiVersion, uid, response);
    }

    private void take(List<KubeObject> objects, String apiVersion, String uid, JsonNode response) {
        KubeObject first = objects.getFirst();
        if (!response.path("uid").asString("").equals(uid)) {
            throw failed(
                    first,
                    "expected response.uid=\"" + uid + "\", got \""
                            + response.path("uid").asString("") + "\"");
        }
        JsonNode result = response.path("result");
        if (!result.path("status").asString("").equals("Success")) {
            throw failed(first, result.path("message").asString("the webhook gave no reason"));
        }
        JsonNode converted = response.path("convertedObjects");
        if (converted.size() != objects.size()) {
            throw failed(
                    first,
                    "conversion webhook for " + kind + " returned " + converted.size() + " objects, expected "
                            + objects.size());
        }
        List<ObjectNode> checked = new ArrayList<>();
        for (int i = 0; i < objects.size(); i++) {
            checked.add(check(objects.get(i), converted.get(i), apiVersion, i));
        }
        for (int i = 0; i < objects.size(); i++) {
            replace(objects.get(i), checked.get(i));
        }
    }

    private ObjectNode check(KubeObject object, JsonNode converted, String apiVersion, int index) {
        if (!(converted instanceof ObjectNode tree)) {
            throw failed(object, "invalid converted object at index " + index + ": no object");
        }
        KubeObject result = new KubeObject(tree);
        String where = "invalid converted object at index " + index + ": ";
        if (!result.apiVersion().equals(apiVersion)) {
            throw failed(
                    object,
                    where + "invalid groupVersion (expected " + apiVersion + ", received " + result.apiVersion() + ")");
        }
        if (!result.kind().equals(object.kind())) {
            throw failed(
                    object, where + "invalid kind (expected " + object.kind() + ", received " + result.kind() + ")");
        }
        for (String field : List.of("name", "namespace", "uid")) {
            if (!result.at("metadata", field).equals(object.at("metadata", field))) {
                throw failed(object, where + "invalid metadata." + field + " (must not change)");
            }
        }
        return tree;
    }

    /** Of the metadata only labels and annotations may be converted. */
    private static void replace(KubeObject object, ObjectNode converted) {
        ObjectNode metadata = object.metadata().deepCopy();
        for (String field : List.of("labels", "annotations")) {
            JsonNode changed = converted.path("metadata").get(field);
            if (changed == null || changed.isEmpty()) {
                metadata.remove(field);
            } else {
                metadata.set(field, changed);
            }
        }
        JsonNode kind = converted.remove("kind");
        JsonNode apiVersion = converted.remove("apiVersion");
        converted.remove("metadata");
        object.root().removeAll();
        object.root().set("kind", kind);
        object.root().set("apiVersion", apiVersion);
        object.root().set("metadata", metadata);
        object.root().setAll(converted);
    }

    private static ApiException failed(KubeObject object, String why) {
        return ApiException.internal(
                "conversion webhook for " + object.apiVersion() + ", Kind=" + object.kind() + " failed: " + why);
    }
}
