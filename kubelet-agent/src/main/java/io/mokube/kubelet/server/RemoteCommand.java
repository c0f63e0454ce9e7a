package io.mokube.kubelet.server;

import io.mokube.kubelet.runtime.ProcessStreams;
import io.mokube.kubelet.runtime.ProcessStreams.Resizes;
import io.mokube.kubelet.runtime.ProcessStreams.TerminalSize;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.stream.BlockingConnection;
import io.mokube.kubelet.stream.SpdyConnection;
import io.mokube.kubelet.stream.SpdyStream;
import io.mokube.kubelet.stream.WebSocketChannels;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.node.ObjectNode;

/**
 * Connects a client of exec or attach with a process: on SPDY with a stream for each of input, outputs, error and sizes,
 * or on a WebSocket with a channel for each. The last word is a status, with the exit code of a command that failed.
 */
final class RemoteCommand {

    private static final List<String> SPDY_PROTOCOLS = List.of(
            "v5.channel.k8s.io", "v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io");
    private static final List<String> WEB_SOCKET_PROTOCOLS = List.of(
            "v5.channel.k8s.io",
            "v4.channel.k8s.io",
            "v4.base64.channel.k8s.io",
            "channel.k8s.io",
            "base64.channel.k8s.io");

    private static final Duration STREAMS_PATIENCE = Duration.ofSeconds(30);

    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final int ERROR = 3;
    private static final int RESIZE = 4;
    private static final int CHANNELS = 5;

    private RemoteCommand() {}

    /** Which streams the client wants. */
    record Options(boolean stdin, boolean stdout, boolean stderr, boolean tty) {

        /** Reads them from the query of the request; empty when there are none. */
        static Optional<Options> of(Exchange exchange) {
            boolean tty = wanted(exchange, "tty");
            Options options = new Options(
                    wanted(exchange, "input"),
                    wanted(exchange, "output"),
                    // A terminal has one output.
                    wanted(exchange, "error") && !tty,
                    tty);
            return options.stdin || options.stdout || options.stderr ? Optional.of(options) : Optional.empty();
        }

        private static boolean wanted(Exchange exchange, String name) {
            return exchange.parameter(name).equals("1");
        }
    }

    /** Something that runs while it is connected. */
    @FunctionalInterface
    interface Connected {

        /** Runs to the end and returns the exit code. */
        int run(ProcessStreams streams);
    }

    /** Agrees on a protocol and connects the client with the process until one of them ends. */
    static void serve(Exchange exchange, Options options, Connected process) throws IOException, InterruptedException {
        if (exchange.wantsWebSocket()) {
            overWebSocket(exchange, options, process);
        } else if (exchange.wantsSpdy()) {
            overSpdy(exchange, options, process);
        } else {
            exchange.answer(400, "text/plain", "unable to upgrade: missing upgrade headers in request");
        }
    }

    // ---- WebSocket

    private static void overWebSocket(Exchange exchange, Options options, Connected process) throws IOException {
        List<String> offered = exchange.webSocketProtocols();
        Optional<String> chosen =
                offered.stream().filter(WEB_SOCKET_PROTOCOLS::contains).findFirst();
        if (chosen.isEmpty() && !offered.isEmpty()) {
            exchange.refuseProtocols(offered, WEB_SOCKET_PROTOCOLS);
            return;
        }
        String protocol = chosen.orElse("channel.k8s.io");
        WebSocketChannels channels = exchange.upgradeToWebSocket(
                chosen.orElse(null),
                new WebSocketChannels(CHANNELS, protocol.contains("base64"), protocol.startsWith("v5.")));
        OutputStream stdout = options.stdout() ? channels.output(STDOUT) : null;
        OutputStream stderr = options.stderr() ? channels.output(STDERR) : null;
        OutputStream error = channels.output(ERROR);
        // An empty message says that the connection stands.
        Objects.requireNonNullElse(stdout, Objects.requireNonNullElse(stderr, error))
                .write(new byte[0]);
        ProcessStreams streams = new ProcessStreams(
                options.tty(),
                options.stdin() ? channels.input(STDIN) : null,
                stdout,
                stderr,
                options.tty() ? sizes(channels.input(RESIZE)) : Resizes.NONE);
        Optional<Outcome> outcome = run(channels, process, streams);
        if (outcome.isPresent()) {
            if (protocol.startsWith("v")) {
                error.write(outcome.get().json());
            } else if (!outcome.get().succeeded()) {
                error.write(outcome.get().text());
            }
            channels.finish();
        }
    }

    // ---- SPDY

