package io.mokube.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.http.TestClient.Reply;
import io.mokube.machinery.component.Platform;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Resource quotas over HTTP. No controller counts here: the tests write the first status themselves. */
class QuotaTest {

    private static final String NAMESPACE = "/api/v1/namespaces/default";
    private static final String QUOTAS = NAMESPACE + "/resourcequotas";

    @TempDir
    static Path folder;

    private static ApiServer server;
    private static TestClient admin;

    @BeforeAll
    static void start() throws Exception {
        server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        server.start();
        admin = TestClient.admin(server);
        admin.post(NAMESPACE + "/serviceaccounts", "{\"metadata\":{\"name\":\"default\"}}");
    }

    @AfterAll
    static void stop() {
        admin.close();
        server.stop(Duration.ofSeconds(5));
    }

    @AfterEach
    void clean() {
        for (String plural : List.of("resourcequotas", "pods", "services", "persistentvolumeclaims", "configmaps")) {
            for (JsonNode object : admin.get(NAMESPACE + "/" + plural).json().path("items")) {
                String name = object.path("metadata").path("name").asString();
                if (!name.equals("kubernetes")) {
                    admin.send(
                            "DELETE",
                            NAMESPACE + "/" + plural + "/" + name,
                            "{\"gracePeriodSeconds\":0}",
                            "Content-Type",
                            "application/json");
                }
            }
        }
    }

    @Test
    void aQuotaIsChargedAndRefusesInKubernetesWords() {
        quota("q", "", "'pods':'2','requests.cpu':'1','requests.memory':'1Gi','limits.cpu':'3'");
        String modest = "'requests':{'cpu':'300m','memory':'256Mi'},'limits':{'cpu':'1'}";
        assertThat(pod("a", modest).code()).isEqualTo(201);
        assertThat(used("q"))
                .isEqualTo("{'limits.cpu':'1','pods':'1','requests.cpu':'300m','requests.memory':'256Mi'}");

        Reply large = pod("b", "'requests':{'cpu':'800m','memory':'900Mi'},'limits':{'cpu':'1'}");
        assertThat(large.code()).isEqualTo(403);
        assertThat(large.json().path("reason").asString()).isEqualTo("Forbidden");
        assertThat(large.message())
                .isEqualTo("pods \"b\" is forbidden: exceeded quota: q, requested: requests.cpu=800m,"
                        + "requests.memory=900Mi, used: requests.cpu=300m,requests.memory=256Mi, limited: "
                        + "requests.cpu=1,requests.memory=1Gi");
        assertThat(pod("b", "'requests':{'cpu':'1','memory':'1'}").message())
                .isEqualTo("pods \"b\" is forbidden: failed quota: q: must specify limits.cpu for: c");
        assertThat(pod("b", "").message())
                .isEqualTo(
                        "pods \"b\" is forbidden: failed quota: q: must specify limits.cpu for: c; requests.cpu for: c;"
                                + " requests.memory for: c");

        assertThat(pod("b", modest).code()).isEqualTo(201);
        assertThat(used("q"))
                .isEqualTo("{'limits.cpu':'2','pods':'2','requests.cpu':'600m','requests.memory':'512Mi'}");
        assertThat(pod("c", modest).message())
                .isEqualTo(
                        "pods \"c\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2");
    }

    @Test
    void aDryRunChargesNothingAndIsRefusedAllTheSame() {
        quota("q", "", "'count/configmaps':'1'");
        assertThat(map("a", "?dryRun=All").code()).isEqualTo(201);
        assertThat(used("q")).isEqualTo("{'count/configmaps':'0'}");
        assertThat(map("a", "").code()).isEqualTo(201);
        assertThat(map("b", "?dryRun=All").message())
                .isEqualTo("configmaps \"b\" is forbidden: exceeded quota: q, requested: count/configmaps=1, used:"
                        + " count/configmaps=1, limited: count/configmaps=1");
    }

    @Test
    void whatOneQuotaRefusesIsNotChargedToAnother() {
        quota("a-roomy", "", "'configmaps':'10'");
        quota("b-tight", "", "'count/configmaps':'0'");
        assertThat(map("m", "").message()).contains("exceeded quota: b-tight");
        assertThat(used("a-roomy")).isEqualTo("{'configmaps':'0'}");
    }

    @Test
    void aQuotaThatWasNotCountedYetLetsNothingThrough() {
        assertThat(admin.post(QUOTAS, json("{'metadata':{'name':'q'},'spec':{'hard':{'configmaps':'5'}}}"))
                        .code())
                .isEqualTo(201);
        status("q", "'hard':{'configmaps':'5'}");
        assertThat(map("m", "").message())
                .isEqualTo("configmaps \"m\" is forbidden: status unknown for quota: q, resources: configmaps");
    }

    @Test
    void scopesNarrowWhatIsCounted() {
        quota("q", "'scopes':['BestEffort'],", "'pods':'1'");
        assertThat(pod("a", "'requests':{'cpu':'1'}").code()).isEqualTo(201);
        assertThat(used("q")).isEqualTo("{'pods':'0'}");
        assertThat(pod("b", "").code()).isEqualTo(201);
        assertThat(pod("c", "").code()).isEqualTo(403);
    }

