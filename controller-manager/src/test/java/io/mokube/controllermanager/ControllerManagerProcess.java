package io.mokube.controllermanager;

import com.sun.net.httpserver.HttpServer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.mokube.client.election.ElectionConfig;
import io.mokube.client.rest.ClientConfig;
import io.mokube.machinery.component.CarrierThreads;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.time.Clock;
import io.mokube.testkit.Await;
import io.mokube.testkit.ChildProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** A controller manager in a process of its own, which can be killed and frozen. It hurries with elections. */
final class ControllerManagerProcess implements AutoCloseable {

    static final ObjectKey LEASE = new ObjectKey("kube-system", "kube-controller-manager");

    private static final String METRICS = "METRICS AT ";
    private static final Duration START = Duration.ofSeconds(60);

    private final Path kubeconfig;
    private final String identity;
    private ChildProcess process;

    /** Starts it. The identity is also its user agent, by which the server names who wrote an object's fields. */
    ControllerManagerProcess(Path kubeconfig, String identity) {
        this.kubeconfig = kubeconfig;
        this.identity = identity;
        this.process = launch();
    }

    private ChildProcess launch() {
        return ChildProcess.start(
                identity,
                ChildProcess.javaCommand(ControllerManagerProcess.class, kubeconfig.toString(), identity),
                Map.of());
    }

    /** {@code KUBECONFIG IDENTITY}. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        CarrierThreads.provide();
        ClientConfig client = ClientConfig.fromKubeconfig(Path.of(arguments[0])).withUserAgent(arguments[1]);
        ElectionConfig election = new ElectionConfig(
                LEASE, arguments[1], Duration.ofSeconds(2), Duration.ofMillis(1500), Duration.ofMillis(300));
        PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        ControllerManager manager = new ControllerManager(
                new ControllerManagerConfig(client, election, Objects.requireNonNullElse(client.caPem(), "")),
                new Platform(Clock.system(), new SecureRandom(), meters));
        manager.start();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            byte[] body = meters.scrape().getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        System.out.println(METRICS + "http://127.0.0.1:" + server.getAddress().getPort() + "/");
        new CountDownLatch(1).await();
    }

    String identity() {
        return identity;
    }

    /** The value of a metric, of all its series together that carry a label. */
    double metric(String name, String label) throws IOException {
        URI address = Await.value(
                START,
                identity + " says where its metrics are",
                () -> process.log()
                        .lines()
                        .filter(line -> line.startsWith(METRICS))
                        .map(line -> URI.create(line.substring(METRICS.length())))
                        .reduce((first, last) -> last));
        String text;
        try (var body = address.toURL().openStream()) {
            text = new String(body.readAllBytes(), StandardCharsets.UTF_8);
        }
        return text.lines()
                .filter(line -> line.startsWith(name + "{") && line.contains(label))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    /** How many requests of a method it has sent. */
    double requests(String method) throws IOException {
        return metric("rest_client_requests_total", "method=\"" + method + "\"");
    }

    void freeze() {
        process.freeze();
    }

    void thaw() {
        process.resume();
    }

    /** Ends it as {@code kill -9} does and starts another one of the same identity. */
    void killAndRestart() {
        process.close();
        process = launch();
    }

    /** The first error of a kind that no fault explains, for messages. */
    Optional<String> bug() {
        return process.log().lines().filter(line -> line.contains("\"a bug\"")).findFirst();
    }

    @Override
    public void close() {
        process.close();
    }
}
