package io.mokube.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.audit.AuditConfig;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.object.Json;
import io.mokube.testkit.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** What the audit tells of requests over HTTP. */
class AuditTest {

    private static final String MAPS = "/api/v1/namespaces/default/configmaps";

    private static final String POLICY = """
            apiVersion: audit.k8s.io/v1
            kind: Policy
            omitStages: [RequestReceived]
            rules:
              - level: None
                users: ["system:apiserver"]
              - level: None
                nonResourceURLs: ["/version", "/readyz*"]
              - level: Metadata
                resources: [{group: "", resources: [secrets]}]
              - level: RequestResponse
                omitManagedFields: true
                verbs: [create, patch, list]
                resources: [{group: "", resources: [configmaps, configmaps/status]}]
              - level: Metadata
                verbs: [watch]
              - level: Request
                users: [kubernetes-admin]
              - level: Metadata
            """;

    @TempDir
    static Path folder;

    private static final ConcurrentLinkedQueue<JsonNode> posted = new ConcurrentLinkedQueue<>();
    private static HttpServer receiver;
    private static ApiServer server;
    private static TestClient admin;

    @BeforeAll
    static void start() throws Exception {
        receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/audit", exchange -> {
            JsonNode list = Json.MAPPER.readTree(exchange.getRequestBody().readAllBytes());
            assertThat(exchange.getRequestHeaders().getFirst("Authorization")).isEqualTo("Bearer sesame");
            list.path("items").forEach(posted::add);
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        receiver.start();
        Path policy = Files.writeString(folder.resolve("policy.yaml"), POLICY);
        Path webhook = Files.writeString(folder.resolve("webhook.yaml"), """
                apiVersion: v1
                kind: Config
                current-context: c
                contexts: [{name: c, context: {cluster: k, user: u}}]
                clusters: [{name: k, cluster: {server: "http://127.0.0.1:%d/audit"}}]
                users: [{name: u, user: {token: sesame}}]
                """.formatted(
                        receiver.getAddress().getPort()));
        server = new ApiServer(
                ApiServerConfig.inMemory(folder.resolve("data"))
                        .withAudit(new AuditConfig(policy, log().toString(), 0, 0, 0, webhook, Duration.ofMillis(50))),
                Platform.system());
        server.start();
        admin = TestClient.admin(server);
    }

    @AfterAll
    static void stop() {
        admin.close();
        server.stop(Duration.ofSeconds(5));
        receiver.stop(0);
    }

    private static Path log() {
        return folder.resolve("logs").resolve("audit.log");
    }

    private static List<JsonNode> events(String id) throws IOException {
        return Files.readAllLines(log()).stream()
                .<JsonNode>map(Json.MAPPER::readTree)
                .filter(event -> event.path("auditID").asString("").equals(id))
                .toList();
    }

    /** The events of a request, once it is complete. */
    private static List<JsonNode> told(String id, String lastStage) {
        return Await.value("request " + id + " is told", () -> {
            List<JsonNode> events = events(id);
            return !events.isEmpty()
                            && events.getLast().path("stage").asString("").equals(lastStage)
                    ? Optional.of(events)
                    : Optional.empty();
        });
    }

    private static TestClient.Reply send(
            String id, String method, String path, @Nullable String body, String... headers) {
        String[] all = Arrays.copyOf(headers, headers.length + 4);
        all[headers.length] = "Audit-ID";
        all[headers.length + 1] = id;
        all[headers.length + 2] = "Content-Type";
        all[headers.length + 3] = method.equals("PATCH") ? "application/merge-patch+json" : "application/json";
        TestClient.Reply reply = admin.send(method, path, body, all);
        assertThat(reply.header("Audit-Id")).isEqualTo(id);
        return reply;
    }

    @Test
    void bodiesAreToldWhereThePolicyWantsThem() {
        send(
                "create",
                "POST",
                MAPS + "?fieldManager=me",
                "{\"metadata\":{\"name\":\"told\"},\"data\":{\"a\":\"1\"}}",
                "User-Agent",
                "tester/1",
                "X-Forwarded-For",
                "192.0.2.7");
        JsonNode event = told("create", "ResponseComplete").getFirst();
        assertThat(event.path("kind").asString()).isEqualTo("Event");
        assertThat(event.path("apiVersion").asString()).isEqualTo("audit.k8s.io/v1");
        assertThat(event.path("level").asString()).isEqualTo("RequestResponse");
        assertThat(event.path("verb").asString()).isEqualTo("create");
        assertThat(event.path("requestURI").asString()).isEqualTo(MAPS + "?fieldManager=me");
        assertThat(event.path("user").path("username").asString()).isEqualTo("kubernetes-admin");
        assertThat(event.path("userAgent").asString()).isEqualTo("tester/1");
        assertThat(event.path("sourceIPs").toString()).isEqualTo("[\"192.0.2.7\",\"127.0.0.1\"]");
        assertThat(event.path("objectRef").toString())
                .isEqualTo(
                        "{\"resource\":\"configmaps\",\"namespace\":\"default\",\"name\":\"told\",\"apiVersion\":\"v1\"}");
        assertThat(event.path("responseStatus").toString()).isEqualTo("{\"metadata\":{},\"code\":201}");
        assertThat(event.path("requestObject").path("data").path("a").asString())
                .isEqualTo("1");
        assertThat(event.path("responseObject").path("metadata").path("uid").asString(""))
                .isNotEmpty();
        assertThat(event.path("responseObject").path("metadata").has("managedFields"))
                .isFalse();
        assertThat(event.path("requestReceivedTimestamp").asString("")).matches("\\S+T\\S+\\.\\d{6}Z");
        assertThat(event.path("annotations")
                        .path("authorization.k8s.io/decision")
                        .asString(""))
                .isEqualTo("allow");

        send("patch", "PATCH", MAPS + "/told", "{\"data\":{\"b\":\"2\"}}");
        event = told("patch", "ResponseComplete").getFirst();
        assertThat(event.path("requestObject").toString()).isEqualTo("{\"data\":{\"b\":\"2\"}}");
        assertThat(event.path("responseObject").path("data").path("b").asString())
                .isEqualTo("2");

        send("list", "GET", MAPS, null, "Accept", "application/yaml");
        assertThat(told("list", "ResponseComplete")
                        .getFirst()
                        .path("responseObject")
                        .path("kind")
                        .asString(""))
                .isEqualTo("ConfigMapList");

        send("update", "PUT", MAPS + "/told", "{\"metadata\":{\"name\":\"told\"},\"data\":{}}");
        event = told("update", "ResponseComplete").getFirst();
        assertThat(event.path("requestObject").path("kind").asString("")).isEmpty();
        assertThat(event.has("requestObject")).isTrue();
        assertThat(event.has("responseObject")).isFalse();

        Await.until(
                "the webhook was told too",
                () -> posted.stream()
                        .anyMatch(each -> each.path("auditID").asString("").equals("update")));
    }

