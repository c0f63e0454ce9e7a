package io.mokube.client.rest;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.error.Status;
import io.mokube.machinery.error.StatusJson;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A connection to one API server. Requests block; any number of threads may send them at once. A request that the server
 * turned away with 429 is sent again after the time it names; nothing else is retried here.
 */
public final class ApiClient implements AutoCloseable {

    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration LIST_IDLE_TIMEOUT = Duration.ofSeconds(60);
    private static final int LONGEST_ERROR_BYTES = 1 << 20;
    private static final int MOST_TRIES_WHEN_TURNED_AWAY = 10;

    private final ClientConfig config;
    private final Platform platform;
    private final Connections connections;
    private final WriteGuard guard;
    private final RequestMeters meters;

    /**
     * A client that has not connected yet.
     *
     * @throws IllegalArgumentException when the credentials can't be read
     */
    public ApiClient(ClientConfig config, Platform platform) {
        this(
                config,
                platform,
                new Connections(opener(config)),
                WriteGuard.OPEN,
                new RequestMeters(platform.meters(), config.server().getAuthority()));
    }

    private ApiClient(
            ClientConfig config, Platform platform, Connections connections, WriteGuard guard, RequestMeters meters) {
        this.config = config;
        this.platform = platform;
        this.connections = connections;
        this.guard = guard;
        this.meters = meters;
    }

    private static Supplier<HttpClient> opener(ClientConfig config) {
        boolean encrypted = config.server().getScheme().equals("https");
        SSLContext tls = TlsContext.of(config);
        return () -> HttpClient.newBuilder()
                .connectTimeout(Duration.ofSeconds(10))
                .followRedirects(HttpClient.Redirect.NEVER)
                .executor(task -> Thread.ofVirtual().name("http-client").start(task))
                .sslContext(tls)
                .version(encrypted ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1)
                .build();
    }

    /** This client, sharing its connections, with every write checked by the guard when it leaves. */
    public ApiClient guardedBy(WriteGuard writeGuard) {
        return new ApiClient(config, platform, connections, writeGuard, meters);
    }

    public ClientConfig config() {
        return config;
    }

    /** The clock, randomness and meters that this client was made with. */
    public Platform platform() {
        return platform;
    }

    public <T> ResourceClient<T> resource(ResourceType<T> type) {
        return new ResourceClient<>(this, type);
    }

    public <T extends HasMetadata> ResourceClient<T> resource(Class<T> model) {
        return resource(ResourceType.of(model));
    }

    /** The JSON that the server answers to a GET of any path, such as {@code /version}. */
    public JsonNode get(String path) {
        return get(path, "application/json");
    }

    /** The JSON that the server answers to a GET of any path, asked for in the given media types. */
    public JsonNode get(String path, String accept) {
        return Json.MAPPER.readTree(exchange(request(path, accept).GET()).body());
    }

    /** The text that the server answers to a GET of any path, such as {@code /readyz}. */
    public String getText(String path) {
        return new String(exchange(request(path, "*/*").GET()).body(), StandardCharsets.UTF_8);
    }

    /** Ends all connections; requests and watches in flight fail. */
    @Override
    public void close() {
        connections.close();
    }

    <T> Optional<T> find(ResourceType<T> type, String path) {
        HttpResponse<byte[]> answer =
                sendUntilHeard(request(path, type.accept(false)).GET().build());
        if (answer.statusCode() == 404) {
            ApiException error = error(answer.statusCode(), answer.body());
            if (error.isNotFound() && namesAnObject(error.status())) {
                return Optional.empty();
            }
            throw error;
        }
        return Optional.of(decode(type, checked(answer).body()));
    }

    /** Tells a missing object from a path that nothing serves: only the former names what is missing. */
    private static boolean namesAnObject(Status status) {
        Status.Details details = status.details();
        return details != null && !details.name().isEmpty();
    }

    <T> ListResult<T> list(ResourceType<T> type, String path) {
        HttpRequest request = request(path, type.accept(true)).GET().build();
        try (Connections.Lease stream = requestStream()) {
            HttpResponse<InputStream> answer = open(stream, request);
            try (InputStream body = new LiveStream(answer.body(), LIST_IDLE_TIMEOUT, platform.clock())) {
                if (answer.statusCode() != 200) {
                    throw error(answer.statusCode(), body.readNBytes(LONGEST_ERROR_BYTES));
                }
                return readList(type, body);
            }
        } catch (IOException | JacksonException e) {
            throw new ConnectionException("the answer to GET " + path + " broke off: " + e.getMessage(), e);
        }
    }

