package io.mokube.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.http.TestClient.Reply;
import io.mokube.machinery.component.Platform;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiServerTest {

    @TempDir
    static Path folder;

    private static ApiServer server;
    private static TestClient admin;

    @BeforeAll
    static void start() throws Exception {
        server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        server.start();
        admin = TestClient.admin(server);
    }

    @AfterAll
    static void stop() {
        admin.close();
        server.stop(Duration.ofSeconds(5));
    }

    private static String configMap(String name, String value) {
        return """
                {"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"%s","labels":{"app":"%s"}},"data":{"key":"%s"}}""".formatted(name, value, value);
    }

    @Test
    void createsReadsUpdatesAndDeletes() {
        Reply created = admin.post("/api/v1/namespaces/default/configmaps", configMap("one", "a"));
        assertThat(created.text()).contains("resourceVersion");
        assertThat(created.code()).isEqualTo(201);
        Reply read = admin.get("/api/v1/namespaces/default/configmaps/one");
        assertThat(read.json()).isEqualTo(created.json());
        assertThat(read.header("Content-Type")).isEqualTo("application/json");
        Reply updated = admin.put("/api/v1/namespaces/default/configmaps/one", configMap("one", "b"));
        assertThat(updated.code()).isEqualTo(200);
        assertThat(updated.json().path("data").path("key").asString()).isEqualTo("b");
        Reply deleted = admin.delete("/api/v1/namespaces/default/configmaps/one");
        assertThat(deleted.json().path("status").asString()).isEqualTo("Success");
        assertThat(admin.get("/api/v1/namespaces/default/configmaps/one").message())
                .isEqualTo("configmaps \"one\" not found");
    }

    @Test
    void isReady() {
        assertThat(server.readiness().ready()).isTrue();
        assertThat(admin.get("/readyz").text()).isEqualTo("ok");
        assertThat(admin.get("/readyz?verbose").text()).contains("[+]etcd ok");
    }
}