    @Test
    void updatesAreChargedForWhatTheyAdd() {
        quota("q", "", "'services.nodeports':'2','services.loadbalancers':'1','services':'5'");
        Reply service =
                admin.post(NAMESPACE + "/services", json("{'metadata':{'name':'s'},'spec':{'ports':[{'port':80}]}}"));
        assertThat(service.code()).as(service.text()).isEqualTo(201);
        assertThat(patch("services/s", "{'spec':{'type':'NodePort'}}").code()).isEqualTo(200);
        assertThat(used("q")).isEqualTo("{'services':'1','services.loadbalancers':'0','services.nodeports':'1'}");
        Reply more = patch(
                "services/s",
                "{'spec':{'ports':[{'name':'a','port':80},{'name':'b','port':81},{'name':'c','port':82}]}}");
        assertThat(more.message())
                .isEqualTo("services \"s\" is forbidden: exceeded quota: q, requested: services.nodeports=2, used:"
                        + " services.nodeports=1, limited: services.nodeports=2");
    }

    @Test
    void aResizedPodIsChargedForWhatItGrows() {
        quota("q", "", "'requests.cpu':'2'");
        assertThat(pod("a", "'requests':{'cpu':'1'}").code()).isEqualTo(201);
        String resize = "{'spec':{'containers':[{'name':'c','resources':{'requests':{'cpu':'%s'}}}]}}";
        Reply grown = strategic("pods/a/resize", resize.formatted("1500m"));
        assertThat(grown.code()).as(grown.text()).isEqualTo(200);
        assertThat(used("q")).isEqualTo("{'requests.cpu':'1500m'}");
        assertThat(strategic("pods/a/resize", resize.formatted("3")).message())
                .isEqualTo("pods \"a\" is forbidden: exceeded quota: q, requested: requests.cpu=1500m, used:"
                        + " requests.cpu=1500m, limited: requests.cpu=2");
    }

    @Test
    void storageIsCountedForEachClass() {
        quota(
                "q",
                "",
                "'requests.storage':'5Gi','gold.storageclass.storage.k8s.io/requests.storage':'2Gi',"
                        + "'gold.storageclass.storage.k8s.io/persistentvolumeclaims':'9'");
        assertThat(claim("a", "gold", "1Gi").code()).isEqualTo(201);
        assertThat(claim("b", "silver", "3Gi").code()).isEqualTo(201);
        assertThat(claim("c", "gold", "2Gi").message())
                .isEqualTo("persistentvolumeclaims \"c\" is forbidden: exceeded quota: q, requested:"
                        + " gold.storageclass.storage.k8s.io/requests.storage=2Gi,requests.storage=2Gi, used:"
                        + " gold.storageclass.storage.k8s.io/requests.storage=1Gi,requests.storage=4Gi, limited:"
                        + " gold.storageclass.storage.k8s.io/requests.storage=2Gi,requests.storage=5Gi");
    }

    @Test
    void manyCreationsAtOnceNeverOvershoot() throws Exception {
        int room = 23;
        quota("a", "", "'count/configmaps':'" + room + "'");
        quota("b", "", "'configmaps':'40'");
        List<Future<Reply>> replies = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 64; i++) {
                String name = "m" + i;
                replies.add(threads.submit(() -> map(name, "")));
            }
        }
        int created = 0;
        for (Future<Reply> reply : replies) {
            assertThat(reply.get().code()).as(reply.get().text()).isIn(201, 403);
            created += reply.get().code() == 201 ? 1 : 0;
        }
        assertThat(created).isEqualTo(room);
        assertThat(admin.get(NAMESPACE + "/configmaps").json().path("items")).hasSize(room);
        assertThat(used("a")).isEqualTo("{'count/configmaps':'" + room + "'}");
        assertThat(used("b")).isEqualTo("{'configmaps':'" + room + "'}");
    }

    // -----------------------------------------------------------------------------------------------------------

    private static String json(String text) {
        return text.replace('\'', '"');
    }

    private static void quota(String name, String spec, String hard) {
        Reply created = admin.post(
                QUOTAS, json("{'metadata':{'name':'" + name + "'},'spec':{" + spec + "'hard':{" + hard + "}}}"));
        assertThat(created.code()).as(created.text()).isEqualTo(201);
        status(name, "'hard':{" + hard + "},'used':{" + hard.replaceAll(":'[^']*'", ":'0'") + "}");
    }

    private static void status(String name, String status) {
        Reply reply = patch("resourcequotas/" + name + "/status", "{'status':{" + status + "}}");
        assertThat(reply.code()).as(reply.text()).isEqualTo(200);
    }

    private static Reply patch(String path, String body) {
        return admin.patch(NAMESPACE + "/" + path, "application/merge-patch+json", json(body));
    }

    private static Reply strategic(String path, String body) {
        return admin.patch(NAMESPACE + "/" + path, "application/strategic-merge-patch+json", json(body));
    }

    private static String used(String quota) {
        return admin.get(QUOTAS + "/" + quota)
                .json()
                .path("status")
                .path("used")
                .toString()
                .replace('"', '\'');
    }

    private static Reply pod(String name, String resources) {
        return admin.post(
                NAMESPACE + "/pods",
                json("{'metadata':{'name':'" + name + "'},'spec':{'containers':[{'name':'c','image':'i','resources':{"
                        + resources + "}}]}}"));
    }

    private static Reply map(String name, String query) {
        return admin.post(NAMESPACE + "/configmaps" + query, json("{'metadata':{'name':'" + name + "'}}"));
    }

    private static Reply claim(String name, String storageClass, String size) {
        return admin.post(
                NAMESPACE + "/persistentvolumeclaims",
                json("{'metadata':{'name':'" + name + "'},'spec':{'accessModes':['ReadWriteOnce'],'storageClassName':'"
                        + storageClass + "','resources':{'requests':{'storage':'" + size + "'}}}}"));
    }
}
