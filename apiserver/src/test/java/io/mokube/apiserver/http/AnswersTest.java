package io.mokube.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.http.TestClient.Reply;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.Await;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** What the server answers to bad input, over HTTP: clients and scripts match these words. */
class AnswersTest {

    private static final String PODS = "/api/v1/namespaces/default/pods";
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";

    @TempDir
    static Path folder;

    private static ApiServer server;
    private static TestClient admin;

    @BeforeAll
    static void start() throws Exception {
        Path tokens = folder.resolve("tokens.csv");
        Files.writeString(tokens, "t-nobody,nobody,1\n");
        server = new ApiServer(
                ApiServerConfig.inMemory(folder.resolve("data")).withTokenFile(tokens), Platform.system());
        server.start();
        admin = TestClient.admin(server);
        admin.post("/api/v1/namespaces/default/serviceaccounts", json("{'metadata':{'name':'default'}}"));
        admin.post(MAPS, json("{'metadata':{'name':'map'},'data':{'a':'b'}}"));
        assertThat(admin.post(PODS, pod("pod")).code()).isEqualTo(201);
    }

    @AfterAll
    static void stop() {
        admin.close();
        server.stop(Duration.ofSeconds(5));
    }

    private static String json(String text) {
        return text.replace('\'', '"');
    }

    private static String pod(String name) {
        return json("{'metadata':{'name':'" + name + "'},'spec':{'containers':[{'name':'c','image':'i'}]}}");
    }

