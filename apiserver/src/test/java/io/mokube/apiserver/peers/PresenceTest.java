package io.mokube.apiserver.peers;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.StoreConfig;
import io.mokube.apiserver.http.TestClient;
import io.mokube.apiserver.storage.KeyValueStore;
import io.mokube.apiserver.storage.KeyValueStore.Expect;
import io.mokube.apiserver.storage.embedded.EmbeddedStore;
import io.mokube.apiserver.storage.embedded.EmbeddedStoreConfig;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.time.Clock;
import io.mokube.testkit.Await;
import io.mokube.testkit.SimulatedClock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** API servers of one store come and go. */
class PresenceTest {

    private static final String ENDPOINTS = "/api/v1/namespaces/default/endpoints/kubernetes";
    private static final String SLICE = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes";
    private static final String LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
    private static final Duration GRACE = Duration.ofSeconds(5);

    @TempDir
    Path folder;

    private final SimulatedClock clock = new SimulatedClock(Clock.system().instant());
    private final Platform platform = new Platform(clock, new SplittableRandom(1), new SimpleMeterRegistry());
    private final KeyValueStore store = EmbeddedStore.open(EmbeddedStoreConfig.inMemory(), platform);
    private final List<ApiServer> servers = new ArrayList<>();

    @AfterEach
    void stop() {
        servers.forEach(server -> server.stop(GRACE));
        store.close();
    }

    private ApiServer start(@Nullable String address) {
        ApiServer server = new ApiServer(
                ApiServerConfig.inMemory(folder)
                        .withStore(new StoreConfig.Existing(store))
                        .withAdvertiseAddress(address),
                platform);
        servers.add(server);
        server.start();
        return server;
    }

    /** What the endpoints and the slice say, when they agree. */
    private static void awaitEndpoints(TestClient client, int port, String... addresses) {
        Await.passes(() -> {
            JsonNode subset = client.get(ENDPOINTS).json().path("subsets").path(0);
            List<String> found = new ArrayList<>();
            subset.path("addresses").forEach(each -> found.add(each.path("ip").asString("")));
            assertThat(found).containsExactly(addresses);
            assertThat(subset.path("ports").path(0).path("port").asInt(0)).isEqualTo(port);
            JsonNode slice = client.get(SLICE).json();
            List<String> sliced = new ArrayList<>();
            slice.path("endpoints")
                    .forEach(each -> sliced.add(each.path("addresses").path(0).asString("")));
            assertThat(sliced).containsExactly(addresses);
            assertThat(slice.path("ports").path(0).path("port").asInt(0)).isEqualTo(port);
        });
    }

    @Test
    void endpointsAreTheServersThatLive() throws Exception {
        ApiServer first = start("192.0.2.11");
        try (TestClient client = TestClient.admin(first)) {
            awaitEndpoints(client, first.port(), "192.0.2.11");
            ApiServer second = start("192.0.2.10");
            int lastWritten = second.port();
            awaitEndpoints(client, lastWritten, "192.0.2.10", "192.0.2.11");
            second.stop(GRACE);
            // At once, without waiting for anything to expire.
            awaitEndpoints(client, lastWritten, "192.0.2.11");
            clock.advance(Duration.ofSeconds(10));
            awaitEndpoints(client, first.port(), "192.0.2.11");
        }
    }

    @Test
    void aServerThatWasKilledGoesWhenItsKeyExpires() throws Exception {
        store.put(
                "/registry/masterleases/192.0.2.12",
                "192.0.2.12".getBytes(StandardCharsets.UTF_8),
                Expect.ANYTHING,
                Duration.ofSeconds(15));
        ApiServer server = start("192.0.2.11");
        try (TestClient client = TestClient.admin(server)) {
            awaitEndpoints(client, server.port(), "192.0.2.11", "192.0.2.12");
            clock.advance(Duration.ofSeconds(10));
            awaitEndpoints(client, server.port(), "192.0.2.11", "192.0.2.12");
            clock.advance(Duration.ofSeconds(10));
            awaitEndpoints(client, server.port(), "192.0.2.11");
        }
    }

    @Test
    void endpointsThatSomebodyChangedArePutRight() throws Exception {
        ApiServer server = start("192.0.2.11");
        try (TestClient client = TestClient.admin(server)) {
            awaitEndpoints(client, server.port(), "192.0.2.11");
            client.delete(ENDPOINTS);
            client.patch(SLICE, "application/merge-patch+json", "{\"endpoints\":[]}");
            clock.advance(Duration.ofSeconds(10));
            awaitEndpoints(client, server.port(), "192.0.2.11");
        }
    }

    @Test
    void theLastServerThatGoesLeavesItsAddress() throws Exception {
        ApiServer server = start("192.0.2.11");
        int port = server.port();
        try (TestClient client = TestClient.admin(server)) {
            awaitEndpoints(client, port, "192.0.2.11");
        }
        server.stop(GRACE);
        ApiServer silent = start(null);
        try (TestClient client = TestClient.admin(silent)) {
            awaitEndpoints(client, port, "192.0.2.11");
        }
    }

    @Test
    void aServerOnLoopbackIsNoEndpoint() throws Exception {
        ApiServer server = start(null);
        try (TestClient client = TestClient.admin(server)) {
            Await.until("its lease", () -> !leases(client).isEmpty());
            assertThat(client.get(ENDPOINTS).code()).isEqualTo(404);
            assertThat(client.get(SLICE).code()).isEqualTo(404);
        }
    }

    @Test
    void keepsALeaseAndRemovesThoseOfServersGoneForGood() throws Exception {
        ApiServer server = start(null);
        try (TestClient client = TestClient.admin(server)) {
            String name = Await.value("its lease", () -> leases(client).stream().findFirst());
            assertThat(name).matches("apiserver-[a-z2-7]{26}");
            String renewed = renewed(client, name);
            client.post(LEASES, lease("apiserver-gone", "2020-01-01T00:00:00.000000Z"));
            clock.advance(Duration.ofSeconds(10));
            Await.until("another renewal", () -> !renewed(client, name).equals(renewed));
            assertThat(leases(client)).containsExactlyInAnyOrder(name, "apiserver-gone");
            clock.advance(Duration.ofHours(1));
            Await.passes(() -> assertThat(leases(client)).containsExactly(name));
        }
        server.stop(GRACE);
        ApiServer next = start(null);
        try (TestClient client = TestClient.admin(next)) {
            Await.passes(() -> assertThat(leases(client)).hasSize(1));
        }
    }

    private static String lease(String name, String renewed) {
        return """
                {"kind":"Lease","apiVersion":"coordination.k8s.io/v1",
                 "metadata":{"name":"%s","labels":{"apiserver.kubernetes.io/identity":"kube-apiserver"}},
                 "spec":{"leaseDurationSeconds":3600,"renewTime":"%s"}}""".formatted(name, renewed);
    }

    private static String renewed(TestClient client, String name) {
        return client.get(LEASES + "/" + name)
                .json()
                .path("spec")
                .path("renewTime")
                .asString("");
    }

    private static List<String> leases(TestClient client) {
        List<String> names = new ArrayList<>();
        client.get(LEASES + "?labelSelector=apiserver.kubernetes.io%2Fidentity%3Dkube-apiserver")
                .json()
                .path("items")
                .forEach(each -> names.add(each.path("metadata").path("name").asString("")));
        return names;
    }
}
