package io.mokube.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.http.TestClient.Reply;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.object.Json;
import io.mokube.testkit.Await;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code managedFields} and server-side apply as a client sees them; each test has objects of its own. */
class FieldManagementTest {

    private static final String MAPS = "/api/v1/namespaces/default/configmaps";
    private static final String DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
    private static final String APPLY = "application/apply-patch+yaml";

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

    private static String json(String text) {
        return text.replace('\'', '"');
    }

    private static Reply apply(String path, String manager, String body) {
        return admin.patch(path + "?fieldManager=" + manager, APPLY, json(body));
    }

    private static Reply force(String path, String manager, String body) {
        return admin.patch(path + "?force=true&fieldManager=" + manager, APPLY, json(body));
    }

    /** The entries as {@code manager operation apiVersion subresource fieldsV1}, without quotes. */
    private static List<String> entries(Reply reply) {
        List<String> entries = new ArrayList<>();
        for (JsonNode entry : reply.json().path("metadata").path("managedFields")) {
            assertThat(entry.path("fieldsType").asString()).isEqualTo("FieldsV1");
            String subresource = entry.path("subresource").asString("");
            entries.add(entry.path("manager").asString("") + " "
                    + entry.path("operation").asString() + " "
                    + entry.path("apiVersion").asString() + " "
                    + (subresource.isEmpty() ? "" : subresource + " ")
                    + entry.path("fieldsV1").toString().replace("\\\"", "'").replace("\"", ""));
        }
        return entries;
    }

    private static String map(String name, String data) {
        return json("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'" + name + "'},'data':" + data + "}");
    }

    private static String deployment(String name, String spec) {
        return json("{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'" + name
                + "','labels':{'app':'x'}},"
                + "'spec':{'selector':{'matchLabels':{'app':'x'}},'template':{'metadata':{'labels':{'app':'x'}},"
                + "'spec':{'containers':[{'name':'c','image':'i','ports':[{'containerPort':80}]}]}}" + spec + "}}");
    }

    @Test
    void ownsWhatItCreatesAndWhatDefaultsAdd() {
        Reply created = admin.post(DEPLOYMENTS + "?fieldManager=maker", deployment("owned", ""));
        assertThat(entries(created))
                .containsExactly("maker Update apps/v1 {f:metadata:{f:labels:{.:{},f:app:{}}},"
                        + "f:spec:{f:progressDeadlineSeconds:{},f:replicas:{},f:revisionHistoryLimit:{},f:selector:{},"
                        + "f:strategy:{f:rollingUpdate:{.:{},f:maxSurge:{},f:maxUnavailable:{}},f:type:{}},"
                        + "f:template:{f:metadata:{f:labels:{.:{},f:app:{}}},f:spec:{f:containers:{k:{'name':'c'}:{.:{},"
                        + "f:image:{},f:imagePullPolicy:{},f:name:{},f:ports:{.:{},k:{'containerPort':80,'protocol':'TCP'}:"
                        + "{.:{},f:containerPort:{},f:protocol:{}}},f:resources:{},f:terminationMessagePath:{},"
                        + "f:terminationMessagePolicy:{}}},f:dnsPolicy:{},f:restartPolicy:{},f:schedulerName:{},"
                        + "f:securityContext:{},f:terminationGracePeriodSeconds:{}}}}}");
        assertThat(created.json().path("metadata").path("managedFields").path(0).propertyNames())
                .containsExactly("manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1");
    }

    @Test
    void takesTheManagerFromTheUserAgent() {
        Reply created = admin.send(
                "POST",
                MAPS,
                map("agent", "{'a':'1'}"),
                "Content-Type",
                "application/json",
                "User-Agent",
                "Helm/3.19 (linux) go");
        assertThat(entries(created)).containsExactly("Helm Update v1 {f:data:{.:{},f:a:{}}}");
    }

    @Test
    void anUpdateTakesTheFieldsItChanges() {
        admin.post(MAPS + "?fieldManager=one", map("taken", "{'a':'1','b':'1','c':'1'}"));
        Reply updated = admin.put(MAPS + "/taken?fieldManager=two", map("taken", "{'a':'1','b':'2','d':'1'}"));
        assertThat(entries(updated))
                .containsExactly("one Update v1 {f:data:{.:{},f:a:{}}}", "two Update v1 {f:data:{f:b:{},f:d:{}}}");
        Reply again = admin.put(MAPS + "/taken?fieldManager=three", map("taken", "{'a':'1','b':'2','d':'1'}"));
        assertThat(again.json()).isEqualTo(updated.json());
        Reply patched = admin.patch(
                MAPS + "/taken?fieldManager=four", "application/merge-patch+json", json("{'data':{'a':null,'d':'2'}}"));
        assertThat(entries(patched))
                .containsExactly(
                        "four Update v1 {f:data:{f:d:{}}}",
                        "one Update v1 {f:data:{}}",
                        "two Update v1 {f:data:{f:b:{}}}");
    }

