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

/** Validating admission policies over HTTP. */
class AdmissionPoliciesTest {

    private static final String GROUP = "/apis/admissionregistration.k8s.io/v1";
    private static final String POLICIES = GROUP + "/validatingadmissionpolicies";
    private static final String BINDINGS = GROUP + "/validatingadmissionpolicybindings";
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
