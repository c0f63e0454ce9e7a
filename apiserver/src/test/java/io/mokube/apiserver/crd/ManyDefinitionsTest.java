package io.mokube.apiserver.crd;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.http.TestClient;
import io.mokube.machinery.component.Platform;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many definitions come and go without slowing down requests about something else. */
class ManyDefinitionsTest {

    private static final int COUNT = 500;
    private static final String DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    @TempDir
    static Path folder;

    @Test
    void comeAndGo() throws Exception {
        ApiServer server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        server.start();
        try (TestClient admin = TestClient.admin(server)) {
            for (int i = 0; i < 200; i++) {
                admin.get("/api/v1/namespaces/default");
            }
            long before = median(admin);
            for (int i = 0; i < COUNT; i++) {
                assertThat(admin.post(DEFINITIONS, definition(i)).code()).isEqualTo(201);
            }
            CustomResourcesTest.await(
                    () -> admin.get("/apis/g499.many.example.com/v1/things").code() == 200);
            assertThat(admin.get("/apis").text())
                    .contains("g0.many.example.com")
                    .contains("g499.many.example.com");
            assertThat(admin.get("/openapi/v3/apis/g250.many.example.com/v1").code())
                    .isEqualTo(200);
            // A thousandth of a second for noise: the machine is shared.
            assertThat(median(admin)).isLessThan(before * 3 + 1_000_000);
            assertThat(admin.delete(DEFINITIONS).code()).isEqualTo(200);
            CustomResourcesTest.await(
                    () -> admin.get(DEFINITIONS).json().path("items").isEmpty());
            CustomResourcesTest.await(() -> !admin.get("/apis").text().contains("many.example.com"));
        } finally {
            server.stop(Duration.ofSeconds(5));
        }
    }

    private static long median(TestClient admin) {
        long[] times = new long[101];
        for (int i = 0; i < times.length; i++) {
            long begin = System.nanoTime();
            admin.get("/api/v1/namespaces/default");
            times[i] = System.nanoTime() - begin;
        }
        Arrays.sort(times);
        return times[times.length / 2];
    }

    private static String definition(int i) {
        return """
                {"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v1","metadata":{"name":"things.g%1$d.many.example.com"},
                "spec":{"group":"g%1$d.many.example.com","scope":"Cluster","names":{"plural":"things","kind":"Thing"},
                "versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object",
                "properties":{"spec":{"type":"object","properties":{"size":{"type":"integer","default":1}}}}}}}]}}
                """.formatted(i);
    }
}