    @Test
    void keepsTheBooksOfSubresources() {
        admin.post(DEPLOYMENTS + "?fieldManager=maker", deployment("subs", ",'replicas':2"));
        Reply status = admin.patch(
                DEPLOYMENTS + "/subs/status?fieldManager=controller",
                "application/merge-patch+json",
                json(
                        "{'status':{'replicas':1,'conditions':[{'type':'Available','status':'True'}]},'spec':{'replicas':7}}"));
        assertThat(entries(status).getFirst())
                .isEqualTo(
                        "controller Update apps/v1 status {f:status:{f:conditions:{.:{},k:{'type':'Available'}:{.:{},"
                                + "f:status:{},f:type:{}}},f:replicas:{}}}");
        assertThat(entries(status).getLast())
                .startsWith("maker Update apps/v1 ")
                .contains("f:replicas");
        Reply scaled = admin.patch(
                DEPLOYMENTS + "/subs/scale?fieldManager=scaler",
                "application/merge-patch+json",
                json("{'spec':{'replicas':3}}"));
        assertThat(scaled.code()).isEqualTo(200);
        List<String> entries = entries(admin.get(DEPLOYMENTS + "/subs"));
        assertThat(entries).contains("scaler Update apps/v1 scale {f:spec:{f:replicas:{}}}");
        assertThat(entries.stream()
                        .filter(each -> each.startsWith("maker"))
                        .findFirst()
                        .orElseThrow())
                .doesNotContain("f:replicas");
    }

    @Test
    void bindingIsNobodys() {
        String pods = "/api/v1/namespaces/default/pods";
        admin.post("/api/v1/namespaces/default/serviceaccounts", json("{'metadata':{'name':'default'}}"));
        Reply created = admin.post(
                pods + "?fieldManager=maker",
                json("{'metadata':{'name':'bound'},'spec':{'containers':[{'name':'c','image':'i'}]}}"));
        assertThat(created.text()).contains("kube-api-access").contains("\"bound\"");
        assertThat(entries(created).getFirst()).doesNotContain("f:volumes").doesNotContain("f:tolerations");
        admin.post(pods + "/bound/binding", json("{'target':{'name':'n'}}"));
        assertThat(entries(admin.get(pods + "/bound"))).isEqualTo(entries(created));
    }

    @Test
    void theOldestUpdatersBecomeOne() {
        admin.post(MAPS + "?fieldManager=m00", map("many", "{'k00':'1'}"));
        for (int i = 1; i < 14; i++) {
            admin.patch(
                    MAPS + "/many?fieldManager=m%02d".formatted(i),
                    "application/merge-patch+json",
                    json("{'data':{'k%02d':'1'}}".formatted(i)));
        }
        List<String> entries = entries(admin.get(MAPS + "/many"));
        assertThat(entries).hasSize(10);
        assertThat(entries.stream()
                        .filter(each -> each.startsWith("ancient-changes "))
                        .toList())
                .hasSize(1);
        assertThat(String.join(" ", entries)).contains("f:k00", "f:k05", "f:k13");
    }

    @Test
    void entriesCanBeResetAndSet() {
        admin.post(MAPS + "?fieldManager=one", map("reset", "{'a':'1'}"));
        Reply set = admin.patch(
                MAPS + "/reset?fieldManager=two",
                "application/merge-patch+json",
                json("{'metadata':{'managedFields':[{'manager':'other','operation':'Apply','apiVersion':'v1',"
                        + "'fieldsType':'FieldsV1','fieldsV1':{'f:data':{'f:a':{}}}}]}}"));
        assertThat(entries(set)).containsExactly("other Apply v1 {f:data:{f:a:{}}}");
        Reply reset = admin.patch(
                MAPS + "/reset?fieldManager=two",
                "application/merge-patch+json",
                json("{'metadata':{'managedFields':[{}]}}"));
        assertThat(reset.json().path("metadata").has("managedFields")).isFalse();
        Reply untracked = admin.put(MAPS + "/reset?fieldManager=two", map("reset", "{'a':'2'}"));
        assertThat(untracked.json().path("metadata").has("managedFields")).isFalse();
        Reply applied = apply(MAPS + "/reset", "three", map("reset", "{'b':'1'}"));
        assertThat(entries(applied))
                .containsExactly(
                        "three Apply v1 {f:data:{f:b:{}}}", "before-first-apply Update v1 {f:data:{.:{},f:a:{}}}");
    }

