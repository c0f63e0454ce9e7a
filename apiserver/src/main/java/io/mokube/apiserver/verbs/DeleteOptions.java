package io.mokube.apiserver.verbs;

import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.request.Query;
import io.mokube.apiserver.validation.DocumentReader;
import io.mokube.apiserver.validation.DocumentSyntax;
import io.mokube.apiserver.validation.FieldValidation;
import io.mokube.apiserver.validation.MalformedInputException;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.FieldError;
import io.mokube.machinery.object.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * How an object is to be deleted, from the body or the query.
 *
 * @param grace how long it may take to end, null for what the object says
 * @param propagation what becomes of its dependents, null for the default
 * @param uid the UID the object must have, {@code ""} for any
 * @param resourceVersion the resourceVersion the object must have, {@code ""} for any
 */
record DeleteOptions(
        boolean dryRun,
        @Nullable Duration grace,
        @Nullable Propagation propagation,
        String uid,
        String resourceVersion) {

    /** What becomes of an object's dependents. */
    enum Propagation {
        ORPHAN,
        BACKGROUND,
        FOREGROUND
    }

    private static final List<String> KINDS = List.of("DeleteOptions");

    static DeleteOptions parse(ApiRequest request) {
        byte[] body = request.body();
        return of(body.length == 0 ? Json.MAPPER.createObjectNode() : read(request, body), request.query());
    }

    /** Reads the options from a tree, which may be missing, and what it does not say from the query. */
    static DeleteOptions of(JsonNode tree, Query query) {
        List<String> dryRun = new ArrayList<>(query.all("dryRun"));
        tree.path("dryRun").forEach(each -> dryRun.add(each.asString("")));
        JsonNode seconds = tree.path("gracePeriodSeconds");
        Long grace = seconds.isNumber()
                ? (Long) seconds.asLong()
                : query.number("gracePeriodSeconds").isPresent()
                        ? (Long) query.number("gracePeriodSeconds").getAsLong()
                        : null;
        if (grace != null && grace < 0) {
            // Kubernetes once took a negative grace for "at once", and still reads it as one second.
            grace = 1L;
        }
        return new DeleteOptions(
                FieldValidation.parseDryRun(dryRun, "DeleteOptions"),
                grace == null ? null : Duration.ofSeconds(grace),
                propagation(tree, query),
                tree.path("preconditions").path("uid").asString(""),
                tree.path("preconditions").path("resourceVersion").asString(""));
    }

    private static JsonNode read(ApiRequest request, byte[] body) {
        try {
            JsonNode tree =
                    switch (request.contentType()) {
                        case "", "application/json" ->
                            DocumentReader.read(body, DocumentSyntax.JSON).tree();
                        case "application/yaml" ->
                            DocumentReader.read(body, DocumentSyntax.YAML).tree();
                        case Bodies.PROTOBUF -> Bodies.protobuf(body, null);
                        default -> throw ApiException.unsupportedMediaType(Bodies.ACCEPTED);
                    };
            String kind = tree.path("kind").asString("");
            if (!tree.isObject() || !(kind.isEmpty() || KINDS.contains(kind))) {
                throw ApiException.badRequest("the body is no DeleteOptions");
            }
            return tree;
        } catch (MalformedInputException e) {
            throw ApiException.badRequest("couldn't get version/kind; json parse error: " + e.explanation());
        }
    }

    private static @Nullable Propagation propagation(JsonNode tree, Query query) {
        JsonNode given = tree.path("propagationPolicy");
        String policy = given.isString() ? given.stringValue() : query.text("propagationPolicy");
        JsonNode legacy = tree.path("orphanDependents");
        Boolean orphan = legacy.isBoolean()
                ? (Boolean) legacy.booleanValue()
                : query.flag("orphanDependents").orElse(null);
        if (!policy.isEmpty() && orphan != null) {
            throw invalid(FieldError.invalid(
                    "propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set"));
        }
        return switch (policy) {
            case "" -> orphan == null ? null : orphan ? Propagation.ORPHAN : Propagation.BACKGROUND;
            case "Orphan" -> Propagation.ORPHAN;
            case "Background" -> Propagation.BACKGROUND;
            case "Foreground" -> Propagation.FOREGROUND;
            default ->
                throw invalid(FieldError.notSupported(
                        "propagationPolicy", policy, List.of("Background", "Foreground", "Orphan")));
        };
    }

    private static ApiException invalid(FieldError error) {
        return ApiException.invalid("meta.k8s.io", "DeleteOptions", "", List.of(error));
    }
}
