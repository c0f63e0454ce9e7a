package io.mokube.kubelet.server;

import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.stream.BlockingConnection;
import io.mokube.kubelet.stream.SpdyConnection;
import io.mokube.kubelet.stream.SpdyStream;
import io.mokube.kubelet.stream.WebSocketChannels;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Connects a client with ports of a pod. On SPDY, directly or in the messages of a WebSocket, every pair of a data and an
 * error stream is one connection; on a WebSocket with channels there is one connection for each port asked for.
 */
final class PortForwarding {

    private static final String SPDY_PROTOCOL = "portforward.k8s.io";
    private static final String TUNNEL_PROTOCOL = "SPDY/3.1+portforward.k8s.io";
    private static final List<String> WEB_SOCKET_PROTOCOLS =
            List.of(TUNNEL_PROTOCOL, "v4.channel.k8s.io", "v4.base64.channel.k8s.io");

    /** How long nothing may happen at all. */
    private static final Duration IDLE = Duration.ofHours(4);

    private static final int MOST_PORTS = 100;
    private static final int HIGHEST_PORT = 65535;

    private PortForwarding() {}

    /** One connection to a port. */
    @FunctionalInterface
    interface Port {

        /** Carries bytes both ways until the end. */
        void connect(int port, InputStream fromClient, OutputStream toClient);
    }

    /** Agrees on a protocol and serves the client until it goes. */
    static void serve(Exchange exchange, Port port) throws IOException, InterruptedException {
        if (exchange.wantsSpdy()) {
            List<String> offered = exchange.streamProtocols();
            if (!offered.contains(SPDY_PROTOCOL)) {
                exchange.refuseProtocols(offered, List.of(SPDY_PROTOCOL));
                return;
            }
            overSpdy(exchange.upgradeToSpdy(SPDY_PROTOCOL), port);
        } else if (exchange.wantsWebSocket()) {
            List<String> offered = exchange.webSocketProtocols();
            Optional<String> chosen =
                    offered.stream().filter(WEB_SOCKET_PROTOCOLS::contains).findFirst();
            if (chosen.isEmpty() && !offered.isEmpty()) {
                exchange.refuseProtocols(offered, WEB_SOCKET_PROTOCOLS);
            } else if (chosen.isPresent() && chosen.get().equals(TUNNEL_PROTOCOL)) {
                overSpdy(exchange.upgradeToTunnel(TUNNEL_PROTOCOL), port);
            } else {
                overWebSocket(exchange, chosen, port);
            }
        } else {
            exchange.answer(400, "text/plain", "unable to upgrade: missing upgrade headers in request");
        }
    }

    // ---- SPDY

    private static void overSpdy(SpdyConnection connection, Port port) throws InterruptedException {
        Map<String, SpdyStream> halves = new HashMap<>();
        for (SpdyStream stream = connection.accept(IDLE); stream != null; stream = connection.accept(IDLE)) {
            String request = stream.header("requestid");
            SpdyStream other = halves.remove(request);
            if (other == null) {
                halves.put(request, stream);
                continue;
            }
            SpdyStream data = stream.header("streamtype").equals("data") ? stream : other;
            SpdyStream error = data == stream ? other : stream;
            Thread.ofVirtual().name("port-forward").start(() -> {
                try {
                    carry(connection, number(data.header("port")), data.input(), data.output(), error.output(), port);
                } catch (IllegalArgumentException e) {
                    connection.close();
                } finally {
                    connection.forget(data);
                    connection.forget(error);
                }
            });
        }
        connection.close();
    }

    // ---- WebSocket channels

    private static void overWebSocket(Exchange exchange, Optional<String> protocol, Port port)
            throws IOException, InterruptedException {
        List<Integer> ports;
        try {
            ports = ports(exchange);
        } catch (IllegalArgumentException e) {
            exchange.answer(400, "text/plain", String.valueOf(e.getMessage()));
            return;
        }
        WebSocketChannels channels = exchange.upgradeToWebSocket(
                protocol.orElse(null),
                new WebSocketChannels(2 * ports.size(), protocol.orElse("").contains("base64"), false));
        List<Thread> connections = new ArrayList<>();
        for (int i = 0; i < ports.size(); i++) {
            int number = ports.get(i);
            InputStream fromClient = channels.input(2 * i);
            OutputStream toClient = channels.output(2 * i);
            OutputStream error = channels.output(2 * i + 1);
            // The first two bytes of each channel tell its port, the low one first.
            byte[] head = {(byte) number, (byte) (number >> 8)};
            toClient.write(head);
            error.write(head);
            connections.add(Thread.ofVirtual()
                    .name("port-forward")
                    .start(() -> carry(channels, number, fromClient, toClient, error, port)));
        }
        for (Thread connection : connections) {
            connection.join();
        }
        channels.finish();
    }

    /**
     * The ports that the query names.
     *
     * @throws IllegalArgumentException when it names none, or no ports
     */
    private static List<Integer> ports(Exchange exchange) {
        List<Integer> ports = new ArrayList<>();
        for (String list : exchange.parameters("port")) {
            for (String text : list.split(",")) {
                ports.add(number(text));
            }
        }
        if (ports.isEmpty() || ports.size() > MOST_PORTS) {
            throw new IllegalArgumentException("query parameter \"port\" is required");
        }
        return ports;
    }

    private static int number(String text) {
        if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > HIGHEST_PORT) {
            throw new IllegalArgumentException("unable to parse \"" + text + "\" as a port");
        }
        return Integer.parseInt(text);
    }

    // ---- both

    /** Carries one connection; what goes wrong with it goes to its error stream. */
    private static void carry(
            BlockingConnection connection,
            int number,
            InputStream fromClient,
            OutputStream toClient,
            OutputStream error,
            Port port) {
        Runnable giveUp = Thread.currentThread()::interrupt;
        connection.onClose(giveUp);
        try (error;
                toClient) {
            try {
                port.connect(number, fromClient, toClient);
            } catch (RuntimeCallException e) {
                error.write(
                        ("an error occurred forwarding " + number + ": " + e.text()).getBytes(StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            // The client went away, and with it everybody who could be told.
            return;
        } finally {
            connection.removeOnClose(giveUp);
        }
    }
}
