package io.mokube.kubelet.runtime.cri;

import io.mokube.kubelet.runtime.ProcessStreams;
import io.mokube.kubelet.runtime.ProcessStreams.TerminalSize;
import io.mokube.kubelet.runtime.RuntimeCallException;
import io.mokube.kubelet.runtime.RuntimeCallException.Kind;
import io.mokube.kubelet.stream.SpdyConnection;
import io.mokube.kubelet.stream.SpdyStream;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** Carries bytes between a process in the runtime and those who use it, on the streams of one SPDY connection. */
final class StreamedProcess {

    /** The protocol whose error stream ends with a status. */
    static final String PROTOCOL = "v4.channel.k8s.io";

    private static final int LONGEST_STATUS_BYTES = 64 * 1024;
    private static final String INTERNAL_ERROR = "Internal error occurred: ";

    private final SpdyConnection connection;
    private final List<Thread> outputs = new ArrayList<>();
    private final List<Thread> inputs = new ArrayList<>();

    private StreamedProcess(SpdyConnection connection) {
        this.connection = connection;
    }

    /**
     * Carries until the process has ended and all its output was written.
     *
     * @return the exit code; 0 for an attachment that ended
     */
    static int run(SpdyConnection connection, ProcessStreams streams) {
        StreamedProcess process = new StreamedProcess(connection);
        try {
            return process.run(streams);
        } catch (InterruptedIOException | InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RuntimeCallException(Kind.CANCELLED, "interrupted", e);
        } catch (IOException e) {
            throw new RuntimeCallException(
                    Kind.UNAVAILABLE, "the connection to the runtime broke: " + e.getMessage(), e);
        } finally {
            connection.close();
            process.inputs.forEach(Thread::interrupt);
            process.outputs.forEach(Thread::interrupt);
        }
    }

    private int run(ProcessStreams streams) throws IOException, InterruptedException {
        SpdyStream error = open("error");
        InputStream stdin = streams.stdin();
        if (stdin != null) {
            SpdyStream to = open("stdin");
            inputs.add(start("stdin", () -> {
                stdin.transferTo(to.output());
                to.output().close();
            }));
        }
        carry("stdout", streams.stdout());
        carry("stderr", streams.stderr());
        if (streams.tty()) {
            SpdyStream to = open("resize");
            inputs.add(start("resize", () -> resize(streams.resizes(), to.output())));
        }
        byte[] status = error.input().readNBytes(LONGEST_STATUS_BYTES);
        for (Thread output : outputs) {
            output.join();
        }
        return exitCode(status);
    }

    private void carry(String name, @Nullable OutputStream to) throws IOException {
        if (to != null) {
            SpdyStream from = open(name);
            outputs.add(start(name, () -> {
                try {
                    from.input().transferTo(to);
                } catch (IOException e) {
                    // Whoever used the process is gone.
                    connection.close();
                }
            }));
        }
    }

    private SpdyStream open(String name) throws IOException {
        return connection.open(Map.of("streamtype", name));
    }

    private static void resize(ProcessStreams.Resizes resizes, OutputStream to) throws IOException {
        for (TerminalSize size = resizes.next(); size != null; size = resizes.next()) {
            to.write(Json.MAPPER.writeValueAsBytes(Map.of("Width", size.width(), "Height", size.height())));
        }
    }

    /** Copies one stream. */
    @FunctionalInterface
    private interface Copying {
        void run() throws IOException;
    }

    private static Thread start(String name, Copying copying) {
        return Thread.ofVirtual().name("exec-" + name).start(() -> {
            try {
                copying.run();
            } catch (IOException e) {
                // The other side is gone, which the error stream tells of.
                return;
            }
        });
    }

    private static int exitCode(byte[] text) {
        if (text.length == 0) {
            throw new RuntimeCallException(Kind.UNAVAILABLE, "the connection to the runtime broke");
        }
        JsonNode status;
        try {
            status = Json.MAPPER.readTree(text);
        } catch (JacksonException e) {
            throw new RuntimeCallException(Kind.FAILED, "the runtime's status can't be read", e);
        }
        if (status.path("status").asString("").equals("Success")) {
            return 0;
        }
        for (JsonNode cause : status.path("details").path("causes")) {
            if (cause.path("reason").asString("").equals("ExitCode")) {
                return Integer.parseInt(cause.path("message").asString(""));
            }
        }
        String message = status.path("message").asString("");
        throw new RuntimeCallException(
                Kind.FAILED, message.startsWith(INTERNAL_ERROR) ? message.substring(INTERNAL_ERROR.length()) : message);
    }
}
