package io.mokube.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.http.TestClient.Reply;
import io.mokube.machinery.component.Platform;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

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

    private static final String MAPS = "/api/v1/namespaces/default/configmaps";

    @Test
    void watchesFromARevisionThroughASelector() throws Exception {
        String since =
                admin.get(MAPS).json().path("metadata").path("resourceVersion").asString();
        admin.post(MAPS, configMap("w1", "red"));
        admin.post(MAPS, configMap("w2", "blue"));
        admin.put(MAPS + "/w1", configMap("w1", "blue"));
        admin.put(MAPS + "/w2", configMap("w2", "red"));
        admin.delete(MAPS + "/w2");
        try (TestClient.WatchReader all = admin.watch(MAPS + "?watch=true&resourceVersion=" + since);
                TestClient.WatchReader red =
                        admin.watch(MAPS + "?watch=true&labelSelector=app%3Dred&resourceVersion=" + since)) {
            assertThat(all.next(5)).containsExactly("ADDED w1", "ADDED w2", "MODIFIED w1", "MODIFIED w2", "DELETED w2");
            assertThat(red.next(4)).containsExactly("ADDED w1", "DELETED w1", "ADDED w2", "DELETED w2");
        }
        admin.delete(MAPS + "/w1");
    }

    @Test
    void streamsAListAndEndsItWithABookmark() throws Exception {
        admin.post(MAPS, configMap("l1", "list"));
        try (TestClient.WatchReader watch = admin.watch(MAPS + "?watch=true&labelSelector=app%3Dlist"
                + "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true")) {
            assertThat(watch.next(1)).containsExactly("ADDED l1");
            JsonNode bookmark = Objects.requireNonNull(watch.next());
            assertThat(bookmark.path("type").asString()).isEqualTo("BOOKMARK");
            assertThat(bookmark.path("object")
                            .path("metadata")
                            .path("annotations")
                            .path("k8s.io/initial-events-end")
                            .asString())
                    .isEqualTo("true");
            admin.delete(MAPS + "/l1");
            assertThat(watch.next(1)).containsExactly("DELETED l1");
        }
    }

    @Test
    void endsAWatchInTimeWithABookmark() throws Exception {
        try (TestClient.WatchReader watch =
                admin.watch(MAPS + "?watch=true&labelSelector=app%3Dnone&timeoutSeconds=1&allowWatchBookmarks=true")) {
            assertThat(watch.next(2)).containsExactly("BOOKMARK ", "END");
        }
    }

    @Test
    void pagesThroughOneState() {
        for (int i = 0; i < 5; i++) {
            admin.post(MAPS, configMap("page" + i, "page"));
        }
        Reply first = admin.get(MAPS + "?limit=2&labelSelector=app%3Dpage");
        assertThat(first.json().path("items").size()).isEqualTo(2);
        admin.delete(MAPS + "/page4");
        admin.post(MAPS, configMap("page9", "page"));
        StringBuilder names = new StringBuilder();
        String token = first.json().path("metadata").path("continue").asString();
        while (!token.isEmpty()) {
            Reply next = admin.get(MAPS + "?limit=2&labelSelector=app%3Dpage&continue=" + token);
            next.json()
                    .path("items")
                    .forEach(item -> names.append(
                                    item.path("metadata").path("name").asString())
                            .append(' '));
            token = next.json().path("metadata").path("continue").asString("");
        }
        assertThat(names.toString()).isEqualTo("page2 page3 page4 ");
    }

    @Test
    void answersImpossibleRevisionsAsKubernetesDoes() throws Exception {
        Reply future = admin.get(MAPS + "?resourceVersion=999999999");
        assertThat(future.code()).isEqualTo(504);
        assertThat(future.message()).startsWith("Too large resource version: 999999999, current: ");
        assertThat(admin.get(MAPS + "?resourceVersion=x").code()).isEqualTo(400);
        assertThat(admin.get(MAPS + "?continue=x").code()).isEqualTo(400);
        assertThat(admin.get(MAPS + "?fieldSelector=spec.x%3Dy").code()).isEqualTo(400);
        assertThat(admin.get(MAPS, "Accept", "application/xml").code()).isEqualTo(406);
        assertThat(admin.send("POST", MAPS, "x", "Content-Type", "text/plain").code())
                .isEqualTo(415);
        assertThat(admin.get("/api/v1/nosuch").code()).isEqualTo(404);
        assertThat(admin.post("/api/v1/namespaces/none/configmaps", configMap("x", "x"))
                        .message())
                .isEqualTo("namespaces \"none\" not found");
        assertThat(admin.send("POST", MAPS, "x".repeat(4 << 20), "Content-Type", "application/json")
                        .code())
                .isEqualTo(413);
    }

    @Test
    void refusesStaleUpdatesAndWrongPreconditions() {
        Reply created = admin.post(MAPS, configMap("cas", "a"));
        String stale = created.text();
        admin.put(MAPS + "/cas", configMap("cas", "b"));
        Reply refused = admin.put(MAPS + "/cas", stale);
        assertThat(refused.code()).isEqualTo(409);
        assertThat(refused.message())
                .isEqualTo("Operation cannot be fulfilled on configmaps \"cas\": the object has been modified; please"
                        + " apply your changes to the latest version and try again");
        Reply same = admin.put(MAPS + "/cas", configMap("cas", "b"));
        assertThat(same.json().path("metadata").path("resourceVersion"))
                .isEqualTo(admin.get(MAPS + "/cas").json().path("metadata").path("resourceVersion"));
        Reply wrong = admin.send(
                "DELETE", MAPS + "/cas", "{\"preconditions\":{\"uid\":\"x\"}}", "Content-Type", "application/json");
        assertThat(wrong.code()).isEqualTo(409);
        assertThat(wrong.message()).contains("UID in precondition: x, UID in object meta: ");
        assertThat(admin.post(MAPS, configMap("cas", "a")).message()).isEqualTo("configmaps \"cas\" already exists");
    }

    @Test
    void keepsWhatHasFinalizersUntilTheyAreGone() {
        admin.post(MAPS, """
                {"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"kept","finalizers":["a.b/c"]}}""");
        Reply marked = admin.delete(MAPS + "/kept");
        assertThat(marked.json().path("metadata").has("deletionTimestamp")).isTrue();
        assertThat(admin.get(MAPS + "/kept").code()).isEqualTo(200);
        Reply freed =
                admin.patch(MAPS + "/kept", "application/merge-patch+json", "{\"metadata\":{\"finalizers\":null}}");
        assertThat(freed.code()).isEqualTo(200);
        assertThat(admin.get(MAPS + "/kept").code()).isEqualTo(404);
    }

    @Test
    void losesNoUpdateAmongManyWriters() throws Exception {
        admin.post(MAPS, configMap("counter", "0"));
        String since = admin.get(MAPS + "/counter")
                .json()
                .path("metadata")
                .path("resourceVersion")
                .asString();
        int writers = 4;
        int each = 15;
        var running = new ArrayList<Future<?>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int w = 0; w < writers; w++) {
                running.add(threads.submit(() -> {
                    for (int done = 0; done < each; ) {
                        var object = (tools.jackson.databind.node.ObjectNode)
                                admin.get(MAPS + "/counter").json();
                        var data = (tools.jackson.databind.node.ObjectNode) object.path("data");
                        data.put("key", Integer.toString(data.path("key").asInt() + 1));
                        done += admin.put(MAPS + "/counter", object.toString()).code() == 200 ? 1 : 0;
                    }
                }));
            }
            for (var writer : running) {
                writer.get();
            }
        }
        assertThat(admin.get(MAPS + "/counter").json().path("data").path("key").asInt())
                .isEqualTo(writers * each);
        try (TestClient.WatchReader watch =
                admin.watch(MAPS + "?watch=true&fieldSelector=metadata.name%3Dcounter&resourceVersion=" + since)) {
            for (int i = 1; i <= writers * each; i++) {
                assertThat(Objects.requireNonNull(watch.next())
                                .path("object")
                                .path("data")
                                .path("key")
                                .asInt())
                        .isEqualTo(i);
            }
        }
    }

    @Test
    void loadBalancersThatKeepClientsAddressesAskNodesOnAPortOfTheirOwn() {
        String services = "/api/v1/namespaces/default/services";
        JsonNode any = admin.post(services, balancer("any", "Local", 0)).json();
        int given = any.at("/spec/healthCheckNodePort").asInt();
        assertThat(given).isBetween(30000, 32767);
        assertThat(any.at("/spec/ports/0/nodePort").asInt()).isNotEqualTo(given);
        assertThat(admin.post(services, balancer("taken", "Local", given)).message())
                .contains("spec.healthCheckNodePort: Invalid value: " + given)
                .contains("failed to allocate requested HealthCheck NodePort " + given
                        + ": provided port is already allocated");
        assertThat(admin.post(services, balancer("far", "Local", 80)).message()).contains("is not in the valid range");
        assertThat(admin.post(services, balancer("useless", "Cluster", 31555)).message())
                .contains("may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");

        String path = services + "/any";
        assertThat(admin.put(path, balancer("any", "Local", given == 31777 ? 31778 : 31777))
                        .message())
                .contains("spec.healthCheckNodePort: Forbidden: field is immutable");
        assertThat(admin.put(path, balancer("any", "Local", 0))
                        .json()
                        .at("/spec/healthCheckNodePort")
                        .asInt())
                .isEqualTo(given);
        JsonNode without = admin.put(path, balancer("any", "Cluster", given)).json();
        assertThat(without.at("/spec/type").asString()).isEqualTo("LoadBalancer");
        assertThat(without.at("/spec").has("healthCheckNodePort")).isFalse();
        assertThat(admin.post(services, balancer("chosen", "Local", given))
                        .json()
                        .at("/spec/healthCheckNodePort")
                        .asInt())
                .isEqualTo(given);
        assertThat(admin.put(path, balancer("any", "Local", 0))
                        .json()
                        .at("/spec/healthCheckNodePort")
                        .asInt())
                .isBetween(30000, 32767)
                .isNotEqualTo(given);
        admin.delete(services + "/any");
        admin.delete(services + "/chosen");
    }

    @Test
    void ofManyWhoChooseTheSameNodePortAtOnceOneGetsIt() throws Exception {
        String services = "/api/v1/namespaces/default/services";
        var asked = new ArrayList<Future<Integer>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 16; i++) {
                String name = "same-" + i;
                asked.add(threads.submit(() ->
                        admin.post(services, chosen("NodePort", name, 30_007)).code()));
            }
            var answers = new ArrayList<Integer>();
            for (var each : asked) {
                answers.add(each.get());
            }
            assertThat(answers).containsOnly(201, 422).containsOnlyOnce(201);
        }
        var list = admin.get(services).json().path("items");
        var winners = new ArrayList<String>();
        list.forEach(each -> {
            if (each.at("/spec/ports/0/nodePort").asInt() == 30_007) {
                winners.add(each.at("/metadata/name").asString());
            }
        });
        assertThat(winners).hasSize(1);
        admin.delete(services + "/" + winners.getFirst());
        assertThat(admin.post(services, chosen("NodePort", "next", 30_007)).code())
                .as("a service that is gone has given its port back")
                .isEqualTo(201);
        admin.delete(services + "/next");
    }

    @Test
    void aBalancerWithoutNodePortsHasOnlyThoseItChose() {
        String services = "/api/v1/namespaces/default/services";
        String body = """
                {"kind":"Service","apiVersion":"v1","metadata":{"name":"direct"},"spec":{"type":"LoadBalancer",
                "allocateLoadBalancerNodePorts":false,"ports":[{"name":"a","port":80},{"name":"b","port":81,"nodePort":30008}]}}""";
        JsonNode made = admin.post(services, body).json();
        assertThat(made.at("/spec/ports/0").has("nodePort")).isFalse();
        assertThat(made.at("/spec/ports/1/nodePort").asInt()).isEqualTo(30_008);
        admin.delete(services + "/direct");
    }

    @Test
    void aServiceIsCreatedByAnUpdateAndHasWhatItNeeds() {
        String services = "/api/v1/namespaces/default/services";
        Reply made = admin.put(services + "/put", chosen("NodePort", "put", 30_009));
        assertThat(made.code()).as(made.text()).isEqualTo(201);
        String address = made.json().at("/spec/clusterIP").asString();
        assertThat(admin.get("/apis/networking.k8s.io/v1/ipaddresses/" + address)
                        .code())
                .isEqualTo(200);
        assertThat(admin.post(services, chosen("NodePort", "late", 30_009)).code())
                .isEqualTo(422);
        admin.delete(services + "/put");
    }

    @Test
    void anUpdateThatIsBeatenLeavesNoAddressClaimed() throws Exception {
        String services = "/api/v1/namespaces/default/services";
        String addresses = "/apis/networking.k8s.io/v1/ipaddresses";
        int before = admin.get(addresses).json().path("items").size();
        admin.post(services, """
                {"kind":"Service","apiVersion":"v1","metadata":{"name":"beaten"},
                "spec":{"type":"ExternalName","externalName":"example.org"}}""");
        String type = "application/merge-patch+json";
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < 10; round++) {
                int number = round;
                var labels = threads.submit(() -> {
                    for (int i = 0; i < 10; i++) {
                        String label = "{\"metadata\":{\"labels\":{\"a\":\"" + number + "-" + i + "\"}}}";
                        assertThat(admin.patch(services + "/beaten", type, label)
                                        .code())
                                .isEqualTo(200);
                    }
                });
                for (String to : List.of(
                        "{\"spec\":{\"type\":\"NodePort\",\"externalName\":null,\"ports\":[{\"port\":80}]}}",
                        "{\"spec\":{\"type\":\"ExternalName\",\"externalName\":\"example.org\",\"clusterIP\":null,\"clusterIPs\":null}}")) {
                    Reply changed = admin.patch(services + "/beaten", type, to);
                    assertThat(changed.code()).as(changed.text()).isEqualTo(200);
                }
                labels.get();
            }
        }
        assertThat(admin.get(addresses).json().path("items").size()).isEqualTo(before);
        admin.delete(services + "/beaten");
    }

    private static String chosen(String type, String name, int nodePort) {
        return """
                {"kind":"Service","apiVersion":"v1","metadata":{"name":"%s"},
                "spec":{"type":"%s","ports":[{"port":80,"nodePort":%d}]}}""".formatted(name, type, nodePort);
    }

    @Test
    void aServiceLosesWhatItsNewTypeLacks() {
        String services = "/api/v1/namespaces/default/services";
        JsonNode made = admin.post(services, balancer("changes", "Local", 0)).json();
        int given = made.at("/spec/ports/0/nodePort").asInt();
        assertThat(given).isBetween(30000, 32767);
        Reply changed = admin.patch(
                services + "/changes", "application/merge-patch+json", "{\"spec\":{\"type\":\"ClusterIP\"}}");
        assertThat(changed.code()).as(changed.text()).isEqualTo(200);
        assertThat(changed.json().at("/spec").propertyNames())
                .doesNotContain("healthCheckNodePort", "allocateLoadBalancerNodePorts", "externalTrafficPolicy");
        assertThat(changed.json().at("/spec/ports/0").has("nodePort")).isFalse();
        assertThat(changed.json().at("/spec/clusterIP")).isEqualTo(made.at("/spec/clusterIP"));
        String another = "{\"spec\":{\"type\":\"ClusterIP\",\"ports\":[{\"port\":80,\"nodePort\":" + given + "}]}}";
        assertThat(admin.patch(services + "/changes", "application/merge-patch+json", another)
                        .message())
                .contains("spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'");
        admin.delete(services + "/changes");
    }

    private static String balancer(String name, String policy, int healthCheckNodePort) {
        return """
                {"kind":"Service","apiVersion":"v1","metadata":{"name":"%s"},"spec":{"type":"LoadBalancer",
                "externalTrafficPolicy":"%s",%s"ports":[{"port":80}]}}""".formatted(
                name, policy, healthCheckNodePort == 0 ? "" : "\"healthCheckNodePort\":" + healthCheckNodePort + ",");
    }

    @Test
    void givesServicesAddressesOfTheirOwn() {
        String services = "/api/v1/namespaces/default/services";
        Set<String> addresses = new HashSet<>();
        for (int i = 0; i < 3; i++) {
            Reply created = admin.post(services, """
                    {"kind":"Service","apiVersion":"v1","metadata":{"generateName":"s"},"spec":{"ports":[{"port":80}]}}""");
            assertThat(created.code()).isEqualTo(201);
            addresses.add(created.json().path("spec").path("clusterIP").asString());
        }
        assertThat(addresses).hasSize(3).allMatch(address -> address.startsWith("10."));
        String taken = addresses.iterator().next();
        Reply refused = admin.post(services, """
                {"kind":"Service","apiVersion":"v1","metadata":{"name":"x"},"spec":{"clusterIP":"%s","ports":[{"port":80}]}}""".formatted(taken));
        assertThat(refused.code()).isEqualTo(422);
        assertThat(refused.message()).contains("provided IP is already allocated");
    }

    @Test
    void showsAnonymousClientsNothingButHealth() throws Exception {
        try (TestClient anonymous = TestClient.anonymous(server)) {
            assertThat(anonymous.get("/healthz").code()).isEqualTo(200);
            Reply refused = anonymous.get(MAPS);
            assertThat(refused.code()).isEqualTo(403);
            assertThat(refused.message())
                    .isEqualTo("configmaps is forbidden: User \"system:anonymous\" cannot list resource"
                            + " \"configmaps\" in API group \"\" in the namespace \"default\"");
            assertThat(anonymous.get(MAPS, "Authorization", "Bearer nonsense").code())
                    .isEqualTo(401);
        }
    }

    @Test
    void showsTablesAndMetadata() {
        admin.post(MAPS, configMap("shown", "shown"));
        Reply table = admin.get(
                MAPS + "?labelSelector=app%3Dshown", "Accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
        assertThat(table.json().path("kind").asString()).isEqualTo("Table");
        assertThat(table.json().path("rows").path(0).path("cells").path(0).asString())
                .isEqualTo("shown");
        Reply partial =
                admin.get(MAPS + "/shown", "Accept", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
        assertThat(partial.json().path("kind").asString()).isEqualTo("PartialObjectMetadata");
        assertThat(partial.json().has("data")).isFalse();
    }
}
