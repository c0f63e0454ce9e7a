package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.machinery.object.Json;
import io.mokube.testkit.Await;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Three nodes, each with a containerd of its own, serve a web page from three pods. */
class ThreeNodesTest {

    private static final String SPREAD_WEB = """
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
             "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}},
               "template": {"metadata": {"labels": {"app": "web"}},
                 "spec": {"containers": [{"name": "web", "image": "mokube/demo:1",
                   "resources": {"requests": {"cpu": "100m"}}}]}}}}""";

    @Test
    void everyPodAnswersOnItsAddress() throws Exception {
        try (UpCluster cluster = UpCluster.start(3);
                HttpClient http = HttpClient.newHttpClient()) {
            Kubectl kubectl = Kubectl.any();
            Path manifest = cluster.data().resolve("web.json");
            Files.writeString(manifest, SPREAD_WEB);
            kubectl.ok(cluster.kubeconfig(), "create", "-f", manifest.toString());
            kubectl.ok(cluster.kubeconfig(), "rollout", "status", "deployment/web", "--timeout=90s");
            JsonNode pods = Json.MAPPER.readTree(
                    kubectl.ok(cluster.kubeconfig(), "get", "pods", "-l", "app=web", "-o", "json"));
            Set<String> nodes = new HashSet<>();
            List<String> answers = new ArrayList<>();
            for (JsonNode pod : pods.path("items")) {
                nodes.add(pod.at("/spec/nodeName").asString());
                URI page = URI.create("http://" + pod.at("/status/podIP").asString() + ":8080/");
                String name = pod.at("/metadata/name").asString();
                answers.add(Await.value(Duration.ofSeconds(20), name + " answers on " + page, () -> {
                    HttpResponse<String> response =
                            http.send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString());
                    return Optional.of(response)
                            .filter(each -> each.statusCode() == 200)
                            .map(HttpResponse::body);
                }));
            }
            assertThat(nodes).containsExactlyInAnyOrder("node-1", "node-2", "node-3");
            assertThat(answers).hasSize(3).allSatisfy(page -> assertThat(page).contains("Mokube"));
        }
    }
}
