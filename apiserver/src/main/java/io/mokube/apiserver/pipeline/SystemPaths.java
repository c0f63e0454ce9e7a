package io.mokube.apiserver.pipeline;

import io.mokube.apiserver.discovery.DiscoveryDocuments;
import io.mokube.apiserver.discovery.DiscoveryDocuments.AggregatedVersion;
import io.mokube.apiserver.discovery.Document;
import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.ApiRequest;
import io.mokube.apiserver.request.MediaRange;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupVersion;
import io.mokube.machinery.object.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Everything that is no resource: discovery, OpenAPI, version, health, metrics. */
public final class SystemPaths {

    private static final String JSON = "application/json";

    private static final List<String> ROOT =
            List.of("/api", "/api/v1", "/apis", "/healthz", "/livez", "/metrics", "/openapi/v3", "/readyz", "/version");

    private final DiscoveryDocuments documents;
    private final Health health;
    private final Supplier<String> metrics;

    /** @param metrics the text of {@code /metrics} */
    public SystemPaths(DiscoveryDocuments documents, Health health, Supplier<String> metrics) {
        this.documents = documents;
        this.health = health;
        this.metrics = metrics;
    }

    Answer answer(ApiRequest request) {
        if (!request.info().verb().equals("get") && !request.info().verb().equals("head")) {
            throw ApiException.noSuchPath();
        }
        String path = request.info().path();
        String[] parts = path.substring(1).split("/");
        return switch (parts[0]) {
            case "" -> root();
            case "api", "apis" -> discovery(request, parts);
            case "openapi" -> openApi(request, parts);
            case "version" -> only(parts, 1, () -> document(request, documents.version()));
            case "healthz", "livez", "readyz" ->
                health.answer(
                        parts[0],
                        parts.length > 1 ? parts[1] : "",
                        request.query().has("verbose"),
                        request.query().all("exclude"));
            case "metrics" ->
                only(
                        parts,
                        1,
                        () -> new Answer.Bytes(
                                200,
                                "text/plain; version=0.0.4; charset=utf-8",
                                metrics.get().getBytes(StandardCharsets.UTF_8)));
            default -> throw ApiException.noSuchPath();
        };
    }

    private static Answer only(String[] parts, int length, Supplier<Answer> answer) {
        if (parts.length != length) {
            throw ApiException.noSuchPath();
        }
        return answer.get();
    }

    private static Answer root() {
        ObjectNode root = Json.MAPPER.createObjectNode();
        ArrayNode paths = root.putArray("paths");
        ROOT.forEach(paths::add);
        return new Answer.Document(200, root);
    }

    private Answer discovery(ApiRequest request, String[] parts) {
        boolean core = parts[0].equals("api");
        return switch (parts.length) {
            case 1 -> groups(request, core);
            case 2 ->
                document(
                        request,
                        core ? documents.resources(new GroupVersion("", parts[1])) : documents.group(parts[1]));
            case 3 -> core ? missing() : document(request, documents.resources(new GroupVersion(parts[1], parts[2])));
            default -> missing();
        };
    }

    private Answer groups(ApiRequest request, boolean core) {
        for (MediaRange range : MediaRange.parseList(request.headers().get("Accept"))) {
            if (!range.parameter("as").equals("APIGroupDiscoveryList")) {
                if (range.type().equals(JSON) && range.parameter("as").isEmpty()) {
                    break;
                }
                continue;
            }
            Optional<AggregatedVersion> version = AggregatedVersion.of(range.parameter("v"));
            if (version.isPresent()) {
                Document document =
                        core ? documents.aggregatedCore(version.get()) : documents.aggregatedGroups(version.get());
                return document(
                        request,
                        document,
                        "application/json;g=apidiscovery.k8s.io;v="
                                + version.get().text() + ";as=APIGroupDiscoveryList");
            }
        }
        return document(request, core ? documents.coreVersions(request.headers().get("Host")) : documents.groups());
    }

    private Answer openApi(ApiRequest request, String[] parts) {
        if (parts.length < 2 || !parts[1].equals("v3")) {
            return missing();
        }
        return switch (parts.length) {
            case 2 -> document(request, documents.openApiIndex());
            case 4 -> document(request, documents.openApi(new GroupVersion("", parts[3])));
            case 5 -> document(request, documents.openApi(new GroupVersion(parts[3], parts[4])));
            default -> missing();
        };
    }

    private static Answer missing() {
        throw ApiException.noSuchPath();
    }

    private static Answer document(ApiRequest request, Optional<Document> document) {
        return document(request, document.orElseThrow(ApiException::noSuchPath));
    }

    private static Answer document(ApiRequest request, Document document) {
        return document(request, document, JSON);
    }

    private static Answer document(ApiRequest request, Document document, String contentType) {
        Map<String, String> headers = Map.of("ETag", document.etag(), "Vary", "Accept");
        boolean known = request.headers().get("If-None-Match").equals(document.etag());
        return known
                ? new Answer.Bytes(304, contentType, headers, new byte[0])
                : new Answer.Bytes(200, contentType, headers, document.body());
    }
}