    private static void overSpdy(Exchange exchange, Options options, Connected process)
            throws IOException, InterruptedException {
        List<String> offered = exchange.streamProtocols();
        Optional<String> chosen =
                offered.stream().filter(SPDY_PROTOCOLS::contains).findFirst();
        if (chosen.isEmpty() && !offered.isEmpty()) {
            exchange.refuseProtocols(offered, SPDY_PROTOCOLS);
            return;
        }
        String protocol = chosen.orElse("channel.k8s.io");
        boolean resizes = options.tty() && protocol.matches("v[345]\\..*");
        SpdyConnection connection = exchange.upgradeToSpdy(chosen.orElse(""));
        int expected = 1
                + (options.stdin() ? 1 : 0)
                + (options.stdout() ? 1 : 0)
                + (options.stderr() ? 1 : 0)
                + (resizes ? 1 : 0);
        Map<String, SpdyStream> opened = new HashMap<>();
        while (opened.size() < expected) {
            SpdyStream stream = connection.accept(STREAMS_PATIENCE);
            if (stream == null) {
                connection.close();
                return;
            }
            opened.put(stream.header("streamtype"), stream);
        }
        SpdyStream error = opened.get("error");
        if (error == null) {
            connection.close();
            return;
        }
        SpdyStream stdin = opened.get("stdin");
        SpdyStream resize = opened.get("resize");
        ProcessStreams streams = new ProcessStreams(
                options.tty(),
                options.stdin() && stdin != null ? stdin.input() : null,
                output(opened, "stdout"),
                options.tty() ? null : output(opened, "stderr"),
                resize == null ? Resizes.NONE : sizes(resize.input()));
        Optional<Outcome> outcome = run(connection, process, streams);
        if (outcome.isPresent()) {
            if (protocol.startsWith("v4") || protocol.startsWith("v5")) {
                error.output().write(outcome.get().json());
            } else if (!outcome.get().succeeded()) {
                error.output().write(outcome.get().text());
            }
            for (SpdyStream stream : opened.values()) {
                stream.output().close();
            }
            connection.finish();
        }
    }

    private static @Nullable OutputStream output(Map<String, SpdyStream> opened, String name) {
        SpdyStream stream = opened.get(name);
        return stream == null ? null : stream.output();
    }

    // ---- both

    /** Runs the process; empty when the client went away first. */
    private static Optional<Outcome> run(BlockingConnection connection, Connected process, ProcessStreams streams) {
        Runnable giveUp = Thread.currentThread()::interrupt;
        connection.onClose(giveUp);
        try {
            return Optional.of(Outcome.ended(process.run(streams)));
        } catch (RuntimeCallException e) {
            return connection.isClosed() ? Optional.empty() : Optional.of(Outcome.failed(e.text()));
        } finally {
            connection.removeOnClose(giveUp);
        }
    }

    /** The sizes that a client sends, one JSON object after the other. */
    private static Resizes sizes(InputStream input) {
        return new Resizes() {

            private @Nullable MappingIterator<JsonNode> objects;

            @Override
            public @Nullable TerminalSize next() throws IOException {
                try {
                    MappingIterator<JsonNode> from = objects;
                    if (from == null) {
                        // Opened here: it waits for the first object.
                        from = Json.MAPPER.readerFor(JsonNode.class).readValues(input);
                        objects = from;
                    }
                    if (!from.hasNextValue()) {
                        return null;
                    }
                    JsonNode size = from.nextValue();
                    return new TerminalSize(
                            size.path("Width").asInt(0), size.path("Height").asInt(0));
                } catch (JacksonException e) {
                    throw new IOException("this is not the size of a terminal: " + e.getMessage(), e);
                }
            }
        };
    }

    /**
     * How it ended.
     *
     * @param exitCode of a command; 0 when it could not be run
     * @param failure why it could not be run, empty when it was
     */
    private record Outcome(int exitCode, String failure) {

        static Outcome ended(int exitCode) {
            return new Outcome(exitCode, "");
        }

        static Outcome failed(String why) {
            return new Outcome(0, why);
        }

        boolean succeeded() {
            return exitCode == 0 && failure.isEmpty();
        }

        private String message() {
            return failure.isEmpty()
                    ? "command terminated with non-zero exit code: exit status " + exitCode
                    : "Internal error occurred: " + failure;
        }

        byte[] text() {
            return message().getBytes(StandardCharsets.UTF_8);
        }

        byte[] json() {
            ObjectNode status = Json.MAPPER.createObjectNode();
            status.putObject("metadata");
            status.put("status", succeeded() ? "Success" : "Failure");
            if (!succeeded()) {
                boolean ran = failure.isEmpty();
                status.put("message", message());
                status.put("reason", ran ? "NonZeroExitCode" : "InternalError");
                ObjectNode cause =
                        status.putObject("details").putArray("causes").addObject();
                if (ran) {
                    cause.put("reason", "ExitCode").put("message", Integer.toString(exitCode));
                } else {
                    cause.put("message", failure);
                    status.put("code", 500);
                }
            }
            return Json.MAPPER.writeValueAsBytes(status);
        }
    }
}
