package io.mokube.ingress.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.ingress.serve.Certificates.Chain;
import io.mokube.machinery.component.Platform;
import io.mokube.pki.CertificateAuthority;
import io.mokube.pki.Credential;
import io.mokube.testkit.FreePort;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the router promises to those who talk to it, over loopback. */
class HttpFrontTest {

    private static final Duration SILENCE = Duration.ofSeconds(3);
    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final CountDownLatch release = new CountDownLatch(1);
    private CertificateAuthority authority;
    private Certificates certificates;
    private HttpServer backend;
    private HttpsServer secure;
    private ServerSocket raw;
    private HttpFront front;

    @BeforeEach
    void start() throws Exception {
        backend = HttpServer.create(ANY, 0);
        backend.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        backend.createContext("/", HttpFrontTest::echo);
        backend.createContext("/stream", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write("first\n".getBytes(StandardCharsets.UTF_8));
            exchange.getResponseBody().flush();
            awaitRelease();
            exchange.getResponseBody().write("second\n".getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        backend.createContext("/silent", exchange -> awaitRelease());
        backend.start();
        raw = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        authority =
                CertificateAuthority.create("test", Platform.system().clock().instant());
        certificates = new Certificates(serving("fallback"));
        secure = HttpsServer.create(ANY, 0);
        secure.setHttpsConfigurator(new HttpsConfigurator(identity(serving("nobody.test"))));
        secure.createContext("/", HttpFrontTest::echo);
        secure.start();
        InetSocketAddress dead = new InetSocketAddress(InetAddress.getLoopbackAddress(), FreePort.next());
        front = HttpFront.open(
                ANY,
                ANY,
                certificates,
                (host, path) -> switch (host) {
                    case "web.test", "localhost" -> new Target.Endpoints("web", List.of(backend.getAddress()), false);
                    case "half.test" -> new Target.Endpoints("half", List.of(dead, backend.getAddress()), false);
                    case "dead.test" -> new Target.Endpoints("dead", List.of(dead), false);
                    case "raw.test" ->
                        new Target.Endpoints(
                                "raw",
                                List.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), raw.getLocalPort())),
                                false);
                    case "secure.test" -> new Target.Endpoints("secure", List.of(secure.getAddress()), true);
                    case "empty.test" -> new Target.NoEndpoint("web has no endpoint that is ready");
                    default -> new Target.NoRoute();
                },
                new Timeouts(Duration.ofSeconds(1), SILENCE),
                new SimpleMeterRegistry());
    }

    @AfterEach
    void stop() throws IOException {
        release.countDown();
        front.close();
        backend.stop(0);
        secure.stop(0);
        raw.close();
    }

    private void awaitRelease() {
        try {
            release.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Credential serving(String name) throws Exception {
        return authority.issueServing(
                name, List.of(), List.of(name), Platform.system().clock().instant());
    }

    private static SSLContext identity(Credential credential) throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry("server", credential.key(), new char[0], new Certificate[] {credential.certificate()});
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context;
    }

    /** Whatever the endpoint's certificate says; here it is another name's, of an authority that nobody knows. */
    @Test
    void endpointsMaySpeakTls() throws Exception {
        assertThat(get("secure.test", "/page"))
                .startsWith("HTTP/1.1 200 OK")
                .contains("GET /page", "host: [secure.test]", "x-forwarded-proto: [http]");
    }

    /** Answers with what came: the request's headers, and its body's length. */
    private static void echo(HttpExchange exchange) throws IOException {
        long length = exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
        StringBuilder text = new StringBuilder(exchange.getRequestMethod() + " " + exchange.getRequestURI() + "\n");
        exchange.getRequestHeaders()
                .forEach((name, values) -> text.append(name.toLowerCase(Locale.ROOT))
                        .append(": ")
                        .append(values)
                        .append('\n'));
        text.append("length ").append(length).append('\n');
        byte[] body = text.toString().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Connection", "X-Hop");
        exchange.getResponseHeaders().add("X-Hop", "gone");
        exchange.getResponseHeaders().add("X-Kept", "kept");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    /** Sends bytes as they are and reads to the end of the connection. */
    private String say(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), front.httpPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private String get(String host, String path) throws IOException {
        return say("GET " + path + " HTTP/1.1\nHost: " + host + "\nConnection: close\n\n");
    }

    @Test
    void headersAreTheNeighboursOwn() throws Exception {
        String answer = say("""
                GET /a%2Fb?x=1 HTTP/1.1
                Host: web.test:8080
                Connection: close
                Connection: X-Secret
                X-Secret: hop
                X-Forwarded-For: 192.0.2.9
                X-Forwarded-Proto: https
                Forwarded: for=192.0.2.9
                Te: trailers
                X-Kept: yes

                """);
        assertThat(answer)
                .startsWith("HTTP/1.1 200 OK")
                .contains("GET /a%2Fb?x=1\n", "host: [web.test:8080]", "x-forwarded-host: [web.test:8080]")
                .contains("x-forwarded-for: [127.0.0.1]", "x-forwarded-proto: [http]", "x-kept: [yes]")
                .contains("X-kept: kept")
                .doesNotContain("x-secret", "192.0.2.9", "trailers", "X-hop");
    }

    @Test
    void whatCannotBeServedIsSaid() throws Exception {
        assertThat(get("nobody.test", "/a")).startsWith("HTTP/1.1 404").contains("no rule for host \"nobody.test\"");
        assertThat(get("empty.test", "/")).startsWith("HTTP/1.1 503").contains("no endpoint that is ready");
        assertThat(get("dead.test", "/")).startsWith("HTTP/1.1 502").contains("no endpoint of dead takes connections");
        assertThat(get("web.test", "/silent")).startsWith("HTTP/1.1 504").contains("web did not answer within 3 s");
        for (int i = 0; i < 4; i++) {
            assertThat(get("half.test", "/")).as("the other endpoint is tried").startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void badRequestsAreRefused() throws Exception {
        assertThat(say("GET / HTTP/1.1\nConnection: close\n\n")).startsWith("HTTP/1.1 400");
        assertThat(say("nonsense\n\n")).startsWith("HTTP/1.").contains(" 400 ");
        assertThat(say("GET / HTTP/1.1\nHost: web.test\nX-Long: " + "x".repeat(20_000) + "\n\n"))
                .startsWith("HTTP/1.1 431");
        assertThat(say("POST / HTTP/1.1\nHost: web.test\nContent-Length: 5\nContent-Length: 6\n\n"))
                .startsWith("HTTP/1.1 400");
        assertThat(get("web.test", "/")).startsWith("HTTP/1.1 200");
    }

    @Test
    void bodiesPassAsTheyCome() throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpResponse<InputStream> answer = http.send(
                    HttpRequest.newBuilder(URI.create("http://localhost:" + front.httpPort() + "/stream"))
                            .build(),
                    HttpResponse.BodyHandlers.ofInputStream());
            BufferedReader lines = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
            assertThat(lines.readLine()).isEqualTo("first");
            release.countDown();
            assertThat(lines.readLine()).isEqualTo("second");
            assertThat(lines.readLine()).isNull();

            byte[] large = new byte[20 << 20];
            for (boolean known : new boolean[] {true, false}) {
                HttpRequest.BodyPublisher body = known
                        ? HttpRequest.BodyPublishers.ofByteArray(large)
                        : HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(large));
                assertThat(http.send(
                                        HttpRequest.newBuilder(
                                                        URI.create("http://localhost:" + front.httpPort() + "/up"))
                                                .POST(body)
                                                .version(
                                                        known ? HttpClient.Version.HTTP_1_1 : HttpClient.Version.HTTP_2)
                                                .build(),
                                        HttpResponse.BodyHandlers.ofString())
                                .body())
                        .contains("POST /up\n", "length " + large.length + "\n");
            }
        }
    }

    @Test
    void aBodyMayTakeLongerThanAnAnswer() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), front.httpPort())) {
            socket.setSoTimeout(10_000);
            OutputStream out = socket.getOutputStream();
            out.write("POST /up HTTP/1.1\r\nHost: web.test\r\nConnection: close\r\nContent-Length: 5\r\n\r\n"
                    .getBytes(StandardCharsets.UTF_8));
            for (int i = 0; i < 5; i++) {
                Thread.sleep(SILENCE.toMillis() / 3);
                out.write('x');
            }
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 200")
                    .contains("length 5\n");
        }
    }

    @Test
    void aBodyThatStopsIsNotWaitedForForEver() throws Exception {
        assertThat(say("POST /up HTTP/1.1\nHost: web.test\nContent-Length: 5\n\nxx"))
                .startsWith("HTTP/1.1 504");
    }

    @Test
    void anAnswerCutInTheMiddleIsNoWholeAnswer() throws Exception {
        Thread.ofVirtual().start(() -> {
            try (Socket socket = raw.accept()) {
                readHead(socket);
                socket.getOutputStream()
                        .write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
                                .getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // The test fails by what it hears.
            }
        });
        assertThat(get("raw.test", "/")).doesNotContain("\r\n0\r\n\r\n");
    }

    @Test
    void anUpgradedConnectionCarriesBytesBothWays() throws Exception {
        Thread.ofVirtual().start(() -> {
            try (Socket socket = raw.accept()) {
                String head = readHead(socket);
                if (head.toLowerCase(Locale.ROOT).contains("upgrade: websocket")) {
                    socket.getOutputStream()
                            .write(
                                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
                                            .getBytes(StandardCharsets.UTF_8));
                }
                socket.getInputStream().transferTo(socket.getOutputStream());
            } catch (IOException e) {
                // The test fails by what it hears.
            }
        });
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), front.httpPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write("GET /ws HTTP/1.1\r\nHost: raw.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
                            .getBytes(StandardCharsets.UTF_8));
            assertThat(readHead(socket)).startsWith("HTTP/1.1 101").containsIgnoringCase("upgrade: websocket");
            for (String word : List.of("hello", "again")) {
                socket.getOutputStream().write(word.getBytes(StandardCharsets.UTF_8));
                assertThat(socket.getInputStream().readNBytes(word.length()))
                        .isEqualTo(word.getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    private static String readHead(Socket socket) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int each = socket.getInputStream().read();
            if (each < 0) {
                break;
            }
            head.append((char) each);
        }
        return head.toString();
    }

    @Test
    void eachNameHasItsCertificateAndNewOnesCountAtOnce() throws Exception {
        Credential web = serving("web.test");
        Credential wild = serving("wild");
        certificates.set(Map.of("web.test", chain(web), "*.wild.test", chain(wild)));
        assertThat(certificateFor("web.test")).isEqualTo(web.certificate());
        assertThat(certificateFor("a.wild.test")).isEqualTo(wild.certificate());
        assertThat(certificateFor("other.test").getSubjectX500Principal().getName())
                .contains("fallback");
        Credential renewed = serving("web.test");
        certificates.set(Map.of("web.test", chain(renewed)));
        assertThat(certificateFor("web.test")).isEqualTo(renewed.certificate());

        try (HttpClient http = HttpClient.newBuilder().sslContext(trusting()).build()) {
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(URI.create("https://localhost:" + front.httpsPort() + "/h2"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
            assertThat(answer.body()).contains("GET /h2\n", "x-forwarded-proto: [https]");
        }
    }

    private static Chain chain(Credential credential) {
        return new Chain(List.of(credential.certificate()), credential.key());
    }

    private X509Certificate certificateFor(String name) throws Exception {
        try (SSLSocket socket =
                (SSLSocket) trusting().getSocketFactory().createSocket("127.0.0.1", front.httpsPort())) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setServerNames(List.of(new SNIHostName(name)));
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    /** Trusts whom it meets: which certificate is shown is what the test looks at. */
    private static SSLContext trusting() throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Trusting()}, null);
        return context;
    }

    private static final class Trusting extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
