package io.mokube.apiserver.fuzz;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.fuzz.RawConnection.Reply;
import io.mokube.machinery.component.Platform;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What Jazzer runs: one hostile request after another against a server of its own, in a JVM of its own. It fails on an
 * answer that blames the server, on one that takes too long, and when the heap has grown at the end.
 */
public final class ApiFuzzer {

    private static final String TOKEN = "hostile-token";
    private static final Duration LONGEST_ANSWER = Duration.ofSeconds(20);
    private static final int CLEANED_EVERY = 200;
    private static final long HEAP_ALLOWANCE = 96L << 20;

    /** So many requests come before the heap is measured for the first time: caches and pools fill in them. */
    private static final int WARM_UP = 2000;

    private static @Nullable ApiServer server;
    private static @Nullable RawConnection connection;
    private static long heapBefore;
    private static int count;

    private ApiFuzzer() {}

    /** Called by Jazzer once, before the first input. */
    public static void fuzzerInitialize() throws IOException {
        Path folder = Files.createTempDirectory("mokube-fuzz");
        Path tokens = folder.resolve("tokens.csv");
        Files.writeString(tokens, TOKEN + ",hostile,hostile,\"system:masters\"\n");
        ApiServer started = new ApiServer(
                ApiServerConfig.inMemory(folder).withTokenFile(tokens).withPlainTextPort(0), Platform.system());
        started.start();
        server = started;
        connection = new RawConnection(
                new InetSocketAddress(
                        InetAddress.getLoopbackAddress(), started.plainTextUri().getPort()),
                LONGEST_ANSWER);
        prepare("POST", "/api/v1/namespaces", "{\"metadata\":{\"name\":\"" + HostileRequests.NAMESPACE + "\"}}");
        prepare("POST", home("serviceaccounts"), "{\"metadata\":{\"name\":\"default\"}}");
        prepare("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", THING);
        prepareObjects();
    }

    private static void prepareObjects() throws IOException {
        prepare("POST", home("configmaps"), "{\"metadata\":{\"name\":\"a\"},\"data\":{\"text\":\"t\"}}");
        prepare(
                "POST",
                "/apis/apps/v1/namespaces/fuzz/deployments",
                "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"selector\":{\"matchLabels\":{\"a\":\"b\"}},\"template\":{\"metadata\":"
                        + "{\"labels\":{\"a\":\"b\"}},\"spec\":{\"containers\":[{\"name\":\"c\",\"image\":\"i\"}]}}}}");
    }

    private static final String THING = """
            {"metadata":{"name":"things.example.org"},"spec":{"group":"example.org","scope":"Namespaced","names":{"plural":
             "things","kind":"Thing"},"versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{}},"schema":
             {"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","x-kubernetes-validations":[{"rule":
             "!has(self.size) || self.size < 100"}],"properties":{"size":{"type":"integer"},"text":{"type":"string","format":"date"},
             "list":{"type":"array","maxItems":9,"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":
             {"type":"object","required":["name"],"properties":{"name":{"type":"string"},"value":{"x-kubernetes-int-or-string":
             true}}}},"any":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}}}]}}""";

    private static String home(String resource) {
        return "/api/v1/namespaces/" + HostileRequests.NAMESPACE + "/" + resource;
    }

    /** Called by Jazzer with every input. */
    public static void fuzzerTestOneInput(FuzzedDataProvider data) throws IOException {
        byte[] request = HostileRequests.next(data, TOKEN);
        if (++count % CLEANED_EVERY == 0) {
            clean();
        }
        if (count == WARM_UP) {
            heapBefore = usedHeap();
        }
        Reply reply = send(request);
        if (reply.code() >= 500 && !isHonest(reply)) {
            throw new AssertionError(reply + "\nto\n" + new String(request, StandardCharsets.UTF_8));
        }
    }

    /** Called by Jazzer after the last input. */
    public static void fuzzerTearDown() throws IOException {
        clean();
        long after = usedHeap();
        System.out.printf("%d requests, heap %d -> %d KiB%n", count, heapBefore >> 10, after >> 10);
        if (server != null) {
            server.stop(Duration.ZERO);
        }
        if (count > WARM_UP && after - heapBefore > HEAP_ALLOWANCE) {
            throw new AssertionError(
                    "the heap grew from " + heapBefore + " to " + after + " in " + count + " requests");
        }
    }

    /** What the server may say of itself: a version from the future, nobody behind a proxy, a method nobody knows. */
    private static boolean isHonest(Reply reply) {
        return switch (reply.code()) {
            case 501, 505 -> true;
            case 503 ->
                reply.body().contains("no endpoints available") || reply.body().contains("proxy");
            case 504 -> reply.body().contains("Too large resource version");
            default -> false;
        };
    }

    private static Reply send(byte[] request) throws IOException {
        RawConnection open = connection;
        if (open == null) {
            throw new IllegalStateException("not initialized");
        }
        String line = new String(request, 0, Math.min(request.length, 400), StandardCharsets.ISO_8859_1);
        try {
            return open.exchange(request, line.contains("watch"));
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError(
                    "no answer within " + LONGEST_ANSWER + " to\n" + new String(request, StandardCharsets.UTF_8), e);
        }
    }

    private static Reply send(String method, String path, String body) throws IOException {
        return send((method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + TOKEN
                        + "\r\nContent-Type: application/json\r\nContent-Length: "
                        + body.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.UTF_8));
    }

    private static void prepare(String method, String path, String body) throws IOException {
        Reply reply = send(method, path, body);
        // One that got a finalizer is still there.
        if (reply.code() >= 300 && reply.code() != 409) {
            throw new UncheckedIOException(new IOException(path + " answered " + reply));
        }
    }

    /** Removes what was made, so that what is left in memory at the end is the server's own. */
    private static void clean() throws IOException {
        for (String collection : List.of(
                home("pods"),
                home("services"),
                home("configmaps"),
                "/apis/apps/v1/namespaces/fuzz/deployments",
                "/apis/example.org/v1/namespaces/fuzz/things")) {
            send("DELETE", collection, "{\"gracePeriodSeconds\":0}");
        }
        send("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/cs.example.com", "");
        prepareObjects();
    }

    private static long usedHeap() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
