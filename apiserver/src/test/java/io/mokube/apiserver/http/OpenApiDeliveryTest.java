package io.mokube.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.http.TestClient.Reply;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.object.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** How OpenAPI and discovery documents go over the wire: forms, caching, packing. */
class OpenApiDeliveryTest {

    private static final String PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    @TempDir
    static Path folder;

    private static ApiServer server;
    private static TestClient client;

    @BeforeAll
    static void start() throws Exception {
        server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        server.start();
        client = TestClient.admin(server);
    }

    @AfterAll
    static void stop() {
        client.close();
        server.stop(Duration.ofSeconds(5));
    }

    @Test
    void version2ComesInBothForms() {
        Reply json = client.get("/openapi/v2");
        assertThat(json.header("Content-Type")).isEqualTo("application/json");
        assertThat(json.json().path("swagger").stringValue()).isEqualTo("2.0");
        for (String type : new String[] {PROTOBUF, PROTOBUF.replace("v2.v1", "v2@v1")}) {
            Reply protobuf = client.get("/openapi/v2", "Accept", type + ", */*;q=0.1");
            assertThat(protobuf.header("Content-Type")).isEqualTo(PROTOBUF);
            assertThat(protobuf.response().body()).isNotEmpty();
        }
        assertThat(client.get("/openapi/v2", "Accept", "text/html").code()).isEqualTo(406);
    }

    @Test
    void whatTheClientHasIsNotSentAgain() {
        for (String path :
                new String[] {"/openapi/v2", "/openapi/v3", "/openapi/v3/apis/apps/v1", "/apis", "/api/v1"}) {
            String etag = client.get(path).header("ETag");
            assertThat(etag).matches("\"[0-9A-F]{128}\"");
            Reply again = client.get(path, "If-None-Match", etag);
            assertThat(again.code()).as(path).isEqualTo(304);
            assertThat(again.response().body()).isEmpty();
            assertThat(client.get(path, "If-None-Match", "\"x\", W/" + etag).code())
                    .isEqualTo(304);
            assertThat(client.get(path, "If-None-Match", "\"x\"").code()).isEqualTo(200);
        }
    }

    @Test
    void largeDocumentsComePackedToWhoTakesThem() throws IOException {
        Reply plain = client.get("/openapi/v2");
        Reply packed = client.get("/openapi/v2", "Accept-Encoding", "gzip");
        assertThat(packed.header("Content-Encoding")).isEqualTo("gzip");
        assertThat(packed.header("Vary")).contains("Accept-Encoding");
        assertThat(packed.response().body().length * 5)
                .isLessThan(plain.response().body().length);
        JsonNode unpacked = Json.MAPPER.readTree(
                new GZIPInputStream(new ByteArrayInputStream(packed.response().body())));
        assertThat(unpacked).isEqualTo(plain.json());
    }

    @Test
    void anAddressWithAHashIsGoodForEver() {
        String address = client.get("/openapi/v3")
                .json()
                .path("paths")
                .path("apis/apps/v1")
                .path("serverRelativeURL")
                .stringValue();
        Reply named = client.get(address);
        assertThat(named.header("Cache-Control")).isEqualTo("public, immutable");
        assertThat(named.header("Expires")).endsWith(" GMT");
        assertThat(named.json().path("openapi").stringValue()).isEqualTo("3.0.0");
        Reply outdated = client.get("/openapi/v3/apis/apps/v1?hash=0123");
        assertThat(outdated.code()).isEqualTo(301);
        assertThat(outdated.header("Location")).isEqualTo(address);
        assertThat(client.get("/openapi/v3/apis/apps/v1").header("Cache-Control"))
                .isEqualTo("no-cache, private");
        assertThat(client.get("/openapi/v3/apis/nothing/v1").code()).isEqualTo(404);
    }

    @Test
    void theRootListsWhatThereIs() {
        assertThat(client.get("/").json().path("paths").valueStream().map(JsonNode::stringValue))
                .contains("/api/v1", "/apis", "/apis/apps", "/apis/apps/v1", "/openapi/v2", "/version");
    }
}
