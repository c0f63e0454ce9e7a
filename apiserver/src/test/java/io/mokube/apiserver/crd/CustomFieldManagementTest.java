package io.mokube.apiserver.crd;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.http.TestClient;
import io.mokube.apiserver.http.TestClient.Reply;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Who owns the fields of custom resources: lists as their schemas say, free parts, several versions, status and scale. */
class CustomFieldManagementTest {

    private static final String APPLY = "application/apply-patch+yaml";
    private static final String V1 = "/apis/example.com/v1/namespaces/default/things";
    private static final String V2 = "/apis/example.com/v2/namespaces/default/things";

    @TempDir
    static Path folder;

    private static ApiServer server;
    private static TestClient admin;

    @BeforeAll
    static void start() throws Exception {
        server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        server.start();
        admin = TestClient.admin(server);
        Reply created = admin.patch(
                "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.com?fieldManager=test",
                APPLY,
                """
                kind: CustomResourceDefinition
                apiVersion: apiextensions.k8s.io/v1
                metadata: {name: things.example.com}
                spec:
                  group: example.com
                  scope: Namespaced
                  names: {plural: things, kind: Thing}
                  versions:
                  - name: v1
                    served: true
                    storage: true
                    schema:
                      openAPIV3Schema: &schema
                        type: object
                        properties:
                          spec:
                            type: object
                            properties:
                              size: {type: integer, default: 3}
                              tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
                              words: {type: array, items: {type: string}}
                              whole: {type: object, x-kubernetes-map-type: atomic, additionalProperties: {type: string}}
                              free: {type: object, x-kubernetes-preserve-unknown-fields: true}
                              parts:
                                type: array
                                x-kubernetes-list-type: map
                                x-kubernetes-list-map-keys: [name, kind]
                                items:
                                  type: object
                                  required: [name]
                                  properties:
                                    name: {type: string}
                                    kind: {type: string, default: plain}
                                    value: {type: string}
                          status:
                            type: object
                            properties:
                              size: {type: integer}
                    subresources: &subresources
                      status: {}
                      scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}
                  - name: v2
                    served: true
                    storage: false
                    schema: {openAPIV3Schema: *schema}
                    subresources: *subresources
                """);
        assertThat(created.code()).as(created.text()).isEqualTo(201);
        Await.until("the resource is served", () -> admin.get(V2).code() == 200);
    }

    @AfterAll
    static void stop() {
        admin.close();
        server.stop(Duration.ofSeconds(5));
    }

    private static Reply apply(String path, String manager, String spec) {
        String version = path.startsWith(V2) ? "v2" : "v1";
        return admin.patch(
                path + "?fieldManager=" + manager,
                APPLY,
                "{apiVersion: example.com/" + version + ", kind: Thing, " + spec + "}");
    }

    private static List<String> entries(Reply reply) {
        List<String> entries = new ArrayList<>();
        for (JsonNode entry : reply.json().path("metadata").path("managedFields")) {
            String subresource = entry.path("subresource").asString("");
            entries.add(entry.path("manager").asString() + " "
                    + entry.path("operation").asString() + " "
                    + entry.path("apiVersion").asString() + " " + (subresource.isEmpty() ? "" : subresource + " ")
                    + entry.path("fieldsV1").toString().replace("\\\"", "'").replace("\"", ""));
        }
        return entries;
    }

