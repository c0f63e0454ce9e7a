package io.mokube.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.http.TestClient.Reply;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.LaterClock;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Addresses of services in a range of which few are left: 30 addresses, of which the first is the API server's own. */
class ClusterAddressesTest {

    private static final String SERVICES = "/api/v1/namespaces/default/services";
    private static final String ADDRESSES = "/apis/networking.k8s.io/v1/ipaddresses";

    @TempDir
    Path folder;

    private final LaterClock clock = new LaterClock();
    private ApiServer server;
    private TestClient admin;

    @BeforeEach
    void start() throws Exception {
        server = new ApiServer(
                ApiServerConfig.inMemory(folder).withServiceCidr("10.96.0.0/27"),
                new Platform(clock, new SplittableRandom(7), new SimpleMeterRegistry()));
        server.start();
        admin = TestClient.admin(server);
    }

    @AfterEach
    void stop() {
        admin.close();
        server.stop(Duration.ofSeconds(5));
    }

    private Reply create(String name) {
        return admin.post(SERVICES, """
                {"kind":"Service","apiVersion":"v1","metadata":{"name":"%s"},"spec":{"ports":[{"port":80}]}}""".formatted(name));
    }

    /** The last number of the address that a new service gets. */
    private int given(String name) {
        Reply created = create(name);
        assertThat(created.code()).as(created.text()).isEqualTo(201);
        String address = created.json().at("/spec/clusterIP").asString();
        assertThat(address).startsWith("10.96.0.");
        return Integer.parseInt(address.substring("10.96.0.".length()));
    }

    @Test
    void everyAddressIsGivenOutTheFirstOnesLast() {
        Set<Integer> given = new HashSet<>();
        for (int i = 0; i < 14; i++) {
            given.add(given("upper-" + i));
        }
        assertThat(given).hasSize(14).allMatch(each -> each >= 17 && each <= 30);
        for (int i = 0; i < 15; i++) {
            given.add(given("lower-" + i));
        }
        assertThat(given).hasSize(29).doesNotContain(1);
        Reply full = create("too-many");
        assertThat(full.code()).isEqualTo(500);
        assertThat(full.json().path("message").asString())
                .isEqualTo("Internal error occurred: failed to allocate a serviceIP: range is full");
        assertThat(admin.delete(SERVICES + "/lower-7").code()).isEqualTo(200);
        assertThat(given.add(given("another"))).as("one that was another's").isFalse();
    }

    @Test
    void anAddressWhoseServiceNeverCameIsGivenOutWhenNoneIsLeft() {
        Reply claimed = admin.post(ADDRESSES, """
                {"kind":"IPAddress","apiVersion":"networking.k8s.io/v1","metadata":{"name":"10.96.0.20"},"spec":{"parentRef":
                 {"resource":"services","namespace":"default","name":"never-came"}}}""");
        assertThat(claimed.code()).as(claimed.text()).isEqualTo(201);
        for (int i = 0; i < 28; i++) {
            assertThat(given("service-" + i)).isNotEqualTo(20);
        }
        assertThat(create("early").code()).as("its service may still come").isEqualTo(500);
        clock.later(Duration.ofSeconds(61));
        assertThat(given("late")).isEqualTo(20);
        assertThat(admin.get(ADDRESSES + "/10.96.0.20")
                        .json()
                        .at("/spec/parentRef/name")
                        .asString())
                .isEqualTo("late");
        assertThat(create("too-many").code()).isEqualTo(500);
    }
}
