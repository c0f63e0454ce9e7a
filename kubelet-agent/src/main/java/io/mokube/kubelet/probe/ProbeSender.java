package io.mokube.kubelet.probe;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.ExecAction;
import io.fabric8.kubernetes.api.model.GRPCAction;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.HTTPHeader;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.TCPSocketAction;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.mokube.kubelet.probe.health.v1.HealthCheckRequest;
import io.mokube.kubelet.probe.health.v1.HealthCheckResponse.ServingStatus;
import io.mokube.kubelet.probe.health.v1.HealthGrpc;
import io.mokube.kubelet.runtime.ContainerRuntime;
import io.mokube.kubelet.runtime.RuntimeCallException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Carries out one probe of one container, also a hook of the same form. Where pods have no network, their servers are taken to
 * answer well, as their commands are.
 */
public final class ProbeSender {

    private static final int MOST_BODY_CHARACTERS = 10 * 1024;
    private static final Answer PLAYED = new Answer(true, "");

    private final ContainerRuntime runtime;

    public ProbeSender(ContainerRuntime runtime) {
        this.runtime = runtime;
    }

    /** How a probe went; the message is for the event. */
    public record Answer(boolean success, String message) {}

    /** Sends a probe and waits for its answer, at most for the probe's timeout. */
    public Answer send(Probe probe, Container container, String containerId, String address) {
        Duration timeout = Duration.ofSeconds(Math.max(1, Objects.requireNonNullElse(probe.getTimeoutSeconds(), 1)));
        if (probe.getExec() != null) {
            return exec(probe.getExec(), containerId, timeout);
        }
        if (probe.getHttpGet() != null) {
            return http(probe.getHttpGet(), container, address, timeout);
        }
        if (probe.getTcpSocket() != null) {
            return tcp(probe.getTcpSocket(), container, address, timeout);
        }
        if (probe.getGrpc() != null) {
            return grpc(probe.getGrpc(), address, timeout);
        }
        return new Answer(false, "missing probe handler");
    }

    /** Runs a command in the container; success is exit code 0. */
    public Answer exec(ExecAction action, String containerId, Duration timeout) {
        try {
            ContainerRuntime.ExecResult result = runtime.execSync(containerId, action.getCommand(), timeout);
            String output = new String(result.stdout(), StandardCharsets.UTF_8)
                    + new String(result.stderr(), StandardCharsets.UTF_8);
            return new Answer(result.exitCode() == 0, output);
        } catch (RuntimeCallException e) {
            return new Answer(
                    false,
                    e.kind() == RuntimeCallException.Kind.TIMEOUT
                            ? "command timed out: \"" + String.join(" ", action.getCommand()) + "\" timed out after "
                                    + timeout.toSeconds() + "s"
                            : e.text());
        }
    }

