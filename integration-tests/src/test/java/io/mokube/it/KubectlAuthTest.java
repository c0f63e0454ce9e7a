package io.mokube.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.mokube.apiserver.ApiServer;
import io.mokube.apiserver.ApiServerConfig;
import io.mokube.machinery.component.Platform;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code kubectl auth} and impersonation, with the real kubectl. */
class KubectlAuthTest {

    @TempDir
    static Path folder;

    private static Path binary;
    private static ApiServer server;

    @BeforeAll
    static void start() {
        binary = Kubectl.any().binary();
        server = new ApiServer(ApiServerConfig.inMemory(folder.resolve("data")), Platform.system());
        server.start();
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.stop(Duration.ofSeconds(5));
        }
    }

    private static String kubectl(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                binary.toString(), "--kubeconfig", server.adminKubeconfig().toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output.strip();
    }

    @Test
    void asksAndActsAsOthers() throws Exception {
        assertThat(kubectl("auth", "whoami")).contains("kubernetes-admin").contains("system:masters");
        assertThat(kubectl("auth", "whoami", "--as", "eve", "--as-group", "devs"))
                .contains("eve")
                .contains("[devs system:authenticated]");
        assertThat(kubectl("auth", "can-i", "delete", "nodes")).contains("yes");
        assertThat(kubectl("auth", "can-i", "list", "pods", "--as", "eve")).isEqualTo("no");
        assertThat(kubectl("get", "pods", "--as", "eve"))
                .isEqualTo(
                        "Error from server (Forbidden): pods is forbidden: User \"eve\" cannot list resource \"pods\""
                                + " in API group \"\" in the namespace \"default\"");
        kubectl("create", "role", "reader", "--verb=get,list", "--resource=pods,deployments.apps");
        kubectl("create", "rolebinding", "eve", "--role=reader", "--user=eve");
        assertThat(kubectl("auth", "can-i", "list", "pods", "--as", "eve")).isEqualTo("yes");
        assertThat(kubectl("auth", "can-i", "get", "/metrics", "--as", "eve")).isEqualTo("no");
        assertThat(kubectl("auth", "can-i", "--list", "--as", "eve"))
                .containsPattern("pods +\\[] +\\[] +\\[get list]")
                .containsPattern("deployments.apps +\\[] +\\[] +\\[get list]")
                .contains("selfsubjectaccessreviews.authorization.k8s.io");
        assertThat(kubectl("get", "pods", "--as", "eve")).isEqualTo("No resources found in default namespace.");
    }

    @Test
    void reconcilesRoles() throws Exception {
        Path roles = folder.resolve("roles.yaml");
        Files.writeString(roles, """
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRole
                metadata: {name: reconciled}
                rules:
                - {apiGroups: [""], resources: [pods], verbs: [get]}
                ---
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRoleBinding
                metadata: {name: reconciled}
                roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reconciled}
                subjects:
                - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: ops}
                """);
        assertThat(kubectl("auth", "reconcile", "-f", roles.toString()))
                .contains("clusterrole.rbac.authorization.k8s.io/reconciled reconciled");
        assertThat(kubectl("auth", "can-i", "get", "pods", "--as", "x", "--as-group", "ops"))
                .isEqualTo("yes");
        Files.writeString(roles, Files.readString(roles).replace("verbs: [get]", "verbs: [watch]"));
        assertThat(kubectl("auth", "reconcile", "-f", roles.toString())).contains("missing rules added");
        assertThat(kubectl("get", "clusterrole", "reconciled", "-o", "jsonpath={.rules[*].verbs}"))
                .contains("get")
                .contains("watch");
    }
}
