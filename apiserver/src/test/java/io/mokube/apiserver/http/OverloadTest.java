package io.mokube.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.flowcontrol.FlowControl;
import io.mokube.apiserver.http.TestClient.Reply;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.object.Json;
import io.mokube.testkit.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Priority and fairness over HTTP: clients that hold all seats of their level by never ending their uploads. */
class OverloadTest {

    private static final Duration SOON = Duration.ofSeconds(20);
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @TempDir
    static Path folder;

    private static ApiServer server;
    private static TestClient admin;

    @BeforeAll
    static void start() throws Exception {
        Path tokens = folder.resolve("tokens.csv");
        Files.writeString(tokens, "jane-token,jane,jane-uid\nnode-token,system:node:a,node-uid,system:nodes\n");
        server = new ApiServer(
                ApiServerConfig.inMemory(folder)
                        .withTokenFile(tokens)
                        .withPlainTextPort(0)
                        .withRequestLimits(new FlowControl.Limits(20, Duration.ofMillis(300))),
                Platform.system());
        server.start();
        admin = TestClient.admin(server);
        Reply bound = admin.post("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", """
                {"metadata":{"name":"jane"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":
                 "cluster-admin"},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"jane"}]}""");
        assertThat(bound.code()).isEqualTo(201);
        Await.until(SOON, "jane may read", () -> get("jane-token", MAPS).statusCode() == 200);
    }

    @AfterAll
    static void stop() {
        admin.close();
        server.stop(Duration.ZERO);
    }

    @Test
    void whoIsTooManyIsToldToComeBackWhileOthersAreServed() throws Exception {
        try (Upload first = new Upload();
                Upload second = new Upload()) {
            Await.until(
                    SOON, "jane's level is full", () -> get("jane-token", MAPS).statusCode() == 429);
            HttpResponse<String> refused = get("jane-token", MAPS);
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.headers().firstValue("Retry-After")).contains("1");
            assertThat(Json.MAPPER.readTree(refused.body()).path("reason").asString())
                    .isEqualTo("TooManyRequests");
            assertThat(Json.MAPPER.readTree(refused.body()).path("message").asString())
                    .isEqualTo("Too many requests, please try again later.");

            assertThat(admin.get(MAPS).code()).as("the administrator is exempt").isEqualTo(200);
            assertThat(get("node-token", "/api/v1/nodes/a").statusCode())
                    .as("nodes have seats of their own")
                    .isEqualTo(404);
            assertThat(get("jane-token", "/readyz").statusCode())
                    .as("probes are exempt")
                    .isEqualTo(200);
            assertThat(admin.get("/metrics").text())
                    .contains("apiserver_flowcontrol_rejected_requests_total{flow_schema=\"global-default\","
                            + "priority_level=\"global-default\",reason=\"time-out\"}");
            first.abort();
            second.abort();
        }
        Await.until(SOON, "jane is served again", () -> get("jane-token", MAPS).statusCode() == 200);
    }

    @Test
    void answersSayWhichFlowSchemaAndLevelTheyBelongedTo() throws Exception {
        HttpResponse<String> reply = get("jane-token", "/version");
        String schema = admin.get("/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/global-default")
                .json()
                .path("metadata")
                .path("uid")
                .asString();
        assertThat(reply.headers().firstValue("X-Kubernetes-PF-FlowSchema-UID")).contains(schema);
        assertThat(reply.headers().firstValue("X-Kubernetes-PF-PriorityLevel-UID"))
                .isPresent();
    }

    @Test
    void aSchemaSaysWhetherItsLevelExistsAndDefaultsComeBack() throws Exception {
        String schemas = "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas";
        Reply made = admin.post(schemas, """
                {"metadata":{"name":"lost"},"spec":{"priorityLevelConfiguration":{"name":"nowhere"},"rules":[{"subjects":[{"kind":
                 "User","user":{"name":"somebody"}}],"nonResourceRules":[{"verbs":["*"],"nonResourceURLs":["*"]}]}]}}""");
        assertThat(made.code()).isEqualTo(201);
        Await.until(SOON, "it dangles", () -> {
            var condition = admin.get(schemas + "/lost")
                    .json()
                    .path("status")
                    .path("conditions")
                    .path(0);
            return condition.path("status").asString("").equals("True")
                    && condition.path("reason").asString("").equals("NotFound");
        });
        assertThat(admin.delete(schemas + "/exempt").code()).isEqualTo(200);
        Await.until(SOON, "exempt is back", () -> admin.get(schemas + "/exempt").code() == 200);
    }

    private static HttpResponse<String> get(String token, String path) throws IOException, InterruptedException {
        URI uri = server.plainTextUri().resolve(path);
        return HTTP.send(
                HttpRequest.newBuilder(uri)
                        .header("Authorization", "Bearer " + token)
                        .timeout(Duration.ofSeconds(30))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    /** A request of jane's whose body never comes. */
    private static final class Upload implements AutoCloseable {

        private final Socket socket;

        Upload() throws IOException {
            socket = new Socket(
                    InetAddress.getLoopbackAddress(), server.plainTextUri().getPort());
            socket.getOutputStream()
                    .write(("POST " + MAPS + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer jane-token\r\n"
                                    + "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
                            .getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().flush();
        }

        void abort() throws IOException {
            socket.close();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
