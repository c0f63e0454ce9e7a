package io.mokube.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.http.TestClient.Reply;
import io.mokube.apiserver.pki.ClusterCertificates.NodeCredentials;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.object.Json;
import io.mokube.pki.Pem;
import io.mokube.testkit.Await;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Function;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Admission webhooks of a real HTTPS server: what they are told, and what becomes of their answers. */
class WebhooksTest {

    private static final String MAPS = "/api/v1/namespaces/default/configmaps";
    private static final String GROUP = "/apis/admissionregistration.k8s.io/v1";

    @TempDir
    static Path folder;

    private static ApiServer server;
    private static TestClient admin;
    private static HttpsServer hooks;

    /** What each path answers, and what it was asked. */
    private static final Map<String, Function<JsonNode, ObjectNode>> ANSWERS = new ConcurrentHashMap<>();

    private static final List<JsonNode> ASKED = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        server.start();
        admin = TestClient.admin(server);
        NodeCredentials files = server.certificates().issueNode("hooks", List.of("127.0.0.1"), server.publicUri());
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry(
                "hooks", Pem.readPrivateKey(Files.readString(files.servingKey())), new char[0], new Certificate[] {
                    Pem.readCertificate(Files.readString(files.servingCertificate()))
                });
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, new char[0]);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(own.getKeyManagers(), null, null);
        hooks = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        hooks.setHttpsConfigurator(new HttpsConfigurator(tls));
        hooks.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        hooks.createContext("/", exchange -> {
            JsonNode review = Json.MAPPER.readTree(exchange.getRequestBody().readAllBytes());
            ASKED.add(review.path("request"));
            Function<JsonNode, ObjectNode> answer =
                    Objects.requireNonNull(ANSWERS.get(exchange.getRequestURI().getPath()));
            ObjectNode reply = Json.MAPPER.createObjectNode();
            reply.put("apiVersion", "admission.k8s.io/v1").put("kind", "AdmissionReview");
            ObjectNode response = Objects.requireNonNull(answer).apply(review.path("request"));
            response.put("uid", review.path("request").path("uid").asString());
            reply.set("response", response);
            byte[] bytes = Json.MAPPER.writeValueAsBytes(reply);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        hooks.start();
    }

    @AfterAll
    static void stop() {
        hooks.stop(0);
        admin.close();
        server.stop(Duration.ofSeconds(5));
    }

    @AfterEach
    void forget() {
        for (String plural : List.of("mutatingwebhookconfigurations", "validatingwebhookconfigurations")) {
            admin.delete(GROUP + "/" + plural);
        }
        ANSWERS.clear();
        ASKED.clear();
    }

    private static String json(String text) {
        return text.replace('\'', '"');
    }

    private static ObjectNode allowed(boolean allowed) {
        return Json.MAPPER.createObjectNode().put("allowed", allowed);
    }

    private static ObjectNode patched(String patch) {
        return allowed(true)
                .put("patchType", "JSONPatch")
                .put("patch", Base64.getEncoder().encodeToString(json(patch).getBytes(StandardCharsets.UTF_8)));
    }

    /** One webhook for config maps; {@code more} are further fields. */
    private static String webhook(String name, String path, String more) {
        String authority = Base64.getEncoder()
                .encodeToString(server.certificates().authorityPem().getBytes(StandardCharsets.US_ASCII));
        return "{'name':'" + name + "','clientConfig':{'url':'https://127.0.0.1:"
                + hooks.getAddress().getPort() + path + "','caBundle':'" + authority
                + "'},'sideEffects':'None','admissionReviewVersions':['v1'],'rules':[{'operations':['*'],'apiGroups':[''],"
                + "'apiVersions':['v1'],'resources':['configmaps']}]" + more + "}";
    }

    private static Reply register(String kind, String name, String webhooks) {
        Reply reply = admin.post(
                GROUP + "/" + kind + "webhookconfigurations",
                json("{'metadata':{'name':'" + name + "'},'webhooks':[" + webhooks + "]}"));
        assertThat(reply.code()).describedAs(reply.message()).isEqualTo(201);
        return reply;
    }

    private static Reply create(String name) {
        return admin.post(MAPS, json("{'metadata':{'name':'" + name + "'},'data':{'a':'b'}}"));
    }

    private static Reply createOnceKnown(String name) {
        // The server hears of a new configuration a moment after it is stored.
        Await.until("the webhook is asked", () -> {
            ASKED.clear();
            admin.post(MAPS + "?dryRun=All", json("{'metadata':{'name':'probe'}}"));
            return !ASKED.isEmpty();
        });
        ASKED.clear();
        return create(name);
    }

    @Test
    void mutates() {
        ANSWERS.put("/m", request -> patched("[{'op':'add','path':'/data/added','value':'by webhook'}]"));
        Reply stored = register("mutating", "m", webhook("m.example.com", "/m", ""));
        assertThat(stored.json().path("webhooks").path(0).path("failurePolicy").asString())
                .isEqualTo("Fail");
        Reply reply = createOnceKnown("mutated");
        assertThat(reply.json().path("data").path("added").asString()).isEqualTo("by webhook");
        JsonNode asked = ASKED.getFirst();
        assertThat(asked.path("operation").asString()).isEqualTo("CREATE");
        assertThat(asked.path("name").asString()).isEqualTo("mutated");
        assertThat(asked.path("namespace").asString()).isEqualTo("default");
        assertThat(asked.path("resource").toString())
                .isEqualTo(json("{'group':'','version':'v1','resource':'configmaps'}"));
        assertThat(asked.path("kind").toString()).isEqualTo(json("{'group':'','version':'v1','kind':'ConfigMap'}"));
        assertThat(asked.path("userInfo").path("username").asString()).isEqualTo("kubernetes-admin");
        assertThat(asked.path("object").path("data").path("a").asString()).isEqualTo("b");
        assertThat(asked.path("oldObject").isNull()).isTrue();
        assertThat(admin.get(MAPS + "/mutated")
                        .json()
                        .path("data")
                        .path("added")
                        .asString())
                .isEqualTo("by webhook");
    }

    @Test
    void refusesCreatesAndDeletesAndWarns() {
        ANSWERS.put("/v", request -> {
            boolean fine = request.path("operation").asString().equals("UPDATE")
                    || request.path("name").asString().equals("fine");
            ObjectNode answer =
                    allowed(fine && !request.path("operation").asString().equals("DELETE"));
            answer.putArray("warnings").add("mind the gap");
            if (!fine) {
                answer.putObject("status")
                        .put("message", "not so")
                        .put("code", 403)
                        .put("reason", "Forbidden");
            }
            return answer;
        });
        register("validating", "v", webhook("v.example.com", "/v", ""));
        Reply fine = createOnceKnown("fine");
        assertThat(fine.code()).isEqualTo(201);
        assertThat(fine.header("Warning")).contains("mind the gap");
        Reply refused = create("other");
        assertThat(refused.message()).isEqualTo("admission webhook \"v.example.com\" denied the request: not so");
        assertThat(refused.code()).isEqualTo(403);
        Reply kept = admin.delete(MAPS + "/fine");
        assertThat(kept.message())
                .isEqualTo("admission webhook \"v.example.com\" denied the request without explanation");
        assertThat(kept.code()).isEqualTo(400);
        assertThat(admin.get(MAPS + "/fine").code()).isEqualTo(200);
    }

    @Test
    void failsClosedOrOpen() {
        ANSWERS.put("/w", request -> allowed(true));
        register("validating", "w", webhook("w.example.com", "/w", ""));
        createOnceKnown("before");
        ANSWERS.remove("/w");
        Reply refused = create("closed");
        assertThat(refused.code()).isEqualTo(500);
        assertThat(refused.message())
                .startsWith("Internal error occurred: failed calling webhook \"w.example.com\": failed to call webhook:"
                        + " Post \"https://127.0.0.1:");
        admin.delete(GROUP + "/validatingwebhookconfigurations/w");
        register("validating", "w2", webhook("w2.example.com", "/w", ",'failurePolicy':'Ignore'"));
        Await.until("the old webhook is forgotten", () -> create("open").code() == 201);
    }

    @Test
    void selectsByLabelsOfObjectAndNamespace() {
        ANSWERS.put("/s", request -> allowed(false));
        register(
                "validating",
                "s",
                webhook("s.example.com", "/s", ",'objectSelector':{'matchLabels':{'watched':'yes'}}") + ","
                        + webhook(
                                "t.example.com",
                                "/s",
                                ",'namespaceSelector':{'matchLabels':{'kubernetes.io/metadata.name':'kube-system'}}"));
        Await.until(
                "the webhook is known",
                () -> admin.post(
                                        "/api/v1/namespaces/kube-system/configmaps?dryRun=All",
                                        json("{'metadata':{'name':'x'}}"))
                                .code()
                        == 400);
        assertThat(create("unlabelled").code()).isEqualTo(201);
        assertThat(admin.post(MAPS, json("{'metadata':{'name':'l','labels':{'watched':'yes'}}}"))
                        .message())
                .contains("s.example.com");
    }

    @Test
    void isAskedAgainAfterOthersChangedSomething() {
        ANSWERS.put(
                "/first",
                request -> patched("[{'op':'add','path':'/data/first','value':'"
                        + request.path("object").path("data").size() + "'}]"));
        ANSWERS.put("/second", request -> patched("[{'op':'add','path':'/data/second','value':'x'}]"));
        register(
                "mutating",
                "r",
                webhook("first.example.com", "/first", ",'reinvocationPolicy':'IfNeeded'") + ","
                        + webhook("second.example.com", "/second", ""));
        Reply reply = createOnceKnown("twice");
        assertThat(reply.json().path("data").path("first").asString()).isEqualTo("3");
        assertThat(ASKED).hasSize(3);
    }

    @Test
    void conditionsSayWhetherItIsAsked() {
        ANSWERS.put("/c", request -> allowed(false));
        register(
                "validating",
                "c",
                webhook(
                        "c.example.com",
                        "/c",
                        ",'matchConditions':[{'name':'judged','expression':'has(object.data.judged)'}]"));
        Await.until(
                "the webhook is known",
                () -> admin.post(MAPS + "?dryRun=All", json("{'metadata':{'name':'judged'},'data':{'judged':'x'}}"))
                        .message()
                        .contains("c.example.com"));
        int asked = ASKED.size();
        assertThat(admin.post(MAPS, json("{'metadata':{'name':'passed'},'data':{'a':'x'}}"))
                        .code())
                .isEqualTo(201);
        Reply failed = admin.post(MAPS, json("{'metadata':{'name':'failed'}}"));
        assertThat(failed.code()).isEqualTo(403);
        assertThat(failed.message()).contains("expression 'has(object.data.judged)' resulted in error: ");
        assertThat(ASKED).hasSize(asked);
    }

    @Test
    void refusesBadConfigurations() {
        Reply reply = admin.post(
                GROUP + "/validatingwebhookconfigurations",
                json("{'metadata':{'name':'bad'},'webhooks':[{'name':'bad','clientConfig':{'url':'http://x'}}]}"));
        assertThat(reply.code()).isEqualTo(422);
        assertThat(reply.message())
                .contains("webhooks[0].name: Invalid value: \"bad\": should be a domain with at least three segments")
                .contains("webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun")
                .contains("'https' is the only allowed URL scheme");
    }
}
