package io.mokube.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.pki.ClusterCertificates;
import io.mokube.machinery.time.Clock;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which HTTP/2 clients keep their connection, frame by frame. */
class Http2ConnectionTest {

    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RESET = 3;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int GO_AWAY = 7;
    private static final int END_STREAM = 1;
    private static final int ACKNOWLEDGED = 1;
    private static final int END_HEADERS = 4;
    private static final byte[] CANCEL = {0, 0, 0, 8};
    private static final byte[] FIELDS = fields();

    @TempDir
    private static Path folder;

    private static HttpServer server;
    private static SSLContext tls;

    @BeforeAll
    static void start() throws Exception {
        ClusterCertificates certificates = ClusterCertificates.ensure(folder, List.of("127.0.0.1"), Clock.system());
        server = new HttpServer(
                "127.0.0.1",
                0,
                OptionalInt.empty(),
                certificates.serving(),
                List.of(certificates.authorityCertificate()),
                Clock.system(),
                new SmallAnswer());
        server.start();
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("ca", certificates.authorityCertificate());
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
    }

    @AfterAll
    static void stop() {
        server.stop(Duration.ofSeconds(1));
    }

    private static final class SmallAnswer extends HttpServlet {
        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.getOutputStream().print("ok");
        }
    }

    @Test
    void aClientThatPingsAQuietConnectionKeepsIt() throws Exception {
        try (Connection connection = new Connection()) {
            connection.get(1);
            connection.await(DATA);
            for (int i = 0; i < 40; i++) {
                connection.write(PING, 0, 0, new byte[8]);
                connection.await(PING);
            }
            connection.get(3);
            connection.await(DATA);
        }
    }

    @Test
    void aClientThatEndsManyAnsweredRequestsByResettingKeepsIt() throws Exception {
        try (Connection connection = new Connection()) {
            for (int stream = 1; stream < 200; stream += 2) {
                connection.get(stream);
                connection.await(DATA);
                connection.write(RESET, 0, stream, CANCEL);
            }
            connection.get(201);
            connection.await(DATA);
        }
    }

    @Test
    void aClientThatEndsRequestsBeforeTheirAnswerKeepsIt() throws Exception {
        try (Connection connection = new Connection()) {
            for (int stream = 1; stream < 400; stream += 2) {
                connection.get(stream);
                connection.write(RESET, 0, stream, CANCEL);
            }
            connection.get(401);
            connection.await(DATA);
        }
    }

    @Test
    void aFloodOfResetsIsCutOff() throws Exception {
        try (Connection connection = new Connection()) {
            try {
                for (int stream = 1; stream < 100_000; ) {
                    ByteArrayOutputStream many = new ByteArrayOutputStream();
                    for (int i = 0; i < 1000; i++, stream += 2) {
                        many.writeBytes(frame(HEADERS, END_STREAM | END_HEADERS, stream, FIELDS));
                        many.writeBytes(frame(RESET, 0, stream, CANCEL));
                    }
                    connection.write(many.toByteArray());
                }
            } catch (IOException e) {
                // The server has closed it already.
                return;
            }
            assertThat(connection.isClosedByServer()).isTrue();
        }
    }

    private static byte[] frame(int type, int flags, int stream, byte[] payload) {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.write(payload.length >> 16);
        frame.write(payload.length >> 8);
        frame.write(payload.length);
        frame.write(type);
        frame.write(flags);
        frame.write(stream >> 24);
        frame.write(stream >> 16);
        frame.write(stream >> 8);
        frame.write(stream);
        frame.writeBytes(payload);
        return frame.toByteArray();
    }

    /** The header fields of a GET of {@code /}, for which no table is needed. */
    private static byte[] fields() {
        ByteArrayOutputStream fields = new ByteArrayOutputStream();
        fields.write(0x82); // :method GET
        fields.write(0x87); // :scheme https
        fields.write(0x84); // :path /
        fields.write(0x01); // :authority, not indexed
        fields.write(9);
        fields.writeBytes("127.0.0.1".getBytes(StandardCharsets.US_ASCII));
        return fields.toByteArray();
    }

    private static final class Connection implements AutoCloseable {

        private final SSLSocket socket;
        private final DataInputStream in;
        private final OutputStream out;

        Connection() throws IOException {
            socket = (SSLSocket) tls.getSocketFactory().createSocket("127.0.0.1", server.port());
            socket.setSoTimeout(20_000);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"h2"});
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            assertThat(socket.getApplicationProtocol()).isEqualTo("h2");
            in = new DataInputStream(socket.getInputStream());
            out = socket.getOutputStream();
            out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            write(SETTINGS, 0, 0, new byte[0]);
        }

        void get(int stream) throws IOException {
            write(HEADERS, END_STREAM | END_HEADERS, stream, FIELDS);
        }

        void write(int type, int flags, int stream, byte[] payload) throws IOException {
            write(frame(type, flags, stream, payload));
        }

        void write(byte[] frames) throws IOException {
            out.write(frames);
            out.flush();
        }

        /** Reads until a frame of this type comes. */
        void await(int wanted) throws IOException {
            int type;
            do {
                type = read();
                assertThat(type).as("the server goes away").isNotEqualTo(GO_AWAY);
            } while (type != wanted);
        }

        private int read() throws IOException {
            int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
            int type = in.readUnsignedByte();
            int flags = in.readUnsignedByte();
            in.readInt();
            in.skipNBytes(length);
            if (type == SETTINGS && flags != ACKNOWLEDGED) {
                write(SETTINGS, ACKNOWLEDGED, 0, new byte[0]);
            }
            return type;
        }

        boolean isClosedByServer() {
            try {
                while (read() != GO_AWAY) {
                    // What was answered before.
                }
                return true;
            } catch (EOFException e) {
                return true;
            } catch (IOException e) {
                return !(e instanceof java.net.SocketTimeoutException);
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