    @Test
    void appliesConflictsForcesSharesAndGivesUp() {
        Reply created = apply(DEPLOYMENTS + "/ssa", "one", deployment("ssa", ",'replicas':1"));
        assertThat(created.code()).isEqualTo(201);
        assertThat(entries(created))
                .containsExactly(
                        "one Apply apps/v1 {f:metadata:{f:labels:{f:app:{}}},f:spec:{f:replicas:{},f:selector:{},"
                                + "f:template:{f:metadata:{f:labels:{f:app:{}}},f:spec:{f:containers:{k:{'name':'c'}:{.:{},"
                                + "f:image:{},f:name:{},f:ports:{k:{'containerPort':80,'protocol':'TCP'}:{.:{},"
                                + "f:containerPort:{}}}}}}}}}");
        Reply again = apply(DEPLOYMENTS + "/ssa", "one", deployment("ssa", ",'replicas':1"));
        assertThat(again.json()).isEqualTo(created.json());

        String replicas =
                "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'ssa'},'spec':{'replicas':5}}";
        Reply conflict = apply(DEPLOYMENTS + "/ssa", "two", replicas);
        assertThat(conflict.code()).isEqualTo(409);
        assertThat(conflict.message()).isEqualTo("Apply failed with 1 conflict: conflict with \"one\": .spec.replicas");
        assertThat(conflict.json().path("reason").asString()).isEqualTo("Conflict");
        assertThat(conflict.json().path("details").path("causes").toString())
                .isEqualTo(json("[{'reason':'FieldManagerConflict','message':'conflict with \\'one\\'',"
                        + "'field':'.spec.replicas'}]"));
        Reply forced = force(DEPLOYMENTS + "/ssa", "two", replicas);
        assertThat(forced.json().path("spec").path("replicas").asInt()).isEqualTo(5);
        assertThat(entries(forced).get(1)).isEqualTo("two Apply apps/v1 {f:spec:{f:replicas:{}}}");
        assertThat(entries(forced).getFirst()).doesNotContain("f:replicas");

        Reply shared = apply(DEPLOYMENTS + "/ssa", "one", deployment("ssa", ",'replicas':5"));
        assertThat(entries(shared)).allMatch(each -> each.contains("f:replicas"));
        Reply left = apply(
                DEPLOYMENTS + "/ssa", "two", "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'ssa'}}");
        assertThat(entries(left)).hasSize(1);
        assertThat(left.json().path("spec").path("replicas").asInt()).isEqualTo(5);
        Reply gone = apply(DEPLOYMENTS + "/ssa", "one", deployment("ssa", ""));
        assertThat(gone.json().path("spec").path("replicas").asInt()).isEqualTo(1);
    }

    @Test
    void listsMergeByKeysAndSetsByValues() {
        apply(DEPLOYMENTS + "/lists", "one", deployment("lists", ""));
        String sidecar = "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'lists',"
                + "'finalizers':['example.com/b']},'spec':{'template':{'spec':{'containers':["
                + "{'name':'s','image':'j'},{'name':'c','env':[{'name':'X','value':'1'}]}]}}}}";
        Reply both = apply(DEPLOYMENTS + "/lists", "two", sidecar);
        JsonNode containers =
                both.json().path("spec").path("template").path("spec").path("containers");
        assertThat(containers.path(0).path("name").asString()).isEqualTo("s");
        assertThat(containers.path(1).path("image").asString()).isEqualTo("i");
        assertThat(containers.path(1).path("env").toString()).isEqualTo(json("[{'name':'X','value':'1'}]"));
        assertThat(entries(both).get(1)).contains("f:finalizers:{v:'example.com/b':{}}");
        Reply alone = apply(
                DEPLOYMENTS + "/lists",
                "two",
                "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'lists'}}");
        JsonNode rest = alone.json().path("spec").path("template").path("spec").path("containers");
        assertThat(rest).hasSize(1);
        assertThat(rest.path(0).has("env")).isFalse();
        assertThat(alone.json().path("metadata").has("finalizers")).isFalse();
    }