    private static void assertRefused(Reply reply, int code, String reason, String message) {
        assertThat(reply.message()).contains(message);
        assertThat(reply.json().path("kind").asString()).isEqualTo("Status");
        assertThat(reply.json().path("status").asString()).isEqualTo("Failure");
        assertThat(reply.json().path("reason").asString("")).isEqualTo(reason);
        assertThat(reply.json().path("code").asInt()).isEqualTo(code);
        assertThat(reply.code()).isEqualTo(code);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "pods|{|400|BadRequest|json parse error",
                "pods||400|BadRequest|unexpected end of JSON input",
                "pods|{'spec':{'nodeName':7}}|400|BadRequest|Pod in version \"v1\" cannot be handled as a Pod: ",
                "pods|{'apiVersion':'v2','kind':'Pod'}|400|BadRequest|the API version in the data (v2) does not match the"
                        + " expected API version (v1)",
                "pods|{'metadata':{'namespace':'other'}}|400|BadRequest|the namespace of the provided object does not match"
                        + " the namespace sent on the request",
                "pods|{'spec':{'containers':[{'name':'c','image':'i'}]}}|422|Invalid|name or generateName is required",
                "pods|{'metadata':{'name':'A'},'spec':{'containers':[{'name':'c','image':'i'}]}}|422|Invalid|Pod \"A\" is"
                        + " invalid: metadata.name: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of",
                "pods|{'metadata':{'name':'a'},'spec':{'containers':[{'name':'c','image':'i','ports':[{'containerPort':"
                        + "70000}]}]}}|422|Invalid|must be between 1 and 65535, inclusive",
                "pods?fieldValidation=Strict|{'metadata':{'name':'a'},'spec':{'x':1}}|400|BadRequest|Pod in version \"v1\""
                        + " cannot be handled as a Pod: strict decoding error: unknown field \"spec.x\"",
                "pods?fieldValidation=Loose|{}|422|Invalid|CreateOptions.meta.k8s.io \"\" is invalid: fieldValidation:"
                        + " Unsupported value: \"Loose\"",
                "pods?dryRun=Some|{}|422|Invalid|CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value:"
                        + " \"Some\"",
                "pods|{'metadata':{'name':'a'},'spec':{'containers':[{'name':'c','image':'i','resources':{'limits':{'cpu':"
                        + "'much'}}}]}}|400|BadRequest|Pod in version \"v1\" cannot be handled as a Pod: quantities must match the"
                        + " regular expression",
                "configmaps?fieldValidation=Strict|{'metadata':{'name':'a'},'data':{'a':'b','a':'c'}}|400|BadRequest|strict"
                        + " decoding error: duplicate field \"data.a\"",
                "pods|{'metadata':{'name':'a','ownerReferences':[{'apiVersion':'v1','kind':'A','name':'a','uid':'1','controller':"
                        + "true},{'apiVersion':'v1','kind':'B','name':'b','uid':'2','controller':true}]},'spec':{'containers':[{'name':"
                        + "'c','image':'i'}]}}|422|Invalid|Only one reference can have Controller set to true",
                "configmaps|{'metadata':{'name':'a','labels':{'a b':'c'}}}|422|Invalid|metadata.labels: Invalid value: \"a b\":"
                        + " name part must consist of alphanumeric characters",
                "services|{'metadata':{'name':'a'},'spec':{'ports':[{'port':70000}]}}|422|Invalid|must be between 1 and 65535,"
                        + " inclusive",
                "replicationcontrollers|{'metadata':{'name':'a'},'spec':{'replicas':-1,'selector':{'a':'b'},'template':{'metadata':"
                        + "{'labels':{'a':'b'}},'spec':{'containers':[{'name':'c','image':'i'}]}}}}|422|Invalid|spec.replicas:"
                        + " Invalid value: -1: must be greater than or equal to 0",
                "pods/pod|{}|405|MethodNotAllowed|the server does not allow this method on the requested resource",
                "configmaps|{'metadata':{'name':'map'}}|409|AlreadyExists|configmaps \"map\" already exists",
                "pods|{'metadata':{'name':'b'},'spec':{'serviceAccountName':'nobody','containers':[{'name':'c',"
                        + "'image':'i'}]}}|403|Forbidden|pods \"b\" is forbidden: error looking up service account"
                        + " default/nobody: serviceaccount \"nobody\" not found",
            })
    void creates(String resource, String body, int code, String reason, String message) {
        assertRefused(
                admin.post("/api/v1/namespaces/default/" + resource, body == null ? "" : json(body)),
                code,
                reason,
                message);
    }

    @Test
    void missingNamespace() {
        assertRefused(
                admin.post("/api/v1/namespaces/nowhere/configmaps", json("{'metadata':{'name':'a'}}")),
                404,
                "NotFound",
                "namespaces \"nowhere\" not found");
    }

    @Test
    void terminatingNamespace() {
        admin.post("/api/v1/namespaces", json("{'metadata':{'name':'ending'}}"));
        admin.delete("/api/v1/namespaces/ending");
        Reply reply = admin.post("/api/v1/namespaces/ending/configmaps", json("{'metadata':{'name':'a'}}"));
        assertRefused(reply, 403, "Forbidden", "because it is being terminated");
        assertThat(reply.json()
                        .path("details")
                        .path("causes")
                        .path(0)
                        .path("reason")
                        .asString())
                .isEqualTo("NamespaceTerminating");
    }

    @ParameterizedTest
    @CsvSource({"default", "kube-system", "kube-public"})
    void protectedNamespaces(String name) {
        assertRefused(
                admin.delete("/api/v1/namespaces/" + name), 403, "Forbidden", "this namespace may not be deleted");
    }

    @Test
    void unknownFieldsWarnAndVanish() {
        Reply reply = admin.post(MAPS, json("{'metadata':{'name':'warned'},'x':1,'data':{'a':'b','a':'c'}}"));
        assertThat(reply.code()).isEqualTo(201);
        assertThat(reply.response().headers().allValues("Warning"))
                .containsExactly("299 - \"unknown field \\\"x\\\"\"", "299 - \"duplicate field \\\"data.a\\\"\"");
        assertThat(reply.json().has("x")).isFalse();
        Reply ignored = admin.post(MAPS + "?fieldValidation=Ignore", json("{'metadata':{'name':'ignored'},'x':1}"));
        assertThat(ignored.code()).isEqualTo(201);
        assertThat(ignored.header("Warning")).isEmpty();
    }

    @Test
    void staleAndImmutableUpdates() {
        assertRefused(
                admin.put(MAPS + "/map", json("{'metadata':{'name':'map','resourceVersion':'1'},'data':{'a':'c'}}")),
                409,
                "Conflict",
                "Operation cannot be fulfilled on configmaps \"map\": the object has been modified; please apply your"
                        + " changes to the latest version and try again");
        assertRefused(
                admin.put(MAPS + "/map", json("{'metadata':{'name':'other'}}")),
                400,
                "BadRequest",
                "the name of the object (other) does not match the name on the URL (map)");
        assertRefused(
                admin.patch(PODS + "/pod", "application/merge-patch+json", json("{'spec':{'hostname':'other'}}")),
                422,
                "Invalid",
                "Pod \"pod\" is invalid: spec: Forbidden: pod updates may not change fields other than");
        assertThat(admin.patch(
                                PODS + "/pod",
                                "application/strategic-merge-patch+json",
                                json("{'spec':{'containers':[{'name':'c','image':'j'}]}}"))
                        .code())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "application/json-patch+json|[{'op':'test','path':'/data/a','value':'z'}]|422|Invalid|the server rejected"
                        + " our request due to an error in our request",
                "application/json-patch+json|{}|400|BadRequest|a JSON patch must be a list of operations",
                "application/merge-patch+json|{'data'|400|BadRequest|error decoding patch",
                "application/merge-patch+json|{'data':7}|422|Invalid|json: cannot unmarshal number 7",
                "application/strategic-merge-patch+json|{'data':{'$patch':'frob'}}|400|BadRequest|unknown patch type",
                "application/frob+json|{}|415|UnsupportedMediaType|the body of the request was in an unknown format -"
                        + " accepted media types include: ",
            })
    void patches(String type, String body, int code, String reason, String message) {
        assertRefused(admin.patch(MAPS + "/map", type, json(body)), code, reason, message);
    }

    @Test
    void mediaTypes() {
        assertRefused(
                admin.send("POST", MAPS, "hello", "Content-Type", "text/plain"),
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: application/json,"
                        + " application/yaml, application/vnd.kubernetes.protobuf");
        assertRefused(
                admin.get(MAPS, "Accept", "image/png"),
                406,
                "NotAcceptable",
                "only the following media types are accepted: application/json, application/yaml");
    }

    @Test
    void misplacedMethods() {
        assertRefused(admin.put(PODS, "{}"), 405, "MethodNotAllowed", "the server does not allow this method");
        assertRefused(
                admin.patch(PODS, "application/merge-patch+json", "{}"),
                405,
                "MethodNotAllowed",
                "the server does not allow this method");
    }

    @Test
    void appliesWithoutAManagerAndPreconditionsThatFail() {
        assertRefused(
                admin.patch(
                        MAPS + "/map",
                        "application/apply-patch+yaml",
                        json("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'map'}}")),
                422,
                "Invalid",
                "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch");
        assertRefused(
                admin.send(
                        "DELETE",
                        MAPS + "/map",
                        json("{'preconditions':{'uid':'other'}}"),
                        "Content-Type",
                        "application/json"),
                409,
                "Conflict",
                "Precondition failed: UID in precondition: other, UID in object meta: ");
        assertRefused(
                admin.send(
                        "DELETE",
                        MAPS + "/map",
                        json("{'preconditions':{'resourceVersion':'1'}}"),
                        "Content-Type",
                        "application/json"),
                409,
                "Conflict",
                "Precondition failed: ResourceVersion in precondition: 1, ResourceVersion in object meta: ");
    }

    @Test
    void bindingsAndFinalizers() {
        String binding = json("{'target':{'kind':'Node','name':'n'}}");
        assertThat(admin.post(PODS, pod("bound")).code()).isEqualTo(201);
        assertThat(admin.post(PODS + "/bound/binding", binding).code()).isEqualTo(201);
        assertRefused(
                admin.post(PODS + "/bound/binding", binding),
                409,
                "Conflict",
                "Operation cannot be fulfilled on pods/binding \"bound\": pod bound is already assigned to node \"n\"");
        admin.post(MAPS, json("{'metadata':{'name':'kept','finalizers':['a.b/c']}}"));
        admin.delete(MAPS + "/kept");
        assertRefused(
                admin.patch(
                        MAPS + "/kept",
                        "application/merge-patch+json",
                        json("{'metadata':{'finalizers':['a.b/c','a.b/d']}}")),
                422,
                "Invalid",
                "no new finalizers can be added if the object is being deleted");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                // what is changed | how | what is said, nothing when it is taken
                "requests|{'cpu':'200m','memory':'1Gi'}|",
                "requests|{'ephemeral-storage':'1Gi'}|spec: Forbidden: only cpu and memory resources are mutable",
                "requests|{'cpu':null}|spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed",
                "limits|{'cpu':'50m'}|must be less than or equal to cpu limit of 50m",
            })
    void resizes(String what, String amounts, String told) {
        admin.delete(PODS + "/resized");
        assertThat(admin.post(
                                PODS,
                                json(
                                        "{'metadata':{'name':'resized'},'spec':{'containers':[{'name':'c','image':'i','resources':"
                                                + "{'requests':{'cpu':'100m'}}}]}}"))
                        .code())
                .isEqualTo(201);
        Reply reply = admin.patch(
                PODS + "/resized/resize",
                "application/strategic-merge-patch+json",
                json("{'spec':{'containers':[{'name':'c','image':'other','resources':{'" + what + "':" + amounts
                        + "}}]}}"));
        if (told == null) {
            assertThat(reply.code()).as(reply.text()).isEqualTo(200);
            JsonNode container = reply.json().path("spec").path("containers").path(0);
            assertThat(container.path("resources").path("requests").path("cpu").asString())
                    .isEqualTo("200m");
            assertThat(container.path("image").asString()).isEqualTo("i");
        } else {
            assertRefused(reply, 422, "Invalid", told);
        }
    }

    @Test
    void resizesKeepTheQualityOfService() {
        assertThat(admin.post(PODS, pod("best")).code()).isEqualTo(201);
        assertRefused(
                admin.patch(
                        PODS + "/best/resize",
                        "application/strategic-merge-patch+json",
                        json("{'spec':{'containers':[{'name':'c','resources':{'requests':{'cpu':'1'}}}]}}")),
                422,
                "Invalid",
                "metadata: Invalid value: \"Burstable\": Pod QOS Class may not change as a result of resizing");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "127.0.0.1|may not be in the loopback range (127.0.0.0/8, ::1/128)",
                "::1|may not be in the loopback range (127.0.0.0/8, ::1/128)",
                "169.254.7.7|may not be in the link-local range (169.254.0.0/16, fe80::/10)",
                "224.0.0.9|may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
                "0.0.0.0|may not be unspecified (0.0.0.0)",
                "x|must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
            })
    void addressesThatLeadNowhere(String address, String message) {
        assertRefused(
                admin.post(
                        "/api/v1/namespaces/default/endpoints",
                        json("{'metadata':{'name':'e'},'subsets':[{'addresses':[{'ip':'" + address + "'}]}]}")),
                422,
                "Invalid",
                "subsets[0].addresses[0].ip: Invalid value: \"" + address + "\": " + message);
        String type = address.indexOf(':') < 0 ? "IPv4" : "IPv6";
        assertRefused(
                admin.post(
                        "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
                        json("{'metadata':{'name':'e'},'addressType':'" + type + "','endpoints':[{'addresses':['"
                                + address + "']}]}")),
                422,
                "Invalid",
                "endpoints[0].addresses[0]: Invalid value: \"" + address + "\": " + message);
    }

    @Test
    void whoSignsTheTokensOfServiceAccounts() {
        JsonNode issuer = admin.get("/.well-known/openid-configuration").json();
        assertThat(issuer.path("issuer").asString()).isEqualTo("https://kubernetes.default.svc.cluster.local");
        assertThat(issuer.path("jwks_uri").asString("")).endsWith("/openid/v1/jwks");
        Reply keys = admin.get("/openid/v1/jwks");
        assertThat(keys.header("Content-Type")).isEqualTo("application/jwk-set+json");
        JsonNode key = keys.json().path("keys").path(0);
        assertThat(key.path("use").asString()
                        + key.path("kty").asString()
                        + key.path("alg").asString())
                .isEqualTo("sigRSARS256");
        assertThat(key.has("d")).isFalse();
    }

    @Test
    void longPatches() {
        String operations = "[" + "{\"op\":\"test\",\"path\":\"/data/a\",\"value\":\"b\"},".repeat(10_001);
        assertRefused(
                admin.patch(
                        MAPS + "/map",
                        "application/json-patch+json",
                        operations.substring(0, operations.length() - 1) + "]"),
                413,
                "RequestEntityTooLarge",
                "The allowed maximum operations in a JSON patch is 10000, got 10001");
    }

    @Test
    void objectsThatAreTooLargeToKeep() {
        assertRefused(
                admin.post(
                        MAPS, json("{'metadata':{'name':'a','annotations':{'a':'" + "x".repeat(256 * 1024) + "'}}}")),
                422,
                "Invalid",
                "metadata.annotations: Too long: may not be more than 262144 bytes");
        assertRefused(
                admin.post(MAPS, json("{'metadata':{'name':'a'},'data':{'a':'" + "x".repeat(1024 * 1024 + 1) + "'}}")),
                422,
                "Invalid",
                "ConfigMap \"a\" is invalid: []: Too long: may not be more than 1048576 bytes");
        String arguments = "{'name':'c','image':'i','args':['" + "x".repeat(1536 * 1024) + "']}";
        assertRefused(
                admin.post(PODS, json("{'metadata':{'name':'large'},'spec':{'containers':[" + arguments + "]}}")),
                413,
                "RequestEntityTooLarge",
                "the limit is 1572864");
        assertThat(admin.get(PODS + "/large").code()).isEqualTo(404);
    }

    @Test
    void whatNeverChanges() {
        String secrets = "/api/v1/namespaces/default/secrets";
        admin.post(secrets, json("{'metadata':{'name':'typed'},'type':'a/b'}"));
        assertRefused(
                admin.patch(secrets + "/typed", "application/merge-patch+json", json("{'type':'a/c'}")),
                422,
                "Invalid",
                "Secret \"typed\" is invalid: type: Invalid value: \"a/c\": field is immutable");
        admin.post(MAPS, json("{'metadata':{'name':'frozen'},'immutable':true,'data':{'a':'b'}}"));
        assertRefused(
                admin.patch(MAPS + "/frozen", "application/merge-patch+json", json("{'data':{'a':'c'}}")),
                422,
                "Invalid",
                "ConfigMap \"frozen\" is invalid: data: Forbidden: field is immutable when `immutable` is set");
    }

    @Test
    void evictionsThatBreakABudget() {
        String budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
        admin.post(
                budgets,
                json(
                        "{'metadata':{'name':'b'},'spec':{'minAvailable':1,'selector':{'matchLabels':{'guarded':'yes'}}}}"));
        admin.post(
                PODS,
                json("{'metadata':{'name':'guarded','labels':{'guarded':'yes'}},'spec':{'containers':[{'name':'c',"
                        + "'image':'i'}]}}"));
        admin.patch(
                PODS + "/guarded/status",
                "application/merge-patch+json",
                json("{'status':{'phase':'Running','conditions':[{'type':'Ready','status':'True'}]}}"));
        admin.patch(
                budgets + "/b/status",
                "application/merge-patch+json",
                json("{'status':{'observedGeneration':1,'disruptionsAllowed':0,'currentHealthy':1,'desiredHealthy':1,"
                        + "'expectedPods':1}}"));
        assertRefused(
                admin.post(PODS + "/guarded/eviction", json("{'metadata':{'name':'guarded'}}")),
                429,
                "TooManyRequests",
                "Cannot evict pod as it would violate the pod's disruption budget.");
    }

    @Test
    void thoseWhoMayNot() throws Exception {
        try (TestClient other = TestClient.anonymous(server)) {
            String token = "Bearer t-nobody";
            assertRefused(
                    other.send("GET", PODS, null, "Authorization", token),
                    403,
                    "Forbidden",
                    "pods is forbidden: User \"nobody\" cannot list resource \"pods\" in API group \"\" in the namespace"
                            + " \"default\"");
            assertRefused(
                    other.send("GET", PODS, null, "Authorization", "Bearer t-wrong"),
                    401,
                    "Unauthorized",
                    "Unauthorized");
            admin.post(
                    "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
                    json(
                            "{'metadata':{'name':'makers'},'rules':[{'apiGroups':['rbac.authorization.k8s.io'],'resources':"
                                    + "['roles'],'verbs':['create']}]}"));
            admin.post(
                    "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
                    json(
                            "{'metadata':{'name':'makers'},'roleRef':{'apiGroup':'rbac.authorization.k8s.io','kind':'Role','name':"
                                    + "'makers'},'subjects':[{'apiGroup':'rbac.authorization.k8s.io','kind':'User','name':'nobody'}]}"));
            assertRefused(
                    other.send(
                            "POST",
                            "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
                            json("{'metadata':{'name':'more'},'rules':[{'apiGroups':[''],'resources':['pods'],'verbs':"
                                    + "['get']}]}"),
                            "Authorization",
                            token,
                            "Content-Type",
                            "application/json"),
                    403,
                    "Forbidden",
                    "roles.rbac.authorization.k8s.io \"more\" is forbidden: user \"nobody\" (groups=["
                            + "\"system:authenticated\"]) is attempting to grant RBAC permissions not currently held");
        }
    }

    @Test
    void historiesThatAreGone() throws Exception {
        String past = admin.get(MAPS + "?limit=1")
                .json()
                .path("metadata")
                .path("resourceVersion")
                .asString();
        String token = admin.get(MAPS + "?limit=1")
                .json()
                .path("metadata")
                .path("continue")
                .asString();
        admin.post(MAPS, json("{'metadata':{'name':'busy'}}"));
        for (int i = 0; i < 100; i++) {
            String data = "{'data':{'a':'" + i + "x".repeat(1000 * 1000) + "'}}";
            assertThat(admin.patch(MAPS + "/busy", "application/merge-patch+json", json(data))
                            .code())
                    .isEqualTo(200);
        }
        String exactly = MAPS + "?resourceVersionMatch=Exact&resourceVersion=" + past;
        Await.until("the store has forgotten", () -> admin.get(exactly).code() != 200);
        assertRefused(admin.get(exactly), 410, "Expired", "The resourceVersion for the provided list is too old.");
        Reply page = admin.get(MAPS + "?limit=1&continue=" + token);
        assertRefused(page, 410, "Expired", "The provided continue parameter is too old");
        String fresh = page.json().path("metadata").path("continue").asString();
        assertThat(admin.get(MAPS + "?limit=1&continue=" + fresh).code()).isEqualTo(200);
        try (TestClient.WatchReader watch = admin.watch(MAPS + "?watch=true&resourceVersion=" + past)) {
            assertThat(watch.code()).isEqualTo(200);
            JsonNode event = Objects.requireNonNull(watch.next());
            assertThat(event.path("type").asString()).isEqualTo("ERROR");
            assertThat(event.path("object").path("code").asInt()).isEqualTo(410);
            assertThat(event.path("object").path("reason").asString()).isEqualTo("Expired");
            assertThat(watch.next()).isNull();
        }
    }

    @Test
    void hugeBodies() throws Exception {
        try (TestClient client = TestClient.admin(server)) {
            assertRefused(
                    client.post(MAPS, "{\"data\":{\"a\":\"" + "x".repeat(3 * 1024 * 1024) + "\"}}"),
                    413,
                    "RequestEntityTooLarge",
                    "limit is 3145728");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "pods?fieldSelector=spec.color=red|400|BadRequest|field label not supported: spec.color",
                "configmaps?fieldSelector=color=red|400|BadRequest|\"color\" is not a known field selector: only"
                        + " \"metadata.name\", \"metadata.namespace\"",
                "pods?labelSelector=a%20b%20c|400|BadRequest|",
                "pods?resourceVersion=abc|400|BadRequest|",
                "pods?limit=1&continue=abc|400|BadRequest|continue",
                "pods?resourceVersion=99999999|504|Timeout|Too large resource version: 99999999, current: ",
                "pods?timeoutSeconds=soon|400|BadRequest|timeoutSeconds",
                "pods?limit=many|400|BadRequest|limit",
                "pods?watch=maybe|400|BadRequest|watch",
                "pods?watch=true&resourceVersion=abc|400|BadRequest|",
                "pods?watch=true&timeoutSeconds=soon|400|BadRequest|timeoutSeconds",
                "pods?sendInitialEvents=true|422|Invalid|ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents:"
                        + " Forbidden: sendInitialEvents is forbidden for list",
                "pods?watch=true&resourceVersion=99999999|504|Timeout|Too large resource version: 99999999, current: ",
                "pods?resourceVersion=1&resourceVersionMatch=Near|422|Invalid|ListOptions.meta.k8s.io \"\" is invalid:"
                        + " resourceVersionMatch: Unsupported value: \"Near\"",
                "pods?resourceVersion=1&resourceVersionMatch=Exact&continue=x|422|Invalid|resourceVersionMatch is forbidden"
                        + " when continue is provided",
            })
    void lists(String query, int code, String reason, String message) {
        assertRefused(admin.get("/api/v1/namespaces/default/" + query), code, reason, message == null ? "" : message);
    }

    @Test
    void deepAndHostileDocuments() {
        assertRefused(admin.post(MAPS, "{\"a\":".repeat(100_000)), 400, "BadRequest", "json parse error");
        StringBuilder aliases = new StringBuilder("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for (int i = 1; i < 12; i++) {
            aliases.append("a").append(i).append(": &a").append(i).append(" [");
            aliases.append("*a%d,".formatted(i - 1).repeat(9)).append("]\n");
        }
        assertRefused(
                admin.send("POST", MAPS, aliases.toString(), "Content-Type", "application/yaml"),
                400,
                "BadRequest",
                "document contains excessive aliasing");
    }
}
