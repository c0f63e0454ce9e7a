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
import io.mokube.machinery.time.Clock;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Everything that is no resource: discovery, OpenAPI, version, health, metrics. */
public final class SystemPaths {

    private static final String JSON = "application/json";

    private static final String OPENAPI_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    private static final String OPENAPI_V2_OLDER_NAME = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

    private static final Duration FOR_EVER = Duration.ofDays(365);
    private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.RFC_1123_DATE_TIME.withZone(ZoneOffset.UTC);

    private static final List<String> ROOT = List.of(
            "/.well-known/openid-configuration",
            "/healthz",
            "/livez",
            "/metrics",
            "/openapi/v2",
            "/openapi/v3",
            "/openid/v1/jwks",
            "/readyz",
            "/version");

    private final DiscoveryDocuments documents;
    private final Health health;
    private final Supplier<String> metrics;
    private final Supplier<String> issuer;
    private final Supplier<String> keys;
    private final Clock clock;

    /**
     * @param metrics the text of {@code /metrics}
     * @param issuer the document about who signs the tokens of service accounts
     * @param keys the public keys of those tokens
     */
    public SystemPaths(
            DiscoveryDocuments documents,
            Health health,
            Supplier<String> metrics,
            Supplier<String> issuer,
            Supplier<String> keys,
            Clock clock) {
        this.documents = documents;
        this.health = health;
        this.metrics = metrics;
        this.issuer = issuer;
        this.keys = keys;
        this.clock = clock;
    }

    Answer answer(ApiRequest request) {
        if (!request.info().verb().equals("get") && !request.info().verb().equals("head")) {
            throw ApiException.noSuchPath();
        }
        String path = request.info().path();
        String[] parts = path.substring(1).split("/");
        return switch (parts[0]) {
            case "" -> root();
            case ".well-known" ->
                path.equals("/.well-known/openid-configuration") ? lasting(JSON, issuer.get()) : missing();
            case "openid" ->
                path.equals("/openid/v1/jwks") ? lasting("application/jwk-set+json", keys.get()) : missing();
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

    /** Clients may keep it for an hour, as Kubernetes lets them. */
    private static Answer lasting(String contentType, String text) {
        return new Answer.Bytes(
                200,
                contentType,
                Map.of("Cache-Control", "public, max-age=3600"),
                text.getBytes(StandardCharsets.UTF_8));
    }

    private static Answer only(String[] parts, int length, Supplier<Answer> answer) {
        if (parts.length != length) {
            throw ApiException.noSuchPath();
        }
        return answer.get();
    }

    private Answer root() {
        ObjectNode root = Json.MAPPER.createObjectNode();
        ArrayNode paths = root.putArray("paths");
        documents.apiPaths().forEach(paths::add);
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
        if (parts.length == 2 && parts[1].equals("v2")) {
            return openApiV2(request);
        } else if (parts.length < 2 || !parts[1].equals("v3")) {
            return missing();
        }
        for (MediaRange range : MediaRange.parseList(request.headers().get("Accept"))) {
            if (isJson(range)) {
                return openApiV3(request, parts);
            }
        }
        throw ApiException.notAcceptable(JSON);
    }

    private Answer openApiV2(ApiRequest request) {
        for (MediaRange range : MediaRange.parseList(request.headers().get("Accept"))) {
            if (range.type().equals(OPENAPI_V2) || range.type().equals(OPENAPI_V2_OLDER_NAME)) {
                return document(request, documents.openApiV2Protobuf(), OPENAPI_V2);
            } else if (isJson(range)) {
                return document(request, documents.openApiV2());
            }
        }
        throw ApiException.notAcceptable(JSON + ", " + OPENAPI_V2);
    }

    private static boolean isJson(MediaRange range) {
        return range.type().equals(JSON)
                || range.type().equals("application/*")
                || range.type().equals("*/*");
    }

    private Answer openApiV3(ApiRequest request, String[] parts) {
        return switch (parts.length) {
            case 2 -> document(request, documents.openApiIndex());
            case 4 -> parts[2].equals("api") ? openApiV3(request, new GroupVersion("", parts[3])) : missing();
            case 5 -> parts[2].equals("apis") ? openApiV3(request, new GroupVersion(parts[3], parts[4])) : missing();
            default -> missing();
        };
    }

    /** An address that carries the document's hash never leads to another document: it may be kept for ever. */
    private Answer openApiV3(ApiRequest request, GroupVersion groupVersion) {
        Document document = documents.openApi(groupVersion).orElseThrow(ApiException::noSuchPath);
        String hash = request.query().text("hash");
        if (hash.isEmpty()) {
            return document(request, document);
        } else if (!hash.equals(document.hash())) {
            Map<String, String> headers = Map.of("Location", DiscoveryDocuments.openApiPath(groupVersion, document));
            return new Answer.Bytes(301, JSON, headers, new byte[0]);
        }
        String expires = HTTP_DATE.format(clock.instant().plus(FOR_EVER));
        return document(request, document, JSON, Map.of("Cache-Control", "public, immutable", "Expires", expires));
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
        return document(request, document, contentType, Map.of());
    }

    private static Answer document(
            ApiRequest request, Document document, String contentType, Map<String, String> more) {
        Map<String, String> headers = new HashMap<>(more);
        headers.put("ETag", document.etag());
        headers.put("Vary", "Accept");
        if (isKnown(request.headers().get("If-None-Match"), document.etag())) {
            return new Answer.Bytes(304, contentType, headers, new byte[0]);
        }
        if (document.isPackable() && request.headers().get("Accept-Encoding").contains("gzip")) {
            headers.put("Vary", "Accept, Accept-Encoding");
            headers.put("Content-Encoding", "gzip");
            return new Answer.Bytes(200, contentType, headers, document.packed());
        }
        return new Answer.Bytes(200, contentType, headers, document.body());
    }

    private static boolean isKnown(String ifNoneMatch, String etag) {
        for (String known : ifNoneMatch.split(",", -1)) {
            String tag = known.strip();
            if (tag.equals("*") || (tag.startsWith("W/") ? tag.substring(2) : tag).equals(etag)) {
                return true;
            }
        }
        return false;
    }
}
