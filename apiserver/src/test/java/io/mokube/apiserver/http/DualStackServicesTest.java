package io.mokube.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.StoreConfig;
import io.mokube.apiserver.http.TestClient.Reply;
import io.mokube.apiserver.storage.KeyValueStore;
import io.mokube.apiserver.storage.embedded.EmbeddedStore;
import io.mokube.apiserver.storage.embedded.EmbeddedStoreConfig;
import io.mokube.machinery.component.ComponentException;
import io.mokube.machinery.component.Platform;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Services of a server with a range of cluster addresses of each family. */
class DualStackServicesTest {

    private static final String SERVICES = "/api/v1/namespaces/default/services";
    private static final String ADDRESSES = "/apis/networking.k8s.io/v1/ipaddresses";
    private static final String PATCH = "application/merge-patch+json";

    @TempDir
    static Path folder;

    private static ApiServer server;
    private static TestClient admin;

    @BeforeAll
    static void start() throws Exception {
        server = new ApiServer(
                ApiServerConfig.inMemory(folder).withServiceCidr("10.96.0.0/16,fd00:10:96::/112"), Platform.system());
        server.start();
        admin = TestClient.admin(server);
    }

    @AfterAll
    static void stop() {
        admin.close();
        server.stop(Duration.ofSeconds(5));
    }

    private static JsonNode create(String name, String spec) {
        Reply created = admin.post(SERVICES, """
                {"kind":"Service","apiVersion":"v1","metadata":{"name":"%s"},"spec":{"ports":[{"port":80}]%s}}""".formatted(name, spec));
        assertThat(created.code()).as(created.text()).isEqualTo(201);
        return created.json().path("spec");
    }

    private static JsonNode policy(String name, String policy) {
        Reply changed = admin.patch(SERVICES + "/" + name, PATCH, "{\"spec\":{\"ipFamilyPolicy\":\"" + policy + "\"}}");
        assertThat(changed.code()).as(changed.text()).isEqualTo(200);
        return changed.json().path("spec");
    }

    private static int claim(String address) {
        return admin.get(ADDRESSES + "/" + address).code();
    }

    @Test
    void whoAsksForNothingGetsTheMainFamily() {
        JsonNode spec = create("plain", "");
        assertThat(spec.path("ipFamilyPolicy").asString()).isEqualTo("SingleStack");
        assertThat(spec.path("ipFamilies").toString()).isEqualTo("[\"IPv4\"]");
        assertThat(spec.path("clusterIPs").size()).isEqualTo(1);
        assertThat(admin.get("/apis/networking.k8s.io/v1/servicecidrs/kubernetes")
                        .json()
                        .at("/spec/cidrs")
                        .toString())
                .isEqualTo("[\"10.96.0.0/16\",\"fd00:10:96::/112\"]");
    }

    @Test
    void theSecondAddressComesAndGoesWithThePolicy() {
        JsonNode both = create("both", ",\"ipFamilyPolicy\":\"RequireDualStack\"");
        String first = both.path("clusterIP").asString();
        String second = both.path("clusterIPs").path(1).asString();
        assertThat(both.path("ipFamilies").toString()).isEqualTo("[\"IPv4\",\"IPv6\"]");
        assertThat(both.path("clusterIPs").path(0).asString()).isEqualTo(first).startsWith("10.96.");
        assertThat(second).startsWith("fd00:10:96::");
        assertThat(claim(second)).isEqualTo(200);

        JsonNode one = policy("both", "SingleStack");
        assertThat(one.path("clusterIPs").toString()).isEqualTo("[\"" + first + "\"]");
        assertThat(one.path("ipFamilies").toString()).isEqualTo("[\"IPv4\"]");
        assertThat(claim(second)).as("given back").isEqualTo(404);
        assertThat(claim(first)).isEqualTo(200);

        JsonNode again = policy("both", "PreferDualStack");
        assertThat(again.path("clusterIPs").size()).isEqualTo(2);
        String third = again.path("clusterIPs").path(1).asString();
        assertThat(claim(third)).isEqualTo(200);
        admin.delete(SERVICES + "/both");
        assertThat(claim(first)).isEqualTo(404);
        assertThat(claim(third)).isEqualTo(404);
    }

