package io.mokube.benchmarks;

import io.mokube.apiserver.http.HttpServer;
import io.mokube.apiserver.pki.ClusterCertificates;
import io.mokube.machinery.time.Clock;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;

/** The API server's own HTTP server around a servlet that writes one file: {@code FOLDER FILE}. */
final class BareServletMain {

    private BareServletMain() {}

    public static void main(String[] arguments) throws Exception {
        ClusterCertificates certificates =
                ClusterCertificates.ensure(Path.of(arguments[0]), List.of("127.0.0.1"), Clock.system());
        byte[] body = Files.readAllBytes(Path.of(arguments[1]));
        HttpServer server = new HttpServer(
                "127.0.0.1",
                0,
                OptionalInt.of(0),
                certificates.serving(),
                List.of(certificates.authorityCertificate()),
                Clock.system(),
                new SameBytes(body));
        server.start();
        JavaSubject.sayReady(
                URI.create("https://127.0.0.1:" + server.port()),
                URI.create("http://127.0.0.1:" + server.plainTextPort()));
        JavaSubject.serveParent();
        server.stop(Duration.ofSeconds(1));
        System.exit(0);
    }

    private static final class SameBytes extends HttpServlet {

        private final transient byte[] body;

        SameBytes(byte[] body) {
            this.body = body;
        }

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.setContentType("application/json");
            response.setContentLength(body.length);
            response.getOutputStream().write(body);
        }
    }
}
