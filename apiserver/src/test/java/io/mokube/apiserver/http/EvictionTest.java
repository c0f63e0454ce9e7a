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
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Evictions over HTTP, against budgets whose status the test writes. */
class EvictionTest {

    private static final String NAMESPACE = "/api/v1/namespaces/default";
    private static final String BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";

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

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // what the budget says | its status | the pod | answer | what is told
                "{}|'disruptionsAllowed':1,'currentHealthy':3,'desiredHealthy':2|running|201|",
                "{}|'disruptionsAllowed':0,'currentHealthy':2,'desiredHealthy':2|running|429"
                        + "|The disruption budget b needs 2 healthy pods and has 2 currently",
                "{}|'disruptionsAllowed':0,'currentHealthy':2,'desiredHealthy':2|unready|201|",
                "{}|'disruptionsAllowed':0,'currentHealthy':1,'desiredHealthy':2|unready|429"
                        + "|The disruption budget b needs 2 healthy pods and has 1 currently",
                "{'unhealthyPodEvictionPolicy':'IfHealthyBudget'}"
                        + "|'disruptionsAllowed':0,'currentHealthy':1,'desiredHealthy':2|unready|429"
                        + "|The disruption budget b needs 2 healthy pods and has 1 currently",
                "{'unhealthyPodEvictionPolicy':'AlwaysAllow'}"
                        + "|'disruptionsAllowed':0,'currentHealthy':1,'desiredHealthy':2|unready|201|",
                "{'unhealthyPodEvictionPolicy':'AlwaysAllow'}"
                        + "|'disruptionsAllowed':0,'currentHealthy':1,'desiredHealthy':2|running|429"
                        + "|The disruption budget b needs 2 healthy pods and has 1 currently",
                "{}|'disruptionsAllowed':0,'currentHealthy':0,'desiredHealthy':0|unready|429"
                        + "|The disruption budget b needs 0 healthy pods and has 0 currently",
                "{}|'disruptionsAllowed':0,'currentHealthy':2,'desiredHealthy':2|pending|201|",
                "{}|'disruptionsAllowed':0,'currentHealthy':2,'desiredHealthy':2|finished|201|",
                "{}|'observedGeneration':0,'disruptionsAllowed':5,'currentHealthy':9,'desiredHealthy':2|running|429"
                        + "|The disruption budget b is still being processed by the server.",
            })
    void aBudgetDecides(String spec, String status, String pod, int code, String told) {
        budget("b", spec, status);
        pod("p", pod);
        Reply reply = evict("p", "");
        assertThat(reply.code()).as(reply.text()).isEqualTo(code);
        if (code == 429) {
            assertThat(reply.message()).isEqualTo("Cannot evict pod as it would violate the pod's disruption budget.");
            assertThat(reply.json().path("reason").asString()).isEqualTo("TooManyRequests");
            JsonNode cause = reply.json().path("details").path("causes").path(0);
            assertThat(cause.path("reason").asString()).isEqualTo("DisruptionBudget");
            assertThat(cause.path("message").asString()).isEqualTo(told);
            assertThat(reply.header("Retry-After")).isEqualTo(told.contains("processed") ? "10" : "");
        } else {
            assertThat(reply.json().path("status").asString()).isEqualTo("Success");
            assertThat(reply.json().path("code").asInt()).isEqualTo(201);
        }
        assertThat(isThere("p")).isEqualTo(code == 429);
        clean();
    }

    @Test
    void anEvictionIsTakenOffTheBudgetAndNotedOnThePod() {
        budget("b", "{}", "'disruptionsAllowed':1,'currentHealthy':3,'desiredHealthy':2");
        pod("kept", "running", "'finalizers':['test/keep']");
        assertThat(evict("kept", "").code()).isEqualTo(201);

        JsonNode status = admin.get(BUDGETS + "/b").json().path("status");
        assertThat(status.path("disruptionsAllowed").asInt()).isZero();
        assertThat(status.path("disruptedPods").path("kept").asString()).endsWith("Z");
        JsonNode allowed = status.path("conditions").path(0);
        assertThat(allowed.path("status").asString()).isEqualTo("False");
        assertThat(allowed.path("reason").asString()).isEqualTo("InsufficientPods");

        JsonNode pod = admin.get(NAMESPACE + "/pods/kept").json();
        assertThat(pod.path("metadata").has("deletionTimestamp")).isTrue();
        JsonNode target = pod.path("status").path("conditions").path(1);
        assertThat(target.path("type").asString()).isEqualTo("DisruptionTarget");
        assertThat(target.path("status").asString()).isEqualTo("True");
        assertThat(target.path("reason").asString()).isEqualTo("EvictionByEvictionAPI");
        assertThat(target.path("message").asString()).isEqualTo("Eviction API: evicting");
        // Evicted again while it goes: nothing more is taken off.
        assertThat(evict("kept", "").code()).isEqualTo(201);
        admin.patch(NAMESPACE + "/pods/kept", "application/merge-patch+json", "{\"metadata\":{\"finalizers\":null}}");
        clean();
    }

    @Test
    void aDryRunAndUnmetPreconditionsDeleteNothing() {
        budget("b", "{}", "'disruptionsAllowed':1,'currentHealthy':3,'desiredHealthy':2");
        pod("p", "running");
        assertThat(evict("p", "'deleteOptions':{'dryRun':['All']},").code()).isEqualTo(201);
        assertThat(admin.get(BUDGETS + "/b")
                        .json()
                        .path("status")
                        .path("disruptionsAllowed")
                        .asInt())
                .isEqualTo(1);
        Reply conflict = evict("p", "'deleteOptions':{'preconditions':{'uid':'other'}},");
        assertThat(conflict.code()).isEqualTo(409);
        assertThat(conflict.message()).contains("UID in precondition: other");
        assertThat(isThere("p")).isTrue();
        clean();
    }

    @Test
    void severalBudgetsAreTooMany() {
        budget("b", "{}", "'disruptionsAllowed':1,'currentHealthy':3,'desiredHealthy':2");
        budget("c", "{}", "'disruptionsAllowed':1,'currentHealthy':3,'desiredHealthy':2");
        pod("p", "running");
        Reply reply = evict("p", "");
        assertThat(reply.code()).isEqualTo(500);
        assertThat(reply.message())
                .isEqualTo("This pod has more than one PodDisruptionBudget, which the eviction subresource does not"
                        + " support.");
        clean();
    }

    @Test
    void whatIsNotThereOrNotMeantIsTold() {
        assertThat(evict("nobody", "").message()).isEqualTo("pods \"nobody\" not found");
        pod("p", "running");
        Reply other = admin.post(
                NAMESPACE + "/pods/p/eviction",
                json("{'apiVersion':'policy/v1','kind':'Eviction','metadata':{'name':'q','namespace':'default'}}"));
        assertThat(other.code()).isEqualTo(400);
        assertThat(other.message()).isEqualTo("name in URL does not match name in Eviction object");
        assertThat(evict("p", "").code()).as("no budget, no objection").isEqualTo(201);
        clean();
    }

    @Test
    void manyEvictionsAtOnceNeverGoBelowTheBudget() throws Exception {
        int pods = 48;
        int allowed = 17;
        budget("b", "{}", "'disruptionsAllowed':" + allowed + ",'currentHealthy':48,'desiredHealthy':31");
        for (int i = 0; i < pods; i++) {
            pod("p" + i, "running");
        }
        List<Future<Reply>> replies = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < pods; i++) {
                String name = "p" + i;
                replies.add(threads.submit(() -> evict(name, "")));
            }
        }
        int evicted = 0;
        for (Future<Reply> reply : replies) {
            assertThat(reply.get().code()).isIn(201, 429);
            evicted += reply.get().code() == 201 ? 1 : 0;
        }
        assertThat(evicted).isEqualTo(allowed);
        assertThat(admin.get(NAMESPACE + "/pods").json().path("items")).hasSize(pods - allowed);
        JsonNode status = admin.get(BUDGETS + "/b").json().path("status");
        assertThat(status.path("disruptionsAllowed").asInt()).isZero();
        assertThat(status.path("disruptedPods")).hasSize(allowed);
        clean();
    }

    // -----------------------------------------------------------------------------------------------------------

    private static String json(String text) {
        return text.replace('\'', '"');
    }

    private static void budget(String name, String spec, String status) {
        String selected = "'spec':{'selector':{'matchLabels':{'app':'web'}},'minAvailable':2"
                + (spec.equals("{}") ? "}" : "," + spec.substring(1));
        String object = "{'metadata':{'name':'" + name + "'}," + selected;
        Reply created = admin.post(BUDGETS, json(object + "}"));
        assertThat(created.code()).as(created.text()).isEqualTo(201);
        String written = status.contains("observedGeneration") ? status : "'observedGeneration':1," + status;
        Reply reply = admin.patch(
                BUDGETS + "/" + name + "/status",
                "application/merge-patch+json",
                json("{'status':{'expectedPods':3,'conditions':[{'type':'DisruptionAllowed','status':'True','reason':"
                        + "'SufficientPods','message':'','lastTransitionTime':'2026-01-01T00:00:00Z'}]," + written
                        + "}}"));
        assertThat(reply.code()).as(reply.text()).isEqualTo(200);
    }

    private static void pod(String name, String state) {
        pod(name, state, "'labels':{'app':'web'}");
    }

    private static void pod(String name, String state, String metadata) {
        String labels = metadata.contains("labels") ? metadata : metadata + ",'labels':{'app':'web'}";
        Reply created = admin.post(
                NAMESPACE + "/pods",
                json("{'metadata':{'name':'" + name + "'," + labels
                        + "},'spec':{'terminationGracePeriodSeconds':0,'containers':[{'name':'c','image':'i'}]}}"));
        assertThat(created.code()).as(created.text()).isEqualTo(201);
        String phase =
                switch (state) {
                    case "pending" -> "Pending";
                    case "finished" -> "Succeeded";
                    default -> "Running";
                };
        Reply reply = admin.patch(
                NAMESPACE + "/pods/" + name + "/status",
                "application/merge-patch+json",
                json("{'status':{'phase':'" + phase + "','conditions':[{'type':'Ready','status':'"
                        + (state.equals("running") ? "True" : "False") + "'}]}}"));
        assertThat(reply.code()).as(reply.text()).isEqualTo(200);
    }

    private static Reply evict(String name, String options) {
        return admin.post(
                NAMESPACE + "/pods/" + name + "/eviction",
                json("{'apiVersion':'policy/v1','kind':'Eviction'," + options + "'metadata':{'name':'" + name
                        + "','namespace':'default'}}"));
    }

    private static boolean isThere(String pod) {
        return admin.get(NAMESPACE + "/pods/" + pod).code() == 200;
    }

    private static void clean() {
        admin.delete(NAMESPACE + "/pods");
        admin.delete(BUDGETS);
    }
}
