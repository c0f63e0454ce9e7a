package io.mokube.controllermanager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequest;
import io.fabric8.kubernetes.api.model.certificates.v1.CertificateSigningRequestBuilder;
import io.mokube.client.rest.ApiClient;
import io.mokube.client.rest.ClientConfig;
import io.mokube.client.rest.ResourceType;
import io.mokube.machinery.component.Platform;
import io.mokube.machinery.error.ApiException;
import io.mokube.machinery.names.GroupVersionResource;
import io.mokube.machinery.names.ObjectKey;
import io.mokube.machinery.object.Json;
import io.mokube.machinery.object.KubeObject;
import io.mokube.pki.Pem;
import io.mokube.testkit.Await;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import org.bouncycastle.asn1.x509.GeneralName;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Certificates and tokens that the controllers issue, used against the real API server. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CredentialsTest {

    private static final String CLIENT = "kubernetes.io/kube-apiserver-client";
    private static final ResourceType<KubeObject> SELF = ResourceType.dynamic(
            new GroupVersionResource("authentication.k8s.io", "v1", "selfsubjectreviews"), "SelfSubjectReview", false);

    @TempDir
    static Path folder;

    private WorkloadCluster cluster;

    @BeforeAll
    void start() throws InterruptedException {
        cluster = WorkloadCluster.start(folder, config -> config);
    }

    @AfterAll
    void stop() {
        if (cluster != null) {
            cluster.close();
        }
    }

    @Test
    void anApprovedRequestGetsACertificateThatItsUserSignsInWith() throws Exception {
        ask("jane", CLIENT, CertificationRequests.of("O=developers,CN=jane"), 3600, "client auth");
        assertThat(cluster.kubectl("get", "csr", "jane", "--no-headers")).contains(CLIENT, "Pending");

        assertThat(cluster.kubectl("certificate", "approve", "jane"))
                .isEqualTo("certificatesigningrequest.certificates.k8s.io/jane approved\n");
        Await.passes(
                WorkloadCluster.PATIENCE,
                () -> assertThat(cluster.kubectl("get", "csr", "jane", "--no-headers"))
                        .contains("Approved,Issued"));

        String pem = text(cluster.kubectl("get", "csr", "jane", "-o", "jsonpath={.status.certificate}"));
        X509Certificate certificate = Pem.readCertificate(pem);
        certificate.verify(
                cluster.server().certificates().authorityCertificate().getPublicKey());
        assertThat(certificate.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.2");
        assertThat(certificate.getBasicConstraints()).isEqualTo(-1);
        assertThat(Duration.between(Instant.now(), certificate.getNotAfter().toInstant()))
                .isBetween(Duration.ofMinutes(58), Duration.ofMinutes(60));

        ClientConfig admin = ClientConfig.fromKubeconfig(cluster.server().adminKubeconfig());
        KubeObject me = whoIs(
                new ClientConfig(admin.server(), admin.caPem(), pem, CertificationRequests.keyPem(), null, "test"));
        assertThat(me.at("status", "userInfo", "username").asString("")).isEqualTo("jane");
        assertThat(me.at("status", "userInfo", "groups").toString())
                .isEqualTo("[\"developers\",\"system:authenticated\"]");
    }

    @Test
    void aDeniedRequestGetsNone() {
        ask("eve", CLIENT, CertificationRequests.of("CN=eve"), null, "client auth");
        cluster.kubectl("certificate", "deny", "eve");
        assertThat(cluster.kubectl("get", "csr", "eve", "--no-headers")).contains("Denied");
        // One that came later is through, so the denied one was seen.
        ask("later", CLIENT, CertificationRequests.of("CN=later"), null, "client auth");
        cluster.kubectl("certificate", "approve", "later");
        Await.passes(
                WorkloadCluster.PATIENCE,
                () -> assertThat(cluster.kubectl("get", "csr", "later", "--no-headers"))
                        .contains("Approved,Issued"));
        assertThat(cluster.kubectl("get", "csr", "eve", "-o", "jsonpath={.status.certificate}"))
                .isEmpty();
    }

    @Test
    void aRequestThatItsSignerForbidsFails() {
        ask(
                "odd",
                "kubernetes.io/kubelet-serving",
                CertificationRequests.of("CN=odd", new GeneralName(GeneralName.dNSName, "odd")),
                null,
                "server auth");
        cluster.kubectl("certificate", "approve", "odd");
        Await.passes(
                WorkloadCluster.PATIENCE,
                () -> assertThat(cluster.kubectl("get", "csr", "odd", "--no-headers"))
                        .contains("Approved,Failed"));
        assertThat(cluster.kubectl(
                        "get",
                        "csr",
                        "odd",
                        "-o",
                        "jsonpath={.status.conditions[1].reason}" + ": {.status.conditions[1].message}"))
                .isEqualTo("SignerValidationFailure: subject organization is not system:nodes");
    }

    @Test
    void nodesThatMayAreGivenTheirClientCertificatesWithoutAPerson() {
        cluster.kubectl(
                "create",
                "clusterrolebinding",
                "nodes-renew",
                "--clusterrole=system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
                "--user=system:node:n7");
        String request = CertificationRequests.of("O=system:nodes,CN=system:node:n7");
        String manifest = Json.MAPPER
                .valueToTree(request(
                        "n7",
                        "kubernetes.io/kube-apiserver-client-kubelet",
                        request,
                        null,
                        "client auth",
                        "digital signature"))
                .toString();
        cluster.apply("""
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRoleBinding
                metadata: {name: ask}
                roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:node-bootstrapper}
                subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: 'system:node:n7'}]
                """);
        cluster.createAs("system:node:n7", manifest);
        Await.passes(
                WorkloadCluster.PATIENCE,
                () -> assertThat(cluster.kubectl("get", "csr", "n7", "--no-headers"))
                        .contains("Approved,Issued"));
        assertThat(cluster.kubectl(
                        "get",
                        "csr",
                        "n7",
                        "-o",
                        "jsonpath={.status.conditions[0].reason}" + ": {.status.conditions[0].message}"))
                .isEqualTo("AutoApproved: Auto approving self kubelet client certificate after SubjectAccessReview.");
    }

    @Test
    void aTokenSecretIsFilledAuthenticatesAndGoesWithItsAccount() {
        cluster.kubectl("create", "serviceaccount", "robot");
        cluster.apply(tokenSecret("robot-token", "robot", ""));
        Await.passes(
                WorkloadCluster.PATIENCE,
                () -> assertThat(secret("robot-token").getData()).containsKeys("token", "ca.crt", "namespace"));
        Secret filled = secret("robot-token");
        assertThat(text(filled, "namespace")).isEqualTo("default");
        assertThat(text(filled, "ca.crt"))
                .isEqualTo(cluster.server().certificates().authorityPem());
        ServiceAccount account = cluster.client()
                .resource(ServiceAccount.class)
                .get("default", "robot")
                .orElseThrow();
        assertThat(filled.getMetadata().getAnnotations())
                .containsEntry(
                        "kubernetes.io/service-account.uid",
                        account.getMetadata().getUid());

        String token = text(filled, "token");
        KubeObject me = whoIs(withToken(token));
        assertThat(me.at("status", "userInfo", "username").asString(""))
                .isEqualTo("system:serviceaccount:default:robot");
        assertThat(me.at("status", "userInfo", "uid").asString(""))
                .isEqualTo(account.getMetadata().getUid());
        Await.passes(
                WorkloadCluster.PATIENCE,
                () -> assertThat(secret("robot-token").getMetadata().getLabels())
                        .containsKey("kubernetes.io/legacy-token-last-used"));

        cluster.kubectl("delete", "serviceaccount", "robot");
        Await.passes(
                WorkloadCluster.PATIENCE,
                () -> assertThat(cluster.client().resource(Secret.class).get("default", "robot-token"))
                        .isEmpty());
        assertThatThrownBy(() -> whoIs(withToken(token)))
                .isInstanceOfSatisfying(
                        ApiException.class, e -> assertThat(e.code()).isEqualTo(401));
    }

    @Test
    void aSecretForAnotherAccountOfTheNameIsRemoved() {
        cluster.kubectl("create", "serviceaccount", "twin");
        cluster.apply(tokenSecret("twin-token", "twin", "not-its-uid"));
        Await.passes(
                WorkloadCluster.PATIENCE,
                () -> assertThat(cluster.client().resource(Secret.class).get("default", "twin-token"))
                        .isEmpty());
    }

    @Test
    void anAccountForgetsASecretThatIsGone() {
        cluster.kubectl("create", "serviceaccount", "lists");
        cluster.apply(tokenSecret("listed", "lists", ""));
        ServiceAccount account = cluster.client()
                .resource(ServiceAccount.class)
                .get("default", "lists")
                .orElseThrow();
        cluster.client()
                .resource(ServiceAccount.class)
                .update(new ServiceAccountBuilder(account)
                        .addNewSecret()
                        .withName("listed")
                        .endSecret()
                        .addNewSecret()
                        .withName("kept")
                        .endSecret()
                        .build());
        Await.passes(
                WorkloadCluster.PATIENCE,
                () -> assertThat(secret("listed").getData()).containsKey("token"));
        cluster.kubectl("delete", "secret", "listed");
        Await.passes(
                WorkloadCluster.PATIENCE,
                () -> assertThat(cluster.client()
                                .resource(ServiceAccount.class)
                                .get("default", "lists")
                                .orElseThrow()
                                .getSecrets())
                        .extracting("name")
                        .containsExactly("kept"));
    }

    // -----------------------------------------------------------------------------------------------------------

    private static CertificateSigningRequest request(
            String name, String signer, String encoded, @Nullable Integer seconds, String... usages) {
        return new CertificateSigningRequestBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewSpec()
                .withSignerName(signer)
                .withRequest(encoded)
                .withExpirationSeconds(seconds)
                .withUsages(List.of(usages))
                .endSpec()
                .build();
    }

    private void ask(String name, String signer, String encoded, @Nullable Integer seconds, String... usages) {
        cluster.client()
                .resource(CertificateSigningRequest.class)
                .create(request(name, signer, encoded, seconds, usages));
    }

    private static String tokenSecret(String name, String account, String uid) {
        return """
                apiVersion: v1
                kind: Secret
                type: kubernetes.io/service-account-token
                metadata:
                  name: %s
                  annotations:
                    kubernetes.io/service-account.name: %s
                    kubernetes.io/service-account.uid: "%s"
                """.formatted(name, account, uid);
    }

    private Secret secret(String name) {
        return cluster.client()
                .resource(Secret.class)
                .get(new ObjectKey("default", name))
                .orElseThrow();
    }

    private ClientConfig withToken(String token) {
        ClientConfig admin = ClientConfig.fromKubeconfig(cluster.server().adminKubeconfig());
        return new ClientConfig(admin.server(), admin.caPem(), null, null, token, "test");
    }

    private static KubeObject whoIs(ClientConfig config) {
        try (ApiClient client = new ApiClient(config, Platform.system())) {
            return client.resource(SELF).create(KubeObject.of("authentication.k8s.io/v1", "SelfSubjectReview"));
        }
    }

    private static String text(Secret secret, String key) {
        return text(Objects.requireNonNull(secret.getData().get(key)));
    }

    private static String text(String base64) {
        return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    }
}