    @Test
    void secretsAreToldWithoutTheirContents() {
        send(
                "secret",
                "POST",
                "/api/v1/namespaces/default/secrets",
                "{\"metadata\":{\"name\":\"s\"},\"stringData\":{\"p\":\"hidden\"}}");
        JsonNode event = told("secret", "ResponseComplete").getFirst();
        assertThat(event.path("level").asString()).isEqualTo("Metadata");
        assertThat(event.path("objectRef").path("name").asString()).isEqualTo("s");
        assertThat(event.toString()).doesNotContain("hidden");
    }

    @Test
    void refusalsAreTold() throws Exception {
        send("missing", "GET", MAPS + "/nothing", null);
        JsonNode status = told("missing", "ResponseComplete").getFirst().path("responseStatus");
        assertThat(status.path("code").asInt()).isEqualTo(404);
        assertThat(status.path("reason").asString()).isEqualTo("NotFound");
        send("acting", "GET", MAPS, null, "Impersonate-User", "jane");
        JsonNode event = told("acting", "ResponseComplete").getFirst();
        assertThat(event.path("impersonatedUser").path("username").asString()).isEqualTo("jane");
        assertThat(event.path("responseStatus").path("code").asInt()).isEqualTo(403);
        assertThat(event.path("annotations")
                        .path("authorization.k8s.io/decision")
                        .asString())
                .isEqualTo("forbid");
        try (TestClient nobody = TestClient.anonymous(server)) {
            nobody.get(MAPS, "Authorization", "Bearer wrong", "Audit-ID", "wrong");
        }
        event = told("wrong", "ResponseStarted").getFirst();
        assertThat(event.path("responseStatus").path("code").asInt()).isEqualTo(401);
    }

    @Test
    void policiesTellTheAudit() {
        String group = "/apis/admissionregistration.k8s.io/v1/";
        assertThat(admin.post(group + "validatingadmissionpolicies", """
                        {"metadata":{"name":"small.example.org"},"spec":{"matchConstraints":{"resourceRules":[{"apiGroups":[""],
                         "apiVersions":["v1"],"operations":["CREATE"],"resources":["configmaps"]}],"objectSelector":{"matchLabels":
                         {"judged":"yes"}}},"validations":[{"expression":"object.data.size() < 1","message":"too much"}],
                         "auditAnnotations":[{"key":"size","valueExpression":"string(object.data.size())"}]}}""").code())
                .isEqualTo(201);
        admin.post(group + "validatingadmissionpolicybindings", """
                {"metadata":{"name":"b"},"spec":{"policyName":"small.example.org","validationActions":["Audit"]}}""");
        admin.get(group + "validatingadmissionpolicybindings/b");
        send(
                "judged",
                "POST",
                MAPS,
                "{\"metadata\":{\"name\":\"judged\",\"labels\":{\"judged\":\"yes\"}},\"data\":{\"a\":\"1\"}}");
        JsonNode annotations = told("judged", "ResponseComplete").getFirst().path("annotations");
        assertThat(annotations.path("small.example.org/size").asString("")).isEqualTo("1");
        assertThat(annotations
                        .path("validation.policy.admission.k8s.io/validation_failure")
                        .asString(""))
                .isEqualTo("[{\"message\":\"too much\",\"policy\":\"small.example.org\",\"binding\":\"b\","
                        + "\"expressionIndex\":0,\"validationActions\":[\"Audit\"]}]");
    }

    @Test
    void watchesAreToldTwiceAndOtherPathsAsThePolicySays() throws Exception {
        send("watch", "GET", MAPS + "?watch=true&timeoutSeconds=1", null);
        assertThat(told("watch", "ResponseComplete").stream()
                        .map(each -> each.path("stage").asString()))
                .containsExactly("ResponseStarted", "ResponseComplete");
        send("version", "GET", "/version", null);
        send("ready", "GET", "/readyz", null);
        send("openapi", "GET", "/api", null);
        assertThat(told("openapi", "ResponseComplete").getFirst().has("objectRef"))
                .isFalse();
        assertThat(events("version")).isEmpty();
        assertThat(events("ready")).isEmpty();
    }
}
