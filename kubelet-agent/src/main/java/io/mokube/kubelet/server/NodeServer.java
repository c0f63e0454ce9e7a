package io.mokube.kubelet.server;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodListBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.mokube.client.rest.ApiClient;
import io.mokube.kubelet.KubeletConfig;
import io.mokube.kubelet.log.ContainerLog;
import io.mokube.kubelet.pods.PodContainer;
import io.mokube.kubelet.pods.RuntimeLabels;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.ContainerStatus;
import io.mokube.kubelet.runtime.ContainerStatus.State;
import io.mokube.kubelet.runtime.ContainerSummary;
import io.mokube.kubelet.runtime.ProcessStreams;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.Sandbox;
import io.mokube.kubelet.stats.NodeStats;
import io.mokube.kubelet.stream.NetworkThreads;
import io.mokube.kubelet.volume.VolumeUsage;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.object.Json;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.JdkSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node's HTTPS server, which the API server asks for container logs and passes on to for exec, attach and port-forward.
 * One virtual thread per request. Everything but the health check wants a client certificate of the cluster's authority, and
 * the API server's consent.
 */
public final class NodeServer implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(NodeServer.class);

    private static final String TEXT = "text/plain";
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
    private static final String NOT_CONNECTED = "the container runtime is not connected yet";
    private static final String NO_STREAMS = "you must specify at least 1 of stdin, stdout, stderr";
    private static final int LARGEST_BODY = 64 * 1024;

    /** How long a connection may lie unused. */
    private static final Duration IDLE = Duration.ofMinutes(5);

    private final KubeletConfig config;
    private final Platform platform;
    private final NodeAccess access;
    private final Supplier<Optional<ContainerRuntime>> runtime;
    private final Supplier<Collection<Pod>> pods;
    private final NodeStats stats;
    private final Channel listening;
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);

    /**
     * Takes the port; does not answer yet.
     *
     * @param client to ask the API server what callers may do
     * @param runtime empty while there is none
     * @param volumes how full those of a pod are, by its UID
     * @throws ComponentException when the port is taken or a certificate can't be read
     */
    public NodeServer(
            KubeletConfig config,
            Platform platform,
            ApiClient client,
            Supplier<Optional<ContainerRuntime>> runtime,
            Supplier<Collection<Pod>> pods,
            Function<String, List<VolumeUsage>> volumes) {
        this.config = config;
        this.platform = platform;
        this.access = new NodeAccess(config.nodeName(), client, platform.clock());
        this.runtime = runtime;
        this.pods = pods;
        this.stats = new NodeStats(config.nodeName(), platform.clock(), volumes);
        Optional<String> clientCa = config.server()
                .clientCaPem()
                .or(() -> Optional.ofNullable(config.client().caPem()));
        SslContext tls = new JdkSslContext(
                ServerTls.context(config, clientCa, platform.clock()),
                false,
                null,
                IdentityCipherSuiteFilter.INSTANCE,
                ApplicationProtocolConfig.DISABLED,
                ClientAuth.OPTIONAL,
                null,
                false);
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(NetworkThreads.shared())
                .channel(NioServerSocketChannel.class)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                // Accepts once it answers.
                .option(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        connections.add(channel);
                        channel.pipeline()
                                .addLast(
                                        tls.newHandler(channel.alloc()),
                                        new IdleStateHandler(0, 0, IDLE.toSeconds(), TimeUnit.SECONDS),
                                        new HttpServerCodec(),
                                        new HttpObjectAggregator(LARGEST_BODY),
                                        new HttpConnection(NodeServer.this::answer));
                    }
                });
        try {
            listening = bootstrap.bind(config.server().port()).sync().channel();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ComponentException("interrupted while opening the node's port", e);
        } catch (Exception e) {
            // Netty throws the exception of the socket as it is, declared or not.
            throw new ComponentException(
                    "port " + config.server().port() + " of node " + config.nodeName() + " can't be opened ("
                            + e.getMessage() + "): stop what uses it or choose another",
                    e);
        }
    }

    /** Begins to answer. */
    public void start() {
        listening.config().setAutoRead(true);
    }

    public int port() {
        return ((InetSocketAddress) listening.localAddress()).getPort();
    }

    private void answer(Exchange exchange) {
        try {
            route(exchange);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            log.atDebug()
                    .setMessage("a client went away")
                    .addKeyValue("request", exchange)
                    .addKeyValue("reason", e.getMessage())
                    .log();
        } catch (RuntimeException e) {
            log.atError()
                    .setMessage("a request to the node failed")
                    .addKeyValue("request", exchange)
                    .setCause(e)
                    .log();
            if (!exchange.begun()) {
                exchange.answer(500, TEXT, "Internal Server Error: " + e.getMessage());
            }
        }
    }

    private void route(Exchange exchange) throws IOException, InterruptedException {
        String[] path = exchange.path().split("/", -1);
        String first = path.length > 1 ? path[1] : "";
        if (first.equals("healthz")) {
            exchange.answer(200, TEXT, "ok");
        } else if (mayGoOn(exchange, first)) {
            switch (first) {
                case "containerLogs", "pods", "metrics", "stats" -> {
                    if (!exchange.method().equals("GET")) {
                        exchange.answer(405, TEXT, "Method Not Allowed");
                    } else if (first.equals("pods")) {
                        listPods(exchange);
                    } else if (first.equals("metrics") || first.equals("stats")) {
                        metrics(exchange);
                    } else {
                        logs(exchange, path);
                    }
                }
                case "exec" -> exec(exchange, path);
                case "attach" -> attach(exchange, path);
                case "portForward" -> portForward(exchange, path);
                default -> exchange.answer(404, TEXT, "404 page not found\n");
            }
        }
    }

    /** Whether the client may; when not, it has its answer. */
    private boolean mayGoOn(Exchange exchange, String part) {
        Optional<X509Certificate> client = exchange.clientCertificate();
        if (client.isEmpty()) {
            exchange.answer(401, TEXT, "Unauthorized");
            return false;
        }
        NodeAccess.Question question = NodeAccess.question(client.get(), exchange.method(), part);
        boolean allowed = access.allows(question);
        if (!allowed) {
            exchange.answer(403, TEXT, question.refusal());
        }
        return allowed;
    }

    private void listPods(Exchange exchange) {
        byte[] body = Json.MAPPER.writeValueAsBytes(
                new PodListBuilder().withItems(List.copyOf(pods.get())).build());
        exchange.answer(200, "application/json", body);
    }

    private void metrics(Exchange exchange) {
        switch (exchange.path()) {
            case "/metrics" -> meters(exchange);
            case "/metrics/resource" ->
                measured(
                        exchange,
                        PROMETHEUS,
                        calls -> stats.resourceMetrics(calls).getBytes(StandardCharsets.UTF_8));
            case "/stats/summary" ->
                measured(exchange, "application/json", calls -> Json.MAPPER.writeValueAsBytes(stats.summary(calls)));
            default -> exchange.answer(404, TEXT, "404 page not found\n");
        }
    }

    private void measured(Exchange exchange, String contentType, Function<ContainerRuntime, byte[]> body) {
        Optional<ContainerRuntime> present = runtime.get();
        if (present.isEmpty()) {
            exchange.answer(503, TEXT, NOT_CONNECTED);
            return;
        }
        try {
            exchange.answer(200, contentType, body.apply(present.get()));
        } catch (RuntimeCallException e) {
            exchange.answer(500, TEXT, e.text());
        }
    }

    private void meters(Exchange exchange) {
        Optional<PrometheusMeterRegistry> registry = prometheus(platform.meters());
        if (registry.isEmpty()) {
            exchange.answer(404, TEXT, "this agent's meters are not kept in Prometheus' form\n");
            return;
        }
        exchange.answer(200, PROMETHEUS, registry.get().scrape());
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

    private void logs(Exchange exchange, String[] path) throws IOException, InterruptedException {
        if (path.length != 5) {
            exchange.answer(404, TEXT, "404 page not found\n");
            return;
        }
        ContainerLog.Options options;
        try {
            options = options(exchange);
        } catch (IllegalArgumentException e) {
            exchange.answer(400, TEXT, String.valueOf(e.getMessage()));
            return;
        }
        boolean previous = exchange.parameter("previous").equals("true");
        Found found = find(exchange, path, previous);
        if (found == null) {
            return;
        }
        if (found.container().isEmpty()) {
            String message = (previous ? "previous terminated container \"" : "container \"") + path[4] + "\" in pod \""
                    + path[3] + "\" not found";
            exchange.answer(previous ? 400 : 404, TEXT, message);
            return;
        }
        ContainerStatus status = found.container().get();
        try (OutputStream output = exchange.stream(200, TEXT)) {
            new ContainerLog(Path.of(status.logPath()), platform.clock())
                    .copy(options, output, () -> running(found.runtime(), status.id()));
        }
    }

    // ---- exec, attach, port-forward

    private void exec(Exchange exchange, String[] path) throws IOException, InterruptedException {
        List<String> command = exchange.parameters("command");
        if (command.isEmpty()) {
            exchange.answer(400, TEXT, "you must specify at least 1 command for the container");
            return;
        }
        Optional<RemoteCommand.Options> options = RemoteCommand.Options.of(exchange);
        if (options.isEmpty()) {
            exchange.answer(400, TEXT, NO_STREAMS);
            return;
        }
        Found found = findRunning(exchange, path);
        if (found != null) {
            String id = found.container().orElseThrow().id();
            RemoteCommand.serve(
                    exchange, options.get(), streams -> found.runtime().exec(id, command, streams));
        }
    }

    private void attach(Exchange exchange, String[] path) throws IOException, InterruptedException {
        Optional<RemoteCommand.Options> options = RemoteCommand.Options.of(exchange);
        if (options.isEmpty()) {
            exchange.answer(400, TEXT, NO_STREAMS);
            return;
        }
        Found found = findRunning(exchange, path);
        if (found == null) {
            return;
        }
        String id = found.container().orElseThrow().id();
        boolean terminal = hasTerminal(path[2], path[3], path[path.length - 1]);
        RemoteCommand.serve(exchange, options.get(), streams -> {
            // Whether there is a terminal was decided when the container was made, not now.
            found.runtime()
                    .attach(
                            id,
                            new ProcessStreams(
                                    terminal,
                                    streams.stdin(),
                                    streams.stdout(),
                                    terminal ? null : streams.stderr(),
                                    streams.resizes()));
            return 0;
        });
    }

    private boolean hasTerminal(String namespace, String pod, String container) {
        return pods.get().stream()
                .filter(each -> each.getMetadata().getName().equals(pod)
                        && each.getMetadata().getNamespace().equals(namespace))
                .findFirst()
                .flatMap(each -> PodContainer.find(each, container))
                .map(each -> Boolean.TRUE.equals(each.spec().getTty()))
                .orElse(false);
    }

    private void portForward(Exchange exchange, String[] path) throws IOException, InterruptedException {
        if (path.length < 4 || path.length > 5) {
            exchange.answer(404, TEXT, "404 page not found\n");
            return;
        }
        Optional<ContainerRuntime> present = runtime.get();
        if (present.isEmpty()) {
            exchange.answer(503, TEXT, NOT_CONNECTED);
            return;
        }
        ContainerRuntime calls = present.get();
        Optional<Sandbox> sandbox = calls
                .listSandboxes(Map.of(
                        RuntimeLabels.NODE, config.nodeName(),
                        RuntimeLabels.POD_NAMESPACE, path[2],
                        RuntimeLabels.POD_NAME, path[3]))
                .stream()
                .filter(Sandbox::ready)
                .max(Comparator.comparing(Sandbox::createdAt));
        if (sandbox.isEmpty()) {
            exchange.answer(404, TEXT, "pod " + path[3] + "_" + path[2] + " does not run here");
            return;
        }
        String id = sandbox.get().id();
        PortForwarding.serve(exchange, (port, in, out) -> calls.portForward(id, port, in, out));
    }

    /** A runtime, and the container in it that a request is about. */
    private record Found(ContainerRuntime runtime, Optional<ContainerStatus> container) {}

    /** The running container of the path; null when there is none, which then was answered. */
    private @Nullable Found findRunning(Exchange exchange, String[] path) {
        if (path.length < 5 || path.length > 6) {
            exchange.answer(404, TEXT, "404 page not found\n");
            return null;
        }
        Found found = find(exchange, path, false);
        if (found == null) {
            return null;
        }
        if (found.container().isEmpty() || found.container().get().state() != State.RUNNING) {
            exchange.answer(404, TEXT, "container not found (\"" + path[path.length - 1] + "\")");
            return null;
        }
        return found;
    }

    /** The container of the path, {@code /what/namespace/pod/[uid/]container}; null when the runtime did not answer. */
    private @Nullable Found find(Exchange exchange, String[] path, boolean previous) {
        Optional<ContainerRuntime> present = runtime.get();
        if (present.isEmpty()) {
            exchange.answer(503, TEXT, NOT_CONNECTED);
            return null;
        }
        ContainerRuntime calls = present.get();
        try {
            return new Found(calls, find(calls, path[2], path[3], path[path.length - 1], previous));
        } catch (RuntimeCallException e) {
            exchange.answer(500, TEXT, e.text());
            return null;
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

    private ContainerLog.Options options(Exchange exchange) {
        Instant since = null;
        String sinceTime = exchange.parameter("sinceTime");
        OptionalLong sinceSeconds = number(exchange, "sinceSeconds");
        if (!sinceTime.isEmpty()) {
            try {
                since = OffsetDateTime.parse(sinceTime).toInstant();
            } catch (DateTimeParseException e) {
                throw new IllegalArgumentException("invalid sinceTime: " + sinceTime, e);
            }
        } else if (sinceSeconds.isPresent()) {
            since = platform.clock().instant().minusSeconds(sinceSeconds.getAsLong());
        }
        return new ContainerLog.Options(
                since,
                number(exchange, "tailLines"),
                number(exchange, "limitBytes"),
                exchange.parameter("timestamps").equals("true"),
                exchange.parameter("follow").equals("true"),
                switch (exchange.parameter("stream")) {
                    case "Stdout" -> "stdout";
                    case "Stderr" -> "stderr";
                    default -> "";
                });
    }

    private static OptionalLong number(Exchange exchange, String name) {
        String text = exchange.parameter(name);
        if (text.isEmpty()) {
            return OptionalLong.empty();
        }
        if (!text.matches("[0-9]{1,18}")) {
            throw new IllegalArgumentException("invalid " + name + ": " + text);
        }
        return OptionalLong.of(Long.parseLong(text));
    }

    /** Ends all answers in progress. */
    @Override
    public void close() {
        listening.close().awaitUninterruptibly();
        connections.close().awaitUninterruptibly();
    }
}
