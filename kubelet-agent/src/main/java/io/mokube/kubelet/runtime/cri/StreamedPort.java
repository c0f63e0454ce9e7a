package io.mokube.kubelet.runtime.cri;

import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.RuntimeCallException.Kind;
import io.mokube.kubelet.stream.SpdyConnection;
import io.mokube.kubelet.stream.SpdyStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Carries the bytes of one connection to a port of a sandbox. */
final class StreamedPort {

    static final String PROTOCOL = "portforward.k8s.io";

    private static final int LONGEST_ERROR_BYTES = 16 * 1024;

    private StreamedPort() {}

    static void run(SpdyConnection connection, int port, InputStream fromClient, OutputStream toClient) {
        Thread sender = null;
        try {
            SpdyStream error = open(connection, "error", port);
            error.output().close();
            SpdyStream data = open(connection, "data", port);
            sender = Thread.ofVirtual().name("port-" + port).start(() -> send(fromClient, data));
            data.input().transferTo(toClient);
            toClient.close();
            String message = new String(error.input().readNBytes(LONGEST_ERROR_BYTES), StandardCharsets.UTF_8);
            if (!message.isEmpty()) {
                throw new RuntimeCallException(Kind.FAILED, message);
            }
        } catch (InterruptedIOException e) {
            throw new RuntimeCallException(Kind.CANCELLED, "interrupted", e);
        } catch (IOException e) {
            throw new RuntimeCallException(Kind.CANCELLED, "the connection broke: " + e.getMessage(), e);
        } finally {
            connection.close();
            if (sender != null) {
                sender.interrupt();
            }
        }
    }

    private static void send(InputStream fromClient, SpdyStream data) {
        try {
            fromClient.transferTo(data.output());
            data.output().close();
        } catch (IOException e) {
            // The container's side has closed; what it said before still goes to the client.
            return;
        }
    }

    private static SpdyStream open(SpdyConnection connection, String type, int port) throws IOException {
        return connection.open(Map.of("streamtype", type, "port", Integer.toString(port), "requestid", "0"));
    }
}
