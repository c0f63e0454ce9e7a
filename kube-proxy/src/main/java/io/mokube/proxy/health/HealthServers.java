package io.mokube.proxy.health;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.names.ObjectKey;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers {@code /healthz} and {@code /livez} of the proxy, and anything on the health check node ports of services:
 * 200 while this node has endpoints of the service, 503 while it has none. The bodies are those of kube-proxy.
 */
public final class HealthServers implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(HealthServers.class);

    private final ProxyHealth health;
    private final Map<ObjectKey, Check> checks = new HashMap<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private @Nullable HttpServer own;

    /**
     * A service that is asked for.
     *
     * @param localEndpoints how many addresses serve it on this node
     */
    public record Wanted(int port, int localEndpoints) {}

    private record Check(HttpServer server, int port, AtomicInteger localEndpoints) {}

    public HealthServers(ProxyHealth health) {
        this.health = health;
    }

    /**
     * Begins to answer for the proxy itself.
     *
     * @param port 0 for any free one
     * @return the port
     * @throws ComponentException when the port is taken
     */
    public synchronized int start(int port) {
        try {
            HttpServer server = listen(port);
            server.createContext("/", exchange -> answer(exchange, 404, "404 page not found\n"));
            server.createContext("/healthz", exchange -> {
                boolean well = health.isHealthy() && health.isNodeEligible();
                answer(exchange, well ? 200 : 503, """
                        {"lastUpdated": "%s","currentTime": "%s", "nodeEligible": %s}""".formatted(
                                health.lastUpdated(), health.now(), health.isNodeEligible()));
            });
            server.createContext(
                    "/livez",
                    exchange -> answer(exchange, health.isHealthy() ? 200 : 503, """
                    {"lastUpdated": "%s","currentTime": "%s"}""".formatted(
                                    health.lastUpdated(), health.now())));
            server.start();
            own = server;
            return server.getAddress().getPort();
        } catch (IOException e) {
            throw new ComponentException("can't listen on port " + port + " for health checks: " + e.getMessage(), e);
        }
    }

    /** Answers for exactly these services. One whose port is taken is tried again the next time. */
    public synchronized void serve(Map<ObjectKey, Wanted> services) {
        checks.entrySet().removeIf(known -> {
            Wanted wanted = services.get(known.getKey());
            if (wanted != null && wanted.port() == known.getValue().port()) {
                return false;
            }
            known.getValue().server().stop(0);
            return true;
        });
        services.forEach((service, wanted) -> {
            Check check = checks.get(service);
            if (check == null) {
                check = open(service, wanted.port());
                if (check == null) {
                    return;
                }
                checks.put(service, check);
            }
            check.localEndpoints().set(wanted.localEndpoints());
        });
    }

    private @Nullable Check open(ObjectKey service, int port) {
        try {
            HttpServer server = listen(port);
            AtomicInteger localEndpoints = new AtomicInteger();
            server.createContext("/", exchange -> answer(service, localEndpoints.get(), exchange));
            server.start();
            return new Check(server, port, localEndpoints);
        } catch (IOException e) {
            log.atWarn()
                    .setMessage("can't answer health checks of a service")
                    .addKeyValue("service", service)
                    .addKeyValue("port", port)
                    .addKeyValue("reason", e.getMessage())
                    .log();
            return null;
        }
    }

    private HttpServer listen(int port) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
        server.setExecutor(threads);
        return server;
    }

    private void answer(ObjectKey service, int localEndpoints, HttpExchange exchange) throws IOException {
        boolean healthy = health.isHealthy();
        answer(exchange, localEndpoints > 0 && healthy ? 200 : 503, """
                {
                	"service": {
                		"namespace": "%s",
                		"name": "%s"
                	},
                	"localEndpoints": %d,
                	"serviceProxyHealthy": %s
                }""".formatted(
                        service.namespace(), service.name(), localEndpoints, healthy));
    }

    private static void answer(HttpExchange exchange, int code, String body) throws IOException {
        try (exchange) {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
            exchange.sendResponseHeaders(code, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    @Override
    public synchronized void close() {
        checks.values().forEach(each -> each.server().stop(0));
        checks.clear();
        if (own != null) {
            own.stop(0);
        }
        threads.shutdownNow();
    }
}
