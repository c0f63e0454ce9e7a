package io.mokube.apiserver.crd;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.http.TestClient;
import io.mokube.apiserver.http.TestClient.Reply;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.object.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Versions that a webhook converts, one reached by URL and one as a service. */
class ConversionTest {

    private static final String DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    @TempDir
    static Path folder;

    private static ApiServer server;
    private static TestClient admin;
    private static HttpsServer webhook;
    private static String authority = "";
    private static final AtomicInteger reviews = new AtomicInteger();

    @BeforeAll
    static void start() throws Exception {
        webhook = startWebhook();
        server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        server.start();
        admin = TestClient.admin(server);
    }

    @AfterAll
    static void stop() {
        admin.close();
        server.stop(Duration.ofSeconds(5));
        webhook.stop(0);
    }

    /** Converts {@code spec.hostPort} of v1beta1 into {@code spec.host} and {@code spec.port} of v1, and back. */
    private static HttpsServer startWebhook() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        KeyPair keys = generator.generateKeyPair();
        X500Name name = new X500Name("CN=webhook");
        Instant now = Instant.now();
        X509Certificate certificate = new JcaX509CertificateConverter()
                .getCertificate(new JcaX509v3CertificateBuilder(
                                name,
                                BigInteger.ONE,
                                Date.from(now.minusSeconds(60)),
                                Date.from(now.plusSeconds(3600)),
                                name,
                                keys.getPublic())
                        .addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
                        .addExtension(Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName[] {
                            new GeneralName(GeneralName.iPAddress, "127.0.0.1"),
                            new GeneralName(GeneralName.dNSName, "converter.default.svc")
                        }))
                        .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
        authority = Base64.getEncoder()
                .encodeToString(("-----BEGIN CERTIFICATE-----\n"
                                + Base64.getMimeEncoder().encodeToString(certificate.getEncoded())
                                + "\n-----END CERTIFICATE-----\n")
                        .getBytes(StandardCharsets.US_ASCII));
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("webhook", keys.getPrivate(), new char[0], new Certificate[] {certificate});
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), null, null);
        HttpsServer https = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        https.setHttpsConfigurator(new HttpsConfigurator(context));
        https.createContext("/convert", ConversionTest::convert);
        https.start();
        return https;
    }

    private static void convert(HttpExchange exchange) {
        try (exchange) {
            reviews.incrementAndGet();
            JsonNode review = Json.MAPPER.readTree(exchange.getRequestBody().readAllBytes());
            ObjectNode answer = Json.MAPPER.createObjectNode();
            answer.put("kind", "ConversionReview");
            answer.put("apiVersion", review.path("apiVersion").asString());
            ObjectNode response = answer.putObject("response");
            response.put("uid", review.path("request").path("uid").asString());
            String wanted = review.path("request").path("desiredAPIVersion").asString();
            ArrayNode converted = response.putArray("convertedObjects");
            String failure = "";
            for (JsonNode each : review.path("request").path("objects")) {
                ObjectNode object = (ObjectNode) each.deepCopy();
                object.put("apiVersion", wanted);
                ObjectNode spec = (ObjectNode) object.get("spec");
                if (wanted.endsWith("/v1")) {
                    String[] parts = spec.remove("hostPort").asString().split(":");
                    if (parts.length != 2) {
                        failure = "hostPort needs a port";
                    } else {
                        spec.put("host", parts[0]).put("port", parts[1]);
                    }
                } else {
                    spec.put(
                            "hostPort",
                            spec.remove("host").asString() + ":"
                                    + spec.remove("port").asString());
                }
                ((ObjectNode) object.get("metadata"))
                        .put("uid", each.path("metadata").path("uid").asString());
                ((ObjectNode) object.get("metadata"))
                        .withObjectProperty("labels")
                        .put("converted", "yes");
                converted.add(object);
            }
            ObjectNode result = response.putObject("result");
            result.put("status", failure.isEmpty() ? "Success" : "Failed");
            result.put("message", failure);
            byte[] body = Json.MAPPER.writeValueAsBytes(answer);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void define(String plural, String kind, String clientConfig) {
        String yaml = """
                kind: CustomResourceDefinition
                apiVersion: apiextensions.k8s.io/v1
                metadata: {name: %1$s.convert.example.com}
                spec:
                  group: convert.example.com
                  scope: Namespaced
                  names: {plural: %1$s, kind: %2$s}
                  conversion:
                    strategy: Webhook
                    webhook:
                      conversionReviewVersions: [v1, v1beta1]
                      clientConfig: %3$s
                  versions:
                  - name: v1beta1
                    served: true
                    storage: false
                    schema:
                      openAPIV3Schema:
                        type: object
                        properties: {spec: {type: object, properties: {hostPort: {type: string}}}}
                  - name: v1
                    served: true
                    storage: true
                    schema:
                      openAPIV3Schema:
                        type: object
                        properties: {spec: {type: object, properties: {host: {type: string}, port: {type: string}}}}
                """.formatted(plural, kind, clientConfig);
        Reply reply = admin.send("POST", DEFINITIONS, yaml, "Content-Type", "application/yaml");
        assertThat(reply.code()).as(reply.text()).isEqualTo(201);
        CustomResourcesTest.await(
                () -> admin.get("/apis/convert.example.com/v1/" + plural).code() == 200);
    }

    private static String object(String version, String kind, String name, String spec) {
        return "{\"apiVersion\":\"convert.example.com/" + version + "\",\"kind\":\"" + kind
                + "\",\"metadata\":{\"name\":\"" + name + "\"},\"spec\":" + spec + "}";
    }

    @Test
    void convertsByUrl() {
        define(
                "doors",
                "Door",
                "{url: \"https://127.0.0.1:" + webhook.getAddress().getPort() + "/convert\", caBundle: " + authority
                        + "}");
        String beta = "/apis/convert.example.com/v1beta1/namespaces/default/doors";
        String v1 = "/apis/convert.example.com/v1/namespaces/default/doors";
        Reply created = admin.post(beta, object("v1beta1", "Door", "a", "{\"hostPort\":\"h:1\"}"));
        assertThat(created.code()).as(created.text()).isEqualTo(201);
        assertThat(created.json().path("spec").toString()).isEqualTo("{\"hostPort\":\"h:1\"}");
        assertThat(admin.get(v1 + "/a").json().path("spec").toString()).isEqualTo("{\"host\":\"h\",\"port\":\"1\"}");
        assertThat(admin.get(v1 + "/a").json().path("metadata").path("labels").toString())
                .isEqualTo("{\"converted\":\"yes\"}");
        admin.post(v1, object("v1", "Door", "b", "{\"host\":\"h\",\"port\":\"2\"}"));
        int before = reviews.get();
        JsonNode list = admin.get(beta).json();
        assertThat(reviews.get()).as("one call for all objects").isEqualTo(before + 1);
        assertThat(list.path("items").get(1).path("spec").toString()).isEqualTo("{\"hostPort\":\"h:2\"}");
        Reply patched = admin.patch(beta + "/b", "application/merge-patch+json", "{\"spec\":{\"hostPort\":\"x:3\"}}");
        assertThat(patched.json().path("spec").path("hostPort").asString())
                .as(patched.text())
                .isEqualTo("x:3");
        assertThat(admin.get(v1 + "/b").json().path("spec").path("host").asString())
                .isEqualTo("x");
        Reply refused = admin.post(beta, object("v1beta1", "Door", "c", "{\"hostPort\":\"h\"}"));
        assertThat(refused.code()).isEqualTo(500);
        assertThat(refused.message())
                .isEqualTo(
                        "Internal error occurred: conversion webhook for convert.example.com/v1beta1, Kind=Door failed:"
                                + " hostPort needs a port");
        assertThat(admin.get(v1 + "/c").code()).isEqualTo(404);
    }

    @Test
    void convertsByService() {
        // The webhook listens on this machine's loopback address, which endpoints may not have.
        Reply service = admin.post(
                "/api/v1/namespaces/default/services",
                "{\"kind\":\"Service\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"converter\"},"
                        + "\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"localhost\"}}");
        assertThat(service.code()).as(service.text()).isEqualTo(201);
        define(
                "gates",
                "Gate",
                "{service: {namespace: default, name: converter, path: /convert, port: "
                        + webhook.getAddress().getPort() + "}, caBundle: " + authority + "}");
        String beta = "/apis/convert.example.com/v1beta1/namespaces/default/gates";
        Reply created = admin.post(beta, object("v1beta1", "Gate", "a", "{\"hostPort\":\"h:1\"}"));
        assertThat(created.code()).as(created.text()).isEqualTo(201);
        // The certificate must be of the service that is asked.
        admin.patch(
                DEFINITIONS + "/gates.convert.example.com",
                "application/merge-patch+json",
                "{\"spec\":{\"conversion\":{\"webhook\":{\"clientConfig\":{\"service\":{\"name\":\"other\"}}}}}}");
        CustomResourcesTest.await(() -> admin.get(beta + "/a").code() == 500);
        assertThat(admin.get(beta + "/a").message()).contains("no endpoints available for service \"other\"");
    }
}
