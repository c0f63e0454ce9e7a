package io.mokube.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.http.TestClient.Reply;
import io.mokube.apiserver.pki.ClusterCertificates.NodeCredentials;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.object.Json;
import io.mokube.pki.Pem;
import io.mokube.testkit.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Groups that another HTTPS server serves, which believes the front proxy alone. */
class AggregationTest {

    private static final String SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices";
    private static final String THINGS = "/apis/ext.example.com/v1/namespaces/default/things";
    private static final String V2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    @TempDir
    static Path folder;

    private static ApiServer server;
    private static TestClient admin;
    private static HttpsServer extension;

    /** What the extension was asked for by whom, without the looks at its discovery. */
    private static final List<String> ASKED = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        server.start();
        admin = TestClient.admin(server);
        SSLContext tls = tls();
        extension = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        extension.setHttpsConfigurator(new HttpsConfigurator(tls) {
            @Override
            public void configure(HttpsParameters parameters) {
                SSLParameters wanted = tls.getDefaultSSLParameters();
                wanted.setNeedClientAuth(true);
                parameters.setSSLParameters(wanted);
            }
        });
        extension.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        extension.createContext("/", AggregationTest::serve);
        extension.start();
    }

    /** Serves as ext.default.svc and lets in whom the authority in the config map vouches for. */
    private static SSLContext tls() throws Exception {
        NodeCredentials files = server.certificates()
                .issueNode("extension", List.of("127.0.0.1", "ext.default.svc"), server.publicUri());
        char[] none = new char[0];
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry("serving", Pem.readPrivateKey(Files.readString(files.servingKey())), none, new Certificate[] {
            Pem.readCertificate(Files.readString(files.servingCertificate()))
        });
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, none);
        JsonNode map = admin.get("/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication")
                .json()
                .path("data");
        assertThat(map.path("requestheader-allowed-names").asString()).isEqualTo("[\"front-proxy-client\"]");
        assertThat(map.path("requestheader-username-headers").asString()).isEqualTo("[\"X-Remote-User\"]");
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry(
                "front-proxy",
                Pem.readCertificate(map.path("requestheader-client-ca-file").asString()));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(own.getKeyManagers(), trust.getTrustManagers(), null);
        return tls;
    }

    private static void serve(HttpExchange exchange) throws IOException {
        X509Certificate client =
                (X509Certificate) ((HttpsExchange) exchange).getSSLSession().getPeerCertificates()[0];
        String path = exchange.getRequestURI().toString();
        String answer =
                switch (path) {
                    case "/apis/ext.example.com/v1" ->
                        "{'kind':'APIResourceList','apiVersion':'v1','groupVersion':'ext.example.com/v1','resources':["
                                + "{'name':'things','singularName':'thing','namespaced':true,'kind':'Thing',"
                                + "'verbs':['get','list'],'shortNames':['th']},"
                                + "{'name':'things/status','namespaced':true,'kind':'Thing','verbs':['get']}]}";
                    case "/openapi/v3" ->
                        "{'paths':{'apis/ext.example.com/v1':{'serverRelativeURL':"
                                + "'/openapi/v3/apis/ext.example.com/v1?hash=7'}}}";
                    case "/openapi/v3/apis/ext.example.com/v1?hash=7" -> "{'openapi':'3.0.0'}";
                    default -> {
                        List<String> headers = new ArrayList<>();
                        exchange.getRequestHeaders().forEach((name, values) -> {
                            if (name.startsWith("X-remote-")
                                    || name.startsWith("Impersonate-")
                                    || name.equals("Authorization")) {
                                headers.add(name + "=" + String.join(",", values));
                            }
                        });
                        headers.sort(null);
                        ASKED.add(exchange.getRequestMethod() + " " + path + " "
                                + client.getSubjectX500Principal().getName() + " " + String.join(" ", headers) + " "
                                + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                        yield "{'kind':'ThingList','apiVersion':'ext.example.com/v1','metadata':{},'items':[]}";
                    }
                };
        byte[] bytes = json(answer).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(
                path.contains("things") && !exchange.getRequestMethod().equals("GET") ? 201 : 200, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @AfterAll
    static void stop() {
        extension.stop(0);
        admin.close();
        server.stop(Duration.ofSeconds(5));
    }

    @AfterEach
    void forget() {
        admin.delete(SERVICES + "/v1.ext.example.com");
        admin.delete("/api/v1/namespaces/default/services/ext");
        ASKED.clear();
    }

    private static String json(String text) {
        return text.replace('\'', '"');
    }

    private static void create(String path, String body) {
        Reply reply = admin.post(path, json(body));
        assertThat(reply.code()).describedAs(reply.text()).isEqualTo(201);
    }

    /** The extension's own address; services with cluster addresses need nodes. */
    private static void createService() {
        create(
                "/api/v1/namespaces/default/services",
                "{'metadata':{'name':'ext'},'spec':{'type':'ExternalName','externalName':'localhost'}}");
    }

    private static void register(String trust) {
        create(
                SERVICES,
                "{'metadata':{'name':'v1.ext.example.com'},'spec':{'group':'ext.example.com','version':'v1',"
                        + "'groupPriorityMinimum':2000,'versionPriority':10," + trust
                        + ",'service':{'namespace':'default','name':'ext','port':"
                        + extension.getAddress().getPort() + "}}}");
    }

    private static String verified() {
        return "'caBundle':'"
                + Base64.getEncoder()
                        .encodeToString(server.certificates().authorityPem().getBytes(StandardCharsets.US_ASCII))
                + "'";
    }

    private static String condition() {
        JsonNode condition = admin.get(SERVICES + "/v1.ext.example.com").json().at("/status/conditions/0");
        return condition.path("status").asString("") + " "
                + condition.path("reason").asString("") + ": "
                + condition.path("message").asString("");
    }

    private static void awaitCondition(String expected) {
        Await.passes(Duration.ofSeconds(30), () -> assertThat(condition()).startsWith(expected));
    }

    @Test
    void whatIsServedHereIsRegisteredAsLocal() {
        Await.passes(() -> {
            for (String name : List.of("v1.", "v1.apps", "v2.autoscaling", "v1beta1.metrics.k8s.io")) {
                JsonNode service = admin.get(SERVICES + "/" + name).json();
                assertThat(service.at("/status/conditions/0/reason").asString(""))
                        .isEqualTo("Local");
                assertThat(service.at("/status/conditions/0/status").asString(""))
                        .isEqualTo("True");
            }
        });
        assertThat(admin.get(SERVICES + "/v1.apps")
                        .json()
                        .at("/spec/groupPriorityMinimum")
                        .asInt())
                .isEqualTo(17800);
    }

    @Test
    void requestsGoToWhoServesThem() {
        createService();
        register(verified());
        awaitCondition("True Passed: all checks passed");
        Reply list = admin.get(THINGS + "?labelSelector=a%3Db", "X-Remote-User", "nobody", "X-Remote-Group", "gods");
        assertThat(list.code()).describedAs(list.text()).isEqualTo(200);
        assertThat(list.json().path("kind").asString()).isEqualTo("ThingList");
        Reply created = admin.post(THINGS, "{}");
        assertThat(created.code()).isEqualTo(201);
        String user = " CN=front-proxy-client X-remote-group=system:masters,system:authenticated"
                + " X-remote-user=kubernetes-admin ";
        assertThat(ASKED)
                .containsExactly("GET " + THINGS + "?labelSelector=a%3Db" + user, "POST " + THINGS + user + "{}");
    }

    @Test
    void theUserMustBeAllowedHereFirst() {
        createService();
        register("'insecureSkipTLSVerify':true");
        awaitCondition("True Passed");
        Reply refused = admin.get(THINGS, "Impersonate-User", "jane");
        assertThat(refused.code()).isEqualTo(403);
        assertThat(refused.message())
                .startsWith("things.ext.example.com is forbidden: User \"jane\" cannot list resource \"things\"");
        assertThat(ASKED).isEmpty();
    }

    @Test
    void discoveryHoldsTheirGroups() {
        createService();
        register(verified());
        awaitCondition("True Passed");
        JsonNode groups = admin.get("/apis").json().path("groups");
        List<String> names = new ArrayList<>();
        groups.forEach(group -> names.add(group.path("name").asString()));
        assertThat(names).containsSubsequence("resource.k8s.io", "ext.example.com", "metrics.k8s.io");
        assertThat(admin.get("/apis/ext.example.com")
                        .json()
                        .at("/preferredVersion/groupVersion")
                        .asString())
                .isEqualTo("ext.example.com/v1");
        assertThat(admin.get("/apis/ext.example.com/v1")
                        .json()
                        .at("/resources/0/name")
                        .asString())
                .isEqualTo("things");
        JsonNode version = discovered();
        assertThat(version.path("freshness").asString()).isEqualTo("Current");
        assertThat(version.at("/resources/0"))
                .isEqualTo(Json.MAPPER.readTree(json(
                        "{'resource':'things','responseKind':{'group':'','version':'','kind':'Thing'},'scope':'Namespaced',"
                                + "'singularResource':'thing','verbs':['get','list'],'shortNames':['th'],'subresources':["
                                + "{'subresource':'status','responseKind':{'group':'','version':'','kind':'Thing'},"
                                + "'verbs':['get']}]}")));
        String address = admin.get("/openapi/v3")
                .json()
                .path("paths")
                .path("apis/ext.example.com/v1")
                .path("serverRelativeURL")
                .asString();
        assertThat(admin.get(address).json().path("openapi").asString()).isEqualTo("3.0.0");
    }

    private static JsonNode discovered() {
        for (JsonNode item : admin.get("/apis", "Accept", V2).json().path("items")) {
            if (item.at("/metadata/name").asString("").equals("ext.example.com")) {
                return item.at("/versions/0");
            }
        }
        throw new AssertionError("the group is not discovered");
    }

    @Test
    void whoeverDoesNotAnswerIsUnavailable() {
        register(verified());
        awaitCondition("False ServiceNotFound: service/ext in \"default\" is not present");
        Reply reply = admin.get(THINGS);
        assertThat(reply.code()).isEqualTo(503);
        assertThat(reply.message()).isEqualTo("service unavailable");
        assertThat(discovered().path("freshness").asString()).isEqualTo("Stale");
        admin.patch(
                SERVICES + "/v1.ext.example.com",
                "application/merge-patch+json",
                "{\"metadata\":{\"labels\":{\"mokube.io/optional\":\"true\"}}}");
        Await.passes(
                Duration.ofSeconds(10),
                () -> assertThat(admin.get("/apis", "Accept", V2).text()).doesNotContain("ext.example.com"));
        createService();
        awaitCondition("True Passed");
        assertThat(admin.get(THINGS).code()).isEqualTo(200);
        admin.delete(SERVICES + "/v1.ext.example.com");
        Await.passes(
                Duration.ofSeconds(10),
                () -> assertThat(admin.get(THINGS).code()).isEqualTo(404));
    }

    @Test
    void aServerThatIsNotTheServiceIsNotBelieved() {
        create(
                "/api/v1/namespaces/default/services",
                "{'metadata':{'name':'other'},'spec':{'type':'ExternalName','externalName':'localhost'}}");
        create(
                SERVICES,
                "{'metadata':{'name':'v1.ext.example.com'},'spec':{'group':'ext.example.com','version':'v1',"
                        + "'groupPriorityMinimum':2000,'versionPriority':10," + verified()
                        + ",'service':{'namespace':'default','name':'other','port':"
                        + extension.getAddress().getPort() + "}}}");
        awaitCondition("False FailedDiscoveryCheck: failing or missing response from https://localhost:");
        admin.delete("/api/v1/namespaces/default/services/other");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "8443 | | ServicePortError: service/ext in \"default\" is not listening on port 443",
                "443 | | EndpointsNotFound: cannot find endpointslices for service/ext in \"default\"",
                "443 | http | MissingEndpoints: endpointslices for service/ext in \"default\" have no addresses with port name \"https\"",
            })
    void theServiceIsLookedAtFirst(int port, @Nullable String slicePort, String expected) {
        create(
                "/api/v1/namespaces/default/services",
                "{'metadata':{'name':'ext'},'spec':{'ports':[{'name':'https','port':" + port + "}]}}");
        if (slicePort != null) {
            create(
                    "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
                    "{'metadata':{'name':'ext-1','labels':{'kubernetes.io/service-name':'ext'}},'addressType':'IPv4',"
                            + "'ports':[{'name':'" + slicePort
                            + "','port':443}],'endpoints':[{'addresses':['10.1.2.3']}]}");
        }
        create(
                SERVICES,
                "{'metadata':{'name':'v1.ext.example.com'},'spec':{'group':'ext.example.com','version':'v1',"
                        + "'groupPriorityMinimum':2000,'versionPriority':10,"
                        + "'service':{'namespace':'default','name':'ext'}}}");
        awaitCondition("False " + expected);
        admin.delete("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/ext-1");
    }
}
