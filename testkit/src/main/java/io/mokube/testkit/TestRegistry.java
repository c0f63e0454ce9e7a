package io.mokube.testkit;

import io.mokube.machinery.digest.Sha256;
import io.mokube.machinery.object.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** An image registry with one image, {@code demo:1}, for those who know the password. */
public final class TestRegistry implements AutoCloseable {

    public static final String USER = "reader";
    public static final String PASSWORD = "se:cret";

    /** The first byte of a TLS connection. */
    private static final int TLS = 0x16;

    private static final String SCHEMA = "application/vnd.docker.distribution.manifest.v2+json";

    private final ServerSocket server;
    private final Map<String, byte[]> blobs = new HashMap<>();
    private final byte[] manifest;

    private TestRegistry(Path archive, Path folder) throws Exception {
        Path unpacked = Files.createDirectories(folder.resolve("unpacked"));
        int exit = new ProcessBuilder("tar", "-xf", archive.toString(), "-C", unpacked.toString())
                .start()
                .waitFor();
        if (exit != 0) {
            throw new AssertionError("tar failed");
        }
        JsonNode saved = Json.MAPPER
                .readTree(Files.readAllBytes(unpacked.resolve("manifest.json")))
                .get(0);
        manifest = Json.MAPPER.writeValueAsBytes(Map.of(
                "schemaVersion",
                2,
                "mediaType",
                SCHEMA,
                "config",
                blob(
                        "application/vnd.docker.container.image.v1+json",
                        own(unpacked.resolve(saved.path("Config").asString()))),
                "layers",
                List.of(blob(
                        "application/vnd.docker.image.rootfs.diff.tar",
                        Files.readAllBytes(
                                unpacked.resolve(saved.at("/Layers/0").asString()))))));
        server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("registry").start(this::serve);
    }

    /**
     * @param archive the image, as of {@code docker save}
     * @param folder where it is unpacked
     */
    public static TestRegistry start(Path archive, Path folder) {
        try {
            return new TestRegistry(archive, folder);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Makes it another image than the one that nodes have already: who may use an image goes by its digest. */
    private static byte[] own(Path config) throws IOException {
        ObjectNode content = (ObjectNode) Json.MAPPER.readTree(Files.readAllBytes(config));
        return Json.MAPPER.writeValueAsBytes(content.put("author", "the registry"));
    }

    private Map<String, Object> blob(String type, byte[] content) throws Exception {
        String digest = "sha256:" + Sha256.hex(content);
        blobs.put(digest, content);
        return Map.of("mediaType", type, "size", content.length, "digest", digest);
    }

    private void serve() {
        while (!server.isClosed()) {
            try {
                Socket connection = server.accept();
                Thread.ofVirtual().name("registry-answer").start(() -> answer(connection));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void answer(Socket connection) {
        try (connection) {
            BufferedReader reader =
                    new BufferedReader(new InputStreamReader(connection.getInputStream(), StandardCharsets.ISO_8859_1));
            reader.mark(1);
            if (reader.read() == TLS) {
                // Docker tries that first; an end at once makes it go on without.
                return;
            }
            reader.reset();
            String[] request = reader.readLine().split(" ");
            Map<String, String> headers = new HashMap<>();
            for (String line = reader.readLine(); !line.isEmpty(); line = reader.readLine()) {
                headers.put(line.substring(0, line.indexOf(':')), line.substring(line.indexOf(':') + 2));
            }
            String login = Base64.getEncoder().encodeToString((USER + ":" + PASSWORD).getBytes(StandardCharsets.UTF_8));
            OutputStream output = connection.getOutputStream();
            if (!("Basic " + login).equals(headers.get("Authorization"))) {
                output.write(head("401 Unauthorized", "WWW-Authenticate: Basic realm=\"test\"", 0));
                return;
            }
            boolean manifestWanted = request[1].startsWith("/v2/demo/manifests/");
            byte[] body = request[1].equals("/v2/")
                    ? "{}".getBytes(StandardCharsets.UTF_8)
                    : manifestWanted ? manifest : blobs.get(request[1].substring(request[1].lastIndexOf('/') + 1));
            if (body == null) {
                output.write(head("404 Not Found", "Content-Type: text/plain", 0));
                return;
            }
            String type = manifestWanted ? SCHEMA : "application/octet-stream";
            output.write(head("200 OK", "Content-Type: " + type, body.length));
            if (!request[0].equals("HEAD")) {
                output.write(body);
            }
        } catch (IOException e) {
            // The engine went away.
            return;
        }
    }

    private static byte[] head(String status, String header, int length) {
        return ("HTTP/1.1 " + status + "\r\n" + header + "\r\nContent-Length: " + length
                        + "\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The name of its image. */
    public String image() {
        return address() + "/demo:1";
    }

    /** What names of images begin with. */
    public String address() {
        return "127.0.0.1:" + server.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
