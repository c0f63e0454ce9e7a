package io.mokube.apiserver.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.apiserver.http.TestClient.Reply;
import io.mokube.apiserver.pki.ClusterCertificates;
import io.mokube.machinery.component.Platform;
import io.mokube.testkit.Await;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Who may do what, over HTTP: the default policy, roles, nodes, impersonation, reviews and bad credentials. */
class AuthorizationTest {

    private static final String MAPS = "/api/v1/namespaces/default/configmaps";
    private static final String RBAC = "/apis/rbac.authorization.k8s.io/v1";
    private static final String REVIEWS = "/apis/authorization.k8s.io/v1";

    @TempDir
    static Path folder;

    private static ApiServer server;
    private static TestClient admin;
    private static TestClient client;

    @BeforeAll
    static void start() throws Exception {
        Path tokens = folder.resolve("tokens.csv");
        Files.writeString(tokens, """
                t-alice,alice,1
                t-bob,bob,2,"devs"
                t-granter,granter,3
                t-node,system:node:n1,4,"system:nodes"
                """);
        server = new ApiServer(
                ApiServerConfig.inMemory(folder.resolve("data")).withTokenFile(tokens), Platform.system());
        server.start();
        admin = TestClient.admin(server);
        client = TestClient.anonymous(server);
        created(admin.post("/api/v1/namespaces/default/serviceaccounts", json("{'metadata':{'name':'default'}}")));
    }

    @AfterAll
    static void stop() {
        client.close();
        admin.close();
        server.stop(Duration.ofSeconds(5));
    }

    private static String json(String text) {
        return text.replace('\'', '"');
    }

    private static JsonNode created(Reply reply) {
        assertThat(reply.code()).describedAs(reply.message()).isEqualTo(201);
        return reply.json();
    }

    private static Reply as(String token, String method, String path, String body) {
        return client.send(method, path, body, "Authorization", "Bearer " + token);
    }

    private static void assertForbidden(Reply reply, String message) {
        assertThat(reply.message()).isEqualTo(message);
        assertThat(reply.code()).isEqualTo(403);
        assertThat(reply.json().path("reason").asString()).isEqualTo("Forbidden");
    }

    private static void role(String namespace, String name, String rules) {
        String path = namespace.isEmpty() ? "/clusterroles" : "/namespaces/" + namespace + "/roles";
        created(admin.post(RBAC + path, json("{'metadata':{'name':'" + name + "'},'rules':[" + rules + "]}")));
    }

    private static void bind(String namespace, String name, String roleKind, String subjectKind, String subject) {
        String path = namespace.isEmpty() ? "/clusterrolebindings" : "/namespaces/" + namespace + "/rolebindings";
        created(admin.post(RBAC + path, binding(name, roleKind, name, subjectKind, subject)));
    }

    private static String binding(String name, String roleKind, String role, String subjectKind, String subject) {
        return json("{'metadata':{'name':'" + name + "'},'roleRef':{'apiGroup':'rbac.authorization.k8s.io','kind':'"
                + roleKind + "','name':'" + role + "'},'subjects':[{'apiGroup':'rbac.authorization.k8s.io','kind':'"
                + subjectKind + "','name':'" + subject + "'}]}");
    }

    @ParameterizedTest
    @CsvSource({
        "/livez, 200",
        "/readyz, 200",
        "/healthz, 200",
        "/version, 200",
        "/api, 403",
        "/apis, 403",
        "/openapi/v3, 403",
        "/metrics, 403",
        "/livez/ping, 403",
        "/api/v1/namespaces, 403",
    })
    void anonymous(String path, int code) {
        assertThat(client.get(path).code()).isEqualTo(code);
    }

    @Test
    void aFrontProxyIsBelievedAndNobodyElse() throws Exception {
        String reviews = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
        String[] headers = {
            "Content-Type",
            "application/json",
            "X-Remote-User",
            "jane",
            "X-Remote-Uid",
            "7",
            "X-Remote-Group",
            "a",
            "X-Remote-Group",
            "b",
            "X-Remote-Extra-Example.org%2fscope",
            "x"
        };
        try (TestClient proxy = TestClient.holding(server, server.certificates().frontProxyClient())) {
            JsonNode user = proxy.send("POST", reviews, "{}", headers)
                    .json()
                    .path("status")
                    .path("userInfo");
            assertThat(user.path("username").asString("")).isEqualTo("jane");
            assertThat(user.path("uid").asString("")).isEqualTo("7");
            assertThat(user.path("groups").toString()).isEqualTo("[\"a\",\"b\",\"system:authenticated\"]");
            assertThat(user.path("extra").toString()).isEqualTo("{\"example.org/scope\":[\"x\"]}");
            assertThat(proxy.send("POST", reviews, "{}", "Content-Type", "application/json")
                            .code())
                    .isEqualTo(401);
        }
        try (TestClient admin = TestClient.admin(server)) {
            assertThat(admin.send("POST", reviews, "{}", headers)
                            .json()
                            .path("status")
                            .path("userInfo")
                            .path("username")
                            .asString(""))
                    .isEqualTo("kubernetes-admin");
        }
    }