    /** Reads item after item, never the whole list as a tree. */
    private static <T> ListResult<T> readList(ResourceType<T> type, InputStream body) {
        List<T> items = new ArrayList<>();
        String resourceVersion = "";
        String continueToken = "";
        try (JsonParser parser = Wire.MAPPER.createParser(body)) {
            require(parser.nextToken() == JsonToken.START_OBJECT);
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                if (field.equals("metadata")) {
                    JsonNode metadata = Wire.MAPPER.readValue(parser, JsonNode.class);
                    resourceVersion = metadata.path("resourceVersion").asString("");
                    continueToken = metadata.path("continue").asString("");
                } else if (field.equals("items") && value == JsonToken.START_ARRAY) {
                    while (parser.nextToken() == JsonToken.START_OBJECT) {
                        items.add(type.read(parser));
                    }
                    require(parser.currentToken() == JsonToken.END_ARRAY);
                } else {
                    parser.skipChildren();
                }
            }
            require(parser.currentToken() == JsonToken.END_OBJECT);
        }
        return new ListResult<>(items, resourceVersion, continueToken);
    }

    private static void require(boolean holds) {
        if (!holds) {
            throw new ConnectionException("the server's answer is no list");
        }
    }

    <T> T write(ResourceType<T> type, String method, String path, T object) {
        return decode(type, exchange(request(path, type.accept(false)), method, encode(object)));
    }

    <T> T patch(ResourceType<T> type, String path, PatchKind kind, JsonNode patch) {
        HttpRequest.Builder request = request(path, type.accept(false));
        return decode(type, exchange(request, "PATCH", kind.mediaType(), Json.MAPPER.writeValueAsBytes(patch)));
    }

    void delete(String path, DeleteOptions options) {
        exchange(request(path, "application/json"), "DELETE", Json.MAPPER.writeValueAsBytes(options.toJson()));
    }

    JsonNode post(String path, Object body) {
        return Json.MAPPER.readTree(exchange(request(path, "application/json"), "POST", encode(body)));
    }

    JsonNode put(String path, Object body) {
        return Json.MAPPER.readTree(exchange(request(path, "application/json"), "PUT", encode(body)));
    }

    <T> Watch<T> watch(ResourceType<T> type, String path, Duration idleTimeout) {
        HttpRequest request = request(path, type.accept(false)).GET().build();
        Connections.Lease stream = connections.watch();
        boolean opened = false;
        try {
            HttpResponse<InputStream> answer = open(stream, request);
            LiveStream body = new LiveStream(answer.body(), idleTimeout, platform.clock());
            if (answer.statusCode() != 200) {
                try (body) {
                    throw error(answer.statusCode(), body.readNBytes(LONGEST_ERROR_BYTES));
                }
            }
            opened = true;
            return new Watch<>(type, body, stream);
        } catch (IOException e) {
            throw new ConnectionException("the answer to GET " + path + " broke off: " + e.getMessage(), e);
        } finally {
            if (!opened) {
                stream.close();
            }
        }
    }

    private static byte[] encode(Object object) {
        return switch (object) {
            case KubeObject tree -> tree.toBytes();
            case JsonNode tree -> Json.MAPPER.writeValueAsBytes(tree);
            default -> Wire.MAPPER.writeValueAsBytes(object);
        };
    }

    private static <T> T decode(ResourceType<T> type, byte[] body) {
        try (JsonParser parser = Wire.MAPPER.createParser(body)) {
            parser.nextToken();
            return type.read(parser);
        } catch (JacksonException e) {
            throw new ConnectionException(
                    "the server's answer is no " + type.kind() + ": " + e.getOriginalMessage(), e);
        }
    }

    private HttpRequest.Builder request(String path, String accept) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(config.server() + path))
                .timeout(ANSWER_TIMEOUT)
                .header("Accept", accept)
                .header("User-Agent", config.userAgent());
        String token = config.bearerToken();
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return request;
    }

    private byte[] exchange(HttpRequest.Builder request, String method, byte[] body) {
        return exchange(request, method, "application/json", body);
    }

    private byte[] exchange(HttpRequest.Builder request, String method, String mediaType, byte[] body) {
        GuardedBody guarded = new GuardedBody(body, guard);
        return exchange(request.header("Content-Type", mediaType).method(method, guarded))
                .body();
    }

    /** The answer, when it is a good one. */
    private HttpResponse<byte[]> exchange(HttpRequest.Builder request) {
        return checked(sendUntilHeard(request.build()));
    }

    /** Sends until the server does not turn the request away any more. */
    private HttpResponse<byte[]> sendUntilHeard(HttpRequest request) {
        for (int tries = 1; ; tries++) {
            HttpResponse<byte[]> answer = send(request);
            Duration pause = pauseBeforeRetry(answer);
            if (pause == null || tries == MOST_TRIES_WHEN_TURNED_AWAY) {
                return answer;
            }
            try {
                platform.clock().sleep(pause);
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
        }
    }

    /** How long the server asks to wait; null when it did not turn the request away unseen. */
    private static @Nullable Duration pauseBeforeRetry(HttpResponse<?> answer) {
        if (answer.statusCode() != 429) {
            return null;
        }
        String header = answer.headers().firstValue("Retry-After").orElse("");
        boolean seconds =
                !header.isEmpty() && header.length() < 5 && header.chars().allMatch(Character::isDigit);
        return seconds ? Duration.ofSeconds(Integer.parseInt(header)) : null;
    }

    private static HttpResponse<byte[]> checked(HttpResponse<byte[]> answer) {
        if (answer.statusCode() / 100 != 2) {
            throw error(answer.statusCode(), answer.body());
        }
        return answer;
    }

    private static ApiException error(int code, byte[] body) {
        try {
            if (Json.MAPPER.readTree(body) instanceof ObjectNode root && root.has("message")) {
                return new ApiException(StatusJson.read(root, code));
            }
        } catch (JacksonException e) {
            // Not a Status: a proxy on the way answers in its own words.
        }
        String text = new String(body, 0, Math.min(body.length, 200), StandardCharsets.UTF_8);
        return new ApiException(new Status(code, "", "the server answered " + code + ": " + text, null));
    }

    /** The whole answer, within the time an answer may take. */
    private HttpResponse<byte[]> send(HttpRequest request) {
        try (Connections.Lease stream = requestStream()) {
            if (!request.method().equals("GET")) {
                guard.check();
            }
            return await(request, stream.client().sendAsync(request, BodyHandlers.ofByteArray()));
        }
    }

    /** The answer's head, and its body as it comes. */
    private HttpResponse<InputStream> open(Connections.Lease stream, HttpRequest request) {
        return await(request, stream.client().sendAsync(request, BodyHandlers.ofInputStream()));
    }

    private Connections.Lease requestStream() {
        try {
            return connections.request();
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    private <B> HttpResponse<B> await(HttpRequest request, CompletableFuture<HttpResponse<B>> answer) {
        long begun = platform.clock().nanoTime();
        HttpResponse<B> got;
        try {
            got = answer.get(ANSWER_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            meters.failed(request.method(), platform.clock().nanoTime() - begun);
            throw failure(request, e.getCause() == null ? e : e.getCause());
        } catch (TimeoutException e) {
            answer.cancel(true);
            meters.failed(request.method(), platform.clock().nanoTime() - begun);
            throw new ConnectionException(describe(request) + ": no answer in " + ANSWER_TIMEOUT.toSeconds() + " s", e);
        } catch (InterruptedException e) {
            answer.cancel(true);
            throw interrupted(e);
        }
        meters.answered(request.method(), got.statusCode(), platform.clock().nanoTime() - begun);
        return got;
    }

    private static RuntimeException failure(HttpRequest request, Throwable cause) {
        for (Throwable each = cause; each != null; each = each.getCause()) {
            if (each instanceof WriteGuard.WriteRefusedException refused) {
                return refused;
            }
        }
        String detail = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return new ConnectionException(describe(request) + ": " + detail, cause);
    }

    private static ConnectionException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new ConnectionException("interrupted", e);
    }

    private static String describe(HttpRequest request) {
        return request.method() + " " + request.uri().getPath();
    }
}
