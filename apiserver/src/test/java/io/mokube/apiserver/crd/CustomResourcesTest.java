package io.mokube.apiserver.crd;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.http.TestClient;
import io.mokube.apiserver.http.TestClient.Reply;
import io.mokube.machinery.component.Platform;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Custom resources through a whole API server. */
class CustomResourcesTest {

    private static final String DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private static final String TABS = "/apis/stable.example.com/v1/namespaces/default/crontabs";
    private static final String TABS_BETA = "/apis/stable.example.com/v1beta1/namespaces/default/crontabs";

    @TempDir
    static Path folder;

    private static ApiServer server;
    private static TestClient admin;

    @BeforeAll
    static void start() throws Exception {
        server = new ApiServer(ApiServerConfig.inMemory(folder), Platform.system());
        server.start();
        admin = TestClient.admin(server);
        create(CRON_TABS);
    }

    @AfterAll
    static void stop() {
        admin.close();
        server.stop(Duration.ofSeconds(5));
    }

    private static final String CRON_TABS = """
            kind: CustomResourceDefinition
            apiVersion: apiextensions.k8s.io/v1
            metadata: {name: crontabs.stable.example.com}
            spec:
              group: stable.example.com
              scope: Namespaced
              names: {plural: crontabs, kind: CronTab, shortNames: [ct], categories: [all]}
              versions:
              - name: v1beta1
                served: true
                storage: false
                deprecated: true
                schema:
                  openAPIV3Schema: &schema
                    type: object
                    properties:
                      spec:
                        type: object
                        required: [cronSpec]
                        properties:
                          cronSpec: {type: string, pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$'}
                          image: {type: string, default: "cron:latest"}
                          replicas: {type: integer, minimum: 1, maximum: 10, default: 1}
                          suspend: {type: boolean}
                          tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
                          ports:
                            type: array
                            x-kubernetes-list-type: map
                            x-kubernetes-list-map-keys: [name]
                            items:
                              type: object
                              required: [name]
                              properties:
                                name: {type: string}
                                port: {x-kubernetes-int-or-string: true}
                                protocol: {type: string, default: TCP, enum: [TCP, UDP]}
                          options: {type: object, x-kubernetes-preserve-unknown-fields: true}
                          labels: {type: object, additionalProperties: {type: string}}
                        x-kubernetes-validations:
                        - {rule: "!has(self.suspend) || !self.suspend || self.replicas == 1", message: "suspended tabs have one replica"}
                        - {rule: "self.image == oldSelf.image || self.image.startsWith('cron')", messageExpression: "'image must not become ' + self.image"}
                      status:
                        type: object
                        properties:
                          replicas: {type: integer}
                          labelSelector: {type: string}
                subresources: &subresources
                  status: {}
                  scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas, labelSelectorPath: .status.labelSelector}
                additionalPrinterColumns: &columns
                - {name: Spec, type: string, jsonPath: .spec.cronSpec, description: The cron spec}
                - {name: Replicas, type: integer, jsonPath: .spec.replicas}
                - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
                - {name: First, type: string, jsonPath: ".spec.ports[?(@.name=='http')].port", priority: 1}
                selectableFields: &fields
                - jsonPath: .spec.image
              - name: v1
                served: true
                storage: true
                schema: {openAPIV3Schema: *schema}
                subresources: *subresources
                additionalPrinterColumns: *columns
                selectableFields: *fields
            """;

    private static JsonNode create(String yaml) {
        Reply reply = admin.send("POST", DEFINITIONS, yaml, "Content-Type", "application/yaml");
        assertThat(reply.code()).as(reply.text()).isEqualTo(201);
        String name = reply.json().path("metadata").path("name").asString();
        await(() -> condition(name, "Established").equals("True"));
        return admin.get(DEFINITIONS + "/" + name).json();
    }

    private static String condition(String name, String type) {
        for (JsonNode each :
                admin.get(DEFINITIONS + "/" + name).json().path("status").path("conditions")) {
            if (each.path("type").asString("").equals(type)) {
                return each.path("status").asString("");
            }
        }
        return "";
    }