    @Test
    void anonymousIsToldSo() {
        assertForbidden(client.get("/api"), "forbidden: User \"system:anonymous\" cannot get path \"/api\"");
    }

    @Test
    void authenticatedUsersDiscover() {
        for (String path : List.of("/api", "/apis", "/apis/apps/v1", "/openapi/v3", "/version", "/livez")) {
            assertThat(as("t-alice", "GET", path, "").code()).describedAs(path).isEqualTo(200);
        }
        assertForbidden(as("t-alice", "GET", "/metrics", ""), "forbidden: User \"alice\" cannot get path \"/metrics\"");
    }

    @Test
    void refusalsNameWhatIsMissing() {
        assertForbidden(
                as("t-alice", "GET", MAPS, ""),
                "configmaps is forbidden: User \"alice\" cannot list resource \"configmaps\" in API group \"\" in the"
                        + " namespace \"default\"");
        assertForbidden(
                as("t-alice", "GET", "/api/v1/nodes/n", ""),
                "nodes \"n\" is forbidden: User \"alice\" cannot get resource \"nodes\" in API group \"\" at the cluster"
                        + " scope");
        assertForbidden(
                as("t-alice", "PATCH", "/apis/apps/v1/namespaces/default/deployments/d/scale", "{}"),
                "deployments.apps \"d\" is forbidden: User \"alice\" cannot patch resource \"deployments/scale\" in API"
                        + " group \"apps\" in the namespace \"default\"");
    }

    @Test
    void rolesHoldAtOnceAndNoLonger() {
        role("default", "maps", "{'apiGroups':[''],'resources':['configmaps'],'verbs':['list']}");
        bind("default", "maps", "Role", "Group", "devs");
        assertThat(as("t-bob", "GET", MAPS, "").code()).isEqualTo(200);
        assertThat(as("t-bob", "GET", "/api/v1/namespaces/kube-system/configmaps", "")
                        .code())
                .isEqualTo(403);
        assertThat(as("t-bob", "GET", MAPS + "/x", "").code()).isEqualTo(403);
        admin.delete(RBAC + "/namespaces/default/rolebindings/maps");
        // A right that is gone may be used a moment longer.
        awaitCode(403, "t-bob", MAPS);
    }

    private static void awaitCode(int code, String token, String path) {
        Await.until(code + " for " + path, () -> as(token, "GET", path, "").code() == code);
    }

    @Test
    void danglingBindingsAreTold() {
        bind("default", "dangling", "Role", "User", "dangler");
        Reply reply = admin.post(
                REVIEWS + "/subjectaccessreviews",
                json("{'spec':{'user':'dangler','resourceAttributes':{'verb':'get','resource':'pods',"
                        + "'namespace':'default'}}}"));
        assertThat(created(reply).path("status").path("reason").asString())
                .isEqualTo("RBAC: role.rbac.authorization.k8s.io \"dangling\" not found");
    }