    @Test
    void listsAndFreePartsAsTheSchemaSays() {
        Reply created = apply(
                V1 + "/lists",
                "one",
                "metadata: {name: lists}, spec: {tags: [a], words: [x], whole: {k: v}, free: {deep: {a: 1, l: [1]}},"
                        + " parts: [{name: p, value: '1'}]}");
        assertThat(created.code()).as(created.text()).isEqualTo(201);
        assertThat(created.json().path("spec").path("size").asInt()).isEqualTo(3);
        assertThat(entries(created))
                .containsExactly("one Apply example.com/v1 {f:spec:{f:free:{f:deep:{.:{},f:a:{},f:l:{}}},"
                        + "f:parts:{k:{'kind':'plain','name':'p'}:{.:{},f:name:{},f:value:{}}},"
                        + "f:tags:{v:'a':{}},f:whole:{},f:words:{}}}");
        Reply both = apply(
                V1 + "/lists",
                "two",
                "metadata: {name: lists}, spec: {tags: [b, a], free: {deep: {b: 2}},"
                        + " parts: [{name: q}, {name: p, kind: other}]}");
        assertThat(both.json().path("spec").path("tags").toString()).isEqualTo("[\"b\",\"a\"]");
        assertThat(both.json().path("spec").path("free").toString())
                .isEqualTo("{\"deep\":{\"a\":1,\"l\":[1],\"b\":2}}");
        assertThat(both.json().path("spec").path("parts")).hasSize(3);
        Reply less = apply(V1 + "/lists", "one", "metadata: {name: lists}, spec: {whole: {k: v}}");
        assertThat(less.json().path("spec").path("tags").toString()).isEqualTo("[\"b\",\"a\"]");
        assertThat(less.json().path("spec").path("free").toString()).isEqualTo("{\"deep\":{\"b\":2}}");
        assertThat(less.json().path("spec").has("words")).isFalse();
        assertThat(less.json().path("spec").path("parts")).hasSize(2);
        assertThat(apply(V1 + "/lists", "two", "metadata: {name: lists}, spec: {whole: {k: w}}")
                        .message())
                .isEqualTo("Apply failed with 1 conflict: conflict with \"one\": .spec.whole");
        assertThat(apply(V1 + "/lists", "two", "metadata: {name: lists}, spec: {odd: 1}")
                        .message())
                .endsWith("example.com/v1, Kind=Thing): .spec.odd: field not declared in schema");
    }

    @Test
    void anUpdateOwnsTheStructuresItBrings() {
        Reply created = admin.post(
                V1 + "?fieldManager=maker",
                "{\"apiVersion\":\"example.com/v1\",\"kind\":\"Thing\",\"metadata\":{\"name\":\"made\"},\"spec\":{\"tags\":[\"a\"]}}");
        assertThat(entries(created))
                .containsExactly("maker Update example.com/v1 {f:spec:{.:{},f:size:{},f:tags:{.:{},v:'a':{}}}}");
    }

    @Test
    void versionsShareOwners() {
        apply(V1 + "/versions", "one", "metadata: {name: versions}, spec: {size: 4}");
        Reply conflict = apply(V2 + "/versions", "two", "metadata: {name: versions}, spec: {size: 5}");
        assertThat(conflict.message()).isEqualTo("Apply failed with 1 conflict: conflict with \"one\": .spec.size");
        Reply same = apply(V2 + "/versions", "one", "metadata: {name: versions}, spec: {words: [x]}");
        assertThat(same.json().path("spec").path("size").asInt()).isEqualTo(3);
        assertThat(entries(same)).containsExactly("one Apply example.com/v2 {f:spec:{f:words:{}}}");
    }

    @Test
    void statusAndScale() {
        apply(V1 + "/subs", "one", "metadata: {name: subs}, spec: {size: 4}");
        Reply status = apply(V1 + "/subs/status", "watcher", "metadata: {name: subs}, status: {size: 4}");
        assertThat(entries(status)).contains("watcher Apply example.com/v1 status {f:status:{f:size:{}}}");
        Reply scaled = admin.patch(
                V1 + "/subs/scale?fieldManager=scaler", "application/merge-patch+json", "{\"spec\":{\"replicas\":6}}");
        assertThat(scaled.code()).isEqualTo(200);
        assertThat(entries(admin.get(V1 + "/subs")))
                .containsExactlyInAnyOrder(
                        "watcher Apply example.com/v1 status {f:status:{f:size:{}}}",
                        "scaler Update example.com/v1 scale {f:spec:{f:size:{}}}");
    }
}