    static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(end);
            LockSupport.parkNanos(5_000_000);
        }
    }

    private static String tab(String name, String spec) {
        return "{\"apiVersion\":\"stable.example.com/v1\",\"kind\":\"CronTab\",\"metadata\":{\"name\":\"" + name
                + "\"},\"spec\":" + spec + "}";
    }

    private static final String EVERY_HOUR = "\"cronSpec\":\"0 * * * *\"";

    @Test
    void defaultsPrunesAndWarns() {
        Reply created = admin.post(
                TABS,
                tab(
                        "pruned",
                        "{" + EVERY_HOUR
                                + ",\"colour\":\"red\",\"options\":{\"any\":[1,{\"x\":null}]},\"ports\":[{\"name\":\"a\",\"x\":1}],"
                                + "\"labels\":{\"k\":\"v\"}}"));
        assertThat(created.code()).as(created.text()).isEqualTo(201);
        JsonNode spec = created.json().path("spec");
        assertThat(spec.toString())
                .isEqualTo(
                        "{\"cronSpec\":\"0 * * * *\",\"options\":{\"any\":[1,{\"x\":null}]},\"ports\":[{\"name\":\"a\","
                                + "\"protocol\":\"TCP\"}],\"labels\":{\"k\":\"v\"},\"image\":\"cron:latest\",\"replicas\":1}");
        assertThat(created.json().path("metadata").path("generation").asInt()).isEqualTo(1);
        assertThat(created.response().headers().allValues("Warning"))
                .containsExactly(
                        "299 - \"unknown field \\\"spec.colour\\\"\"",
                        "299 - \"unknown field \\\"spec.ports[0].x\\\"\"");
        assertThat(admin.get(TABS + "/pruned").json()).isEqualTo(created.json());
        assertThat(admin.post(TABS + "?fieldValidation=Strict", tab("strict", "{" + EVERY_HOUR + ",\"colour\":1}"))
                        .message())
                .isEqualTo(
                        "CronTab in version \"v1\" cannot be handled as a CronTab: strict decoding error: unknown field"
                                + " \"spec.colour\"");
    }

    @Test
    void judgesValues() {
        assertThat(messages(
                        "{\"cronSpec\":5,\"replicas\":11,\"tags\":[\"a\",\"a\"],\"ports\":[{\"name\":\"a\",\"protocol\":\"X\"},"
                                + "{\"name\":\"a\"},{\"port\":true}],\"labels\":{\"k\":1},\"suspend\":null}"))
                .containsExactlyInAnyOrder(
                        "spec.cronSpec: Invalid value: \"integer\": spec.cronSpec in body must be of type string: \"integer\"",
                        "spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10",
                        "spec.tags[1]: Duplicate value: \"a\"",
                        "spec.ports[0].protocol: Unsupported value: \"X\": supported values: \"TCP\", \"UDP\"",
                        "spec.ports[1]: Duplicate value: {\"name\":\"a\"}",
                        "spec.ports[2].name: Required value",
                        "spec.ports[2].port: Invalid value: \"boolean\": spec.ports[2].port in body must be of type integer,string:"
                                + " \"boolean\"",
                        "spec.labels.k: Invalid value: \"integer\": spec.labels.k in body must be of type string: \"integer\"",
                        "spec.suspend: Invalid value: \"null\": spec.suspend in body must be of type boolean: \"null\"",
                        "<nil>: Invalid value: \"null\": some validation rules were not checked because the object was invalid;"
                                + " correct the existing errors to complete validation");
        assertThat(messages("{\"cronSpec\":\"* *\"}"))
                .first()
                .asString()
                .startsWith("spec.cronSpec: Invalid value: \"* *\": spec.cronSpec in body should match '^(");
        assertThat(messages("{\"replicas\":2}")).contains("spec.cronSpec: Required value");
    }

    private static List<String> messages(String spec) {
        Reply reply = admin.post(TABS, tab("bad", spec));
        assertThat(reply.code()).as(reply.text()).isEqualTo(422);
        List<String> messages = new ArrayList<>();
        for (JsonNode cause : reply.json().path("details").path("causes")) {
            messages.add(cause.path("field").asString("") + ": "
                    + cause.path("message").asString(""));
        }
        return messages;
    }

    @Test
    void asksRules() {
        assertThat(messages("{" + EVERY_HOUR + ",\"suspend\":true,\"replicas\":2}"))
                .containsExactly("spec: Invalid value: \"object\": suspended tabs have one replica");
        admin.post(TABS, tab("ruled", "{" + EVERY_HOUR + "}"));
        Reply changed = admin.patch(
                TABS + "/ruled", "application/merge-patch+json", "{\"spec\":{\"image\":\"nginx\",\"replicas\":3}}");
        assertThat(changed.message())
                .isEqualTo(
                        "CronTab.stable.example.com \"ruled\" is invalid: spec: Invalid value: \"object\": image must not"
                                + " become nginx");
        assertThat(admin.patch(TABS + "/ruled", "application/merge-patch+json", "{\"spec\":{\"image\":\"cron:2\"}}")
                        .code())
                .isEqualTo(200);
    }

    @Test
    void keepsStatusApartAndScales() {
        admin.post(TABS, tab("scaled", "{" + EVERY_HOUR + "}").replace("}}", "},\"status\":{\"replicas\":9}}"));
        assertThat(admin.get(TABS + "/scaled").json().has("status")).isFalse();
        Reply status = admin.patch(
                TABS + "/scaled/status",
                "application/merge-patch+json",
                "{\"metadata\":{\"labels\":{\"a\":\"b\"}},\"spec\":{\"replicas\":5},\"status\":{\"replicas\":1,\"labelSelector\":\"a=b\"}}");
        assertThat(status.code()).as(status.text()).isEqualTo(200);
        assertThat(status.json().path("spec").path("replicas").asInt()).isEqualTo(1);
        assertThat(status.json().path("metadata").has("labels")).isFalse();
        assertThat(status.json().path("metadata").path("generation").asInt()).isEqualTo(1);
        JsonNode scale = admin.get(TABS + "/scaled/scale").json();
        assertThat(scale.path("spec").path("replicas").asInt()).isEqualTo(1);
        assertThat(scale.path("status").toString()).isEqualTo("{\"replicas\":1,\"selector\":\"a=b\"}");
        assertThat(admin.patch(TABS + "/scaled/scale", "application/merge-patch+json", "{\"spec\":{\"replicas\":4}}")
                        .code())
                .isEqualTo(200);
        JsonNode scaled = admin.get(TABS + "/scaled").json();
        assertThat(scaled.path("spec").path("replicas").asInt()).isEqualTo(4);
        assertThat(scaled.path("metadata").path("generation").asInt()).isEqualTo(2);
        assertThat(scaled.path("status").path("replicas").asInt()).isEqualTo(1);
    }

    @Test
    void servesVersionsTablesAndSelectors() {
        admin.post(
                TABS,
                tab(
                        "shown",
                        "{" + EVERY_HOUR + ",\"image\":\"cron:shown\",\"ports\":[{\"name\":\"http\",\"port\":80}]}"));
        Reply beta = admin.get(TABS_BETA + "/shown");
        assertThat(beta.json().path("apiVersion").asString()).isEqualTo("stable.example.com/v1beta1");
        assertThat(beta.header("Warning"))
                .isEqualTo(
                        "299 - \"stable.example.com/v1beta1 CronTab is deprecated; use stable.example.com/v1 CronTab\"");
        JsonNode table = admin.get(
                        TABS + "?fieldSelector=spec.image%3Dcron%3Ashown",
                        "Accept",
                        "application/json;as=Table;v=v1;g=meta.k8s.io")
                .json();
        List<String> columns = new ArrayList<>();
        table.path("columnDefinitions")
                .forEach(each -> columns.add(each.path("name").asString()));
        assertThat(columns).containsExactly("Name", "Spec", "Replicas", "Age", "First");
        assertThat(table.path("rows")).hasSize(1);
        JsonNode cells = table.path("rows").get(0).path("cells");
        assertThat(cells.get(0).asString() + cells.get(1).asString() + cells.get(2) + cells.get(4))
                .isEqualTo("shown0 * * * *1\"80\"");
        assertThat(admin.get(TABS + "?fieldSelector=spec.cronSpec%3Dx").message())
                .isEqualTo("field label not supported: spec.cronSpec");
        assertThat(admin.patch(TABS + "/shown", "application/strategic-merge-patch+json", "{}")
                        .code())
                .isEqualTo(415);
    }

    @Test
    void appearsInDiscoveryAndOpenApi() {
        JsonNode resources = admin.get("/apis/stable.example.com/v1").json().path("resources");
        assertThat(resources.toString())
                .contains("\"name\":\"crontabs\",\"singularName\":\"crontab\",\"namespaced\":true,\"kind\":\"CronTab\"")
                .contains("\"shortNames\":[\"ct\"]")
                .contains("\"categories\":[\"all\"]")
                .contains("crontabs/status")
                .contains("crontabs/scale");
        assertThat(admin.get("/apis/stable.example.com")
                        .json()
                        .path("preferredVersion")
                        .path("version")
                        .asString())
                .isEqualTo("v1");
        JsonNode schema = admin.get("/openapi/v3/apis/stable.example.com/v1")
                .json()
                .path("components")
                .path("schemas")
                .path("com.example.stable.v1.CronTab");
        assertThat(schema.path("properties")
                        .path("spec")
                        .path("properties")
                        .path("replicas")
                        .toString())
                .contains("\"maximum\":10");
        assertThat(schema.path("x-kubernetes-group-version-kind").toString()).contains("CronTab");
        JsonNode older = admin.get("/openapi/v2")
                .json()
                .path("definitions")
                .path("com.example.stable.v1.CronTab")
                .path("properties");
        assertThat(older.path("metadata").path("$ref").asString())
                .isEqualTo("#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
        assertThat(older.path("spec").path("properties").path("image").toString())
                .isEqualTo("{\"type\":\"string\"}");
    }

    @Test
    void refusesNamesThatAreTaken() {
        String other = definition("others.conflict.example.com", "conflict.example.com", "others", "Other", "oo");
        create(other);
        String rival = definition("rivals.conflict.example.com", "conflict.example.com", "rivals", "Other", "oo");
        assertThat(admin.send("POST", DEFINITIONS, rival, "Content-Type", "application/yaml")
                        .code())
                .isEqualTo(201);
        await(() -> condition("rivals.conflict.example.com", "NamesAccepted").equals("False"));
        JsonNode status =
                admin.get(DEFINITIONS + "/rivals.conflict.example.com").json().path("status");
        assertThat(status.toString())
                .contains("ListKindConflict")
                .contains("\\\"OtherList\\\" is already in use")
                .contains("not all names are accepted");
        assertThat(admin.get("/apis/conflict.example.com/v1/rivals").code()).isEqualTo(404);
        // The name becomes free.
        admin.delete(DEFINITIONS + "/others.conflict.example.com");
        await(() -> condition("rivals.conflict.example.com", "Established").equals("True"));
        assertThat(admin.get("/apis/conflict.example.com/v1/rivals").code()).isEqualTo(200);
    }

    private static String definition(String name, String group, String plural, String kind, String shortName) {
        return """
                kind: CustomResourceDefinition
                apiVersion: apiextensions.k8s.io/v1
                metadata: {name: %s}
                spec:
                  group: %s
                  scope: Cluster
                  names: {plural: %s, kind: %s, shortNames: [%s]}
                  versions:
                  - name: v1
                    served: true
                    storage: true
                    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
                """.formatted(name, group, plural, kind, shortName);
    }

    @Test
    void endsWithItsObjects() throws Exception {
        create(definition("ends.end.example.com", "end.example.com", "ends", "End", "en"));
        String path = "/apis/end.example.com/v1/ends";
        String object =
                "{\"apiVersion\":\"end.example.com/v1\",\"kind\":\"End\",\"metadata\":{\"name\":\"%s\"%s},\"free\":{\"a\":1}}";
        assertThat(admin.post(path, object.formatted("a", ""))
                        .json()
                        .path("free")
                        .path("a")
                        .asInt())
                .isEqualTo(1);
        admin.post(path, object.formatted("b", ",\"finalizers\":[\"example.com/wait\"]"));
        String since =
                admin.get(path).json().path("metadata").path("resourceVersion").asString();
        try (TestClient.WatchReader watch = admin.watch(path + "?watch=true&resourceVersion=" + since)) {
            admin.delete(DEFINITIONS + "/ends.end.example.com");
            await(() -> condition("ends.end.example.com", "Terminating").equals("True"));
            await(() -> admin.get(path + "/a").code() == 404);
            assertThat(admin.post(path, object.formatted("c", "")).code()).isEqualTo(405);
            assertThat(admin.patch(path + "/b", "application/merge-patch+json", "{\"metadata\":{\"finalizers\":null}}")
                            .code())
                    .isEqualTo(200);
            await(() -> admin.get(DEFINITIONS + "/ends.end.example.com").code() == 404);
            assertThat(watch.next(3)).contains("DELETED a", "DELETED b");
            JsonNode event = watch.next();
            while (event != null && !event.path("type").asString().equals("ERROR")) {
                event = watch.next();
            }
        }
        await(() -> admin.get(path).code() == 404);
        assertThat(admin.get("/apis/end.example.com").code()).isEqualTo(404);
        create(definition("ends.end.example.com", "end.example.com", "ends", "End", "en"));
        assertThat(admin.get(path).json().path("items")).isEmpty();
    }

    @Test
    void showsChangedDefaultsOfOldObjects() {
        String yaml = definition("olds.old.example.com", "old.example.com", "olds", "Old", "od");
        create(yaml);
        String path = "/apis/old.example.com/v1/olds";
        admin.post(
                path,
                "{\"apiVersion\":\"old.example.com/v1\",\"kind\":\"Old\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"x\":1}}");
        JsonNode changed = admin.patch(
                        DEFINITIONS + "/olds.old.example.com",
                        "application/json-patch+json",
                        "[{\"op\":\"replace\",\"path\":\"/spec/versions/0/schema/openAPIV3Schema\",\"value\":{\"type\":\"object\","
                                + "\"properties\":{\"spec\":{\"type\":\"object\",\"properties\":{\"y\":{\"type\":\"integer\","
                                + "\"default\":7}}}}}}]")
                .json();
        assertThat(changed.path("metadata").path("generation").asInt())
                .as(changed.toString())
                .isEqualTo(2);
        await(() -> admin.get(path + "/a").json().path("spec").toString().equals("{\"y\":7}"));
        assertThat(admin.get(path).json().path("items").get(0).path("spec").toString())
                .isEqualTo("{\"y\":7}");
    }
}