    @Test
    void nobodyGrantsMoreThanTheyHave() {
        role(
                "",
                "granter",
                "{'apiGroups':['rbac.authorization.k8s.io'],'resources':['*'],'verbs':['get','create','update']},"
                        + "{'apiGroups':[''],'resources':['pods'],'verbs':['get']}");
        bind("", "granter", "ClusterRole", "User", "granter");
        String roles = RBAC + "/namespaces/default/roles";
        Reply held = as(
                "t-granter",
                "POST",
                roles,
                json("{'metadata':{'name':'held'},'rules':[{'apiGroups':[''],'resources':['pods'],'verbs':['get']}]}"));
        created(held);
        String more = json("{'metadata':{'name':'more'},'rules':[{'apiGroups':['','apps'],'resources':['pods'],"
                + "'verbs':['list','get']}]}");
        assertForbidden(
                as("t-granter", "POST", roles, more),
                "roles.rbac.authorization.k8s.io \"more\" is forbidden: user \"granter\""
                        + " (groups=[\"system:authenticated\"]) is attempting to grant RBAC permissions not currently"
                        + " held:\n{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"list\"]}\n"
                        + "{APIGroups:[\"apps\"], Resources:[\"pods\"], Verbs:[\"get\" \"list\"]}");
        Reply almighty = as(
                "t-granter",
                "POST",
                RBAC + "/clusterrolebindings",
                binding("up", "ClusterRole", "cluster-admin", "User", "granter"));
        assertThat(almighty.code()).isEqualTo(403);
        assertThat(almighty.message()).endsWith("""
                is attempting to grant RBAC permissions not currently held:
                {APIGroups:["*"], Resources:["*"], Verbs:["*"]}
                {NonResourceURLs:["*"], Verbs:["*"]}""");
        Reply missing = as(
                "t-granter",
                "POST",
                RBAC + "/clusterrolebindings",
                binding("up", "ClusterRole", "nowhere", "User", "granter"));
        assertThat(missing.code()).isEqualTo(404);
        assertThat(missing.message()).isEqualTo("clusterroles.rbac.authorization.k8s.io \"nowhere\" not found");
        assertForbidden(
                as(
                        "t-granter",
                        "POST",
                        RBAC + "/clusterroles",
                        json("{'metadata':{'name':'g'},'aggregationRule':{'clusterRoleSelectors':[]}}")),
                "clusterroles.rbac.authorization.k8s.io \"g\" is forbidden: must have cluster-admin privileges to use the"
                        + " aggregationRule");
        role(
                "default",
                "binder",
                "{'apiGroups':['rbac.authorization.k8s.io'],'resources':['clusterroles'],'resourceNames':"
                        + "['cluster-admin'],'verbs':['bind']},{'apiGroups':['rbac.authorization.k8s.io'],"
                        + "'resources':['roles'],'verbs':['escalate']}");
        bind("default", "binder", "Role", "User", "granter");
        created(as("t-granter", "POST", roles, more));
        created(as(
                "t-granter",
                "POST",
                RBAC + "/namespaces/default/rolebindings",
                binding("up", "ClusterRole", "cluster-admin", "User", "someone")));
    }

    @Test
    void impersonation() {
        assertForbidden(
                client.get("/version", "Authorization", "Bearer t-alice", "Impersonate-User", "bob"),
                "users \"bob\" is forbidden: User \"alice\" cannot impersonate resource \"users\" in API group \"\" at"
                        + " the cluster scope");
        assertForbidden(
                client.get(
                        "/version",
                        "Authorization",
                        "Bearer t-alice",
                        "Impersonate-User",
                        "system:serviceaccount:default:default"),
                "serviceaccounts \"default\" is forbidden: User \"alice\" cannot impersonate resource"
                        + " \"serviceaccounts\" in API group \"\" in the namespace \"default\"");
        JsonNode who = created(admin.send(
                        "POST",
                        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                        "{}",
                        "Impersonate-User",
                        "carol",
                        "Impersonate-Group",
                        "devs",
                        "Impersonate-Extra-Scopes%2Fx",
                        "view",
                        "Impersonate-Uid",
                        "7"))
                .path("status")
                .path("userInfo");
        assertThat(who.toString())
                .isEqualTo(json("{'username':'carol','uid':'7','groups':['devs','system:authenticated'],"
                        + "'extra':{'scopes/x':['view']}}"));
        assertForbidden(
                admin.get(MAPS, "Impersonate-User", "carol"),
                "configmaps is forbidden: User \"carol\" cannot list resource \"configmaps\" in API group \"\" in the"
                        + " namespace \"default\"");
        assertThat(admin.get("/version", "Impersonate-Group", "devs").code()).isEqualTo(400);
    }

