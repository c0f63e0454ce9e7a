package io.mokube.apiserver.proxy;

import io.mokube.apiserver.request.Answer;
import io.mokube.apiserver.request.RawRequest;
import io.mokube.apiserver.request.RawRequest.Header;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/** Asks a backend to go on in another protocol, in the client's words. */
final class Upgrader {

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    /** How long a backend may think about an upgrade. */
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(60);

    private static final int LONGEST_HEAD_BYTES = 64 * 1024;
    private static final int LONGEST_REFUSAL_BYTES = 64 * 1024;

    /** What a client tells the API server and nobody behind it. */
    private static final Set<String> OWN_HEADERS =
            Set.of("authorization", "host", "content-length", "transfer-encoding", "expect");

    private Upgrader() {}

    /**
     * Where the backend is.
     *
     * @param tls how to connect with TLS; null for without
     * @param verifyName whether the certificate must carry the host's name
     */
    record Backend(String host, int port, @Nullable SSLSocketFactory tls, boolean verifyName) {}

    /** What a backend said that did not agree. */
    record Refusal(int code, List<Header> headers, byte[] body) {

        String text() {
            return new String(body, StandardCharsets.UTF_8).strip();
        }
    }

    /** How it went: one of the two is there. */
    record Outcome(
            Answer.@Nullable Upgraded upgraded, @Nullable Refusal refusal) {}

    /**
     * Passes the client's wish on.
     *
     * @param pathAndQuery escaped
     * @throws IOException when the backend can't be reached, or does not answer in HTTP
     */
    static Outcome ask(Backend backend, RawRequest client, String pathAndQuery) throws IOException {
        Socket socket = connect(backend);
        try {
            socket.setSoTimeout((int) ANSWER_TIMEOUT.toMillis());
            socket.getOutputStream().write(head(backend, client, pathAndQuery));
            socket.getOutputStream().flush();
            InputStream in = new BufferedInputStream(socket.getInputStream());
            List<String> lines = readHead(in);
            int code = code(lines.getFirst());
            List<Header> headers = headers(lines.subList(1, lines.size()));
            if (code == 101) {
                socket.setSoTimeout(0);
                return new Outcome(new Answer.Upgraded(headers, new Tunnel(socket, in)), null);
            }
            byte[] body = readBody(in, headers);
            socket.close();
            return new Outcome(null, new Refusal(code, headers, body));
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static Socket connect(Backend backend) throws IOException {
        Socket plain = new Socket();
        try {
            plain.setTcpNoDelay(true);
            plain.setKeepAlive(true);
            plain.connect(new InetSocketAddress(backend.host(), backend.port()), (int) CONNECT_TIMEOUT.toMillis());
            SSLSocketFactory tls = backend.tls();
            if (tls == null) {
                return plain;
            }
            SSLSocket secured = (SSLSocket) tls.createSocket(plain, backend.host(), backend.port(), true);
            if (backend.verifyName()) {
                SSLParameters parameters = secured.getSSLParameters();
                parameters.setEndpointIdentificationAlgorithm("HTTPS");
                secured.setSSLParameters(parameters);
            }
            secured.setSoTimeout((int) CONNECT_TIMEOUT.toMillis());
            secured.startHandshake();
            return secured;
        } catch (IOException | RuntimeException e) {
            plain.close();
            throw e;
        }
    }

    private static byte[] head(Backend backend, RawRequest client, String pathAndQuery) {
        StringBuilder head = new StringBuilder()
                .append(client.method())
                .append(' ')
                .append(pathAndQuery)
                .append(" HTTP/1.1\r\nHost: ")
                .append(hostHeader(backend))
                .append("\r\n");
        for (Header header : client.headers()) {
            if (!OWN_HEADERS.contains(header.name().toLowerCase(Locale.ROOT))) {
                head.append(header.name()).append(": ").append(header.value()).append("\r\n");
            }
        }
        if (!client.method().equals("GET")) {
            head.append("Content-Length: 0\r\n");
        }
        return head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String hostHeader(Backend backend) {
        String host = backend.host();
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + backend.port();
    }

    private static List<String> readHead(InputStream in) throws IOException {
        List<String> lines = new ArrayList<>();
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int total = 0; total < LONGEST_HEAD_BYTES; total++) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("EOF");
            }
            if (next != '\n') {
                line.write(next);
                continue;
            }
            String text = line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
            line.reset();
            if (text.isEmpty() && !lines.isEmpty()) {
                return lines;
            }
            lines.add(text);
        }
        throw new IOException("the answer's head is too long");
    }

    private static int code(String statusLine) throws IOException {
        String[] words = statusLine.split(" ", 3);
        if (words.length < 2 || !words[0].startsWith("HTTP/1.") || !words[1].matches("[1-5][0-9][0-9]")) {
            throw new IOException("malformed HTTP response \"" + statusLine + "\"");
        }
        return Integer.parseInt(words[1]);
    }

    private static List<Header> headers(List<String> lines) throws IOException {
        List<Header> headers = new ArrayList<>();
        for (String line : lines) {
            int colon = line.indexOf(':');
            if (colon <= 0) {
                throw new IOException("malformed header line");
            }
            headers.add(new Header(
                    line.substring(0, colon).strip(), line.substring(colon + 1).strip()));
        }
        return headers;
    }

    /** The beginning of a refusal. One without a length goes to the end of the connection, or is left where it is. */
    private static byte[] readBody(InputStream in, List<Header> headers) throws IOException {
        int length = 0;
        for (Header header : headers) {
            if (header.name().equalsIgnoreCase("Content-Length")
                    && header.value().matches("[0-9]{1,9}")) {
                length = Integer.parseInt(header.value());
            }
        }
        return in.readNBytes(Math.min(length, LONGEST_REFUSAL_BYTES));
    }
}