    /** Asks a web server in the container; success is a code from 200 to 399. */
    public Answer http(HTTPGetAction action, Container container, String address, Duration timeout) {
        String host = host(action.getHost(), address);
        boolean tls = "HTTPS".equalsIgnoreCase(action.getScheme());
        String path = action.getPath() == null || action.getPath().isEmpty() ? "/" : action.getPath();
        String url = "";
        try {
            int port = port(action.getPort(), container);
            url = (tls ? "https" : "http") + "://" + authority(host, port) + (path.startsWith("/") ? path : "/" + path);
            if (isPlayed(action.getHost())) {
                return PLAYED;
            }
            // A plain socket: probes come too often for pools, and any certificate will do.
            try (Socket socket = connect(host, port, timeout, tls)) {
                StringBuilder request = new StringBuilder("GET ").append(path).append(" HTTP/1.1\r\n");
                boolean ownHost = false;
                for (HTTPHeader header : action.getHttpHeaders()) {
                    ownHost |= header.getName().equalsIgnoreCase("Host");
                    request.append(header.getName())
                            .append(": ")
                            .append(header.getValue())
                            .append("\r\n");
                }
                if (!ownHost) {
                    request.append("Host: ").append(authority(host, port)).append("\r\n");
                }
                request.append("User-Agent: kube-probe/1.36\r\nAccept: */*\r\nConnection: close\r\n\r\n");
                socket.getOutputStream().write(request.toString().getBytes(StandardCharsets.UTF_8));
                BufferedReader reader =
                        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
                String line = reader.readLine();
                String[] words = line == null ? new String[0] : line.split(" ", 3);
                if (words.length < 2 || !words[1].matches("[0-9]{3}")) {
                    return new Answer(false, "Get \"" + url + "\": malformed HTTP response");
                }
                int code = Integer.parseInt(words[1]);
                return code >= 200 && code < 400
                        ? new Answer(true, body(reader))
                        : new Answer(false, "HTTP probe failed with statuscode: " + code);
            }
        } catch (SocketTimeoutException e) {
            return new Answer(
                    false,
                    "Get \"" + url + "\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
        } catch (IOException e) {
            return new Answer(false, "Get \"" + url + "\": " + e.getMessage());
        } catch (IllegalArgumentException e) {
            return new Answer(false, String.valueOf(e.getMessage()));
        }
    }

    private static String body(BufferedReader reader) throws IOException {
        char[] body = new char[MOST_BODY_CHARACTERS];
        int length = 0;
        int read;
        while (length < body.length && (read = reader.read(body, length, body.length - length)) >= 0) {
            length += read;
        }
        return new String(body, 0, length);
    }

    private static Socket connect(String host, int port, Duration timeout, boolean tls) throws IOException {
        Socket plain = new Socket();
        int millis = Math.toIntExact(timeout.toMillis());
        plain.connect(new InetSocketAddress(host, port), millis);
        plain.setSoTimeout(millis);
        if (!tls) {
            return plain;
        }
        SSLSocket secure = (SSLSocket) TrustAny.context().getSocketFactory().createSocket(plain, host, port, true);
        secure.startHandshake();
        return secure;
    }

    private static String authority(String host, Object port) {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }

    /** Opens a connection; success is that it opens. */
    private Answer tcp(TCPSocketAction action, Container container, String address, Duration timeout) {
        String host = host(action.getHost(), address);
        try {
            int port = port(action.getPort(), container);
            if (isPlayed(action.getHost())) {
                return PLAYED;
            }
            try (Socket socket = connect(host, port, timeout, false)) {
                return new Answer(socket.isConnected(), "");
            }
        } catch (IOException e) {
            return new Answer(
                    false, "dial tcp " + authority(host, action.getPort().getValue()) + ": " + e.getMessage());
        } catch (IllegalArgumentException e) {
            return new Answer(false, String.valueOf(e.getMessage()));
        }
    }

    /** Asks a server of gRPC how its service is; success is that it serves. */
    private Answer grpc(GRPCAction action, String address, Duration timeout) {
        if (isPlayed(null)) {
            return PLAYED;
        }
        ManagedChannel channel = NettyChannelBuilder.forAddress(address, action.getPort())
                .usePlaintext()
                .userAgent("kube-probe/1.36")
                .build();
        try {
            ServingStatus status = HealthGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS)
                    .check(HealthCheckRequest.newBuilder()
                            .setService(Objects.requireNonNullElse(action.getService(), ""))
                            .build())
                    .getStatus();
            return status == ServingStatus.SERVING
                    ? new Answer(true, "service healthy")
                    : new Answer(false, "service unhealthy (responded with \"" + status + "\")");
        } catch (StatusRuntimeException e) {
            String at = "\"" + authority(address, action.getPort()) + "\"";
            return new Answer(
                    false,
                    switch (e.getStatus().getCode()) {
                        case UNIMPLEMENTED ->
                            "error: this server does not implement the grpc health protocol (grpc.health.v1.Health)";
                        case DEADLINE_EXCEEDED, UNAVAILABLE ->
                            "timeout: failed to connect service " + at + " within " + timeout.toSeconds() + "s: "
                                    + e.getStatus().getDescription();
                        default -> "error: health rpc probe failed: " + e.getStatus();
                    });
        } finally {
            channel.shutdownNow();
        }
    }

    /** @param chosen the host that a probe names */
    private static String host(@Nullable String chosen, String address) {
        return chosen == null || chosen.isEmpty() ? address : chosen;
    }

    private boolean isPlayed(@Nullable String chosen) {
        return !runtime.hasNetwork() && (chosen == null || chosen.isEmpty());
    }

    private static int port(IntOrString port, Container container) {
        if (port.getIntVal() != null) {
            return port.getIntVal();
        }
        String name = port.getStrVal();
        for (ContainerPort declared : container.getPorts()) {
            if (Objects.equals(declared.getName(), name)) {
                return declared.getContainerPort();
            }
        }
        try {
            return Integer.parseInt(name);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("couldn't find port: " + name, e);
        }
    }

    /** A probe asks whether the server answers, not who it is. */
    private static final class TrustAny implements X509TrustManager {

        static SSLContext context() throws IOException {
            try {
                SSLContext context = SSLContext.getInstance("TLS");
                context.init(null, new TrustManager[] {new TrustAny()}, new SecureRandom());
                return context;
            } catch (GeneralSecurityException e) {
                throw new IOException("no TLS", e);
            }
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