    @Test
    void badCredentials() throws Exception {
        assertThat(as("nonsense", "GET", "/version", "").code()).isEqualTo(401);
        assertThat(as("a.b.c", "GET", "/version", "").code()).isEqualTo(401);
        // The admin of another cluster, whose authority has the same name.
        Path strangers = folder.resolve("stranger");
        ClusterCertificates stranger = ClusterCertificates.ensure(
                strangers, List.of(), Platform.system().clock());
        stranger.ensureKubeconfigs(server.publicUri());
        Path kubeconfig = folder.resolve("stranger.conf");
        Files.writeString(
                kubeconfig,
                Files.readString(stranger.adminKubeconfig())
                        .replace(
                                encoded(stranger.authorityPem()),
                                encoded(server.certificates().authorityPem())));
        try (TestClient other = TestClient.of(server, kubeconfig)) {
            assertThat(other.get("/version").code()).isEqualTo(401);
            assertThat(other.get("/version", "Authorization", "Bearer t-alice").code())
                    .isEqualTo(200);
        }
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void tokensDieWithTheirPod() {
        String pods = "/api/v1/namespaces/default/pods";
        JsonNode pod = created(
                admin.post(
                        pods,
                        json(
                                "{'metadata':{'name':'bound'},'spec':{'nodeName':'n1','containers':[{'name':'c','image':'i'}]}}")));
        JsonNode issued = created(admin.post(
                "/api/v1/namespaces/default/serviceaccounts/default/token",
                json("{'spec':{'audiences':['https://kubernetes.default.svc.cluster.local'],'boundObjectRef':{"
                        + "'apiVersion':'v1','kind':'Pod','name':'bound','uid':'"
                        + pod.path("metadata").path("uid").asString() + "'}}}")));
        String token = issued.path("status").path("token").asString();
        JsonNode who = created(as(token, "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}"))
                .path("status")
                .path("userInfo");
        assertThat(who.path("username").asString()).isEqualTo("system:serviceaccount:default:default");
        assertThat(who.path("extra")
                        .path("authentication.kubernetes.io/pod-name")
                        .path(0)
                        .asString())
                .isEqualTo("bound");
        JsonNode review = created(admin.post(
                        "/apis/authentication.k8s.io/v1/tokenreviews", json("{'spec':{'token':'" + token + "'}}")))
                .path("status");
        assertThat(review.path("authenticated").asBoolean()).isTrue();
        JsonNode elsewhere = created(admin.post(
                        "/apis/authentication.k8s.io/v1/tokenreviews",
                        json("{'spec':{'token':'" + token + "','audiences':['vault']}}")))
                .path("status");
        assertThat(elsewhere.path("authenticated").asBoolean(false)).isFalse();
        admin.delete(pods + "/bound?gracePeriodSeconds=0");
        awaitCode(401, token, "/version");
    }

    @Test
    void bootstrapTokens() {
        created(
                admin.post(
                        "/api/v1/namespaces/kube-system/secrets",
                        json(
                                "{'metadata':{'name':'bootstrap-token-abcdef'},'type':'bootstrap.kubernetes.io/token',"
                                        + "'stringData':{'token-id':'abcdef','token-secret':'0123456789abcdef',"
                                        + "'usage-bootstrap-authentication':'true','auth-extra-groups':'system:bootstrappers:kubeadm'}}")));
        awaitCode(200, "abcdef.0123456789abcdef", "/version");
        JsonNode who = created(as(
                        "abcdef.0123456789abcdef", "POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "{}"))
                .path("status")
                .path("userInfo");
        assertThat(who.toString())
                .isEqualTo(json("{'username':'system:bootstrap:abcdef','groups':['system:bootstrappers',"
                        + "'system:bootstrappers:kubeadm','system:authenticated']}"));
        assertThat(as("abcdef.0123456789abcdee", "GET", "/version", "").code()).isEqualTo(401);
    }

    @Test
    void selfReviews() {
        JsonNode rules = created(as(
                        "t-alice",
                        "POST",
                        REVIEWS + "/selfsubjectrulesreviews",
                        json("{'spec':{'namespace':'default'}}")))
                .path("status");
        assertThat(rules.path("incomplete").asBoolean(true)).isFalse();
        assertThat(rules.path("resourceRules").toString()).contains("selfsubjectaccessreviews");
        assertThat(rules.path("nonResourceRules").toString()).contains("/openapi/*");
        JsonNode may = created(as(
                        "t-alice",
                        "POST",
                        REVIEWS + "/selfsubjectaccessreviews",
                        json("{'spec':{'nonResourceAttributes':{'verb':'get','path':'/version'}}}")))
                .path("status");
        assertThat(may.path("allowed").asBoolean()).isTrue();
        assertThat(may.path("reason").asString())
                .startsWith("RBAC: allowed by ClusterRoleBinding \"")
                .endsWith(" to Group \"system:authenticated\"");
        assertThat(as("t-alice", "POST", REVIEWS + "/selfsubjectrulesreviews", "{}")
                        .code())
                .isEqualTo(400);
        assertThat(as(
                                "t-alice",
                                "POST",
                                REVIEWS + "/subjectaccessreviews",
                                json("{'spec':{'user':'bob','resourceAttributes':{'verb':'get'}}}"))
                        .code())
                .isEqualTo(403);
        Reply local = admin.post(
                REVIEWS + "/namespaces/default/localsubjectaccessreviews",
                json(
                        "{'spec':{'user':'bob','resourceAttributes':{'namespace':'other','verb':'get','resource':'pods'}}}"));
        assertThat(local.code()).isEqualTo(400);
        assertThat(local.message()).isEqualTo("spec.resourceAttributes.namespace must match namespace: default");
    }

    @Test
    void nodesSeeWhatTheirPodsNeed() {
        String secrets = "/api/v1/namespaces/default/secrets/";
        created(admin.post("/api/v1/namespaces/default/secrets", json("{'metadata':{'name':'needed'}}")));
        String refused =
                "secrets \"needed\" is forbidden: User \"system:node:n1\" cannot get resource \"secrets\" in API"
                        + " group \"\" in the namespace \"default\": no relationship found between node 'n1' and this object";
        assertForbidden(as("t-node", "GET", secrets + "needed", ""), refused);
        created(admin.post(
                "/api/v1/namespaces/default/pods",
                json("{'metadata':{'name':'user'},'spec':{'nodeName':'n1','containers':[{'name':'c','image':'i',"
                        + "'envFrom':[{'secretRef':{'name':'needed'}}]}]}}")));
        assertThat(as("t-node", "GET", secrets + "needed", "").code()).isEqualTo(200);
        assertThat(as("t-node", "GET", secrets, "").code()).isEqualTo(403);
        assertThat(as("t-node", "GET", "/api/v1/pods?fieldSelector=spec.nodeName%3Dn1", "")
                        .code())
                .isEqualTo(200);
        assertThat(as("t-node", "GET", "/api/v1/pods?fieldSelector=spec.nodeName%3Dn2", "")
                        .code())
                .isEqualTo(403);
        assertThat(as("t-node", "GET", "/api/v1/nodes", "").message())
                .endsWith("node 'n1' cannot read all nodes, only its own Node object");
        assertThat(as("t-node", "GET", "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n2", "")
                        .message())
                .endsWith("can only access node lease with the same name as the requesting node");
        admin.delete("/api/v1/namespaces/default/pods/user?gracePeriodSeconds=0");
        awaitCode(403, "t-node", secrets + "needed");
    }

    @Test
    void nodesChangeOnlyWhatIsTheirs() {
        String nodes = "/api/v1/nodes";
        assertForbidden(
                as("t-node", "POST", nodes, json("{'metadata':{'name':'n2'}}")),
                "nodes \"n2\" is forbidden: node \"n1\" is not allowed to modify node \"n2\"");
        assertForbidden(
                as(
                        "t-node",
                        "POST",
                        nodes,
                        json(
                                "{'metadata':{'name':'n1','labels':{'node-restriction.kubernetes.io/a':'b',"
                                        + "'kubernetes.io/hostname':'n1','node-role.kubernetes.io/control-plane':'','x':'y'}}}")),
                "nodes \"n1\" is forbidden: node \"n1\" is not allowed to set the following labels:"
                        + " node-restriction.kubernetes.io/a, node-role.kubernetes.io/control-plane");
        created(as("t-node", "POST", nodes, json("{'metadata':{'name':'n1'}}")));
        assertForbidden(
                client.send(
                        "PATCH",
                        nodes + "/n1",
                        json("{'spec':{'taints':[{'key':'a','effect':'NoSchedule'}]}}"),
                        "Authorization",
                        "Bearer t-node",
                        "Content-Type",
                        "application/merge-patch+json"),
                "nodes \"n1\" is forbidden: node \"n1\" is not allowed to modify taints");
        assertForbidden(
                as(
                        "t-node",
                        "POST",
                        "/api/v1/namespaces/default/pods",
                        json("{'metadata':{'name':'p'},'spec':{'nodeName':'n1','containers':[{'name':'c',"
                                + "'image':'i'}]}}")),
                "pods \"p\" is forbidden: pod does not have \"kubernetes.io/config.mirror\" annotation, node \"n1\" can"
                        + " only create mirror pods");
        assertForbidden(
                as("t-node", "DELETE", nodes + "/n1", ""),
                "nodes \"n1\" is forbidden: User \"system:node:n1\" cannot delete resource \"nodes\" in API group \"\" at"
                        + " the cluster scope");
    }

    private static String signingRequest(String name, String organization) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        KeyPair keys = generator.generateKeyPair();
        var request = new JcaPKCS10CertificationRequestBuilder(
                        new X500Name("CN=" + name + ",O=" + organization), keys.getPublic())
                .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()));
        String pem = "-----BEGIN CERTIFICATE REQUEST-----\n"
                + Base64.getMimeEncoder().encodeToString(request.getEncoded())
                + "\n-----END CERTIFICATE REQUEST-----\n";
        return json("{'metadata':{'name':'" + name + "'},'spec':{'signerName':'kubernetes.io/kube-apiserver-client',"
                + "'usages':['client auth'],'username':'somebody else','request':'" + encoded(pem) + "'}}");
    }