    @Test
    void aFamilyMayBeChosen() {
        JsonNode six = create("six", ",\"ipFamilies\":[\"IPv6\"]");
        assertThat(six.path("clusterIP").asString()).startsWith("fd00:10:96::");
        assertThat(six.path("clusterIPs").size()).isEqualTo(1);
        JsonNode given = create("given", ",\"clusterIP\":\"fd00:10:96:0::AB\"");
        assertThat(given.path("ipFamilies").toString()).isEqualTo("[\"IPv6\"]");
        assertThat(claim("fd00:10:96::ab")).as("by its canonical name").isEqualTo(200);
        Reply taken = admin.post(SERVICES, """
                {"kind":"Service","apiVersion":"v1","metadata":{"name":"x"},
                "spec":{"clusterIP":"fd00:10:96::ab","ports":[{"port":80}]}}""");
        assertThat(taken.message()).contains("provided IP is already allocated");
        Reply moved = admin.patch(
                SERVICES + "/six",
                PATCH,
                "{\"spec\":{\"ipFamilyPolicy\":\"PreferDualStack\",\"ipFamilies\":[\"IPv4\",\"IPv6\"]}}");
        assertThat(moved.message()).contains("spec.ipFamilies[0]", "may not change once set");
    }

    @Test
    void aRefusedServiceLeavesNoAddressBehind() {
        Reply refused = admin.post(SERVICES, """
                {"kind":"Service","apiVersion":"v1","metadata":{"name":"half"},"spec":{"ipFamilyPolicy":"RequireDualStack",
                "clusterIPs":["10.96.77.77","fd00:10:97::1"],"ports":[{"port":80}]}}""");
        assertThat(refused.code()).isEqualTo(422);
        assertThat(refused.message()).contains("the provided IP is not in the valid range");
        assertThat(claim("10.96.77.77")).isEqualTo(404);
    }

    @Test
    void aDryRunShowsTheFamilies() {
        Reply shown = admin.post(SERVICES + "?dryRun=All", """
                {"kind":"Service","apiVersion":"v1","metadata":{"name":"dry"},
                "spec":{"ipFamilyPolicy":"PreferDualStack","ports":[{"port":80}]}}""");
        assertThat(shown.json().at("/spec/ipFamilies").toString()).isEqualTo("[\"IPv4\",\"IPv6\"]");
    }

    @Test
    void twoRangesOfOneFamilyAreRefused() {
        ApiServerConfig twice = ApiServerConfig.inMemory(folder).withServiceCidr("10.96.0.0/16,10.97.0.0/16");
        assertThatThrownBy(() -> new ApiServer(twice, Platform.system()))
                .isInstanceOf(ComponentException.class)
                .hasMessageContaining("one of each address family");
    }

    @Test
    void aClusterThatGetsASecondRangeShowsIt(@TempDir Path another) throws Exception {
        try (KeyValueStore store = EmbeddedStore.open(EmbeddedStoreConfig.inMemory(), Platform.system())) {
            String one = "10.97.0.0/16";
            String both = "10.97.0.0/16,fd00:10:97::/112";
            assertThat(shown(store, another, one)).isEqualTo("[\"10.97.0.0/16\"]");
            assertThat(shown(store, another, both)).isEqualTo("[\"10.97.0.0/16\",\"fd00:10:97::/112\"]");
            assertThat(shown(store, another, one))
                    .as("what has addresses in it is not taken away")
                    .isEqualTo("[\"10.97.0.0/16\",\"fd00:10:97::/112\"]");
        }
    }

    /** The default range that a server started with these ranges shows. */
    private static String shown(KeyValueStore store, Path folder, String ranges) throws Exception {
        ApiServer started = new ApiServer(
                ApiServerConfig.inMemory(folder)
                        .withStore(new StoreConfig.Existing(store))
                        .withServiceCidr(ranges),
                Platform.system());
        started.start();
        try (TestClient client = TestClient.admin(started)) {
            return client.get("/apis/networking.k8s.io/v1/servicecidrs/kubernetes")
                    .json()
                    .at("/spec/cidrs")
                    .toString();
        } finally {
            started.stop(Duration.ofSeconds(5));
        }
    }
}