    @Test
    void conflictsWithUpdatersNameTheirVersion() {
        admin.post(MAPS + "?fieldManager=kubectl-create", map("versions", "{'a':'1','b':'1'}"));
        Reply conflict = apply(MAPS + "/versions", "me", map("versions", "{'a':'2','b':'2'}"));
        assertThat(conflict.message())
                .isEqualTo(
                        "Apply failed with 2 conflicts: conflicts with \"kubectl-create\" using v1:\n- .data.a\n- .data.b");
        assertThat(conflict.json().path("details").path("causes")).hasSize(2);
    }

    @Test
    void appliesYamlAndDryRuns() {
        String yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  a: '1'\n";
        Reply dry = admin.patch(MAPS + "/yaml?fieldManager=m&dryRun=All", APPLY, yaml);
        assertThat(dry.code()).isEqualTo(201);
        assertThat(admin.get(MAPS + "/yaml").code()).isEqualTo(404);
        assertThat(admin.patch(MAPS + "/yaml?fieldManager=m", APPLY, yaml).code())
                .isEqualTo(201);
        Reply changed = admin.patch(MAPS + "/yaml?fieldManager=m&dryRun=All", APPLY, yaml.replace("'1'", "'2'"));
        assertThat(changed.json().path("data").path("a").asString()).isEqualTo("2");
        assertThat(admin.get(MAPS + "/yaml").json().path("data").path("a").asString())
                .isEqualTo("1");
    }

    @Test
    void appliesToStatusAndScale() {
        apply(DEPLOYMENTS + "/parts", "one", deployment("parts", ",'replicas':1"));
        Reply status = apply(
                DEPLOYMENTS + "/parts/status",
                "controller",
                "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'parts'},"
                        + "'spec':{'replicas':9},'status':{'replicas':1}}");
        assertThat(status.json().path("spec").path("replicas").asInt()).isEqualTo(1);
        assertThat(entries(status)).contains("controller Apply apps/v1 status {f:status:{f:replicas:{}}}");
        String scale =
                "{'apiVersion':'autoscaling/v1','kind':'Scale','metadata':{'name':'parts'},'spec':{'replicas':4}}";
        assertThat(apply(DEPLOYMENTS + "/parts/scale", "scaler", scale).message())
                .isEqualTo("Apply failed with 1 conflict: conflict with \"one\": .spec.replicas");
        assertThat(force(DEPLOYMENTS + "/parts/scale", "scaler", scale).code()).isEqualTo(200);
        Reply after = admin.get(DEPLOYMENTS + "/parts");
        assertThat(after.json().path("spec").path("replicas").asInt()).isEqualTo(4);
        assertThat(entries(after)).contains("scaler Apply apps/v1 scale {f:spec:{f:replicas:{}}}");
        assertThat(apply(DEPLOYMENTS + "/none/status", "c", "{'apiVersion':'apps/v1','kind':'Deployment'}")
                        .code())
                .isEqualTo(404);
    }

    @Test
    void allocatesWhatAnAppliedServiceNeeds() {
        Reply created = apply(
                "/api/v1/namespaces/default/services/applied",
                "one",
                "{'apiVersion':'v1','kind':'Service','metadata':{'name':'applied'},'spec':{'ports':[{'port':80}]}}");
        assertThat(created.json().path("spec").path("clusterIP").asString()).isNotEmpty();
        assertThat(entries(created))
                .containsExactly("one Apply v1 {f:spec:{f:ports:{k:{'port':80,'protocol':'TCP'}:{.:{},f:port:{}}}}}");
    }