    @Test
    void certificateRequestsAreDecidedByWhoMay() throws Exception {
        String requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
        role(
                "",
                "requester",
                "{'apiGroups':['certificates.k8s.io'],'resources':['certificatesigningrequests',"
                        + "'certificatesigningrequests/approval'],'verbs':['create','get','patch']}");
        bind("", "requester", "ClusterRole", "User", "bob");
        JsonNode made = created(as("t-bob", "POST", requests, signingRequest("mine", "devs")));
        assertThat(made.path("spec").path("username").asString()).isEqualTo("bob");
        assertForbidden(
                as("t-bob", "POST", requests, signingRequest("masters", "system:masters")),
                "certificatesigningrequests.certificates.k8s.io \"masters\" is forbidden: use of"
                        + " kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed");
        String approval = json("{'spec':{'username':'eve'},'status':{'certificate':'Zm9v','conditions':[{"
                + "'type':'Approved','status':'True','reason':'r'}]}}");
        Reply refused = client.send(
                "PATCH",
                requests + "/mine/approval",
                approval,
                "Authorization",
                "Bearer t-bob",
                "Content-Type",
                "application/merge-patch+json");
        assertForbidden(
                refused,
                "certificatesigningrequests.certificates.k8s.io \"mine\" is forbidden: user not permitted to approve"
                        + " requests with signerName \"kubernetes.io/kube-apiserver-client\"");
        Reply approved = admin.patch(requests + "/mine/approval", "application/merge-patch+json", approval);
        assertThat(approved.code()).describedAs(approved.message()).isEqualTo(200);
        assertThat(approved.json()
                        .path("status")
                        .path("conditions")
                        .path(0)
                        .path("type")
                        .asString())
                .isEqualTo("Approved");
        assertThat(approved.json().path("status").has("certificate")).isFalse();
        assertThat(approved.json().path("spec").path("username").asString()).isEqualTo("bob");
    }

