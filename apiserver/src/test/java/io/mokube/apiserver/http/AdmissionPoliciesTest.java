package io.mokube.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.http.TestClient.Reply;
import io.mokube.machinery.component.Platform;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Validating admission policies over HTTP. */
class AdmissionPoliciesTest {

    private static final String GROUP = "/apis/admissionregistration.k8s.io/v1";
    private static final String POLICIES = GROUP + "/validatingadmissionpolicies";
    private static final String BINDINGS = GROUP + "/validatingadmissionpolicybindings";
    private static final String MUTATING = GROUP + "/mutatingadmissionpolicies";
    private static final String MUTATING_BINDINGS = GROUP + "/mutatingadmissionpolicybindings";
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";
    private static final String ON_MAPS = "'matchConstraints':{'resourceRules':[{'apiGroups':[''],'apiVersions':['v1'],"
            + "'operations':['CREATE','UPDATE'],'resources':['configmaps']}]}";

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

    @AfterEach
    void clean() {
        admin.delete(MUTATING_BINDINGS);
        admin.delete(MUTATING);
        admin.delete(BINDINGS);
        admin.delete(POLICIES);
        admin.delete(MAPS);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // what the policy says | data of the map | what is said against it
                "'validations':[{'expression':'object.data.size() <= 1'}]|'a':'1'|",
                "'validations':[{'expression':' object.data.size() <= 1 '}]|'a':'1','b':'2'"
                        + "|failed expression: object.data.size() <= 1",
                "'validations':[{'expression':'has(object.data.a)','message':'a is missing'}]|'b':'2'|a is missing",
                "'validations':[{'expression':'false','message':'plain','messageExpression':"
                        + "'object.metadata.name + \" is no good\"'}]|'b':'2'|m is no good",
                "'validations':[{'expression':'false','message':'plain','messageExpression':'object.none'}]|'b':'2'|plain",
                "'variables':[{'name':'n','expression':'object.data.size()'},{'name':'twice','expression':"
                        + "'variables.n * 2'},{'name':'bad','expression':'object.none'}],"
                        + "'validations':[{'expression':'variables.twice < 4'}]|'a':'1'|",
                "'variables':[{'name':'bad','expression':'object.none'}],'validations':[{'expression':'variables.bad == 1',"
                        + "'message':'m'}]|'a':'1'|expression 'variables.bad == 1' resulted in error: composited variable"
                        + " \"bad\" fails to evaluate: ",
                "'validations':[{'expression':'object.none.x == 1'}]|'a':'1'"
                        + "|expression 'object.none.x == 1' resulted in error: ",
                "'failurePolicy':'Ignore','validations':[{'expression':'object.none.x == 1'}]|'a':'1'|",
                "'matchConditions':[{'name':'c','expression':'object.metadata.name != \"m\"'}],"
                        + "'validations':[{'expression':'false'}]|'a':'1'|",
                "'matchConditions':[{'name':'c','expression':'request.operation == \"CREATE\"'}],"
                        + "'validations':[{'expression':'false'}]|'a':'1'|failed expression: false",
                "'validations':[{'expression':'oldObject == null && params == null'}]|'a':'1'|",
                "'validations':[{'expression':'namespaceObject.metadata.name == \"default\" && request.namespace =="
                        + " \"default\" && request.resource.resource == \"configmaps\" && !request.dryRun'}]|'a':'1'|",
                "'validations':[{'expression':'request.userInfo.groups.exists(g, g == \"system:masters\")'}]|'a':'1'|",
                "'validations':[{'expression':'authorizer.group(\"apps\").resource(\"deployments\").namespace(\"default\")"
                        + ".check(\"create\").allowed() && authorizer.path(\"/healthz\").check(\"get\").allowed()'}]|'a':'1'|",
                "'validations':[{'expression':'authorizer.serviceAccount(\"default\", \"nobody\").group(\"\")"
                        + ".resource(\"pods\").check(\"create\").allowed()','message':'may not'}]|'a':'1'|may not",
                "'validations':[{'expression':'object.data.all(k, k.matches(\"^[a-z]$\"))'}]|'a':'1'|",
            })
    void aPolicyJudges(String spec, String data, String told) {
        policy(spec);
        bind("'validationActions':['Deny']");
        Reply reply = map("m", data);
        if (told == null) {
            assertThat(reply.code()).as(reply.text()).isEqualTo(201);
        } else {
            assertThat(reply.code()).as(reply.text()).isEqualTo(422);
            assertThat(reply.json().path("reason").asString()).isEqualTo("Invalid");
            assertThat(reply.message())
                    .startsWith("configmaps \"m\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied"
                            + " request: " + told);
            assertThat(reply.json().path("details").path("causes")).hasSize(1);
        }
    }

    @Test
    void updatesAreComparedAndOtherReasonsGiven() {
        policy("'validations':[{'expression':'oldObject == null || object.data.a == oldObject.data.a','message':"
                + "'a never changes','reason':'Forbidden'}]");
        bind("'validationActions':['Deny']");
        assertThat(map("m", "'a':'1'").code()).isEqualTo(201);
        Reply reply = admin.patch(MAPS + "/m", "application/merge-patch+json", json("{'data':{'a':'2'}}"));
        assertThat(reply.code()).isEqualTo(403);
        assertThat(reply.json().path("reason").asString()).isEqualTo("Forbidden");
        assertThat(reply.message()).endsWith("denied request: a never changes");
    }

    @Test
    void aBindingMayOnlyWarnAndNarrow() {
        policy("'validations':[{'expression':'false','message':'never'}]");
        bind("'validationActions':['Warn','Audit'],'matchResources':{'objectSelector':{'matchLabels':{'x':'y'}}}");
        assertThat(map("m", "'a':'1'").header("Warning")).isEmpty();
        Reply warned = admin.post(MAPS, json("{'metadata':{'name':'n','labels':{'x':'y'}}}"));
        assertThat(warned.code()).isEqualTo(201);
        assertThat(warned.header("Warning"))
                .isEqualTo("299 - \"Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': never\"");
    }

    @Test
    void parametersAreReadByNameOrBySelector() {
        assertThat(admin.post("/api/v1/namespaces", "{\"metadata\":{\"name\":\"params\"}}")
                        .code())
                .isEqualTo(201);
        String policy = "'paramKind':{'apiVersion':'v1','kind':'ConfigMap'},"
                + "'validations':[{'expression':'object.data.size() <= int(params.data.most)','messageExpression':"
                + "'\"no more than \" + params.data.most'}]";
        policy(policy);
        bind("'validationActions':['Deny'],'paramRef':{'name':'limits','namespace':'params',"
                + "'parameterNotFoundAction':'Deny'}");
        assertThat(map("m", "'a':'1','b':'2'").message())
                .endsWith("denied request: failed to configure binding: no params found for policy binding with `Deny`"
                        + " parameterNotFoundAction");
        String limits = "{'metadata':{'name':'limits','labels':{'for':'maps'}},'data':{'most':'1'}}";
        admin.delete(BINDINGS);
        assertThat(admin.post("/api/v1/namespaces/params/configmaps", json(limits))
                        .code())
                .isEqualTo(201);
        bind("'validationActions':['Deny'],'paramRef':{'name':'limits','namespace':'params',"
                + "'parameterNotFoundAction':'Deny'}");
        assertThat(map("m", "'a':'1','b':'2'").message()).endsWith("denied request: no more than 1");
        assertThat(map("m", "'a':'1'").code()).isEqualTo(201);
        admin.delete(BINDINGS);
        bind("'validationActions':['Deny'],'paramRef':{'selector':{'matchLabels':{'for':'maps'}},'namespace':'params',"
                + "'parameterNotFoundAction':'Allow'}");
        assertThat(map("n", "'a':'1','b':'2'").message()).endsWith("denied request: no more than 1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'validations':[{'expression':'object.x +'}]|spec.validations[0].expression: Invalid value: \"object.x +\":"
                        + " compilation failed: ",
                "'validations':[{'expression':'who.x == 1'}]|undeclared reference to 'who'",
                "'validations':[{'expression':'1'}]|must evaluate to bool",
                "'validations':[{'expression':''}]|spec.validations[0].expression: Required value",
                "'validations':[{'expression':'true','reason':'Why'}]|spec.validations[0].reason: Unsupported value: \"Why\"",
                "'matchConstraints':{'resourceRules':[{'apiGroups':[''],'apiVersions':['v1'],'operations':['READ'],"
                        + "'resources':['pods']}]},'validations':[{'expression':'true'}]"
                        + "|spec.matchConstraints.resourceRules[0].operations[0]: Unsupported value: \"READ\"",
                "'validations':[]|spec.validations: Required value: validations or auditAnnotations must be specified",
                "'variables':[{'name':'a','expression':'1'},{'name':'a','expression':'2'}],'validations':[{'expression':"
                        + "'true'}]|spec.variables[1].name: Duplicate value: \"a\"",
            })
    void aPolicyThatCanNotBeUnderstoodIsRefused(String spec, String told) {
        String match = spec.contains("matchConstraints") ? "" : ON_MAPS + ",";
        Reply reply = admin.post(POLICIES, json("{'metadata':{'name':'p'},'spec':{" + match + spec + "}}"));
        assertThat(reply.code()).isEqualTo(422);
        assertThat(reply.message()).contains(told);
    }

    private static final String APPLY = "{'patchType':'ApplyConfiguration','applyConfiguration':{'expression':'%s'}}";
    private static final String PATCH = "{'patchType':'JSONPatch','jsonPatch':{'expression':'%s'}}";

    private static String mutating(String name, String more, String mutations) {
        return json("{'metadata':{'name':'" + name + "'},'spec':{" + ON_MAPS + ",'reinvocationPolicy':'IfNeeded',"
                + more + "'mutations':[" + mutations + "]}}");
    }

    private static void mutate(String name, String more, String mutations) {
        Reply reply = admin.post(MUTATING, mutating(name, more, mutations));
        assertThat(reply.code()).as(reply.text()).isEqualTo(201);
        reply = admin.post(
                MUTATING_BINDINGS, json("{'metadata':{'name':'" + name + "'},'spec':{'policyName':'" + name + "'}}"));
        assertThat(reply.code()).as(reply.text()).isEqualTo(201);
        assertThat(admin.get(MUTATING_BINDINGS + "/" + name).code()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // what is done | how | the map's data and labels after that
                "apply|Object{metadata: Object.metadata{labels: {\"a\": \"b\"}}, data: {\"x\": \"y\"}}"
                        + "|{\"a\":\"1\",\"x\":\"y\"}{\"a\":\"b\"}",
                "apply|Object{data: {\"n\": string(object.data.size()), \"v\": variables.v}}"
                        + "|{\"a\":\"1\",\"n\":\"1\",\"v\":\"default\"}",
                "apply|has(object.data.b) ? Object{data: {\"x\": \"y\"}} : Object{}|{\"a\":\"1\"}",
                "apply|Object{data: {?\"x\": object.?data.?missing, ?\"y\": object.?data.?a}}|{\"a\":\"1\",\"y\":\"1\"}",
                "patch|[JSONPatch{op: \"add\", path: \"/data/x\", value: \"y\"}, JSONPatch{op: \"remove\", path: \"/data/a\"}]"
                        + "|{\"x\":\"y\"}",
                "patch|[JSONPatch{op: \"test\", path: \"/data/a\", value: \"2\"}, JSONPatch{op: \"remove\", path: \"/data/a\"}]"
                        + "|{\"a\":\"1\"}",
                "patch|[JSONPatch{op: \"add\", path: \"/metadata/labels\", value: {}}, JSONPatch{op: \"add\", path:"
                        + " \"/metadata/labels/\" + jsonpatch.escapeKey(\"e.org/k\"), value: \"v\"}]"
                        + "|{\"a\":\"1\"}{\"e.org/k\":\"v\"}",
            })
    void aPolicyChanges(String how, String expression, String after) {
        mutate(
                "m",
                "'variables':[{'name':'v','expression':'namespaceObject.metadata.name'}],",
                (how.equals("apply") ? APPLY : PATCH).formatted(expression));
        Reply reply = map("m", "'a':'1'");
        assertThat(reply.code()).as(reply.text()).isEqualTo(201);
        String labels = reply.json().path("metadata").path("labels").toString();
        assertThat(reply.json().path("data") + labels).isEqualTo(after);
    }

    @Test
    void listsAreMergedByTheirKeysAndPoliciesSeeOneAnother() {
        Reply made = admin.post(
                MUTATING,
                json("{'metadata':{'name':'pods'},'spec':{'reinvocationPolicy':'Never','matchConstraints':"
                        + "{'resourceRules':[{'apiGroups':[''],'apiVersions':['v1'],'operations':['CREATE'],'resources':['pods']}]},"
                        + "'matchConditions':[{'name':'new','expression':'!object.spec.containers.exists(c, c.name == \"s\")'}],'mutations':["
                        + APPLY.formatted(
                                "Object{spec: Object.spec{containers: [Object.spec.containers{name: \"s\", image: \"side\"}]}}")
                        + "]}}"));
        assertThat(made.code()).as(made.text()).isEqualTo(201);
        admin.post(MUTATING_BINDINGS, json("{'metadata':{'name':'pods'},'spec':{'policyName':'pods'}}"));
        admin.get(MUTATING_BINDINGS + "/pods");
        admin.post("/api/v1/namespaces/default/serviceaccounts", json("{'metadata':{'name':'default'}}"));
        Reply pod = admin.post(
                "/api/v1/namespaces/default/pods?dryRun=All",
                json("{'metadata':{'name':'p'},'spec':{'containers':[{'name':'c','image':'i'}]}}"));
        assertThat(pod.code()).as(pod.text()).isEqualTo(201);
        JsonNode containers = pod.json().path("spec").path("containers");
        assertThat(containers).hasSize(2);
        assertThat(containers.path(0).path("name").asString()).isEqualTo("c");
        assertThat(containers.path(1).path("name").asString()).isEqualTo("s");
        assertThat(containers.path(1).path("imagePullPolicy").asString()).isEqualTo("Always");

        // The first is asked again, because the second changed what it had seen.
        mutate("a", "", APPLY.formatted("Object{data: {\"seen\": string(object.data.size())}}"));
        mutate("b", "", APPLY.formatted("Object{data: {\"more\": \"1\"}}"));
        assertThat(map("m", "'a':'1'").json().path("data").toString())
                .isEqualTo("{\"a\":\"1\",\"seen\":\"3\",\"more\":\"1\"}");
    }

    @Test
    void aMutationThatFailsRefusesOrIsLeftOut() {
        mutate(
                "m",
                "",
                APPLY.formatted("Object{data: {\"x\": \"y\"}}") + ","
                        + APPLY.formatted("Object{data: {\"z\": object.none.x}}"));
        Reply reply = map("m", "'a':'1'");
        assertThat(reply.code()).isEqualTo(422);
        assertThat(reply.message())
                .startsWith("configmaps \"m\" is forbidden: policy 'm' with binding 'm' denied request: expression"
                        + " 'Object{data: {\"z\": object.none.x}}' resulted in error: ");
        admin.delete(MUTATING_BINDINGS);
        admin.delete(MUTATING);
        mutate(
                "o",
                "'failurePolicy':'Ignore',",
                APPLY.formatted("Object{data: {\"x\": \"y\"}}") + ","
                        + APPLY.formatted("Object{data: {\"z\": object.none.x}}"));
        assertThat(map("m", "'a':'1'").json().path("data").toString()).isEqualTo("{\"a\":\"1\"}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'mutations':[]|spec.mutations: Required value: mutations must contain at least one item",
                "'mutations':[{'patchType':'Merge'}]|spec.mutations[0].patchType: Unsupported value: \"Merge\"",
                "'mutations':[{'patchType':'JSONPatch'}]|spec.mutations[0].jsonPatch: Required value",
                "'mutations':[{'patchType':'JSONPatch','jsonPatch':{'expression':'true'}}]|must evaluate to list(JSONPatch)",
                "'mutations':[{'patchType':'JSONPatch','jsonPatch':{'expression':'[JSONPatch{no: 1}]'}}]|undefined field 'no'",
                "'mutations':[{'patchType':'ApplyConfiguration','applyConfiguration':{'expression':'[1]'}}]|must evaluate to Object",
                "'mutations':[{'patchType':'ApplyConfiguration','applyConfiguration':{'expression':'Thing{}'}}]"
                        + "|undeclared reference to 'Thing'",
                "'mutations':[{'patchType':'ApplyConfiguration','applyConfiguration':{'expression':'Object{spec: Object.status{}}'}}]"
                        + "|unexpected type name \"Object.status\", expected \"Object.spec\"",
                "'reinvocationPolicy':'Twice','mutations':[{'patchType':'JSONPatch','jsonPatch':{'expression':'[]'}}]"
                        + "|spec.reinvocationPolicy: Unsupported value: \"Twice\": supported values: \"IfNeeded\", \"Never\"",
            })
    void aMutatingPolicyThatCanNotBeUnderstoodIsRefused(String spec, String told) {
        String again = spec.contains("reinvocationPolicy") ? "" : "'reinvocationPolicy':'Never',";
        Reply reply =
                admin.post(MUTATING, json("{'metadata':{'name':'p'},'spec':{" + ON_MAPS + "," + again + spec + "}}"));
        assertThat(reply.code()).as(reply.text()).isEqualTo(422);
        assertThat(reply.message()).contains(told);
    }

    // -----------------------------------------------------------------------------------------------------------

    private static String json(String text) {
        // Expressions hold quotes themselves, which are written as they are.
        return text.replace("\"", "\\\"").replace('\'', '"');
    }

    private static void policy(String spec) {
        Reply reply = admin.post(POLICIES, json("{'metadata':{'name':'p'},'spec':{" + ON_MAPS + "," + spec + "}}"));
        assertThat(reply.code()).as(reply.text()).isEqualTo(201);
    }

    /** Binds; reading what was bound waits until the server's cache, and with it the plugin, knows of it. */
    private static void bind(String spec) {
        Reply reply = admin.post(BINDINGS, json("{'metadata':{'name':'b'},'spec':{'policyName':'p'," + spec + "}}"));
        assertThat(reply.code()).as(reply.text()).isEqualTo(201);
        assertThat(admin.get(BINDINGS + "/b").code()).isEqualTo(200);
    }

    private static Reply map(String name, String data) {
        return admin.post(MAPS, json("{'metadata':{'name':'" + name + "'},'data':{" + data + "}}"));
    }
}
