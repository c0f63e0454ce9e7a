package io.mokube.scheduler.extender;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.mokube.machinery.object.Json;
import io.mokube.scheduler.extender.ExtenderConfig.Tls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** An extender whose answers a test decides on. A verb without an answer is answered 500. */
public final class ExtenderServer implements AutoCloseable {

    private final HttpServer server;
    private final Map<String, Function<JsonNode, String>> answers = new ConcurrentHashMap<>();
    private final List<JsonNode> asked = new CopyOnWriteArrayList<>();

    public ExtenderServer() throws IOException {
        this(null);
    }

    /** A server that speaks TLS unless it is null. */
    ExtenderServer(@Nullable SSLContext tls) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        if (tls == null) {
            server = HttpServer.create(address, 0);
        } else {
            HttpsServer secure = HttpsServer.create(address, 0);
            secure.setHttpsConfigurator(new HttpsConfigurator(tls));
            server = secure;
        }
        server.createContext("/", this::handle);
        server.start();
    }

    /** Answers a verb by what it is sent. */
    public ExtenderServer on(String verb, Function<JsonNode, String> answer) {
        answers.put(verb, answer);
        return this;
    }

    /** What it was asked, in order. */
    public List<JsonNode> asked() {
        return asked;
    }

    public String url() {
        String scheme = server instanceof HttpsServer ? "https" : "http";
        return scheme + "://127.0.0.1:" + server.getAddress().getPort() + "/extend";
    }

    /** The configuration of this extender with the verbs that it answers now. */
    ExtenderConfig config(boolean nodeCacheCapable, boolean ignorable, Tls tls) {
        return new ExtenderConfig(
                url(),
                verb("filter"),
                verb("preempt"),
                verb("prioritize"),
                verb("bind"),
                3,
                server instanceof HttpsServer,
                tls,
                Duration.ofSeconds(5),
                nodeCacheCapable,
                List.of(),
                ignorable);
    }

    private String verb(String verb) {
        return answers.containsKey(verb) ? verb : "";
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            JsonNode sent = Json.MAPPER.readTree(exchange.getRequestBody().readAllBytes());
            asked.add(sent);
            String path = exchange.getRequestURI().getPath();
            Function<JsonNode, String> answer = answers.get(path.substring("/extend/".length()));
            byte[] body =
                    answer == null ? new byte[0] : answer.apply(sent).getBytes(java.nio.charset.StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer == null ? 500 : 200, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