    @Test
    void namespacesDemandSecurePods() {
        created(admin.post(
                "/api/v1/namespaces",
                json("{'metadata':{'name':'strict','labels':{'pod-security.kubernetes.io/enforce':'baseline',"
                        + "'pod-security.kubernetes.io/warn':'restricted'}}}")));
        created(admin.post("/api/v1/namespaces/strict/serviceaccounts", json("{'metadata':{'name':'default'}}")));
        String pods = "/api/v1/namespaces/strict/pods";
        assertForbidden(
                admin.post(
                        pods,
                        json(
                                "{'metadata':{'name':'p'},'spec':{'hostPID':true,'containers':[{'name':'c','image':'i'}]}}")),
                "pods \"p\" is forbidden: violates PodSecurity \"baseline:latest\": host namespaces (hostPID=true)");
        Reply warned =
                admin.post(pods, json("{'metadata':{'name':'p'},'spec':{'containers':[{'name':'c','image':'i'}]}}"));
        assertThat(warned.code()).isEqualTo(201);
        assertThat(warned.header("Warning")).contains("would violate PodSecurity \\\"restricted:latest\\\": ");
    }

    @Test
    void defaultPolicyIsThere() {
        JsonNode edit = admin.get(RBAC + "/clusterroles/edit").json();
        assertThat(edit.path("aggregationRule").path("clusterRoleSelectors").size())
                .isEqualTo(1);
        assertThat(edit.path("metadata")
                        .path("labels")
                        .path("rbac.authorization.k8s.io/aggregate-to-admin")
                        .asString())
                .isEqualTo("true");
        assertThat(edit.path("metadata")
                        .path("annotations")
                        .path("rbac.authorization.kubernetes.io/autoupdate")
                        .asString())
                .isEqualTo("true");
        assertThat(admin.get("/apis/scheduling.k8s.io/v1/priorityclasses/system-node-critical")
                        .json()
                        .path("value")
                        .asInt())
                .isEqualTo(2000001000);
    }
}
