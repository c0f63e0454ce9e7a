package io.mokube.kubelet.server;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodListBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.mokube.kubelet.KubeletConfig;
import io.mokube.kubelet.pods.RuntimeLabels;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.ContainerStatus;
import io.mokube.kubelet.runtime.ContainerStatus.State;
import io.mokube.kubelet.runtime.ContainerSummary;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's HTTPS server, which the API server asks for container logs. One virtual thread per request. Everything but the
 * health check wants a client certificate of the cluster's authority.
 */
public final class NodeServer implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(NodeServer.class);

    private final KubeletConfig config;
    private final Platform platform;
    private final Supplier<Optional<ContainerRuntime>> runtime;
    private final Supplier<Collection<Pod>> pods;
    private final HttpsServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /**
     * Takes the port; does not answer yet.
     *
     * @param runtime empty while there is none
     * @throws ComponentException when the port is taken or a certificate can't be read
     */
    public NodeServer(
            KubeletConfig config,
            Platform platform,
            Supplier<Optional<ContainerRuntime>> runtime,
            Supplier<Collection<Pod>> pods) {
        this.config = config;
        this.platform = platform;
        this.runtime = runtime;
        this.pods = pods;
        Optional<String> clientCa = config.server()
                .clientCaPem()
                .or(() -> Optional.ofNullable(config.client().caPem()));
        SSLContext tls = ServerTls.context(config, clientCa, platform.clock());
        try {
            server = HttpsServer.create(new InetSocketAddress(config.server().port()), 0);
        } catch (IOException e) {
            throw new ComponentException(
                    "port " + config.server().port() + " of node " + config.nodeName() + " can't be opened ("
                            + e.getMessage() + "): stop what uses it or choose another",
                    e);
        }
        server.setHttpsConfigurator(new HttpsConfigurator(tls) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters ssl = tls.getDefaultSSLParameters();
                ssl.setWantClientAuth(true);
                parameters.setSSLParameters(ssl);
            }
        });
        server.setExecutor(threads);
        server.createContext("/healthz", exchange -> answer(exchange, 200, "text/plain", "ok"));
        server.createContext("/containerLogs/", exchange -> guarded(exchange, this::logs));
        server.createContext("/pods", exchange -> guarded(exchange, this::listPods));
        server.createContext("/metrics", exchange -> guarded(exchange, this::metrics));
        server.createContext("/", exchange -> answer(exchange, 404, "text/plain", "404 page not found\n"));
    }

    /** Begins to answer. */
    public void start() {
        server.start();
    }

    public int port() {
        return server.getAddress().getPort();
    }

    @FunctionalInterface
    private interface Answer {
        void to(HttpExchange exchange) throws IOException, InterruptedException;
    }

    private static void guarded(HttpExchange exchange, Answer answer) throws IOException {
        try (exchange) {
            if (!certified(exchange)) {
                answer(exchange, 401, "text/plain", "Unauthorized");
                return;
            }
            if (!exchange.getRequestMethod().equals("GET")) {
                answer(exchange, 405, "text/plain", "Method Not Allowed");
                return;
            }
            answer.to(exchange);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            log.atError()
                    .setMessage("a request to the node failed")
                    .addKeyValue("path", exchange.getRequestURI().getPath())
                    .setCause(e)
                    .log();
            answer(exchange, 500, "text/plain", "Internal Server Error: " + e.getMessage());
        }
    }

    /** Whether the client showed a certificate; that its authority is the cluster's was checked by TLS. */
    private static boolean certified(HttpExchange exchange) {
        try {
            return ((HttpsExchange) exchange).getSSLSession().getPeerCertificates().length > 0;
        } catch (SSLPeerUnverifiedException e) {
            return false;
        }
    }

    private static void answer(HttpExchange exchange, int code, String type, String text) throws IOException {
        answer(exchange, code, type, text.getBytes(StandardCharsets.UTF_8));
    }

    private static void answer(HttpExchange exchange, int code, String type, byte[] body) throws IOException {
        try (exchange) {
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.sendResponseHeaders(code, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private void listPods(HttpExchange exchange) throws IOException {
        byte[] body = Json.MAPPER.writeValueAsBytes(
                new PodListBuilder().withItems(List.copyOf(pods.get())).build());
        answer(exchange, 200, "application/json", body);
    }

    private void metrics(HttpExchange exchange) throws IOException {
        Optional<PrometheusMeterRegistry> registry = prometheus(platform.meters());
        if (registry.isEmpty()) {
            answer(exchange, 404, "text/plain", "this agent's meters are not kept in Prometheus' form\n");
            return;
        }
        answer(
                exchange,
                200,
                "text/plain; version=0.0.4; charset=utf-8",
                registry.get().scrape());
    }

    private static Optional<PrometheusMeterRegistry> prometheus(MeterRegistry meters) {
        if (meters instanceof PrometheusMeterRegistry registry) {
            return Optional.of(registry);
        }
        if (meters instanceof CompositeMeterRegistry composite) {
            return composite.getRegistries().stream()
                    .map(NodeServer::prometheus)
                    .flatMap(Optional::stream)
                    .findFirst();
        }
        return Optional.empty();
    }

    // ---- logs

    private void logs(HttpExchange exchange) throws IOException, InterruptedException {
        String[] path = exchange.getRequestURI().getPath().split("/");
        if (path.length != 5) {
            answer(exchange, 404, "text/plain", "404 page not found\n");
            return;
        }
        Map<String, String> query = query(exchange.getRequestURI().getRawQuery());
        ContainerLog.Options options;
        try {
            options = options(query);
        } catch (IllegalArgumentException e) {
            answer(exchange, 400, "text/plain", String.valueOf(e.getMessage()));
            return;
        }
        Optional<ContainerRuntime> present = runtime.get();
        if (present.isEmpty()) {
            answer(exchange, 503, "text/plain", "the container runtime is not connected yet");
            return;
        }
        ContainerRuntime calls = present.get();
        boolean previous = "true".equals(query.get("previous"));
        Optional<ContainerStatus> container;
        try {
            container = find(calls, path[2], path[3], path[4], previous);
        } catch (RuntimeCallException e) {
            answer(exchange, 500, "text/plain", e.text());
            return;
        }
        if (container.isEmpty()) {
            String message = (previous ? "previous terminated container \"" : "container \"") + path[4] + "\" in pod \""
                    + path[3] + "\" not found";
            answer(exchange, previous ? 400 : 404, "text/plain", message);
            return;
        }
        ContainerStatus status = container.get();
        exchange.getResponseHeaders().set("Content-Type", "text/plain");
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream output = exchange.getResponseBody()) {
            output.flush();
            new ContainerLog(Path.of(status.logPath()), platform.clock())
                    .copy(options, output, () -> running(calls, status.id()));
        }
    }

    private static boolean running(ContainerRuntime runtime, String id) {
        try {
            return runtime.containerStatus(id)
                    .filter(status -> status.state() == State.RUNNING || status.state() == State.CREATED)
                    .isPresent();
        } catch (RuntimeCallException e) {
            // The runtime is restarting, its containers are not.
            return true;
        }
    }

    /** The newest container of that name, or the one before it. */
    private Optional<ContainerStatus> find(
            ContainerRuntime calls, String namespace, String pod, String name, boolean previous) {
        List<ContainerSummary> found = calls
                .listContainers(Map.of(
                        RuntimeLabels.NODE, config.nodeName(),
                        RuntimeLabels.POD_NAMESPACE, namespace,
                        RuntimeLabels.POD_NAME, pod,
                        RuntimeLabels.CONTAINER_NAME, name))
                .stream()
                .sorted(Comparator.comparing(ContainerSummary::createdAt).reversed())
                .toList();
        return found.stream()
                .skip(previous ? 1 : 0)
                .findFirst()
                .flatMap(summary -> calls.containerStatus(summary.id()));
    }

    private ContainerLog.Options options(Map<String, String> query) {
        Instant since = null;
        if (query.containsKey("sinceTime")) {
            try {
                since = OffsetDateTime.parse(query.get("sinceTime")).toInstant();
            } catch (DateTimeParseException e) {
                throw new IllegalArgumentException("invalid sinceTime: " + query.get("sinceTime"), e);
            }
        } else if (query.containsKey("sinceSeconds")) {
            since = platform.clock()
                    .instant()
                    .minusSeconds(number(query, "sinceSeconds").orElseThrow());
        }
        return new ContainerLog.Options(
                since,
                number(query, "tailLines"),
                number(query, "limitBytes"),
                "true".equals(query.get("timestamps")),
                "true".equals(query.get("follow")),
                switch (query.getOrDefault("stream", "All")) {
                    case "Stdout" -> "stdout";
                    case "Stderr" -> "stderr";
                    default -> "";
                });
    }

    private static OptionalLong number(Map<String, String> query, String name) {
        String text = query.get(name);
        if (text == null || text.isEmpty()) {
            return OptionalLong.empty();
        }
        if (!text.matches("[0-9]{1,18}")) {
            throw new IllegalArgumentException("invalid " + name + ": " + text);
        }
        return OptionalLong.of(Long.parseLong(text));
    }

    private static Map<String, String> query(@org.jspecify.annotations.Nullable String raw) {
        Map<String, String> query = new HashMap<>();
        if (raw == null) {
            return query;
        }
        for (String pair : raw.split("&")) {
            int equals = pair.indexOf('=');
            String key = equals < 0 ? pair : pair.substring(0, equals);
            String value = equals < 0 ? "true" : pair.substring(equals + 1);
            query.put(URLDecoder.decode(key, StandardCharsets.UTF_8), URLDecoder.decode(value, StandardCharsets.UTF_8));
        }
        return query;
    }

    /** Ends all answers in progress. */
    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