    @Test
    void kubectlMayTakeOverWhatItAppliedOnTheClientsSide() {
        String annotation = "{\\\"apiVersion\\\":\\\"v1\\\",\\\"kind\\\":\\\"ConfigMap\\\",\\\"metadata\\\":"
                + "{\\\"annotations\\\":{},\\\"name\\\":\\\"csa\\\",\\\"namespace\\\":\\\"default\\\"},"
                + "\\\"data\\\":{\\\"a\\\":\\\"1\\\"}}\\n";
        ObjectNode object = (ObjectNode) Json.MAPPER.readTree(map("csa", "{'a':'1','b':'1'}"));
        object.withObjectProperty("metadata")
                .withObjectProperty("annotations")
                .set("kubectl.kubernetes.io/last-applied-configuration", Json.MAPPER.readTree('"' + annotation + '"'));
        admin.post(MAPS + "?fieldManager=kubectl-client-side-apply", object.toString());
        assertThat(apply(MAPS + "/csa", "other", map("csa", "{'a':'2'}")).code())
                .isEqualTo(409);
        assertThat(apply(MAPS + "/csa", "kubectl", map("csa", "{'b':'2'}")).message())
                .contains(".data.b");
        Reply applied = apply(MAPS + "/csa", "kubectl", map("csa", "{'a':'2'}"));
        assertThat(applied.code()).isEqualTo(200);
        assertThat(applied.json()
                        .path("metadata")
                        .path("annotations")
                        .path("kubectl.kubernetes.io/last-applied-configuration")
                        .asString())
                .isEqualTo(map("csa", "{'a':'2'}")
                                .replace(
                                        json(
                                                "'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'csa'},'data':{'a':'2'}"),
                                        json(
                                                "'apiVersion':'v1','data':{'a':'2'},'kind':'ConfigMap','metadata':{'name':'csa'}"))
                        + "\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "?|{}|422|PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
                "?fieldManager=m|[1|400|error decoding YAML: ",
                "?fieldManager=m|[]|400|error decoding YAML: ",
                "?fieldManager=m|{}|400|invalid object type: /, Kind=",
                "?fieldManager=m|{'apiVersion':'v1','kind':'Secret'}|400|invalid object type: /v1, Kind=Secret",
                "?fieldManager=m|{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x','managedFields':[]}}|400|"
                        + "metadata.managedFields must be nil",
                "?fieldManager=m|{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x'},'spec':{}}|400|"
                        + "failed to create typed patch object (/x; /v1, Kind=ConfigMap): .spec: field not declared in schema",
                "?fieldManager=m|{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x'},'data':{'a':1}}|400|"
                        + "failed to create typed patch object (/x; /v1, Kind=ConfigMap): .data.a: expected string, got"
                        + " &value.valueUnstructured{Value:1}",
                "?fieldManager=m|{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'y'}}|400|"
                        + "the name of the object (y) does not match the name on the URL (x)",
                "?fieldManager=m|{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x','namespace':'y'}}|400|"
                        + "the namespace of the provided object does not match the namespace sent on the request",
                "?fieldManager=m&fieldValidation=Strict|{'apiVersion':'v1','kind':'ConfigMap','data':{'a':'1','a':'2'}}|400|"
                        + "error strict decoding YAML: duplicate field \"data.a\"",
            })
    void badConfigurations(String query, String body, int code, String message) {
        Reply reply = admin.patch(MAPS + "/x" + query, APPLY, json(body));
        assertThat(reply.message()).startsWith(message);
        assertThat(reply.code()).isEqualTo(code);
    }

    @Test
    void whoMayOnlyPatchDoesNotCreateByApplying() {
        String rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/default";
        String role = "{'metadata':{'name':'patcher'},'rules':[{'apiGroups':[''],'resources':['configmaps'],"
                + "'verbs':['patch']}]}";
        String binding = "{'metadata':{'name':'patcher'},'roleRef':{'apiGroup':'rbac.authorization.k8s.io',"
                + "'kind':'Role','name':'patcher'},'subjects':[{'apiGroup':'rbac.authorization.k8s.io','kind':'User',"
                + "'name':'pat'}]}";
        assertThat(admin.post(rbac + "/roles", json(role)).code()).isEqualTo(201);
        assertThat(admin.post(rbac + "/rolebindings", json(binding)).code()).isEqualTo(201);
        admin.post(MAPS, map("pats", "{'a':'1'}"));
        Await.until("the role is known", () -> patchAsPat("pats").code() == 200);
        Reply refused = patchAsPat("others");
        assertThat(refused.code()).isEqualTo(403);
        assertThat(refused.message())
                .isEqualTo("configmaps \"others\" is forbidden: User \"pat\" cannot create resource \"configmaps\" in"
                        + " API group \"\" in the namespace \"default\"");
    }

    private static Reply patchAsPat(String name) {
        return admin.send(
                "PATCH",
                MAPS + "/" + name + "?fieldManager=pat",
                map(name, "{'b':'1'}"),
                "Content-Type",
                APPLY,
                "Impersonate-User",
                "pat");
    }

    @Test
    void badParameters() {
        Reply forced = admin.patch(MAPS + "/x?force=true", "application/merge-patch+json", "{}");
        assertThat(forced.code()).isEqualTo(422);
        assertThat(forced.message()).contains("force: Forbidden: may not be specified for non-apply patch");
        Reply longName = admin.post(MAPS + "?fieldManager=" + "m".repeat(129), map("x", "{}"));
        assertThat(longName.code()).isEqualTo(422);
        assertThat(longName.message()).contains("fieldManager: Too long: may not be more than 128 bytes");
        assertThat(admin.patch(MAPS + "/x", "text/plain", "{}").message()).endsWith(APPLY);
    }
}
